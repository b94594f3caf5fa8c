"""What codes.safetensors holds, by any program: checked before the browser reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from training.contract.card import CODES, Card
from training.contract.errors import CheckpointError
from training.contract.outputs import Characters
from training.contract.spaces import CodeGrid, Tokens

Array = NDArray[np.floating]
Indices = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Codes:
    """What codes.safetensors holds of N images: nothing here may be changed, for it is shared."""

    mean: Array  # (N, D)
    label: Indices | None  # (N,)
    factors: Indices | None  # (N, F)
    maps: dict[str, Array]  # "umap", "pca": (N, 2)


def read_codes(content: bytes, card: Card) -> Codes:
    """Read codes.safetensors, whatever program wrote it.

    Raises:
        CheckpointError: in one sentence, if it does not fit its card.
    """

    def wrong(what: str) -> CheckpointError:
        return CheckpointError(f"{CODES} {what}: run `python -m training embed FOLDER` again.")

    try:
        tensors = safetensors.numpy.load(content)
    except Exception as error:  # the parser has errors of its own, and lets out others
        raise wrong("cannot be read") from error
    if card.examples is None:
        raise CheckpointError("The checkpoint has no examples, so it has no codes.")
    count, latents = card.examples.count, card.size
    for name, shape, size in _whole_numbers(card):
        values = tensors.get(name)
        if values is None or values.shape != (count, *shape) or not _within(values, size):
            raise wrong(f"does not hold {count:,} {name} that its card describes")
    mean = tensors.get("mean") if latents else np.empty((count, 0), np.float32)
    if mean is None or mean.shape != (count, latents) or mean.dtype != np.float32:
        raise wrong(f"does not hold {count:,} codes of {latents} latents")
    if not np.isfinite(mean).all():
        raise wrong("holds codes that are NaN or infinite")
    named: tuple[str, ...] = ("umap", "pca") if card.map else ()
    maps = {name: tensors[name] for name in named if name in tensors}
    for name, points in maps.items():
        if (
            points.shape != (count, 2)
            or points.dtype != np.float32
            or not np.isfinite(points).all()
        ):
            raise wrong(f"holds a map, {name}, that does not fit")
    # Not for here, but the explorer refuses a checkpoint in which these do not fit.
    for name, shape in {"log_variance": mean.shape, "reconstruction": (count,)}.items():
        values = tensors.get(name)
        if values is not None and (
            values.shape != shape or values.dtype != np.float32 or not np.isfinite(values).all()
        ):
            raise wrong(f"holds a {name} that does not fit")
    label, factors = tensors.get("label"), tensors.get("factors")
    if card.data.labels is None or label is None:
        label = None
    elif label.shape != (count,) or not _within(label, len(card.data.labels)):
        raise wrong("holds labels that are not those of its card")
    if card.data.factors is None or factors is None:
        factors = None
    elif factors.shape != (count, len(card.data.factors)) or not all(
        _within(factors[:, at], factor.size) for at, factor in enumerate(card.data.factors)
    ):
        raise wrong("holds factors that are not those of its card")
    for array in (mean, label, factors, *maps.values()):
        if array is not None:
            array.flags.writeable = False
    return Codes(mean, label, factors, maps)


def _whole_numbers(card: Card) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """The arrays of whole numbers that examples have: name, shape of each, and how many values."""
    for space in card.controls:
        if isinstance(space, CodeGrid):
            yield "codes", (space.height, space.width), space.codes
        if isinstance(space, Tokens) and isinstance(card.output, Characters):
            yield "word", (space.longest,), len(space.alphabet) + 1


def _within(values: Indices, size: int) -> bool:
    return bool(np.issubdtype(values.dtype, np.integer) and ((values >= 0) & (values < size)).all())
