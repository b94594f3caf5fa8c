"""What a lesson says: its front matter as checked models, and its text as blocks for the page."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from explorer.lessons.probe import Example
from explorer.lessons.probes import PROBES
from training.contract.fields import (
    IDENTIFIER,
    Identifier,
    Line,
    Number,
    Paragraph,
    Record,
    Short,
    Word,
)

# The panels of the instrument that a lesson may point at, by the names in `web/panels`.
Panel = Literal[
    "output",
    "source",
    "controls",
    "actions",
    "traversals",
    "map",
    "whereabouts",
    "evidence",
    "elbo",
    "pipeline",
    "path",
    "word-path",
    "samples",
    "start",
    "writing",
    "numbers",
    "noise",
    "denoised",
]
# The figures of an image that the instrument measures as one moves, by the names of their probes.
LIVE = ("reconstruction", "kl", "evidence", "elbo", "gap")
# What else the page measures as one moves, of any image or of none: its unit, and decimals.
MOVING = {
    "reconstruction": ("nats", 1),
    "kl": ("nats", 1),
    "squared_error": ("", 1),
    "nearest_code": ("times the usual distance", 1),
    "z_length": ("", 1),
    "centre_x": ("%", 0),
    "lean": ("°", 0),
    "code_nats": ("nats", 0),
    "letters_back": ("%", 0),
    "psnr": ("dB", 1),
    "gradient_ratio": ("times", 0),
    "star_share": ("%", 0),
    "reverse_kl": ("nats", 2),
}
Moving = Literal[
    "reconstruction",
    "kl",
    "squared_error",
    "nearest_code",
    "z_length",
    "centre_x",
    "lean",
    "code_nats",
    "letters_back",
    "psnr",
    "gradient_ratio",
    "star_share",
    "reverse_kl",
]
# The parts of the page of small distributions, by the names in `web/distributions`.
Small = Literal["categorical", "bernoulli", "ancestral", "table", "line", "humps"]
CARDS = ("look", "predict", "do", "why", "check")
Card = Literal["look", "predict", "do", "why", "check"]
Place = Annotated[str, Meta(max_length=400, pattern=r"^[-0-9.,]*(?![\s\S])")]
Axes = Annotated[str, Meta(max_length=20, pattern=r"^(umap|pca|z[0-9]+,z[0-9]+)(?![\s\S])")]
NoiseLaid = Annotated[
    str, Meta(pattern=r"^(gaussian|masking|salt_and_pepper),(0|1|0?[.][0-9]{1,3})(?![\s\S])")
]
Colour = Annotated[str, Meta(max_length=80, pattern=r"^(label|error|z[0-9]+|factor:.+)(?![\s\S])")]


class Setup(Record, frozen=True, kw_only=True):
    """What the instrument shows: a model or several side by side, an image, a place, a map.

    `page` stands in place of a model: the small distributions. `unused`: the sliders of unused
    latents are shown too. `show` names the panels that the lesson needs; the others are folded
    away.
    """

    model: Word | None = None
    page: Literal["distributions"] | None = None
    compare: Annotated[tuple[Word, ...], Meta(max_length=4)] = ()
    example: Example | None = None
    z: Place | None = None
    axes: Axes | None = None
    colour: Colour | None = None
    temperature: Annotated[float, Meta(ge=0.1, le=2)] | None = None
    noise: NoiseLaid | None = None
    unused: bool = False
    show: Annotated[tuple[Panel | Small, ...], Meta(max_length=16)] = ()

    def __post_init__(self) -> None:
        if self.model is not None and self.compare:
            raise ValueError("give model or compare, not both.")
        if self.page is not None and self.models:
            raise ValueError("give page or a model, not both.")
        if len(self.compare) == 1:
            raise ValueError("compare takes two to four models; for one, write model.")

    @property
    def models(self) -> tuple[str, ...]:
        """The ids it opens."""
        return self.compare or ((self.model,) if self.model else ())


class Option(Record, frozen=True):
    """One of the answers to choose from, and the figure that decides."""

    label: Short
    figure: Identifier


class Predict(Record, frozen=True, kw_only=True):
    """What is asked before it is measured: a mark on an axis for `figure`, or one of `options`.

    Of options, the one whose figure is `wanted` is right. Where `ask` needs what is on screen,
    `quiz` says the same without it.
    """

    ask: Line
    quiz: Line | None = None
    figure: Identifier | None = None
    axis: tuple[Number, Number] | None = None
    scale: Literal["linear", "log"] = "linear"
    options: Annotated[tuple[Option, ...], Meta(max_length=6)] = ()
    wanted: Literal["largest", "smallest"] = "largest"

    def __post_init__(self) -> None:
        if (self.figure is None) == (not self.options):
            raise ValueError("takes figure and axis, or options: one of the two.")
        if self.figure is not None and self.axis is None:
            raise ValueError("lacks the field 'axis': where the mark can be placed, two numbers.")
        if self.axis is not None and not self.axis[0] < self.axis[1]:
            raise ValueError("axis goes down; the lower end comes first.")
        if self.scale == "log" and self.axis is not None and self.axis[0] <= 0:
            raise ValueError("axis of a log scale begins above 0.")


class Goal(Record, frozen=True, kw_only=True):
    """What the card Do asks for: a value that the page measures all the while, on one side.

    A `figure` is of the image of the card, where its band says that the goal is not reached yet.
    What is `moving` is of whatever is on screen: any test image, any place. Of a comparison,
    `model` says whose.
    """

    say: Line
    figure: Identifier | None = None
    moving: Moving | None = None
    model: Word | None = None
    below: Number | None = None
    above: Number | None = None

    def __post_init__(self) -> None:
        if (self.figure is None) == (self.moving is None):
            raise ValueError("takes figure or moving: one of the two.")
        if self.model is not None and self.moving is None:
            raise ValueError("takes model only with moving: a figure has one of its own.")
        if (self.below is None) == (self.above is None):
            raise ValueError("takes below or above: one of the two.")


class Question(Record, frozen=True, kw_only=True):
    """A question to recall by: choices, the number of the right one from 1, and why it is."""

    ask: Line
    choices: Annotated[tuple[Line, ...], Meta(min_length=2, max_length=5)]
    answer: Annotated[int, Meta(ge=1, le=5)]
    because: Line

    def __post_init__(self) -> None:
        if self.answer > len(self.choices):
            raise ValueError(f"answer is {self.answer}; there are {len(self.choices)} choices.")


class Teacher(Record, frozen=True, kw_only=True):
    """For the teacher's page: what a class will get wrong, and questions to discuss."""

    wrong: Annotated[tuple[Paragraph, ...], Meta(min_length=1, max_length=6)]
    discuss: Annotated[tuple[Paragraph, ...], Meta(min_length=1, max_length=6)]


FigureName = Annotated[str, Meta(max_length=40, pattern=IDENTIFIER)]
Id = Annotated[str, Meta(min_length=1, max_length=40, pattern=IDENTIFIER)]


class Front(Record, frozen=True, kw_only=True):
    """The front matter of a lesson file."""

    id: Id
    number: Annotated[int, Meta(ge=1, le=99)]
    title: Word
    idea: Line
    minutes: Annotated[int, Meta(ge=1, le=60)]
    misconception: Line
    core: bool = False
    # The patient of the collapse clinic that the last card leads to; 0 for the list of all.
    clinic: Annotated[int, Meta(ge=0, le=20)] | None = None
    needs: Annotated[tuple[Id, ...], Meta(max_length=8)] = ()
    setup: Setup
    # Where a card shows something else than `setup`: only what differs.
    cards: Annotated[dict[Card, Setup], Meta(max_length=5)] = {}  # noqa: RUF012
    figures: Annotated[dict[FigureName, PROBES], Meta(min_length=1, max_length=30)]
    predict: Predict
    goal: Goal | None = None
    teacher: Teacher | None = None
    questions: Annotated[tuple[Question, ...], Meta(min_length=3, max_length=3)]


class Part(Record, frozen=True, omit_defaults=True):
    """A piece of a line: its text, or the name of a figure whose value stands there."""

    kind: Literal["text", "strong", "emphasis", "code", "tex", "figure"]
    text: str


class Term(Record, frozen=True):
    """A piece of a formula: TeX, and the figure it is bound to, if any."""

    tex: str
    figure: str | None = None


class Block(Record, frozen=True, omit_defaults=True):
    """A paragraph, an item of a list, or a formula, which may be for one way of writing alone."""

    kind: Literal["paragraph", "item", "formula"]
    parts: tuple[Part, ...] = ()
    terms: tuple[Term, ...] = ()
    reading: Literal["loss", "elbo"] | None = None


class Lesson(Record, frozen=True):
    """A whole file: its front matter, the blocks of its five cards, and what the teacher reads."""

    front: Front
    cards: dict[str, tuple[Block, ...]]
    wrong: tuple[tuple[Part, ...], ...] = ()
    discuss: tuple[tuple[Part, ...], ...] = ()
