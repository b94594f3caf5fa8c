"""Where a person's images lie on their machine, which a card that is handed on does not reveal."""

import shlex
from pathlib import PurePath
from typing import Any

from msgspec.structs import replace

from training.contract.card import Card

FIELDS = ("path", "factors")
OPTIONS = tuple(f"--data.{field}" for field in FIELDS)


def without_places(card: Card) -> Card:
    """The card with the names of one's own files and folders in its configuration, not the paths.

    The configuration and the command have them, since the images are read again by `evaluate`.
    """
    known = card.training
    data: Any = None if known is None else (known.configuration or {}).get("data")
    if known is None or not isinstance(data, dict) or data.get("name") != "own":
        return card
    data = data | {field: _name(str(data[field])) for field in FIELDS if data.get(field)}
    configuration = (known.configuration or {}) | {"data": data}
    command = None if known.command is None else _command(known.command)
    return replace(card, training=replace(known, command=command, configuration=configuration))


def _command(text: str) -> str | None:
    try:
        given = shlex.split(text)
    except ValueError:
        return None  # a person wrote it, so that nothing tells its paths apart
    words: list[str] = []
    for word in given:
        option, _, value = word.partition("=")
        if words and words[-1] in OPTIONS:
            word = _name(word)
        elif option in OPTIONS and value:
            word = f"{option}={_name(value)}"
        words.append(word)
    return " ".join(word if word == "&&" else shlex.quote(word) for word in words)


def _name(place: str) -> str:
    """The last part of a path; a pattern of factors, such as {shape}/{size}, is none."""
    return place if "{" in place else PurePath(place).name or "images"
