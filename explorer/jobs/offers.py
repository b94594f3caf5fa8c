"""What can be trained here, within which bounds, and the run that a filled-in form stands for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from explorer.arriving import LARGEST_ZIP
from explorer.jobs.images import BOUNDS, SIDES, Images
from explorer.jobs.store import Job
from training.contract.clinic import Ward
from training.contract.errors import ConfigError
from training.contract.reading import plain

# Where data sets lie, as `--data` of `python -m training`; and "no", where visitors may not train.
DATA, TRAIN = "EXPLORER_DATA", "EXPLORER_TRAIN"
# Nothing is downloaded for a visitor: only what is here, or is rendered, is offered.
_IDX = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")

LATENTS, STEPS, MINUTES, BETA = (1, 16), (100, 6_000), (1, 10), (0.0, 16.0)
WIDTHS = {"half": 0.5, "normal": 1.0, "double": 2.0}
# A cure takes some twenty seconds of one core; where the machine has much to do, as long as this.
TREATMENT_S = 180
VALIDATIONS = 12  # of a run, evenly; each saves it


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """A filled-in form. `minutes` is the most that the run may train.

    Of data "own", `images` is the id of a visitor's images, brought to `side` by `fit`.
    """

    data: Literal["digits", "fashion", "sprites", "scenes", "own"]
    family: Literal["vae", "autoencoder"]
    latents: Annotated[int, Meta(ge=LATENTS[0], le=LATENTS[1])]
    steps: Annotated[int, Meta(ge=STEPS[0], le=STEPS[1])]
    minutes: Annotated[int, Meta(ge=MINUTES[0], le=MINUTES[1])]
    width: Literal["half", "normal", "double"] = "normal"
    beta: Annotated[float, Meta(ge=BETA[0], le=BETA[1])] = 1.0
    images: Annotated[str, Meta(max_length=40)] = ""
    side: Literal[28, 64, 128] = 64
    fit: Literal["crop", "pad"] = "crop"


class Treatment(Struct, frozen=True, forbid_unknown_fields=True):
    """A patient of the collapse clinic, from 1, and the cure that was chosen, from 0."""

    patient: Annotated[int, Meta(ge=1, le=20)]
    cure: Annotated[int, Meta(ge=0, le=5)]


class Data(Struct, frozen=True):
    """A data set on offer.

    Fields:
        source: the folder of its files; empty of one that is rendered.
        recipe: of a VAE on it.
        channels, hidden: of the normal width.
        steps: that the form begins with.
    """

    title: str
    source: str
    recipe: str
    channels: tuple[int, ...]
    hidden: tuple[int, ...]
    steps: int


DATA_SETS = {
    "digits": Data("Digits", "MNIST", "digits-2d", (32, 32), (256,), 1_500),
    "fashion": Data("Clothing", "FashionMNIST", "fashion", (32, 64), (256,), 1_500),
    "sprites": Data("Sprites", "", "sprites-beta1", (16, 32, 64), (128,), 3_000),
    "scenes": Data("Rooms in colour", "", "scenes", (16, 32, 32, 32), (256,), 1_500),
}
OWN_STEPS = 1_500  # that the form begins with on images of a visitor's
# The recipe of an autoencoder, whatever the data are.
POINTS, POINTS_CHANNELS, POINTS_HIDDEN = "digits-ae", (16, 32), (128,)


def allowed() -> bool:
    """Whether visitors may train here."""
    return os.environ.get(TRAIN, "").lower() not in ("no", "off", "0", "false")


def data_folder() -> Path:
    """Where the data sets are."""
    return Path(os.environ.get(DATA) or "data")


def missing(name: str, folder: Path) -> str:
    """Why a data set cannot be trained on, in a sentence; empty where it can."""
    source = DATA_SETS[name].source
    raw = folder / source / "raw"
    files = [raw / f"{part}-ubyte" for part in _IDX] if source else []
    if all(file.exists() or file.with_name(f"{file.name}.gz").exists() for file in files):
        return ""
    return (
        f"{source} is not on this server. To download it, run `python -m training train "
        f"{DATA_SETS[name].recipe}` where the server was started, and stop the run once it trains; "
        f"or name a folder that holds the data in {DATA}."
    )


def offered(folder: Path, done: list[Job]) -> dict[str, Any]:
    """What the form shows: the data sets, the bounds, and what runs of each kind took here."""
    return {
        "data": [
            {"name": name, "title": one.title, "steps": one.steps, "missing": missing(name, folder)}
            for name, one in DATA_SETS.items()
        ],
        "own": {
            "sides": list(SIDES),
            "steps": OWN_STEPS,
            "most_bytes": LARGEST_ZIP,
            "most_images": BOUNDS.entries,
        },
        "bounds": {"latents": LATENTS, "steps": STEPS, "minutes": MINUTES, "beta": BETA},
        "paces": paces(done),
    }


def kind(data: str, family: str, width: str) -> str:
    """Of which runs take as long a step as each other."""
    return f"{data} {family} {width}"


def paces(done: list[Job]) -> dict[str, float]:
    """Seconds a step, by kind of run, as the newest of that kind took on this machine."""
    found: dict[str, float] = {}
    for job in done:
        form = job.asked["form"]
        # Images of visitors differ in size and colours: theirs are timed when they are looked at.
        if job.step >= STEPS[0] and "family" in form and "images" not in job.asked:
            name = kind(form["data"], form["family"], form["width"])
            found[name] = round(job.seconds / job.step, 5)
    return found


def run_of(asked: Asked) -> dict[str, Any]:
    """The recipe and the overrides of `python -m training train` that make this run."""
    data, scale = DATA_SETS[asked.data], WIDTHS[asked.width]
    is_vae = asked.family == "vae"
    channels = data.channels if is_vae else POINTS_CHANNELS
    hidden = data.hidden if is_vae else POINTS_HIDDEN
    changes = {
        "data.name": asked.data,
        "model.channels": _sizes(channels, scale),
        "model.hidden": _sizes(hidden, scale),
    }
    overrides = [f"--{name}={value}" for name, value in changes.items()]
    return _run(asked, data.recipe if is_vae else POINTS, overrides, data.title)


def run_on(asked: Asked, images: Images, facts: dict[str, Any]) -> dict[str, Any]:
    """The same of a run on images of a visitor's, of which `facts` were seen."""
    network = facts["networks"][f"{asked.family} {asked.width}"]
    run = _run(asked, network["recipe"], network["overrides"], images.title)
    return run | {"images": images.id, "zip": images.zip.name}


def _run(asked: Asked, recipe: str, overrides: list[str], title: str) -> dict[str, Any]:
    is_vae = asked.family == "vae"
    changes = {
        "model.latents": str(asked.latents),
        "train.steps": str(asked.steps),
        "train.validate_every": str(-(-asked.steps // VALIDATIONS)),
    }
    if is_vae:
        changes["objective.beta"] = f"{asked.beta:g}"
    words = f"β = {asked.beta:g}" if is_vae else "autoencoder"
    latents = f"{asked.latents} latent{'s' if asked.latents > 1 else ''}"
    return {
        "recipe": recipe,
        "overrides": [*overrides, *(f"--{name}={value}" for name, value in changes.items())],
        "title": f"{title}, {words}, {latents}, trained here",
        "steps": asked.steps,
        "seconds": 60 * asked.minutes,
        "form": plain(asked),
    }


def treatment_of(asked: Treatment, ward: Ward) -> dict[str, Any]:
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
    return {
        "do": "treat",
        "patient": asked.patient,
        "cure": asked.cure,
        "title": f"Patient {asked.patient}: {cure.label}",
        "steps": ward.records[cure.record].steps[-1],
        "seconds": TREATMENT_S,
        "form": plain(asked),
    }


def with_more_time(job: Job) -> dict[str, Any]:
    """What was asked; where the time is up, with as long again as the form says."""
    if job.seconds <= job.asked["seconds"] or "minutes" not in job.asked["form"]:
        return job.asked
    return job.asked | {"seconds": job.seconds + 60 * job.asked["form"]["minutes"]}


def _sizes(sizes: tuple[int, ...], scale: float) -> str:
    return ",".join(str(round(size * scale)) for size in sizes)
