"""The configuration of one run: declared, frozen, JSON both ways, unknown keys refused."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from msgspec import Meta
from msgspec.structs import replace

from training.contract.card import CARD, Card
from training.contract.fields import (
    PRINTABLE,
    Count,
    Magnitude,
    Positive,
    Rate,
    Record,
    Seed,
    Settings,
)
from training.contract.reading import plain, read
from training.contract.spaces import Continuous
from training.errors import CheckpointError, ConfigError
from training.families import FAMILIES
from training.families.family import Family, tag
from training.forms import FORMS
from training.objectives import OBJECTIVES
from training.objectives.objective import ObjectiveConfig

if TYPE_CHECKING:
    AnyObjective = ObjectiveConfig
    AnyFamily = Family
else:
    AnyObjective = Union[OBJECTIVES]  # noqa: UP007, of a tuple
    AnyFamily = Union[FAMILIES]  # noqa: UP007

OF_OWN_DATA: dict[str, Any] = {
    "path": "",
    "side": 64,
    "fit": "crop",
    "ground": "white",
    "factors": "",
    "strict": False,
    "download": False,
}


# A card holds it, so it is refused before the run and not after it.
Place = Annotated[str, Meta(max_length=4000, pattern=PRINTABLE)]


class DataConfig(Record, frozen=True):
    """The images, and how their grey levels are read, anew whenever an image is seen.

    `binarized` draws each pixel from Bernoulli(grey level). `dequantized` adds uniform noise of one
    grey level, so that a density cannot gain without bound on pixels of one exact value (Theis et
    al. 2016, Section 3.1).

    The rest is of `own` images: where they lie (`path`), their side in pixels as the model sees
    them, whether their centre is cut out or all of each is kept, on what `ground` transparent ones
    lie, what tells their `factors` (see `training.datasets.own.factors`), whether a broken file
    ends the run (`strict`) or is left out, and whether a data set that `path` names is fetched
    where it is missing (`download`).
    """

    name: Literal["digits", "fashion", "sprites", "scenes", "names", "own"]
    pixels: Literal["grey", "binarized", "dequantized"] = "grey"
    path: Place = ""
    side: Annotated[int, Meta(ge=28, le=256)] = 64
    fit: Literal["crop", "pad"] = "crop"
    ground: Literal["white", "black"] = "white"
    factors: Place = ""
    strict: bool = False
    download: bool = False

    def __post_init__(self) -> None:
        if self.name != "own":
            for field in OF_OWN_DATA:
                if getattr(self, field) != OF_OWN_DATA[field]:
                    raise ConfigError(
                        f"{field} is for images of your own, but data.name is {self.name}; leave "
                        "it out, or train the recipe own."
                    )


class TrainConfig(Record, frozen=True):
    """The optimizer's settings and the run's length, `steps` batches.

    Under `optimizer="muon"` Muon moves the matrices between the layers at `muon_rate`, from step
    `muon_from` on; AdamW moves everything else, and them before, at `learning_rate`. Both rates
    rise over the first `warmup` steps and then follow `schedule`. `weight_decay` shrinks weights by
    itself times their rate. Muon computes in bfloat16, which is slow on a CPU that lacks it.

    `precision="auto"` takes bfloat16 where the device computes in it, float32 elsewhere.
    """

    steps: Positive
    batch_size: Positive = 64
    learning_rate: Rate = 1e-3
    weight_decay: Magnitude = 0.0
    schedule: Literal["constant", "cosine"] = "cosine"
    validate_every: Positive = 1000
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    optimizer: Literal["adamw", "muon"] = "adamw"
    muon_rate: Rate = 0.02
    muon_from: Count = 0
    warmup: Count = 0

    def __post_init__(self) -> None:
        for name, count in {"muon_from": self.muon_from, "warmup": self.warmup}.items():
            if count > self.steps:
                raise ConfigError(
                    f"{name} is {count}, but the run has only {self.steps} steps (train.steps)."
                )
        of_muon: dict[str, tuple[float, float]] = {
            "muon_rate": (self.muon_rate, 0.02),
            "muon_from": (self.muon_from, 0),
        }
        for name, (value, default) in of_muon.items():
            if self.optimizer != "muon" and value != default:
                raise ConfigError(
                    f"{name} is {value}, but train.optimizer is {self.optimizer}, which has no use "
                    f"for it; leave it at {default}, or choose muon as train.optimizer."
                )


class RunConfig(Record, frozen=True):
    """Everything that decides what a run computes; `objective` only for a family that takes one."""

    data: DataConfig
    model: AnyFamily
    objective: AnyObjective | None
    train: TrainConfig
    seed: Seed = 0

    @property
    def loss_name(self) -> str:
        """What chooses the best weights, in words."""
        return self.objective.loss_name if self.objective else self.model.loss_name

    def __post_init__(self) -> None:
        family = tag(self.model)
        if self.model.takes_objective and self.objective is None:
            raise ConfigError(
                f"objective is missing; the family {family} needs one, such as beta_vae."
            )
        if not self.model.takes_objective and self.objective is not None:
            raise ConfigError(
                f"objective is {tag(self.objective)}, but the family {family} has losses of its "
                "own; leave it out."
            )
        if self.data.name in FORMS:
            self.model.refuse(FORMS[self.data.name])
        self.model.check(self)


def to_json(value: Any) -> Any:
    """A configuration, or a model of the contract, as plain dicts and lists."""
    return plain(value)


def from_json(tree: Any, where: str = "") -> RunConfig:
    """A run's configuration from parsed JSON; `where` names it in messages.

    An objective without a name is the β-VAE, and a model without a family is a VAE, as in
    configurations that were written when there was no other.

    Raises:
        ConfigError: naming the field, for a wrong type, a missing or an unknown key, or a bound.
    """
    if isinstance(tree, dict) and isinstance(tree.get("objective"), dict):
        tree = tree | {"objective": {"name": "beta_vae"} | tree["objective"]}
    if isinstance(tree, dict) and isinstance(tree.get("model"), dict):
        tree = tree | {"model": {"family": "vae"} | tree["model"]}
    return read(RunConfig, tree, where)


def with_seed(config: RunConfig, seed: int) -> RunConfig:
    """The same run with another seed.

    Raises:
        ConfigError: if it is not a seed.
    """
    return from_json(to_json(replace(config, seed=seed)))


def configuration(card: Card, folder: str) -> RunConfig:
    """What decided how a checkpoint was trained.

    Raises:
        CheckpointError: if it was not made by `python -m training`, or is not of this program.
    """
    settings = None if card.training is None else card.training.configuration
    if settings is None:
        raise CheckpointError(
            f"{folder} has no configuration: `python -m training` did not make it, so there is "
            "nothing here to load it with."
        )
    try:
        config = from_json(plain(settings), "configuration")
    except ConfigError as error:
        raise CheckpointError(f"{folder}/{CARD}: {error}") from error
    try:
        spaces = config.model.controls(config.model.form(card))
    except ConfigError as error:
        raise CheckpointError(f"{folder}/{CARD}: {error}") from error
    latents = sum(space.size for space in spaces if isinstance(space, Continuous))
    if latents != card.size:
        raise CheckpointError(
            f"{folder}/{CARD}: configuration.model.latents is {latents}, but the "
            f"controls have {card.size}."
        )
    return config


def settings(config: RunConfig) -> Settings:
    """The configuration as cards and tables hold it."""
    return read(Settings, to_json(config), "configuration")
