"""Pure mathematics of codes: groups, the direction between two, and how coherent it is.

Arrays in, numbers out: no torch, no Streamlit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from training.contract.card import CODES, Card
from training.contract.errors import CheckpointError, UserError
from training.contract.outputs import Characters
from training.contract.spaces import CodeGrid, Tokens

Array = NDArray[np.floating]
Indices = NDArray[np.integer]

PAIRS, DRAWS, SEED = 2000, 200, 0
# Of the length of the codes themselves: what is nearer than rounding is the same.
SAME = 1e-6


class GroupError(UserError):
    """Two groups of codes make no direction. The message, one sentence, says why."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What codes.safetensors holds of N images: nothing here may be changed, for it is shared."""

    mean: Array  # (N, D)
    label: Indices | None  # (N,)
    factors: Indices | None  # (N, F)
    maps: dict[str, Array]  # "umap", "pca": (N, 2)

    @property
    def size(self) -> int:
        """In bytes, all together."""
        arrays = (self.mean, self.label, self.factors, *self.maps.values())
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True, slots=True)
class Direction:
    """The way from group B to group A: unit `vector` (D,), and how far apart their means are."""

    vector: Array
    length: float


@dataclass(frozen=True, slots=True)
class Coherence:
    """How parallel the differences are, and the same for each of `draws` random pairs of groups."""

    value: float
    random: Array  # (draws,)
    pairs: int
    seed: int

    @property
    def random_mean(self) -> float:
        """Of the random groups."""
        return float(self.random.mean())

    @property
    def random_range(self) -> tuple[float, float]:
        """Where the middle 95 % of the random groups lie."""
        low, high = np.percentile(self.random, (2.5, 97.5))
        return float(low), float(high)

    @property
    def percentile(self) -> float:
        """How many of a hundred random groups are less coherent."""
        return float(100 * (self.random < self.value).mean())


def read_codes(content: bytes, card: Card) -> Codes:
    """Read codes.safetensors, whoever wrote it.

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


def thinned(count: int, most: int) -> Indices:
    """At most `most` of the indices below `count`, at even steps."""
    return np.arange(count) if count <= most else np.arange(most) * count // most


def direction(codes: Array, a: Indices, b: Indices) -> Direction:
    """The difference of the mean codes of two groups, mean(A) − mean(B).

    Args:
        codes: (N, D)
        a: indices of group A
        b: indices of group B

    Raises:
        GroupError: if a group has fewer than two members, or both have the same mean.
    """
    for name, group in (("A", a), ("B", b)):
        if len(group) < 2:
            raise GroupError(
                f"Group {name} has {['no codes', 'one code'][len(group)]}: it needs at least two."
            )
    mean_a, mean_b = (codes[group].mean(0, dtype=np.float64) for group in (a, b))
    difference = mean_a - mean_b
    length = float(np.linalg.norm(difference))
    if not np.isfinite(length):
        raise GroupError("Some of these codes are NaN or infinite: train the checkpoint again.")
    if length <= SAME * max(1.0, float(np.linalg.norm(mean_a))):
        raise GroupError("Both groups have the same mean code, so no direction leads between them.")
    return Direction(difference / length, length)


def coherence(
    codes: Array,
    a: Indices,
    b: Indices,
    *,
    pairs: int = PAIRS,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Coherence:
    """Whether every way from B to A leads the same way, beside random groups of the same sizes.

    The mean cosine between differences a − b and a′ − b′ of two random pairs, as Liu et al. (2019),
    "Latent Space Cartography", score an attribute vector. The two pairs share no image: a − b and
    a − b′ are never quite independent, which alone would lift small groups above 0.

    Args:
        codes: (N, D)
        a: indices of group A, two at least
        b: indices of group B, two at least
        pairs: how many pairs of differences are drawn for each pair of groups
        draws: how many random pairs of groups
        seed: of all draws

    Raises:
        GroupError: if all members of both groups have one and the same code.
    """
    random = np.random.default_rng(seed)
    value = _mean_cosine(codes, a, b, pairs, random)
    if value is None:
        raise GroupError(
            "All codes of both groups are the same, so there is no direction from one to the other."
        )
    drawn = []
    for _ in range(draws):
        chosen = _random_groups(len(codes), len(a), len(b), random)
        drawn.append(_mean_cosine(codes, *chosen, pairs, random) or 0.0)
    return Coherence(value, np.array(drawn), pairs, seed)


def _random_groups(
    count: int, a: int, b: int, random: np.random.Generator
) -> tuple[Indices, Indices]:
    if a + b <= count:
        both = random.choice(count, a + b, replace=False)
        return both[:a], both[a:]
    # Groups that together are more than there is overlap, and so do these.
    return random.choice(count, a, replace=False), random.choice(count, b, replace=False)


def _mean_cosine(
    codes: Array, a: Indices, b: Indices, pairs: int, random: np.random.Generator
) -> float | None:
    a1, a2 = _two_of(a, pairs, random)
    b1, b2 = _two_of(b, pairs, random)
    one = codes[a1].astype(np.float64) - codes[b1]  # (pairs, D)
    other = codes[a2].astype(np.float64) - codes[b2]
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    # A code in both groups has no difference to itself.
    apart = lengths > 0
    if not apart.any():
        return None
    return float(((one * other).sum(1)[apart] / lengths[apart]).mean())


def _two_of(group: Indices, pairs: int, random: np.random.Generator) -> tuple[Indices, Indices]:
    """Two different members, `pairs` times."""
    first = random.integers(len(group), size=pairs)
    second = (first + random.integers(1, len(group), size=pairs)) % len(group)
    return group[first], group[second]


def commonest(names: Sequence[str], share: float = 0.6) -> str | None:
    """The name that at least such a share of a group has."""
    if not names:
        return None
    name, count = Counter(names).most_common(1)[0]
    return name if count >= share * len(names) else None
