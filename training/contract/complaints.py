"""Why something is not of a declared kind: one sentence, for a person.

It names the path of the field, the value that is there and what belongs there; for an unknown field
the nearest one. msgspec has decided already: what is found here is only how to say it.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import inspect

from training.contract.fields import LARGEST_INTEGER, LARGEST_NUMBER, PATTERNS


def complaint(kind: Any, tree: Any, where: str, error: Exception) -> str:
    """Why `tree` is not of the kind, in one sentence."""
    found = next(_complaints(inspect.type_info(kind), tree, ""), None)
    if found is None:  # a check between fields; its message says all but where
        message, _, place = str(error).rpartition(" - at `$")
        path, what = (place.rstrip("`").lstrip("."), message) if message else ("", str(error))
        if path and re.match(r"[a-z_]+ is ", what):  # of a field there
            path, what = "", f"{path}.{what}"
        what = f"{what.removesuffix('.')}."  # msgspec's own have none
        return ": ".join(part for part in (where, path, what) if part)
    path, what = found
    return ": ".join(part for part in (where, path) if part) + f" {what}"


def _complaints(kind: inspect.Type, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Paths, and what is wrong there."""
    match kind:
        case inspect.Metadata():
            yield from _complaints(kind.type, value, path)
        case inspect.AnyType() | inspect.RawType():
            return
        case inspect.UnionType():
            yield from _about_union(kind, value, path)
        case inspect.StructType() if isinstance(value, dict):
            yield from _about_struct(kind, value, path)
        case inspect.VarTupleType() if isinstance(value, list | tuple):
            yield from _about_length(kind, value, path)
            for index, item in enumerate(value):
                yield from _complaints(kind.item_type, item, f"{path}[{index}]")
        case inspect.TupleType() if isinstance(value, list | tuple):
            if len(value) != len(kind.item_types):
                yield path, f"has {len(value):,} entries; it takes {len(kind.item_types)}."
            for index, (item_type, item) in enumerate(zip(kind.item_types, value, strict=False)):
                yield from _complaints(item_type, item, f"{path}[{index}]")
        case inspect.DictType() if isinstance(value, dict):
            yield from _about_length(kind, value, path)
            for key, item in value.items():
                yield from _complaints(kind.key_type, key, f"{path}[{key!r:.60}]")
                yield from _complaints(kind.value_type, item, f"{path}[{key!r:.60}]")
        case _:
            if not _accepts(kind, value):
                yield path, _refused(value, _words(kind))


def _about_union(kind: inspect.UnionType, value: Any, path: str) -> Iterator[tuple[str, str]]:
    structs = [part for part in kind.types if isinstance(part, inspect.StructType)]
    if structs and isinstance(value, dict):
        if len(structs) == 1:
            yield from _about_struct(structs[0], value, path)
            return
        field, tags = structs[0].tag_field, {part.tag: part for part in structs}
        tag = value.get(field)
        if isinstance(tag, str) and tag in tags:
            yield from _about_struct(tags[tag], value, path)
        elif field not in value:
            yield path, f"lacks the field {field!r}: {_one_of(tags)}."
        else:
            yield f"{path}.{field}".lstrip("."), f"is {shown(tag)}; choose {_one_of(tags)}."
        return
    inside = [part for part in kind.types if _is_nest(part, value)]
    if inside:
        yield from _complaints(inside[0], value, path)
    elif all(next(_complaints(part, value, path), None) for part in kind.types):
        yield path, _refused(value, _words(kind))


def _is_nest(kind: inspect.Type, value: Any) -> bool:
    """Whether `kind` is the part of a union that an object or a list must be of."""
    if isinstance(kind, inspect.Metadata):
        return _is_nest(kind.type, value)
    lists = isinstance(kind, inspect.VarTupleType | inspect.TupleType)
    return (lists and isinstance(value, list | tuple)) or (
        isinstance(kind, inspect.DictType) and isinstance(value, dict)
    )


def _about_struct(
    kind: inspect.StructType, value: dict[Any, Any], path: str
) -> Iterator[tuple[str, str]]:
    known = {field.encode_name: field for field in kind.fields}
    names = list(known) if kind.tag_field is None else [kind.tag_field, *known]
    for key in value:
        if key not in names:
            yield path, f"has an unknown field {key!r:.60}{nearest(key, names)}"
    for name, field in known.items():
        if field.required and name not in value:
            yield path, f"lacks the field {name!r}."
    for name, field in known.items():
        if name in value:
            yield from _complaints(field.type, value[name], f"{path}.{name}".lstrip("."))


def _about_length(kind: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    low, high = kind.min_length or 0, kind.max_length
    if len(value) < low or (high is not None and len(value) > high):
        takes = f"at least {low:,}" if high is None else f"{low:,} to {high:,}"
        yield path, f"has {len(value):,} entries; it takes {takes}."


def _accepts(kind: inspect.Type, value: Any) -> bool:
    """Whether a plain value is of a kind, as msgspec decides it."""
    match kind:
        case inspect.LiteralType():
            return any(type(value) is type(known) and value == known for known in kind.values)
        case inspect.NoneType():
            return value is None
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return type(value) is int and _within(kind, value)
        case inspect.FloatType():
            return type(value) in (int, float) and _within(kind, value)
        case inspect.StrType():
            return (
                isinstance(value, str)
                and (kind.min_length or 0) <= len(value)
                and (kind.max_length is None or len(value) <= kind.max_length)
                and (kind.pattern is None or re.search(kind.pattern, value) is not None)
            )
    return False


def _within(kind: inspect.IntType | inspect.FloatType, value: float) -> bool:
    return (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
    )


def shown(value: Any) -> str:
    """A value in a sentence: null, true and false as JSON spells them."""
    return str(json.dumps(value)) if value is None or isinstance(value, bool) else f"{value!r:.60}"


def _refused(value: Any, expected: str) -> str:
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER and not isinstance(value, bool):
        return f"is too large; expected {expected}."
    chosen = expected.startswith("one of ")
    return f"is {shown(value)}; {'choose' if chosen else 'expected'} {expected}."


def _words(kind: inspect.Type) -> str:
    """What belongs in a place, such as `a whole number from 1 to 1,024`."""
    match kind:
        case inspect.Metadata():
            return _words(kind.type)
        case inspect.UnionType():
            parts = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
            null = len(parts) < len(kind.types)
            words = list(dict.fromkeys(map(_words, parts)))
            return ", or ".join([*words, "null"] if null else words)
        case inspect.LiteralType():
            return _one_of(kind.values)
        case inspect.NoneType():
            return "null"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return f"a whole number{_bounds(kind, LARGEST_INTEGER)}"
        case inspect.FloatType():
            return f"a finite number{_bounds(kind, LARGEST_NUMBER)}"
        case inspect.StrType():
            letters = PATTERNS.get(kind.pattern or "", "a text")
            if kind.max_length is None or kind.max_length == kind.min_length:
                return letters
            low = f"{kind.min_length} to" if kind.min_length else "at most"
            return f"{letters}, {low} {kind.max_length:,} characters"
        case inspect.StructType():
            return "an object with named fields"
        case inspect.DictType():
            return "an object"
        case _:
            return "a list"


def _bounds(kind: inspect.IntType | inspect.FloatType, largest: float) -> str:
    low = kind.ge if kind.ge is not None and kind.ge > -largest else None
    high = kind.le if kind.le is not None and kind.le < largest else None
    if isinstance(kind, inspect.IntType) and kind.lt is not None:
        high = kind.lt - 1
    words = ""
    if kind.gt is not None:
        words = f" greater than {kind.gt:,g}"
    if isinstance(kind, inspect.FloatType) and kind.lt is not None:
        at_least = f" of at least {low:,g}" if low is not None else words
        words = f"{at_least}{', and' if at_least else ''} below {kind.lt:,g}"
    if words:
        return words
    match low, high:
        case None, None:
            return ""
        case _, None:
            return f" of at least {low:,}"
        case None, _:
            return f" of at most {high:,}"
        case _:
            return f" from {low:,} to {high:,}"


def _one_of(values: Iterable[Any]) -> str:
    known = [str(value) for value in values]
    return known[0] if len(known) == 1 else f"one of {', '.join(known)}"


def nearest(key: object, known: Iterable[str]) -> str:
    """How a sentence about an unknown name ends: with the nearest known one, or with all."""
    known = list(known)
    inside = [name for name in known if name.endswith(f".{key}")]
    close = inside or difflib.get_close_matches(str(key), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}."
