"""The configuration of one run: declared, frozen, JSON both ways, unknown keys refused."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from msgspec import NODEFAULT, Meta, inspect
from msgspec.structs import fields as fields_of
from msgspec.structs import replace

from training.contract.card import CARD, Card
from training.contract.complaints import nearest
from training.contract.fields import (
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

OBJECTIVES_BY_NAME: dict[str, type[ObjectiveConfig]] = {
    str(kind.__struct_config__.tag): kind for kind in OBJECTIVES
}
FAMILIES_BY_NAME: dict[str, type[Family]] = {
    str(kind.__struct_config__.tag): kind for kind in FAMILIES
}
# Sections of a configuration that are of one kind of several: in words, by which field, and which.
CHOSEN: dict[str, tuple[str, str, Mapping[str, type[Record]]]] = {
    "model": ("family", "family", FAMILIES_BY_NAME),
    "objective": ("objective", "name", OBJECTIVES_BY_NAME),
}
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
    path: Annotated[str, Meta(max_length=4000)] = ""
    side: Annotated[int, Meta(ge=28, le=256)] = 64
    fit: Literal["crop", "pad"] = "crop"
    ground: Literal["white", "black"] = "white"
    factors: Annotated[str, Meta(max_length=4000)] = ""
    strict: bool = False
    download: bool = False

    def __post_init__(self) -> None:
        if self.name != "own":
            for field in OF_OWN_DATA:
                if getattr(self, field) != OF_OWN_DATA[field]:
                    raise ConfigError(
                        f"{field} is of images of your own, but data.name is {self.name}; leave it "
                        "out, or train the recipe own."
                    )


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
    """Everything that decides what a run computes; `objective` only for a family that takes one."""

    data: DataConfig
    model: AnyFamily
    objective: AnyObjective | None
    train: TrainConfig
    seed: Seed = 0

    def __post_init__(self) -> None:
        family = tag(self.model)
        if self.model.takes_objective and self.objective is None:
            raise ConfigError(
                f"objective is missing; the family {family} learns by one, such as beta_vae."
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


def override(config: RunConfig, changes: Mapping[str, str]) -> RunConfig:
    """`config` with each field of `changes`, such as `objective.beta`, read from its text.

    Lists are written with commas: `--model.channels 32,64`. Another `objective.name` or
    `model.family` brings the fields of that objective or family, at their defaults.

    Raises:
        ConfigError: for an unknown path, a value of the wrong type, or a field that the objective
            or family does not have or still lacks.
    """
    # Through the types once: a number that is whole may stand where any number may.
    tree = to_json(from_json(to_json(config)))
    lacking = _choose(tree, "model", changes)
    family = FAMILIES_BY_NAME[tree["model"]["family"]]
    if not family.takes_objective:
        tree["objective"] = None
    else:
        tree["objective"] = tree["objective"] or {"name": "beta_vae", "beta": 1.0}
        lacking += _choose(tree, "objective", changes)
    for path, text in changes.items():
        *sections, name = path.split(".")
        node: Any = tree
        for section in sections:
            node = node.get(section) if isinstance(node, dict) else None
        unknown = not isinstance(node, dict) or name not in node or isinstance(node[name], dict)
        if unknown or path == "objective":
            raise ConfigError(
                _of_another(path, tree)
                or f"There is no option --{path:.60}{nearest(path, fields(tree))}"
            )
        node[name] = _parse(text, node[name], path)
    for path in sorted(lacking):
        if path not in changes:
            section = path.partition(".")[0]
            what, tag_field, _ = CHOSEN[section]
            raise ConfigError(f"The {what} {tree[section][tag_field]} needs --{path}.")
    return from_json(tree)


def _choose(tree: dict[str, Any], section: str, changes: Mapping[str, str]) -> list[str]:
    """Put the kind that `changes` names into a section; returns the paths it has no default for."""
    _, tag_field, kinds = CHOSEN[section]
    now = tree[section][tag_field]
    name = changes.get(f"{section}.{tag_field}", now)
    if name not in kinds:
        known = ", ".join(kinds)
        raise ConfigError(f"--{section}.{tag_field} got {name!r:.60}; choose one of {known}.")
    if name == now:
        return []
    tree[section], lacking = _defaults(kinds[name])
    return [f"{section}.{field}" for field in lacking]


def _defaults(kind: type[Record]) -> tuple[dict[str, Any], set[str]]:
    """The fields of an objective or family, and which have no default; those are empty for now."""
    config = kind.__struct_config__
    tree: dict[str, Any] = {str(config.tag_field): config.tag}
    lacking = set()
    for field in fields_of(kind):
        if field.default is not NODEFAULT:
            tree[field.name] = plain(field.default)
            continue
        match inspect.type_info(field.type):
            case inspect.IntType():
                tree[field.name] = 0
            case inspect.FloatType():
                tree[field.name] = 0.0
            case _:
                tree[field.name] = ""
        lacking.add(field.name)
    return tree, lacking


def _of_another(path: str, tree: dict[str, Any]) -> str:
    """What to say of a field that only other objectives or families have; empty for all others."""
    section, _, name = path.partition(".")
    if section not in CHOSEN:
        return ""
    what, tag_field, kinds = CHOSEN[section]
    others = [other for other, kind in kinds.items() if name in _defaults(kind)[0]]
    if not others:
        return ""
    if tree[section] is None:
        return f"--{path} is of an objective, and the losses of this family are its own."
    own = [field for field in tree[section] if field != tag_field]
    return (
        f"--{path} does not belong to the {what} {tree[section][tag_field]}, which takes "
        f"{', '.join(own)}; it belongs to {', '.join(others)} (--{section}.{tag_field})."
    )


def options(config: RunConfig) -> list[str]:
    """Every path that `override` takes, whichever objective and family are chosen."""
    others = [
        f"{section}.{name}"
        for section, (_, _, kinds) in CHOSEN.items()
        for kind in kinds.values()
        for name in _defaults(kind)[0]
    ]
    return list(dict.fromkeys([*fields(to_json(config)), *others]))


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
    if isinstance(current, bool):
        if text not in ("true", "false"):
            raise ConfigError(f"--{path} got {text!r:.60}; it takes true or false.")
        return text == "true"
    try:
        if isinstance(current, list):
            return [int(item) for item in text.split(",")] if text else []
        return int(text) if isinstance(current, int) else float(text)
    except ValueError as error:
        kind = {list: "whole numbers with commas", int: "a whole number"}.get(
            type(current), "a number"
        )
        raise ConfigError(f"--{path} got {text!r:.60}; it takes {kind}.") from error
