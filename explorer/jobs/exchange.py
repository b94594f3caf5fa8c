"""What the page of training and the server say to each other, declared once: `api.js` is the page.

The types of the page's code are made of these models, see `explorer.exchange`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from training.contract.clinic import Ward
from training.contract.fields import Count, Magnitude, Number, Record, Short
from training.contract.kinds import KINDS
from training.contract.looked import Looked

LATENTS, STEPS, MINUTES, BETA = (1, 16), (100, 6_000), (1, 10), (0.0, 16.0)
if TYPE_CHECKING:
    KindName = str
else:
    KindName = Literal[tuple(KINDS)]
State = Literal[
    "waiting",  # for its turn to train
    "training",
    "paused",  # by who asked for it
    "stopped",  # for good, before its last step: what it has can be kept
    "trained",
    "keeping",  # asked to be kept, and waiting for that
    "finishing",  # is measured and exported
    "kept",  # a checkpoint in the list
    "failed",
]
DataName = Literal["digits", "fashion", "sprites", "scenes", "own"]
Side = Literal[28, 64, 128]
Fit = Literal["crop", "pad"]


class Form(Record, frozen=True):
    """A filled-in form. `minutes` is the most that the run may train.

    Of data "own", `images` is the id of a visitor's images, brought to `side` by `fit`.
    """

    data: DataName
    family: KindName
    latents: Annotated[int, Meta(ge=LATENTS[0], le=LATENTS[1])]
    steps: Annotated[int, Meta(ge=STEPS[0], le=STEPS[1])]
    minutes: Annotated[int, Meta(ge=MINUTES[0], le=MINUTES[1])]
    width: Literal["half", "normal", "double"] = "normal"
    beta: Annotated[float, Meta(ge=BETA[0], le=BETA[1])] = 1.0
    images: Short = ""
    side: Side = 64
    fit: Fit = "crop"


class Size(Record, frozen=True):
    """At which size a visitor's images are looked at."""

    side: Side
    fit: Fit


class Since(Record, frozen=True):
    """The step after which losses are asked for."""

    since: Count = 0


class Treatment(Record, frozen=True):
    """A patient of the collapse clinic, from 1, and the cure that was chosen, from 0."""

    patient: Annotated[int, Meta(ge=1, le=20)]
    cure: Annotated[int, Meta(ge=0, le=5)]


class Begun(Record, frozen=True):
    """The id of a job, which cannot be guessed."""

    id: str


class OfferedData(Record, frozen=True):
    """A data set.

    Fields:
        steps: that the form begins with.
        missing: why it cannot be trained on, in a sentence; empty where it can.
    """

    name: DataName
    title: str
    steps: int
    missing: str


class OfferedKind(Record, frozen=True):
    """A kind of model; `weighs_kl` where it has a β."""

    name: KindName
    title: str
    weighs_kl: bool


class OwnBounds(Record, frozen=True):
    """Of a visitor's own images: the sides to choose from, and the most that is taken."""

    sides: tuple[Side, ...]
    steps: int
    most_bytes: int
    most_images: int


class Bounds(Record, frozen=True):
    """The least and the most of each number in the form."""

    latents: tuple[int, int] = LATENTS
    steps: tuple[int, int] = STEPS
    minutes: tuple[int, int] = MINUTES
    beta: tuple[float, float] = BETA


class Offer(Record, frozen=True):
    """What the form shows.

    Fields:
        paces: seconds a step, by data, kind and width, of runs that ended here.
        queue: how many runs are before the next one.
    """

    data: tuple[OfferedData, ...]
    kinds: tuple[OfferedKind, ...]
    own: OwnBounds
    bounds: Bounds
    paces: dict[str, float]
    queue: int


Loss = tuple[Count, Number | None, Number | None]


class Run(Record, frozen=True):
    """How a job is.

    Fields:
        data: what it learns from; empty of a cure.
        cure: the number of the cure, where it is one.
        unit: of its losses.
        seconds: for which it has trained, of `most_seconds`.
        ahead: how many jobs are served before it.
        warm: whether the worker has loaded what it needs.
        snapshot: the name of the newest files to open the growing model by.
        checkpoint: the id in the catalogue, once it is kept.
        losses: step, training loss and validation loss, of each report that is new.
        can_keep: whether there are weights to keep.
    """

    id: str
    title: str
    data: str
    cure: int | None
    unit: str
    state: State
    steps: int
    step: int
    seconds: Magnitude
    most_seconds: Magnitude
    sentence: str
    ahead: int
    warm: bool
    snapshot: str
    checkpoint: str
    losses: tuple[Loss, ...]
    can_keep: bool


class Sent(Record, frozen=True):
    """A visitor's images that have arrived."""

    id: str
    title: str


class Images(Record, frozen=True):
    """What is known of a visitor's images at a size.

    Fields:
        done: how many were looked at so far.
        sentence: why they are refused.
        timing: whether it is being measured how long a step takes.
    """

    id: str
    title: str
    state: Literal["looking", "ready", "refused"]
    done: int = 0
    sentence: str = ""
    facts: Looked | None = None
    timing: bool = False


class Clinic(Ward, frozen=True):
    """The ward, and why no cure can be trained here, in a sentence; empty where one can."""

    untreated: str
