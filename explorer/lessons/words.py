"""The words around the lessons: a table a language, which a translator edits and no code has.

`words.toml` is the English one. A language is a folder beside it, with its own `words.toml` and
the lessons that are translated.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from explorer.lessons.probe import Probe
from training.contract.complaints import nearest
from training.contract.errors import ConfigError, UserError
from training.contract.fields import Line, Paragraph, Record, Short
from training.contract.reading import read

HERE = Path(__file__).parent
ORIGINAL = "en"
FILE = "words.toml"
PLAYER = ("cards", "player")  # what the page is sent
TABLES = (*PLAYER, "pages", "instrument")
Mark = Annotated[str, Meta(min_length=1, max_length=1)]


class Named(Record, frozen=True):
    """What a probe is called, and how it is measured."""

    title: Line
    how: Paragraph


class Words(Record, frozen=True, kw_only=True):
    """Every text around a lesson, by key; probes and units where they are not in English.

    `instrument` is by the English text itself, as the sources of the front end have it.
    """

    name: Short
    decimal: Mark
    thousands: Mark
    cards: dict[str, Line]
    player: dict[str, Line]
    pages: dict[str, Line]
    instrument: dict[str, Paragraph] = {}  # noqa: RUF012
    units: dict[str, Short] = {}  # noqa: RUF012
    probes: dict[str, Named] = {}  # noqa: RUF012

    def page(self, key: str, **values: object) -> str:
        """A text of the pages for a teacher, with what stands in place of its braces."""
        return self.pages[key].format(**values)

    def quoted(self, text: str) -> str:
        """A text in quotation marks."""
        return self.player["quoted"].format(text=text)

    def title(self, probe: Probe) -> str:
        """What a probe is called."""
        named = self.probes.get(str(probe.__struct_config__.tag))
        return named.title if named else probe.title

    def how(self, probe: Probe) -> str:
        """How a probe is measured."""
        named = self.probes.get(str(probe.__struct_config__.tag))
        return named.how if named else probe.how

    def unit(self, probe: Probe) -> str:
        """What a probe is measured in."""
        return self.units.get(probe.unit, probe.unit)

    def number(self, value: float, decimals: int) -> str:
        """A figure as it is written: marks between thousands, a minus sign."""
        marks = {",": self.thousands, ".": self.decimal, "-": "−"}
        return "".join(marks.get(one, one) for one in f"{value:,.{decimals}f}")


def folder(language: str) -> Path:
    """Where the lessons and the words of a language lie."""
    return HERE if language == ORIGINAL else HERE / language


def read_words(language: str) -> Words:
    """The words of a language.

    Raises:
        UserError: naming the file and the key, where a text is missing, is one too many, or has
            another name in braces than the English one.
    """
    # Every page in another language than English asks.
    files = (HERE / FILE, folder(language) / FILE)
    return _read_both(*files, *map(_changed, files))


def _changed(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


@lru_cache(8)
def _read_both(original: Path, file: Path, *_changed: int) -> Words:
    words = _read(file)
    if file != original:
        _compare(_read(original), words, file.relative_to(HERE).as_posix())
    return words


def _read(path: Path) -> Words:
    name = path.relative_to(HERE).as_posix()
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        # In English each of these is its own key.
        match tables:
            case {"instrument": {"texts": [*texts]}}:
                tables["instrument"] = {str(text): text for text in texts}
        return read(Words, tables, "")
    except ConfigError as error:  # a ValueError too, and a sentence already
        raise UserError(f"{name}: {error}") from error
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # also of text nested too deeply
        raise UserError(f"{name} cannot be read: {error}.") from error


def _compare(original: Words, words: Words, name: str) -> None:
    for table in TABLES:
        wanted: dict[str, Any] = getattr(original, table)
        given: dict[str, Any] = getattr(words, table)
        for key in given:
            if key not in wanted:
                raise UserError(f"{name}: {table} has {key!r:.60}{nearest(key, wanted)}")
        for key, text in wanted.items():
            if key not in given:
                raise UserError(f"{name}: {table} lacks {key}, which is {text!r} in English.")
            if _braces(text) != _braces(given[key]):
                raise UserError(
                    f"{name}: {table}.{key} must have the names in braces of {text!r}, and no "
                    "others."
                )
            if _stray(given[key]) and not _stray(text):
                raise UserError(
                    f"{name}: {table}.{key} has a brace without its other one: write names in "
                    f"braces as in {text!r}."
                )


def _braces(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^{}]*\}", text))


def _stray(text: str) -> bool:
    """Whether a brace is not of a pair: a text that is to be filled in breaks at it."""
    return bool(re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", text)))
