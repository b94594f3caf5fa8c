"""From parsed JSON to a model of the contract, or one sentence that names the field.

msgspec decides what is accepted; where it refuses, `complaints` says why in our words.
"""

import json
import re
import threading
from typing import Any, TypeVar

import msgspec

from training.contract.errors import ConfigError

T = TypeVar("T")
DEEPEST = 32  # levels of nesting; our cards have six
# To the end where a text has none: sought anew from each of its quotes, 8 MB would take days.
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
_LEARNING = threading.Lock()
_LEARNED: set[Any] = set()
_BRACKETS = re.compile(rb"[\[\]{}]")


def parse(content: bytes, where: str) -> Any:
    """Parsed JSON.

    Raises:
        ConfigError: if it is not JSON, nested too deeply, or holds NaN or infinity.
    """
    depth = 0
    for bracket in _BRACKETS.finditer(_TEXTS.sub(b"", content)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > DEEPEST:
            raise ConfigError(
                f"{where} is not readable JSON: it is nested too deeply, beyond {DEEPEST} levels."
            )
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except ValueError as error:
        raise ConfigError(f"{where} is not readable JSON: {error}.") from error


def _refuse_constant(text: str) -> None:
    raise ValueError(f"it holds {text}, which is not a number")


def read(kind: type[T], tree: Any, where: str) -> T:
    """`tree`, parsed JSON, as the model `kind`; `where` names it in messages.

    Raises:
        ConfigError: naming the field, for a wrong type, a missing or an unknown key, or a bound.
    """
    try:
        return convert(tree, kind)
    except msgspec.ValidationError as error:
        from training.contract.complaints import complaint  # which only this needs

        raise ConfigError(complaint(kind, tree, where, error)) from None


def convert(tree: Any, kind: type[T], strict: bool = True) -> T:
    """`msgspec.convert`, of a type that no other thread is just getting to know.

    At the first use of a type msgspec notes what it needs to know of it; a thread that uses the
    type meanwhile reads what is not there yet, and the process ends by a segmentation fault.

    Raises:
        msgspec.ValidationError: where `tree` is not of that kind.
    """
    if kind not in _LEARNED:
        with _LEARNING:
            msgspec.json.Decoder(kind)
            _LEARNED.add(kind)
    try:
        return msgspec.convert(tree, kind, strict=strict)
    except UnicodeError as error:  # a lone surrogate, which msgspec cannot name in its message
        raise msgspec.ValidationError(str(error)) from error


def version_of(tree: Any, where: str, known: tuple[int, ...], instead: str) -> int:
    """The version that a card or a table says it is of.

    Raises:
        ConfigError: if it is not a known one; `instead` is what to do then.
    """
    found = tree.get("version") if isinstance(tree, dict) else None
    if type(found) is int and found in known:
        return found
    from training.contract.complaints import shown

    if not isinstance(tree, dict):
        raise ConfigError(f"{where} is {shown(tree)}; expected an object with named fields.")
    if "version" not in tree:
        raise ConfigError(f"{where} lacks the field 'version'; {instead}.")
    reads = " and ".join(map(str, known))
    raise ConfigError(f"{where} has version {shown(found)}, this program reads {reads}; {instead}.")


def plain(value: Any) -> Any:
    """A model as plain dicts and lists."""
    return json.loads(json.dumps(msgspec.to_builtins(value)))


def checked(value: T, where: str) -> T:
    """A model that was made by code, checked as one that is read.

    Raises:
        ConfigError: naming the field.
    """
    try:
        tree = msgspec.to_builtins(value)
    except TypeError as error:  # of an object in the place of a text or a number
        raise ConfigError(f"{where}: {error}.") from error
    return read(type(value), tree, where)
