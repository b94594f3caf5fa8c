"""A configuration with some fields read from the command line: `--objective.beta 4`.

Tried in place of these lines: tyro, which answers `--objective.bta 4` with thirty lines and makes
another objective a word of its own; jsonargparse, which answers with the errors of every objective
and, of a field that another one has, changes to that one unasked; cyclopts, which refuses a choice
by name. Ours names the nearest option, or the objectives that have it, in one line, and needs none
of the 0.2 to 0.4 s in which those load.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import NODEFAULT, inspect
from msgspec.structs import fields as fields_of

from training.config import RunConfig, from_json, to_json
from training.contract.complaints import nearest
from training.contract.fields import Record
from training.contract.reading import plain
from training.errors import ConfigError
from training.families import FAMILIES
from training.families.family import Family
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
