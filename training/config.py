"""The configuration of one run: frozen, typed, JSON both ways, unknown keys refused."""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from training.contract.card import CARD, Card
from training.contract.complaints import nearest
from training.contract.fields import LARGEST_INTEGER, Settings
from training.contract.outputs import LikelihoodName
from training.contract.reading import plain, read
from training.errors import CheckpointError, ConfigError
from training.objective_config import GECOConfig, ObjectiveConfig

T = TypeVar("T")
_POSITIVE = tuple(
    f"objective.{name}"
    for name in ("c_steps", "rate", "layers", "units", "discriminator_rate", "k")
)

OBJECTIVES: dict[str, Any] = {kind.name: kind for kind in typing.get_args(ObjectiveConfig)}


@dataclass(frozen=True)
class DataConfig:
    """The images, and how their grey levels are read, anew whenever an image is seen.

    `binarized` draws each pixel from Bernoulli(grey level). `dequantized` adds uniform noise of one
    grey level, so that a density cannot gain without bound on pixels of one exact value (Theis et
    al. 2016, Section 3.1).
    """

    name: Literal["digits", "fashion", "sprites", "scenes"]
    pixels: Literal["grey", "binarized", "dequantized"] = "grey"


@dataclass(frozen=True)
class ModelConfig:
    """The network: one stride-2 convolution per entry of `channels`, then the `hidden` layers.

    In a `patch_vae` the first of `channels` is that of `patch`×`patch` patches, which are read and
    written at once. `mlp_vae` has dense layers alone, and so no channels.
    """

    latents: int
    likelihood: LikelihoodName
    name: Literal["conv_vae", "patch_vae", "mlp_vae"] = "conv_vae"
    channels: tuple[int, ...] = (32, 32, 32, 32)
    hidden: tuple[int, ...] = (256, 256)
    activation: Literal["relu", "silu", "tanh"] = "relu"
    patch: int = 1


@dataclass(frozen=True)
class TrainConfig:
    """The optimizer's settings and the run's length, `steps` batches.

    Under `optimizer="muon"` Muon moves the matrices between the layers at `muon_rate`, from step
    `muon_from` on; AdamW moves everything else, and them before, at `learning_rate`. Both rates
    rise over the first `warmup` steps and then follow `schedule`. `weight_decay` shrinks weights by
    itself times their rate.

    `precision="auto"` takes bfloat16 where the device computes in it, float32 elsewhere.
    """

    steps: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    schedule: Literal["constant", "cosine"] = "cosine"
    validate_every: int = 1000
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    optimizer: Literal["adamw", "muon"] = "adamw"
    muon_rate: float = 0.02
    muon_from: int = 0
    warmup: int = 0


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides what a run computes."""

    data: DataConfig
    model: ModelConfig
    objective: ObjectiveConfig
    train: TrainConfig
    seed: int = 0

    def __post_init__(self) -> None:
        objective = {f"objective.{name}": value for name, value in vars(self.objective).items()}
        numbers = {name: value for name, value in objective.items() if not isinstance(value, str)}
        positive = {
            "model.latents": self.model.latents,
            "model.patch": self.model.patch,
            "train.steps": self.train.steps,
            "train.batch_size": self.train.batch_size,
            "train.validate_every": self.train.validate_every,
            "train.learning_rate": self.train.learning_rate,
            "train.muon_rate": self.train.muon_rate,
            **{name: numbers[name] for name in _POSITIVE if name in numbers},
            **{f"model.channels[{i}]": n for i, n in enumerate(self.model.channels)},
            **{f"model.hidden[{i}]": n for i, n in enumerate(self.model.hidden)},
        }
        for field, value in positive.items():
            if value <= 0:
                raise ConfigError(f"{field} is {value}; it must be greater than 0.")
        if self.model.patch > 1 and self.model.name != "patch_vae":
            raise ConfigError(
                f"model.patch is {self.model.patch}, but {self.model.name} reads no patches; "
                "leave it at 1, or choose patch_vae as model.name."
            )
        convolves = self.model.name != "mlp_vae"
        if not convolves and self.model.channels:
            raise ConfigError(
                f"model.channels is {list(self.model.channels)}, but {self.model.name} has dense "
                "layers alone; leave it empty."
            )
        for field, sizes in {"channels": self.model.channels, "hidden": self.model.hidden}.items():
            if not sizes and (convolves or field == "hidden"):
                raise ConfigError(f"model.{field} is empty; give at least one size.")
        if self.data.pixels == "dequantized" and self.model.likelihood == "bernoulli":
            raise ConfigError(
                "model.likelihood is bernoulli, which is no density over the grey levels that "
                "data.pixels = dequantized gives; take continuous_bernoulli or gaussian."
            )
        not_negative = {
            "train.weight_decay": self.train.weight_decay,
            "train.muon_from": self.train.muon_from,
            "train.warmup": self.train.warmup,
            **numbers,
        }
        for field, value in not_negative.items():
            # A density can exceed one: then reconstruction, and with it κ, is below 0 nats.
            if value < 0 and field != "objective.kappa":
                raise ConfigError(f"{field} is {value}; it cannot be negative.")
        for name in ("muon_from", "warmup"):
            value = getattr(self.train, name)
            if value > self.train.steps:
                raise ConfigError(
                    f"train.{name} is {value}, but the run has only {self.train.steps} steps "
                    "(train.steps)."
                )
        for name in ("muon_rate", "muon_from"):
            value = getattr(self.train, name)
            if self.train.optimizer != "muon" and value != getattr(TrainConfig, name):
                raise ConfigError(
                    f"train.{name} is {value}, but train.optimizer is {self.train.optimizer}, "
                    f"which has no use for it; leave it at {getattr(TrainConfig, name)}, or choose "
                    "muon as train.optimizer."
                )
        if isinstance(self.objective, GECOConfig) and self.objective.alpha >= 1:
            raise ConfigError(
                f"objective.alpha is {self.objective.alpha}; the moving average needs less than 1."
            )
        if not 0 <= self.seed < 2**31:
            raise ConfigError(f"seed is {self.seed}; it must be between 0 and 2³¹ − 1.")


def to_json(value: Any) -> Any:
    """A configuration, or a model of the contract, as plain dicts and lists."""
    return plain(value)


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
        config = from_json(RunConfig, plain(settings), "configuration")
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


def from_json(kind: type[T], value: Any, where: str) -> T:
    """Read `value`, parsed JSON, as the type `kind`; `where` names it in messages.

    Raises:
        ConfigError: naming the field, for a wrong type, a missing or an unknown key.
    """
    result: T = _read(kind, value, where)
    return result


_JSON_NAMES: dict[type, str] = {
    **{bool: "true or false", int: "a whole number", float: "a number", str: "a text"},
    **{tuple: "a list", dict: "an object"},
}


def _read(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, value, where)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool):
            raise ConfigError(f"{where} is {value!r:.60}; choose one of {', '.join(arguments)}.")
        return value
    if origin is types.UnionType:
        if value is None and type(None) in arguments:
            return None
        kinds = [kind for kind in arguments if kind is not type(None)]
        return _read(_named(kinds, value, where) if len(kinds) > 1 else kinds[0], value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {
            key: _read(arguments[1], item, f"{where}[{key!r:.60}]") for key, item in value.items()
        }
    if kind is Any:
        return value
    if kind is float and type(value) is int:
        value = _finite_float(value, where)
    plain: type = origin or kind
    if not isinstance(value, plain) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{where} is {value!r:.60}; expected {_JSON_NAMES[plain]}.")
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise ConfigError(f"{where} is too large; at most 2⁵³ is read.")
    return _finite_float(value, where) if plain is float else value


def _named(kinds: list[Any], value: Any, where: str) -> Any:
    """The dataclass that the `name` in `value` chooses; the first where there is none."""
    names = {kind.name: kind for kind in kinds}
    name = value.get("name", kinds[0].name) if isinstance(value, dict) else kinds[0].name
    if not isinstance(name, str) or name not in names:
        raise ConfigError(f"{where}.name is {name!r:.60}; choose one of {', '.join(names)}.")
    return names[name]


def _read_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} is {value!r:.60}; expected an object with named fields.")
    hints = typing.get_type_hints(kind)
    known = {field.name: field for field in dataclasses.fields(kind)}
    for key in value:
        if key not in known:
            raise ConfigError(f"{where} has an unknown field {key!r:.60}{nearest(key, known)}")
    missing = [
        name
        for name, field in known.items()
        if name not in value and field.default is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"{where} lacks the field {missing[0]!r}.")
    return kind(**{key: _read(hints[key], item, f"{where}.{key}") for key, item in value.items()})


def _finite_float(value: Any, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ConfigError(f"{where} is not a finite number.")
    return number


def override(config: RunConfig, changes: Mapping[str, str]) -> RunConfig:
    """`config` with each field of `changes`, such as `objective.beta`, read from its text.

    Lists are written with commas: `--model.channels 32,64`. Another `objective.name` brings that
    objective's own fields, at their defaults.

    Raises:
        ConfigError: for an unknown path, a value of the wrong type, or a field that the objective
            does not have or still lacks.
    """
    # Through the types once: a number that is whole may stand where any number may.
    tree = to_json(from_json(RunConfig, to_json(config), "run"))
    objective, lacking = changes.get("objective.name", config.objective.name), set[str]()
    if objective not in OBJECTIVES:
        known = ", ".join(OBJECTIVES)
        raise ConfigError(f"--objective.name got {objective!r:.60}; choose one of {known}.")
    if objective != config.objective.name:
        tree["objective"], lacking = _defaults(OBJECTIVES[objective])
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
    return from_json(RunConfig, tree, "run")


def _defaults(kind: Any) -> tuple[dict[str, Any], set[str]]:
    """The fields of a dataclass, and which of them have no default; those are 0 for now."""
    hints = typing.get_type_hints(kind)
    known = {field.name: field.default for field in dataclasses.fields(kind)}
    lacking = {name for name, default in known.items() if default is dataclasses.MISSING}
    return {name: hints[name]() if name in lacking else known[name] for name in known}, lacking


def _of_another_objective(path: str, objective: dict[str, Any]) -> str:
    """What to say of a field that only other objectives have; empty for any other path."""
    name = path.removeprefix("objective.")
    others = [other for other, kind in OBJECTIVES.items() if name in _defaults(kind)[0]]
    if name == path or not others:
        return ""
    own = [field for field in objective if field != "name"]
    return (
        f"--{path} does not belong to the objective {objective['name']}, which takes "
        f"{', '.join(own)}; it belongs to {', '.join(others)} (--objective.name)."
    )


def options(config: RunConfig) -> list[str]:
    """Every path that `override` takes, whichever objective is chosen."""
    of_objectives = [
        f"objective.{name}" for kind in OBJECTIVES.values() for name in _defaults(kind)[0]
    ]
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
