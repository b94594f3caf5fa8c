"""The card of a checkpoint folder: what the model is, and every number measured on it.

Nothing here needs torch: the explorer reads cards without it.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Literal

from training.config import RunConfig, from_json, to_json
from training.errors import CheckpointError, ConfigError

VERSION = 1
MODEL, DECODER, ENCODER = "model.safetensors", "decoder.onnx", "encoder.onnx"
CODES, THUMBNAILS, PREVIEW = "codes.safetensors", "thumbnails.webp", "preview.webp"
FILES = (MODEL, DECODER, ENCODER, CODES, THUMBNAILS, PREVIEW)
CARD = "card.json"
PART = ".part"  # what a file is called that is not written yet
READY = ".embedding"  # a folder of files and their card that are about to replace those beside it
MOST_EXAMPLES = 1_000_000
# More of these than any data set has would be more than a browser can list.
MOST_LABELS, LONGEST_LABEL = 1_000, 200
MOST_FACTORS, LONGEST_FACTOR, LARGEST_FACTOR = 100, 80, 100_000
LARGEST_WEBP = 2**14 - 1  # pixels a side
LARGEST_CARD = 8 * 2**20
LARGEST_FILE = 2**30


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
    """One measured number and how it came about."""

    name: str
    label: str
    value: float
    unit: str
    split: str
    samples: int
    seed: int
    how: str


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


def read_card(folder: Path, check: tuple[str, ...] | None = None) -> Card:
    """Read card.json and check files against the sizes and hashes it gives.

    Args:
        folder: a checkpoint folder.
        check: the names of the files to check; None: all of them.

    Raises:
        CheckpointError: in one sentence, if anything is missing, changed or not what it says.
    """
    path = folder / CARD
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder} is not a folder; name a checkpoint folder such as assets/models/digits."
        )
    if not path.exists():
        if (folder / READY / CARD).exists():
            raise CheckpointError(
                f"{folder.name} has no {CARD}: `python -m training embed` was cut off while it "
                "replaced files; run it again."
            )
        raise CheckpointError(
            f"{folder.name} has no {CARD}: its training has not finished; "
            "`python -m training train … --resume` goes on with it."
        )
    tree = _read_json(folder, path)
    if not isinstance(tree, dict) or tree.get("version") != VERSION:
        version = tree.get("version") if isinstance(tree, dict) else None
        raise CheckpointError(
            f"{folder.name}/{CARD} has version {version!r:.20}, this program reads {VERSION}; "
            "update the program or train the checkpoint again."
        )
    try:
        card = from_json(Card, tree, CARD)
    except ConfigError as error:
        raise CheckpointError(f"{folder.name}: {error}") from error
    _check_files(folder, card, card.names() if check is None else check)
    return card


def _read_json(folder: Path, path: Path) -> Any:
    content = read_bytes(path, LARGEST_CARD)
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise CheckpointError(f"{folder.name}/{CARD} is not readable JSON: {reason}.") from error


def _refuse_constant(text: str) -> None:
    raise ValueError(f"it holds {text}, which is no number")


def read_bytes(path: Path, limit: int = LARGEST_FILE) -> bytes:
    """The content of a regular file inside its own folder, refused beyond `limit` bytes.

    Raises:
        CheckpointError: if it is missing, leads out of the folder, is no file, or is too large.
    """
    with _opened(path, limit) as (file, _):
        return file.read()


@contextlib.contextmanager
def _opened(path: Path, limit: int = LARGEST_FILE) -> Iterator[tuple[BufferedReader, int]]:
    """A regular file inside its own folder, open for reading, and its size.

    Raises:
        CheckpointError: as `read_bytes`; also for what goes wrong while it is read.
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        if path.resolve().parent != path.parent.resolve():
            raise CheckpointError(f"{where} leads out of its folder; put the file itself there.")
        if not path.exists():
            raise CheckpointError(f"{where} is missing; copy the whole checkpoint folder again.")
        if not path.is_file():
            raise CheckpointError(f"{where} is not a regular file.")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise CheckpointError(f"{where} has {size:,} bytes; at most {limit:,} are read.")
            yield file, size
    except (OSError, RuntimeError) as error:  # before Python 3.13, RuntimeError for circular links
        reason = getattr(error, "strerror", None) or "its links lead in a circle"
        raise CheckpointError(f"{where} cannot be read: {reason}.") from error


def _check_files(folder: Path, card: Card, names: tuple[str, ...]) -> None:
    known = set(card.names())
    for name in card.files:
        if name not in known:
            raise CheckpointError(
                f"{folder.name}/{CARD} lists the file {name!r:.80}, not one of a checkpoint's: "
                f"{', '.join(FILES)}, and the further sheets that its examples need."
            )
    for name in names:
        if name not in card.files:
            raise CheckpointError(f"{folder.name}/{CARD} does not list {name}; {_made_by(name)}.")
        expected = card.files[name]
        # In pieces: of a file that anybody made, no more is held than that.
        with _opened(folder / name) as (file, size):
            if size != expected.bytes:
                raise CheckpointError(
                    f"{folder.name}/{name} has {size:,} bytes, its card says "
                    f"{expected.bytes:,}: it was cut short or changed, so copy it again."
                )
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != expected.sha256:
            raise CheckpointError(
                f"{folder.name}/{name} is not the file its card describes (the SHA-256 differs); "
                f"copy it again, or {_made_by(name)}."
            )


def _made_by(name: str) -> str:
    """What to do to have a file again."""
    if name in (DECODER, ENCODER):
        return "run `python -m training export FOLDER`"
    if name in (MODEL, PREVIEW):
        return "train it again"
    return "run `python -m training embed FOLDER`"


def describe_files(folder: Path, names: tuple[str, ...] = FILES) -> dict[str, FileCard]:
    """Size and hash of the files of a checkpoint folder that are named."""
    return {name: _describe_file(folder / name) for name in names}


def _describe_file(path: Path) -> FileCard:
    with _opened(path) as (file, size):
        return FileCard(size, hashlib.file_digest(file, "sha256").hexdigest())


def write_card(folder: Path, card: Card) -> Card:
    """Write card.json with sizes and hashes of the other files: a folder with a card is whole."""
    return save_card(folder, card, describe_files(folder, card.names()))


def save_card(folder: Path, card: Card, files: dict[str, FileCard]) -> Card:
    """Write card.json with these sizes and hashes."""
    complete = dataclasses.replace(card, files=files)
    from_json(Card, to_json(complete), CARD)  # never replace a card by one that cannot be read
    text = json.dumps(to_json(complete), indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(folder / CARD, text.encode())
    return complete


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file at once: a reader, or a crash at any moment, finds the old one or the new."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
