"""Cards of version 1: declared, and made into version 2.

Version 1 knew one kind of model: D continuous latents with the prior N(0, I), an encoder that gives
mean and log-variance, a decoder that gives one image. `upgrade` says the same in the words of
version 2, so that what people saved keeps opening.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from training.contract import card as version2
from training.contract.card import (
    CODES,
    DECODER,
    ENCODER,
    MODEL,
    MOST_FACTORS,
    MOST_FILES,
    PREVIEW,
    THUMBNAILS,
    Card,
    Examples,
)
from training.contract.fields import (
    LARGEST_NUMBER,
    MOST_LABELS,
    MOST_LATENTS,
    Command,
    Count,
    FileName,
    Label,
    Line,
    Magnitude,
    Number,
    Paragraph,
    Protocol,
    Record,
    Settings,
    Sha256,
    Short,
    Word,
)
from training.contract.graphs import Graph, Graphs, Port, Sizes
from training.contract.maps import Map
from training.contract.measurements import MOST_METRICS, Information, Latents, Metric, Provenance
from training.contract.outputs import LikelihoodName, Pixels
from training.contract.spaces import Continuous, Side

VERSION = 1
FILES = (MODEL, DECODER, ENCODER, CODES, THUMBNAILS, PREVIEW)  # what every checkpoint had


class Controls(Record, frozen=True):
    """`latents` continuous codes with prior N(0, 1) each."""

    kind: Literal["continuous"]
    latents: Annotated[int, Meta(ge=1, le=MOST_LATENTS)]


class Image(Record, frozen=True):
    """What the decoder returns."""

    shape: tuple[Annotated[int, Meta(ge=1, le=3)], Side, Side]
    likelihood: LikelihoodName
    sigma: Annotated[float, Meta(gt=0, le=LARGEST_NUMBER)] | None = None


class Factor(Record, frozen=True):
    """A factor; version 1 did not say of which kind."""

    name: Word
    size: Annotated[int, Meta(ge=1, le=version2.LARGEST_FACTOR)]


class Data(Record, frozen=True):
    """What the model was trained on."""

    name: Word
    source: Line
    licence: Line
    sha256: Sha256
    splits: Annotated[dict[Word, Count], Meta(max_length=20)]
    labels: Annotated[tuple[Label, ...], Meta(min_length=1, max_length=MOST_LABELS)] | None
    factors: Annotated[tuple[Factor, ...], Meta(min_length=1, max_length=MOST_FACTORS)] | None


class HistoryPoint(Record, frozen=True):
    """Losses at one validation."""

    step: Count
    train_loss_nats: Number
    validation_loss_nats: Number


class Training(Record, frozen=True):
    """How the weights came about."""

    images: Count
    steps: Count
    best_step: Count
    seconds: Magnitude
    device: Line
    hardware: Protocol
    precision: Line
    history: Annotated[tuple[HistoryPoint, ...], Meta(max_length=version2.MOST_POINTS)]


class Card1(Record, frozen=True):
    """card.json, version 1."""

    version: Literal[1]
    name: Word
    title: Word
    summary: Line
    intent: Paragraph
    command: Command
    controls: Controls
    image: Image
    data: Data
    config: Settings
    training: Training
    metrics: Annotated[tuple[Metric, ...], Meta(max_length=MOST_METRICS)]
    latents: Latents
    latents_provenance: Provenance
    examples: Examples
    versions: Annotated[dict[Word, Short], Meta(max_length=100)]
    files: Annotated[dict[FileName, version2.File], Meta(max_length=MOST_FILES)]
    map: Map | None = None
    information: Information | None = None

    def __post_init__(self) -> None:
        if len(self.latents) != self.controls.latents:
            raise ValueError(
                f"describes {len(self.latents)} latents, but its controls have "
                f"{self.controls.latents}."
            )
        wanted = (*FILES, *self.examples.sheets[1:])
        for name in self.files:
            if name not in wanted:
                raise ValueError(
                    f"lists the file {name!r:.80}, not one of a checkpoint's: {', '.join(wanted)}."
                )


# What the data sets of that time are made of; a card of version 1 says only how many values.
_SHAPES = {
    "sprites": ("square", "ellipse", "heart"),
    "scenes": ("cube", "cylinder", "sphere", "capsule"),
}
_CIRCULAR = {("sprites", "orientation")}


def upgrade(old: Card1) -> Card:
    """The same card in version 2."""
    latents = old.controls.latents
    factors = None
    if old.data.factors is not None:
        factors = tuple(_factor(old.data.name, factor) for factor in old.data.factors)
    return Card(
        family="vae",
        name=old.name,
        title=old.title,
        summary=old.summary,
        intent=old.intent,
        controls=(Continuous("z", latents, "standard_normal"),),
        output=Pixels(old.image.shape, old.image.likelihood, old.image.sigma),
        graphs=vae_graphs(latents, old.image.shape),
        data=version2.Data(
            old.data.name,
            old.data.source,
            old.data.licence,
            old.data.sha256,
            old.data.splits,
            old.data.labels,
            factors,
            _pixels(old.config),
        ),
        training=version2.Training(
            **{
                field: getattr(old.training, field)
                for field in Training.__struct_fields__
                if field != "history"
            },
            history=tuple(
                version2.HistoryPoint(point.step, point.train_loss_nats, point.validation_loss_nats)
                for point in old.training.history
            ),
            command=old.command,
            configuration=old.config,
        ),
        metrics=old.metrics,
        latents=old.latents,
        latents_provenance=old.latents_provenance,
        information=old.information,
        examples=old.examples,
        map=old.map,
        versions=old.versions,
        files=old.files,
    )


def renamed(tree: dict[str, Any]) -> dict[str, Any]:
    """A card of version 2, its losses by today's names; the first ones had a unit in theirs."""
    training = tree.get("training")
    history = training.get("history") if isinstance(training, dict) else None
    if not isinstance(training, dict) or not isinstance(history, list):
        return tree
    points = [
        {key.removesuffix("_nats"): value for key, value in point.items()}
        if isinstance(point, dict) and all(isinstance(key, str) for key in point)
        else point
        for point in history
    ]
    return tree | {"training": training | {"history": points}}


def vae_graphs(latents: int, shape: tuple[int, int, int]) -> Graphs:
    """Decoder (`z` → `mean`) and encoder (`x` → `mean`, `log_variance`), in float32."""
    image: Sizes = ("batch", *shape)
    codes: Sizes = ("batch", latents)
    return Graphs(
        decode=Graph(
            DECODER,
            (Port("z", "float32", codes, "value", "z"),),
            (Port("mean", "float32", image, "image"),),
        ),
        encode=Graph(
            ENCODER,
            (Port("x", "float32", image, "image"),),
            (
                Port("mean", "float32", codes, "mean", "z"),
                Port("log_variance", "float32", codes, "log_variance", "z"),
            ),
        ),
    )


def _factor(data: str, factor: Factor) -> version2.Factor:
    names = _SHAPES.get(data) if factor.name == "shape" else None
    if names is not None and len(names) == factor.size:
        return version2.Factor(factor.name, factor.size, "categorical", names)
    circular = (data, factor.name) in _CIRCULAR
    return version2.Factor(factor.name, factor.size, "circular" if circular else "ordered")


def _pixels(config: Settings) -> Any:
    data = config.get("data")
    pixels = data.get("pixels") if isinstance(data, dict) else None
    return pixels if pixels in ("binarized", "dequantized") else "grey"
