"""The card of a checkpoint folder: what the model is, and every number measured on it."""

from dataclasses import dataclass
from typing import Literal

from training.config import RunConfig
from training.errors import ConfigError

VERSION = 1
MODEL, DECODER, ENCODER = "model.safetensors", "decoder.onnx", "encoder.onnx"
CODES, THUMBNAILS, PREVIEW = "codes.safetensors", "thumbnails.webp", "preview.webp"
FILES = (MODEL, DECODER, ENCODER, CODES, THUMBNAILS, PREVIEW)
CARD = "card.json"
MOST_EXAMPLES = 1_000_000
# More of these than any data set has would be more than a browser can list.
MOST_LABELS, LONGEST_LABEL = 1_000, 200
MOST_FACTORS, LONGEST_FACTOR, LARGEST_FACTOR = 100, 80, 100_000
LARGEST_WEBP = 2**14 - 1  # pixels a side


@dataclass(frozen=True)
class Controls:
    """What a person moves: `latents` continuous codes with prior N(0, 1) each."""

    kind: Literal["continuous"]
    latents: int


@dataclass(frozen=True)
class Image:
    """What the decoder returns: `shape` is (C, H, W); `sigma` that of a Gaussian likelihood."""

    shape: tuple[int, ...]
    likelihood: str
    sigma: float | None = None


@dataclass(frozen=True)
class Factor:
    """One ground-truth factor of variation and how many values it takes."""

    name: str
    size: int

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > LONGEST_FACTOR:
            raise ConfigError(
                f"{CARD}: the data's factor {self.name!r:.60} takes a name of 1 to "
                f"{LONGEST_FACTOR} characters."
            )
        if not 1 <= self.size <= LARGEST_FACTOR:
            raise ConfigError(
                f"{CARD}: the factor {self.name!r} has {self.size!s:.30} values, not 1 to "
                f"{LARGEST_FACTOR:,}."
            )


@dataclass(frozen=True)
class DataCard:
    """`splits` counts images; `sha256` is over all stored images."""

    name: str
    source: str
    licence: str
    sha256: str
    splits: dict[str, int]
    labels: tuple[str, ...] | None
    factors: tuple[Factor, ...] | None

    def __post_init__(self) -> None:
        for field, most in {"labels": MOST_LABELS, "factors": MOST_FACTORS}.items():
            entries = getattr(self, field)
            if entries is not None and not 1 <= len(entries) <= most:
                raise ConfigError(
                    f"{CARD}: data.{field} has {len(entries):,} entries; it takes 1 to {most:,}, "
                    "or is null."
                )
        for index, label in enumerate(self.labels or ()):
            if not label.strip() or len(label) > LONGEST_LABEL:
                raise ConfigError(
                    f"{CARD}: data.labels[{index}] takes 1 to {LONGEST_LABEL} characters."
                )
        names = [factor.name for factor in self.factors or ()]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ConfigError(f"{CARD}: data.factors names {twice!r} twice.")


@dataclass(frozen=True)
class HistoryPoint:
    """Losses in nats at one validation: the training loss is the mean since the one before."""

    step: int
    train_loss_nats: float
    validation_loss_nats: float


@dataclass(frozen=True)
class TrainingCard:
    """`images` were seen in `seconds` of wall clock; the weights are those of `best_step`."""

    images: int
    steps: int
    best_step: int
    seconds: float
    device: str
    hardware: str
    precision: str
    history: tuple[HistoryPoint, ...]


@dataclass(frozen=True)
class Metric:
    """One measured number and how it came about.

    Fields:
        perfect: what a perfect model would get, where that is known and is not the unit's own best.
    """

    name: str
    label: str
    value: float
    unit: str
    split: str
    samples: int
    seed: int
    how: str
    perfect: float | None = None


@dataclass(frozen=True)
class LatentCard:
    """Over the split: mean KL, mean and deviation of the posterior means, mean posterior σ."""

    kl_nats: float
    mean: float
    std: float
    posterior_std: float
    active: bool


@dataclass(frozen=True)
class Provenance:
    """How the statistics of the latents were measured."""

    unit: str
    split: str
    samples: int
    seed: int
    how: str


@dataclass(frozen=True)
class Information:
    """What the latents tell about the factors: I(z_j; v_k), a row a latent, and H(v_k), in nats."""

    nats: tuple[tuple[float, ...], ...]
    entropies_nats: tuple[float, ...]
    split: str
    samples: int
    seed: int
    how: str

    def check(self, latents: int, factors: int) -> None:
        """Refuse a matrix that does not fit so many latents and factors.

        Raises:
            ConfigError: naming the field.
        """
        rows = {f"nats[{row}]": len(line) for row, line in enumerate(self.nats)}
        for field, length in (rows | {"entropies_nats": len(self.entropies_nats)}).items():
            if length != factors:
                raise ConfigError(
                    f"information.{field} has {length} entries; the data have {factors} factors."
                )
        if len(self.nats) != latents:
            raise ConfigError(
                f"information.nats has {len(self.nats)} rows; the model has {latents} latents."
            )


@dataclass(frozen=True)
class Examples:
    """The first `count` images of a split, whose codes and thumbnails the folder holds.

    The thumbnails lie on sheets, `columns` a row and `per_sheet` a sheet (None: one sheet).
    """

    count: int
    columns: int
    split: str
    how: str
    per_sheet: int | None = None

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of the sheets: thumbnails.webp, thumbnails-1.webp, …"""
        number = -(-self.count // (self.per_sheet or self.count))
        return (THUMBNAILS, *(f"thumbnails-{index}.webp" for index in range(1, number)))

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_EXAMPLES:
            raise ConfigError(
                f"{CARD}: examples.count is {self.count}, not 1 to {MOST_EXAMPLES:,}."
            )
        for field, value in {"columns": self.columns, "per_sheet": self.per_sheet}.items():
            if value is not None and not 1 <= value <= MOST_EXAMPLES:
                raise ConfigError(
                    f"{CARD}: examples.{field} is {value}, not 1 to {MOST_EXAMPLES:,}."
                )


@dataclass(frozen=True)
class Pca:
    """Principal axes of the posterior means over all latents: map = (z − mean) · axes."""

    mean: tuple[float, ...]
    axes: tuple[tuple[float, ...], ...]  # two rows of D, orthonormal
    explained: tuple[float, ...]  # share of the variance on each


@dataclass(frozen=True)
class NearestCodes:
    """Distances from held-out codes to the nearest code of the map, over the map's latents."""

    median: float
    p95: float
    p99: float
    split: str
    samples: int
    how: str


@dataclass(frozen=True)
class MapCard:
    """Two-dimensional maps of the codes in codes.safetensors, and how faithful they are.

    Distances are Euclidean over `latents` alone: the active ones, or all where none is.
    """

    latents: tuple[int, ...]
    umap: dict[str, float]  # what umap-learn was called with: n_neighbors, min_dist, seed
    pca: Pca
    nearest: NearestCodes
    metrics: tuple[Metric, ...]

    def check(self, latents: int) -> None:
        """Refuse a map that does not fit a model of so many latents.

        Raises:
            ConfigError: naming the field.
        """
        if list(self.latents) != sorted({index for index in self.latents if 0 <= index < latents}):
            raise ConfigError(
                f"{CARD}: map.latents is {self.latents!s:.60}, not rising indices below {latents}."
            )
        if not self.latents:
            raise ConfigError(f"{CARD}: map.latents is empty; a map lies over one latent at least.")
        sizes = {
            "mean": (len(self.pca.mean), latents),
            "axes": (len(self.pca.axes), 2),
            **{f"axes[{row}]": (len(axis), latents) for row, axis in enumerate(self.pca.axes)},
            "explained": (len(self.pca.explained), 2),
        }
        for field, (length, needed) in sizes.items():
            if length != needed:
                raise ConfigError(
                    f"{CARD}: map.pca.{field} has {length} entries; it takes {needed}."
                )
        for name in ("n_neighbors", "min_dist", "seed"):
            if name not in self.umap:
                raise ConfigError(f"{CARD}: map.umap lacks {name!r}.")
        if not 0 <= self.nearest.median <= self.nearest.p95 <= self.nearest.p99:
            raise ConfigError(f"{CARD}: map.nearest does not rise from 0 over median, p95, p99.")


@dataclass(frozen=True)
class FileCard:
    """What a file must be, to be the one that the card describes."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Card:
    """card.json, version 1."""

    version: int
    name: str
    title: str
    summary: str
    intent: str
    command: str
    controls: Controls
    image: Image
    data: DataCard
    config: RunConfig
    training: TrainingCard
    metrics: tuple[Metric, ...]
    latents: tuple[LatentCard, ...]
    latents_provenance: Provenance
    examples: Examples
    versions: dict[str, str]
    files: dict[str, FileCard]
    map: MapCard | None = None
    information: Information | None = None

    def __post_init__(self) -> None:
        if len(self.latents) != self.controls.latents:
            raise ConfigError(
                f"{CARD} describes {len(self.latents)} latents, but its controls have "
                f"{self.controls.latents}."
            )
        if self.config.model.latents != self.controls.latents:
            raise ConfigError(f"{CARD}: config.model.latents and controls.latents differ.")
        texts = {
            "title": (self.title, 80),
            "summary": (self.summary, 200),
            "intent": (self.intent, 1000),
        }
        mapped = self.map.metrics if self.map else ()
        for where, metrics in (("metrics", self.metrics), ("map.metrics", mapped)):
            for index, metric in enumerate(metrics):
                texts[f"{where}[{index}].label"] = (metric.label, 40)
                texts[f"{where}[{index}].unit"] = (metric.unit, 40)
        for field, (text, longest) in texts.items():
            if len(text) > longest:
                raise ConfigError(f"{CARD}: {field} is longer than {longest} characters.")
        if len(self.image.shape) != 3 or not all(0 < side <= 4096 for side in self.image.shape):
            raise ConfigError(
                f"{CARD}: image.shape is {self.image.shape!s:.60}, not channels, height, width."
            )
        examples = self.examples
        on_first = min(examples.count, examples.per_sheet or examples.count)
        rows = -(-on_first // examples.columns)
        sides = (rows * self.image.shape[1], examples.columns * self.image.shape[2])
        if max(sides) > LARGEST_WEBP:
            raise ConfigError(
                f"{CARD}: examples make sheets of {sides[1]:,}×{sides[0]:,} pixels; a WebP has "
                f"{LARGEST_WEBP:,} a side at most."
            )
        if self.image.sigma is not None and self.image.sigma <= 0:
            raise ConfigError(f"{CARD}: image.sigma is {self.image.sigma}; it must be above 0.")
        if self.map is not None:
            self.map.check(self.controls.latents)
        if self.information is not None:
            self.information.check(self.controls.latents, len(self.data.factors or ()))

    def names(self) -> tuple[str, ...]:
        """The files beside the card: the six that every checkpoint has, then further sheets."""
        return (*FILES, *self.examples.sheets[1:])
