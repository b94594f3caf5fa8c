"""The configuration of one run: declared, frozen, JSON both ways, unknown keys refused."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from msgspec import NODEFAULT, Meta, inspect
from msgspec.structs import fields as fields_of
from msgspec.structs import replace

from training.contract.card import CARD, Card
from training.contract.complaints import nearest
from training.contract.fields import (
    MOST_LATENTS,
    Count,
    Magnitude,
    Positive,
    Rate,
    Record,
    Seed,
    Settings,
)
from training.contract.outputs import LikelihoodName
from training.contract.reading import plain, read
from training.errors import CheckpointError, ConfigError
from training.objectives import OBJECTIVES
from training.objectives.objective import ObjectiveConfig

MOST_LAYERS = 100

Sizes = Annotated[tuple[Positive, ...], Meta(max_length=MOST_LAYERS)]
OBJECTIVES_BY_NAME: dict[str, type[ObjectiveConfig]] = {
    str(kind.__struct_config__.tag): kind for kind in OBJECTIVES
}
if TYPE_CHECKING:
    AnyObjective = ObjectiveConfig
else:
    AnyObjective = Union[OBJECTIVES]  # noqa: UP007, of a tuple


class DataConfig(Record, frozen=True):
    """The images, and how their grey levels are read, anew whenever an image is seen.

    `binarized` draws each pixel from Bernoulli(grey level). `dequantized` adds uniform noise of one
    grey level, so that a density cannot gain without bound on pixels of one exact value (Theis et
    al. 2016, Section 3.1).
    """

    name: Literal["digits", "fashion", "sprites", "scenes"]
    pixels: Literal["grey", "binarized", "dequantized"] = "grey"


class ModelConfig(Record, frozen=True):
    """The network: one stride-2 convolution per entry of `channels`, then the `hidden` layers.

    In a `patch_vae` the first of `channels` is that of `patch`×`patch` patches, which are read and
    written at once. `mlp_vae` has dense layers alone, and so no channels.
    """

    latents: Annotated[int, Meta(ge=1, le=MOST_LATENTS)]
    likelihood: LikelihoodName
    name: Literal["conv_vae", "patch_vae", "mlp_vae"] = "conv_vae"
    channels: Sizes = (32, 32, 32, 32)
    hidden: Annotated[Sizes, Meta(min_length=1)] = (256, 256)
    activation: Literal["relu", "silu", "tanh"] = "relu"
    patch: Positive = 1

    def __post_init__(self) -> None:
        if self.patch > 1 and self.name != "patch_vae":
            raise ConfigError(
                f"patch is {self.patch}, but {self.name} reads no patches; leave it at 1, or "
                "choose patch_vae as model.name."
            )
        if self.name == "mlp_vae" and self.channels:
            raise ConfigError(
                f"channels is {list(self.channels)}, but {self.name} has dense layers alone; "
                "leave it empty."
            )
        if self.name != "mlp_vae" and not self.channels:
            raise ConfigError("channels is empty; give at least one size.")


class TrainConfig(Record, frozen=True):
    """The optimizer's settings and the run's length, `steps` batches.

    Under `optimizer="muon"` Muon moves the matrices between the layers at `muon_rate`, from step
    `muon_from` on; AdamW moves everything else, and them before, at `learning_rate`. Both rates
    rise over the first `warmup` steps and then follow `schedule`. `weight_decay` shrinks weights by
    itself times their rate.

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
    """Everything that decides what a run computes."""

    data: DataConfig
    model: ModelConfig
    objective: AnyObjective
    train: TrainConfig
    seed: Seed = 0

    def __post_init__(self) -> None:
        if self.data.pixels == "dequantized" and self.model.likelihood == "bernoulli":
            raise ConfigError(
                "model.likelihood is bernoulli, which is no density over the grey levels that "
                "data.pixels = dequantized gives; take continuous_bernoulli or gaussian."
            )


def to_json(value: Any) -> Any:
    """A configuration, or a model of the contract, as plain dicts and lists."""
    return plain(value)


def from_json(tree: Any, where: str = "") -> RunConfig:
    """A run's configuration from parsed JSON; `where` names it in messages.

    An objective without a name is the β-VAE, as in configurations that were written when there was
    no other.

    Raises:
        ConfigError: naming the field, for a wrong type, a missing or an unknown key, or a bound.
    """
    if isinstance(tree, dict) and isinstance(tree.get("objective"), dict):
        tree = tree | {"objective": {"name": "beta_vae"} | tree["objective"]}
    return read(RunConfig, tree, where)


def with_seed(config: RunConfig, seed: int) -> RunConfig:
    """The same run with another seed.

    Raises:
        ConfigError: if it is no seed.
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
    if config.model.latents != card.size:
        raise CheckpointError(
            f"{folder}/{CARD}: configuration.model.latents is {config.model.latents}, but the "
            f"controls have {card.size}."
        )
    return config


def settings(config: RunConfig) -> Settings:
    """The configuration as cards and tables hold it."""
    return read(Settings, to_json(config), "configuration")


def override(config: RunConfig, changes: Mapping[str, str]) -> RunConfig:
    """`config` with each field of `changes`, such as `objective.beta`, read from its text.

    Lists are written with commas: `--model.channels 32,64`. Another `objective.name` brings that
    objective's own fields, at their defaults.

    Raises:
        ConfigError: for an unknown path, a value of the wrong type, or a field that the objective
            does not have or still lacks.
    """
    # Through the types once: a number that is whole may stand where any number may.
    tree = to_json(from_json(to_json(config)))
    now, lacking = tree["objective"]["name"], set[str]()
    objective = changes.get("objective.name", now)
    if objective not in OBJECTIVES_BY_NAME:
        known = ", ".join(OBJECTIVES_BY_NAME)
        raise ConfigError(f"--objective.name got {objective!r:.60}; choose one of {known}.")
    if objective != now:
        tree["objective"], lacking = _defaults(OBJECTIVES_BY_NAME[objective])
    for path, text in changes.items():
        *sections, name = path.split(".")
        node: Any = tree
        for section in sections:
            node = node.get(section) if isinstance(node, dict) else None
        if not isinstance(node, dict) or name not in node or isinstance(node[name], dict):
            raise ConfigError(
                _of_another_objective(path, tree["objective"])
                or f"There is no option --{path:.60}{nearest(path, fields(tree))}"
            )
        node[name] = _parse(text, node[name], path)
    for name in sorted(lacking):
        if f"objective.{name}" not in changes:
            raise ConfigError(f"The objective {objective} needs --objective.{name}.")
    return from_json(tree)


def _defaults(kind: type[ObjectiveConfig]) -> tuple[dict[str, Any], set[str]]:
    """The fields of an objective, and which of them have no default; those are 0 for now."""
    tree: dict[str, Any] = {"name": kind.__struct_config__.tag}
    lacking = set()
    for field in fields_of(kind):
        if field.default is not NODEFAULT:
            tree[field.name] = field.default
        else:
            whole = isinstance(inspect.type_info(field.type), inspect.IntType)
            tree[field.name] = 0 if whole else 0.0
            lacking.add(field.name)
    return tree, lacking


def _of_another_objective(path: str, objective: dict[str, Any]) -> str:
    """What to say of a field that only other objectives have; empty for any other path."""
    name = path.removeprefix("objective.")
    others = [other for other, kind in OBJECTIVES_BY_NAME.items() if name in _defaults(kind)[0]]
    if name == path or not others:
        return ""
    own = [field for field in objective if field != "name"]
    return (
        f"--{path} does not belong to the objective {objective['name']}, which takes "
        f"{', '.join(own)}; it belongs to {', '.join(others)} (--objective.name)."
    )


def options(config: RunConfig) -> list[str]:
    """Every path that `override` takes, whichever objective is chosen."""
    of_objectives = [f"objective.{name}" for kind in OBJECTIVES for name in _defaults(kind)[0]]
    return list(dict.fromkeys([*fields(to_json(config)), *of_objectives]))


def fields(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every field of `tree` that `override` takes: its dotted path and its value."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= (
            fields(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return found


def _parse(text: str, current: Any, path: str) -> Any:
    if isinstance(current, str):
        return text
    try:
        if isinstance(current, list):
            return [int(item) for item in text.split(",")] if text else []
        return int(text) if isinstance(current, int) else float(text)
    except ValueError as error:
        kind = {list: "whole numbers with commas", int: "a whole number"}.get(
            type(current), "a number"
        )
        raise ConfigError(f"--{path} got {text!r:.60}; it takes {kind}.") from error
