"""What can be trained here, within which bounds, and the run that a filled-in form stands for."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from explorer.jobs.asked import Asked, Training, Treating
from explorer.jobs.exchange import (
    STEPS,
    Bounds,
    DataName,
    Form,
    Offer,
    OfferedData,
    OfferedKind,
    OwnBounds,
    Treatment,
)
from explorer.jobs.images import BOUNDS, SIDES, Images
from explorer.jobs.store import Job
from explorer.server.arriving import LARGEST_ZIP
from training.contract.clinic import Ward
from training.contract.errors import ConfigError
from training.contract.kinds import KINDS, WIDTHS
from training.contract.looked import Looked

# Where data sets lie, as `--data` of `python -m training`; and "no", where visitors may not train.
DATA, TRAIN = "EXPLORER_DATA", "EXPLORER_TRAIN"
# Nothing is downloaded for a visitor: only what is here, or is rendered, is offered.
_IDX = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")

# A cure takes some twenty seconds of one core; where the machine has much to do, as long as this.
TREATMENT_S = 180
VALIDATIONS = 12  # of a run, evenly; each saves it


class Data(Struct, frozen=True):
    """A data set on offer.

    Fields:
        source: the folder of its files; empty of one that is rendered.
        steps: that the form begins with.
    """

    title: str
    source: str
    steps: int


DATA_SETS: dict[DataName, Data] = {
    "digits": Data("Digits", "MNIST", 1_500),
    "fashion": Data("Clothing", "FashionMNIST", 1_500),
    "sprites": Data("Sprites", "", 3_000),
    "scenes": Data("Rooms in colour", "", 1_500),
}
OWN_STEPS = 1_500  # that the form begins with on a visitor's own images


def allowed() -> bool:
    """Whether visitors may train here."""
    return os.environ.get(TRAIN, "").lower() not in ("no", "off", "0", "false")


def data_folder() -> Path:
    """Where the data sets are."""
    return Path(os.environ.get(DATA) or "data")


def missing(name: DataName, folder: Path) -> str:
    """Why a data set cannot be trained on, in a sentence; empty where it can."""
    source = DATA_SETS[name].source
    raw = folder / source / "raw"
    files = [raw / f"{part}-ubyte" for part in _IDX] if source else []
    if all(file.exists() or file.with_name(f"{file.name}.gz").exists() for file in files):
        return ""
    first, *_ = KINDS.values()
    return (
        f"{source} is not on this server. To fetch it, start "
        f"`python -m training train {first.networks[name].recipe}` there, or let {DATA} name a "
        "folder that has it."
    )


def offered(folder: Path, done: list[Job], queue: int) -> Offer:
    """What the form shows: the data sets, the bounds, and what runs of each kind took here.

    Args:
        queue: how many runs are before the next one.
    """
    return Offer(
        tuple(
            OfferedData(name, one.title, one.steps, missing(name, folder))
            for name, one in DATA_SETS.items()
        ),
        tuple(OfferedKind(name, one.title, one.weighs_kl) for name, one in KINDS.items()),
        OwnBounds(SIDES, OWN_STEPS, LARGEST_ZIP, BOUNDS.entries),
        Bounds(),
        paces(done),
        queue,
    )


def pace_of(data: str, family: str, width: str) -> str:
    """Of which runs take as long a step as each other."""
    return f"{data} {family} {width}"


def paces(done: list[Job]) -> dict[str, float]:
    """Seconds a step, by kind of run, as the newest of that kind took on this machine."""
    found: dict[str, float] = {}
    for job in done:
        # Images of visitors differ in size and colours: theirs are timed when they are looked at.
        if job.step < STEPS[0] or not isinstance(job.asked, Training) or job.asked.images:
            continue
        form = job.asked.form
        name = pace_of(form.data, form.family, form.width)
        found[name] = round(job.seconds / job.step, 5)
    return found


def run_of(asked: Form) -> Training:
    """The recipe and the overrides of `python -m training train` that make this run."""
    network, scale = KINDS[asked.family].networks[asked.data], WIDTHS[asked.width]
    changes = {
        "data.name": asked.data,
        "model.channels": _sizes(network.channels, scale),
        "model.hidden": _sizes(network.hidden, scale),
        **dict(network.settings),
    }
    overrides = [f"--{name}={value}" for name, value in changes.items()]
    return _run(asked, network.recipe, overrides, DATA_SETS[asked.data].title)


def run_on(asked: Form, images: Images, found: Looked) -> Training:
    """The same for a run on a visitor's own images, in which this was found."""
    network = found.networks[f"{asked.family} {asked.width}"]
    run = _run(asked, network.recipe, list(network.overrides), images.title)
    return replace(run, images=images.id, zip=images.zip.name)


def _run(asked: Form, recipe: str, overrides: list[str], title: str) -> Training:
    kind = KINDS[asked.family]
    changes = {
        "model.latents": str(asked.latents),
        "train.steps": str(asked.steps),
        "train.validate_every": str(-(-asked.steps // VALIDATIONS)),
    }
    if kind.weighs_kl:
        changes["objective.beta"] = f"{asked.beta:g}"
    words = kind.words or f"β = {asked.beta:g}"
    latents = f"{asked.latents} latent{'s' if asked.latents > 1 else ''}"
    return Training(
        title=f"{title}, {words}, {latents}, trained here",
        steps=asked.steps,
        seconds=60 * asked.minutes,
        recipe=recipe,
        overrides=(*overrides, *(f"--{name}={value}" for name, value in changes.items())),
        form=asked,
    )


def treatment_of(asked: Treatment, ward: Ward) -> Treating:
    """The job that trains a patient with a cure.

    Raises:
        ConfigError: if there is no such patient, or no such cure.
    """
    count = len(ward.patients)
    if asked.patient > count:
        raise ConfigError(
            f"There is no patient {asked.patient}: their numbers go from 1 to {count}."
        )
    patient = ward.patients[asked.patient - 1]
    if asked.cure >= len(patient.cures):
        raise ConfigError(f"Cures go from 0 to {len(patient.cures) - 1}: there is no {asked.cure}.")
    cure = patient.cures[asked.cure]
    return Treating(
        title=f"Patient {asked.patient}: {cure.label}",
        steps=ward.records[cure.record].steps[-1],
        seconds=TREATMENT_S,
        form=asked,
    )


def with_more_time(job: Job) -> Asked:
    """What was asked; where the time is up, with as long again as the form says."""
    asked = job.asked
    if job.seconds <= asked.seconds or not isinstance(asked, Training):
        return asked
    return replace(asked, seconds=job.seconds + 60 * asked.form.minutes)


def _sizes(sizes: tuple[int, ...], scale: float) -> str:
    return ",".join(str(round(size * scale)) for size in sizes)


def unit_of(job: Job) -> str:
    """The unit of its losses."""
    asked = job.asked
    return KINDS[asked.form.family].unit if isinstance(asked, Training) else "nats an image"
