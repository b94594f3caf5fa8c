"""The card of a checkpoint folder, version 2: what the model is, and every number measured on it.

`docs/format.md` explains each field with an example. A card needs neither a training of ours nor a
configuration; it says what the graphs take and give, and what is known.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, field

from training.contract.fields import (
    MOST_LABELS,
    MOST_LATENTS,
    Colour,
    Command,
    Count,
    FileName,
    Identifier,
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
    refuse_hidden,
)
from training.contract.graphs import Graphs
from training.contract.maps import Map
from training.contract.measurements import Information, Latents, Metrics, Provenance, Rounding
from training.contract.outputs import Output, Pixels
from training.contract.spaces import Continuous, Image, Space, refuse_twice

VERSION = 2
CARD = "card.json"
MODEL, DECODER, ENCODER, STEP = "model.safetensors", "decoder.onnx", "encoder.onnx", "step.onnx"
CODES, THUMBNAILS, PREVIEW = "codes.safetensors", "thumbnails.webp", "preview.webp"

MOST_EXAMPLES = 1_000_000
MOST_FACTORS, LARGEST_FACTOR = 100, 100_000
MOST_POINTS, MOST_FILES = 100_000, 1_000
LARGEST_WEBP = 2**14 - 1  # pixels a side
LARGEST_FILE = 2**30

Family = Identifier
ExampleCount = Annotated[int, Meta(ge=1, le=MOST_EXAMPLES)]


class Factor(Record, frozen=True):
    """One ground-truth factor of variation and how many values it takes.

    `ordered`: the values lie on a line; `circular`: the last lies beside the first; `categorical`:
    their order means nothing. `values` names them, where they have names; `colours` (sRGB) shows
    them, where the factor is a colour.
    """

    name: Word
    size: Annotated[int, Meta(ge=1, le=LARGEST_FACTOR)]
    kind: Literal["ordered", "categorical", "circular"]
    values: Annotated[tuple[Label, ...], Meta(max_length=MOST_LABELS)] | None = None
    colours: Annotated[tuple[Colour, ...], Meta(max_length=MOST_LABELS)] | None = None

    def __post_init__(self) -> None:
        if self.colours is not None and len(self.colours) != self.size:
            raise ValueError(
                f"colours has {len(self.colours):,} entries; the factor takes {self.size:,} values."
            )
        if self.values is not None and len(self.values) != self.size:
            raise ValueError(
                f"values has {len(self.values):,} names; the factor takes {self.size:,} values."
            )


class Data(Record, frozen=True):
    """What the model was trained on. `splits` counts images; `sha256` is over all stored images.

    `pixels` says how grey levels were read: as they are (`grey`), each pixel drawn from
    Bernoulli(grey level) (`binarized`), or with uniform noise of one grey level (`dequantized`).
    """

    name: Word
    source: Line
    licence: Line
    sha256: Sha256 | None
    splits: Annotated[dict[Word, Count], Meta(max_length=20)]
    labels: Annotated[tuple[Label, ...], Meta(min_length=1, max_length=MOST_LABELS)] | None = None
    factors: Annotated[tuple[Factor, ...], Meta(min_length=1, max_length=MOST_FACTORS)] | None = (
        None
    )
    pixels: Literal["grey", "binarized", "dequantized"] = "grey"

    def __post_init__(self) -> None:
        refuse_twice("factors", tuple(factor.name for factor in self.factors or ()))


class HistoryPoint(Record, frozen=True):
    """Losses at one validation, in `loss_unit`; of training, the mean since the one before."""

    step: Count
    train_loss: Number
    validation_loss: Number


class Training(Record, frozen=True):
    """How the weights came about: those of `best_step`; `images` were seen in `seconds`.

    `loss_name` says in words what chose `best_step`, such as −ELBO. `command` repeats the training
    and `configuration` is what decided it, where `python -m training` made it.
    """

    images: Count
    steps: Count
    best_step: Count
    seconds: Magnitude
    device: Line
    hardware: Protocol
    precision: Line
    history: Annotated[tuple[HistoryPoint, ...], Meta(max_length=MOST_POINTS)] = ()
    loss_name: Word = "loss"
    loss_unit: Word = "nats"
    command: Command | None = None
    configuration: Settings | None = None

    def __post_init__(self) -> None:
        refuse_hidden(self.configuration or {}, "configuration")


class Examples(Record, frozen=True):
    """The first `count` images of a split, whose codes and thumbnails the folder holds.

    The thumbnails lie on sheets, `columns` a row and `per_sheet` a sheet (None: one sheet).
    """

    count: ExampleCount
    columns: ExampleCount
    split: Word
    how: Protocol
    per_sheet: ExampleCount | None = None

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of the sheets: thumbnails.webp, thumbnails-1.webp, …"""
        number = -(-self.count // (self.per_sheet or self.count))
        return (THUMBNAILS, *(f"thumbnails-{index}.webp" for index in range(1, number)))

    def check(self, shape: tuple[int, int, int]) -> None:
        """Refuse sheets that no WebP can hold.

        Raises:
            ValueError: with the size.
        """
        on_first = min(self.count, self.per_sheet or self.count)
        rows = -(-on_first // self.columns)
        sides = (rows * shape[1], self.columns * shape[2])
        if max(sides) > LARGEST_WEBP:
            raise ValueError(
                f"examples make sheets of {sides[1]:,}×{sides[0]:,} pixels; a WebP has "
                f"{LARGEST_WEBP:,} a side at most."
            )


class File(Record, frozen=True):
    """What a file must be, to be the one that the card describes."""

    bytes: Annotated[int, Meta(ge=0, le=LARGEST_FILE)]
    sha256: Sha256


class Card(Record, frozen=True, kw_only=True):
    """card.json, version 2.

    `latents` are the numbers of the continuous controls, one after the other, in the order of the
    controls; empty where nothing was measured. Rows of `information` and indices of the map are
    places in it. `parameters` counts the numbers that were learned, in all networks that are kept.
    """

    version: Literal[2] = 2
    family: Family
    name: Word
    title: Word
    summary: Line
    intent: Paragraph
    controls: Annotated[tuple[Space, ...], Meta(max_length=32)]
    output: Output
    graphs: Graphs
    data: Data
    training: Training | None = None
    metrics: Metrics = ()
    latents: Latents = ()
    latents_provenance: Provenance | None = None
    information: Information | None = None
    examples: Examples | None = None
    map: Map | None = None
    rounding: Rounding | None = None
    parameters: Count | None = None
    versions: Annotated[dict[Word, Short], Meta(max_length=100)] = field(default_factory=dict)
    files: Annotated[dict[FileName, File], Meta(max_length=MOST_FILES)] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        refuse_twice("controls", tuple(space.name for space in self.controls))
        if sum(isinstance(space, Image) for space in self.controls) > 1:
            raise ValueError("controls have more than one image; one is completed at a time.")
        size = sum(space.size for space in self.controls if isinstance(space, Continuous))
        if size > MOST_LATENTS:
            raise ValueError(f"controls have {size:,} numbers together; at most 1,024 are read.")
        for complaint in self._about_graphs():
            raise ValueError(complaint)
        if self.latents and len(self.latents) != size:
            raise ValueError(
                f"latents describes {len(self.latents)} latents, but the controls have {size}."
            )
        if bool(self.latents) != (self.latents_provenance is not None):
            raise ValueError("latents_provenance says how latents were measured: both or neither.")
        if self.examples is not None and isinstance(self.output, Pixels):
            self.examples.check(self.output.shape)
        if self.map is not None:
            if self.examples is None:
                raise ValueError("map lies over examples, and there are none.")
            self.map.check(size)
        if self.information is not None:
            self.information.check(size, len(self.data.factors or ()))
        known = self.known_files()
        for name in self.files:
            if name not in known:
                raise ValueError(
                    f"lists the file {name!r:.80}, which nothing in it mentions; known: "
                    f"{', '.join(known)}."
                )

    def _about_graphs(self) -> Iterator[str]:
        """What is wrong between controls, output and graphs."""
        names = {space.name for space in self.controls}
        graphs = self.graphs.named()
        if not graphs:
            yield "graphs is empty; a checkpoint has at least one."
        files = [graph.file for graph in graphs.values()]
        if len(set(files)) < len(files):
            yield "graphs names one file twice."
        for kind, graph in graphs.items():
            for port in (*graph.inputs, *graph.outputs):
                if port.control is not None and port.control not in names:
                    yield (
                        f"graphs.{kind} has a port {port.name!r:.60} of the control "
                        f"{port.control!r:.60}; the controls are {', '.join(sorted(names))}."
                    )
        wanted = "image" if isinstance(self.output, Pixels) else "logits"
        decode = graphs.get("decode")
        if decode is not None:
            taken = {port.control for port in decode.inputs if port.role == "value"}
            for name in sorted(names - taken):
                yield f"graphs.decode has no input for the value of the control {name!r}."
            if decode.given(wanted) is None:
                yield f"graphs.decode has no output of the role {wanted}, which `output` asks for."
        encode = graphs.get("encode")
        if encode is not None and not any(
            port.role in ("value", "mean") for port in encode.outputs
        ):
            yield "graphs.encode gives no value or mean of a control."

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images.

        Raises:
            ValueError: if the model makes none.
        """
        if not isinstance(self.output, Pixels):
            raise ValueError(f"{self.name} makes no images.")
        return self.output.shape

    @property
    def size(self) -> int:
        """D: how many numbers the continuous controls have together."""
        return sum(space.size for space in self.controls if isinstance(space, Continuous))

    def latents_by_kl(self) -> list[int]:
        """Every latent, the largest KL first; by the spread of its codes where there is no KL."""
        if not self.latents:
            return list(range(self.size))
        facts = [(latent.kl_nats or 0.0, latent.std) for latent in self.latents]
        return sorted(range(self.size), key=lambda at: facts[at], reverse=True)

    def names(self) -> tuple[str, ...]:
        """The files that stand beside the card: those it must list."""
        graphs = tuple(graph.file for graph in self.graphs.named().values())
        sheets = self.examples.sheets if isinstance(self.output, Pixels) and self.examples else ()
        codes = (CODES,) if self.examples is not None else ()
        optional = tuple(name for name in (MODEL, PREVIEW) if name in self.files)
        return (*graphs, *codes, *sheets, *optional)

    def known_files(self) -> tuple[str, ...]:
        """The files that it may list."""
        return tuple(dict.fromkeys((*self.names(), MODEL, PREVIEW)))
