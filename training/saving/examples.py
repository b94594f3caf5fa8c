"""What can be measured on a model that anybody made, with its encoder and some examples.

The reconstruction of the examples, the KL where there is a prior and the encoder gives a posterior,
and of each latent how the codes lie along it; codes, thumbnails, a map and the preview are made.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy
import torch
from msgspec.structs import replace

from training.checkpoints import maps
from training.checkpoints.embed import layout_of, sheet_of, webp
from training.contract.card import CODES, PREVIEW, Card, Examples
from training.contract.errors import CheckpointError
from training.contract.maps import Map
from training.contract.measurements import Latent, Metric, Provenance
from training.contract.spaces import Continuous
from training.metrics.active_units import VARIANCE, active_units
from training.saving.graphs import Array, Runnable

SPLIT = "example"  # as in "example images"
BATCH = 500
HELD_OUT = 2_000  # examples that are not on the map, and that it is measured with
ROWS, STEPS, RANGE = 4, 8, 2.5  # of the preview


class Seen(NamedTuple):
    """Images (N, C, H, W) float32 in [0, 1] and, where they are known, their classes (N,) int32."""

    images: Array
    label: Array | None


def index_of(labels: tuple[Any, Sequence[str]], count: int) -> Array:
    """The class of each example.

    Raises:
        CheckpointError: unless there is one for each, and every one has a name.
    """
    names = labels[1]
    try:
        index = np.asarray(labels[0])
    except Exception as error:  # an object of any kind raises anything
        raise CheckpointError(
            f"labels are a {type(labels[0]).__name__}; give a whole number for each example."
        ) from error
    if index.shape != (count,) or not np.issubdtype(index.dtype, np.integer):
        raise CheckpointError(
            f"labels are {index.dtype} {list(index.shape)}; give a whole number for each of the "
            f"{count:,} examples."
        )
    if index.min() < 0 or index.max() >= len(names):
        raise CheckpointError(
            f"labels go from {index.min()} to {index.max()}, but there are {len(names)} names."
        )
    return index.astype(np.int32)


def measured(
    card: Card, decoder: Runnable, encoder: Runnable, seen: Seen, with_map: bool, seed: int
) -> tuple[Card, dict[str, bytes]]:
    """The card with all that the encoder and the examples allow, and its codes and thumbnails.

    Where a map is drawn, the last tenth of the examples is held out from it and from the folder:
    the map is measured with them.
    """
    mean, log_variance = _encoded(encoder, seen.images)
    space = card.controls[0]
    assert isinstance(space, Continuous)
    kl = None
    if log_variance is not None and space.prior is not None:
        wide = log_variance.astype(np.float64)
        with np.errstate(over="ignore"):
            kl = 0.5 * (np.exp(wide) + mean.astype(np.float64) ** 2 - 1 - wide)  # (N, D)
        if not np.isfinite(kl).all():
            raise CheckpointError(
                f"encode gives log-variances of up to {wide.max():.3g}: their KL is infinite."
            )
    latents = _latents(mean, log_variance, kl)

    away = min(HELD_OUT, len(mean) // 10) if with_map else 0
    charted = away > 0 and not maps.why_none(mean[:-away], latents)
    shown = len(mean) - (away if charted else 0)
    tensors = {"mean": mean[:shown]}
    if log_variance is not None:
        tensors["log_variance"] = log_variance[:shown]
    if seen.label is not None:
        tensors["label"] = seen.label[:shown]
    chart: Map | None = None
    if charted:
        splits = (SPLIT, "held-out")
        chart, layouts = maps.draw(mean[:shown], mean[shown:], latents, splits, seed)
        tensors |= layouts

    columns, per_sheet = layout_of(card.shape)
    how = "What the encoder gives for the images as shown."
    examples = Examples(shown, columns, SPLIT, how, per_sheet)
    pictures = torch.from_numpy((seen.images[:shown] * 255).round().astype(np.uint8))
    sheets = zip(examples.sheets, pictures.split(per_sheet), strict=True)
    files = {name: webp(sheet_of(pieces, columns)) for name, pieces in sheets}
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    files[CODES] = safetensors.numpy.save(contiguous)

    where = (SPLIT, len(mean), seed)
    metrics = [_error(decoder, mean, log_variance, seen.images, where)]
    how = f"Latents whose codes have a variance above {VARIANCE} over the examples"
    if kl is not None:
        closed = "closed form KL(q(z|x) ‖ N(0, I)), mean over the examples"
        total = float(kl.sum(1).mean())
        metrics.append(
            Metric("kl", "KL", total, "nats", *where, f"Sum over latents of the {closed}.")
        )
        how += f"; KL per latent: {closed}"
    card = replace(
        card,
        metrics=tuple(metrics),
        latents=latents,
        latents_provenance=Provenance("nats", *where, f"{how}."),
        examples=examples,
        map=chart,
    )
    return card, files


def _encoded(encoder: Runnable, images: Array) -> tuple[Array, Array | None]:
    """Codes or posterior means (N, D), and the log-variances where the encoder gives them."""
    pieces = [encoder.run(images[at : at + BATCH]) for at in range(0, len(images), BATCH)]
    found = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
    return found[0], found[1] if len(found) == 2 else None


def _latents(mean: Array, log_variance: Array | None, kl: Array | None) -> tuple[Latent, ...]:
    active = active_units(mean).active if len(mean) > 1 else np.ones(mean.shape[1], bool)
    deviation = None if log_variance is None else np.exp(0.5 * log_variance.astype(np.float64))

    def over(values: Array | None, at: int) -> float | None:
        return None if values is None else round(float(values[:, at].mean()), 6)

    return tuple(
        Latent(
            kl_nats=over(kl, at),
            mean=round(float(mean[:, at].mean()), 6),
            std=round(float(mean[:, at].std()), 6),
            posterior_std=over(deviation, at),
            active=bool(active[at]),
        )
        for at in range(mean.shape[1])
    )


def _error(
    decoder: Runnable,
    mean: Array,
    log_variance: Array | None,
    images: Array,
    where: tuple[str, int, int],
) -> Metric:
    total = 0.0
    for at in range(0, len(images), BATCH):
        decoded = decoder.run(mean[at : at + BATCH])[0].astype(np.float64)
        total += float(((decoded - images[at : at + BATCH]) ** 2).sum())
    point = "code" if log_variance is None else "posterior mean"
    return Metric(
        "mse",
        "Squared error",
        total / images.size,
        "per value",
        *where,
        f"Mean of (x̂ − x)² over all values of the examples, each decoded at its {point}.",
    )


def preview(card: Card, decoder: Runnable) -> dict[str, bytes]:
    """preview.webp: a row for each latent of highest KL, from −2.5 to 2.5 around z = 0.

    Only for one continuous control with a prior: of any other, nothing says how far a picture goes.
    """
    space = card.controls[0] if len(card.controls) == 1 else None
    if not isinstance(space, Continuous) or space.prior is None:
        return {}
    latents = card.latents_by_kl()[:ROWS]
    z = np.zeros((len(latents), STEPS, space.size), np.float32)
    for row, latent in enumerate(latents):
        z[row, :, latent] = np.linspace(-RANGE, RANGE, STEPS)
    decoded = decoder.run(z.reshape(-1, space.size))[0].clip(0, 1)
    pictures = torch.from_numpy((decoded * 255).round().astype(np.uint8))
    return {PREVIEW: webp(sheet_of(pictures, STEPS))}
