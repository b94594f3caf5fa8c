"""A lesson in another language: other words, and nothing else that is other.

Probes, bands, models, answers and what a card opens are those of the original, so that what one
measures holds for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from explorer.lessons import TRANSLATED
from explorer.lessons.lesson import CARDS, Block, Lesson, Part
from explorer.lessons.reading import LessonError, line_of, read_lesson
from explorer.lessons.words import FILE, Words, folder, read_words
from training.contract.errors import UserError
from training.contract.reading import plain

# What is translated; everything else in the front matter stays.
WORDS = {
    "title",
    "idea",
    "misconception",
    "ask",
    "quiz",
    "say",
    "label",
    "choices",
    "because",
    "wrong",
    "discuss",
}


def read_translation(id: str, language: str, original: Lesson, models: Sequence[str]) -> Lesson:
    """The translation of a lesson, checked against its original.

    Raises:
        LessonError: in one sentence, naming the line.
    """
    path = folder(language) / f"{id}.md"
    name = f"{language}/{path.name}"
    lesson = read_lesson(path, models, name)
    for field, was, given in _other(plain(original.front), plain(lesson.front)):
        line = line_of(path.read_text("utf-8").splitlines()[1:], field)
        raise LessonError(
            f"{name}, line {line}: {field} is {_written(given)}, and {_written(was)} in "
            f"{path.name}: a translation changes only words."
        )
    for card in CARDS:
        missing = set(_named(original.cards[card])) - set(_named(lesson.cards[card]))
        if missing:
            raise LessonError(
                f"{name}: the card {card} lacks the figure {{{min(missing)}}} of {path.name}."
            )
    return lesson


def translations(
    originals: Sequence[Lesson], models: Sequence[str]
) -> Iterator[tuple[str, Words, list[Lesson]]]:
    """Each language, its words, and those of these lessons that are translated.

    Raises:
        UserError: for a translation that is not whole.
    """
    for language, ids in TRANSLATED.items():
        words = read_words(language)
        lessons = [
            read_translation(one.front.id, language, one, models)
            for one in originals
            if one.front.id in ids
        ]
        for lesson in lessons:
            for probe in lesson.front.figures.values():
                tag = probe.__struct_config__.tag
                if tag not in words.probes:
                    raise UserError(
                        f"{language}/{FILE} has no [probes.{tag}], which {lesson.front.id}.md "
                        f"shows: write its title ({probe.title!r} in English) and how."
                    )
        yield language, words, lessons


def _other(was: Any, given: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every field that is not the same, but for words, of which only the number counts."""
    if isinstance(was, dict) and isinstance(given, dict):
        for key in {**was, **given}:
            inner = f"{path}.{key}".lstrip(".")
            one, other = was.get(key), given.get(key)
            if key not in WORDS or path == "figures":
                yield from _other(one, other, inner)
            elif isinstance(one, list) and isinstance(other, list) and len(one) != len(other):
                yield inner, f"{len(one)} texts", f"{len(other)} texts"
    elif isinstance(was, list) and isinstance(given, list) and len(was) == len(given):
        for at, (one, other) in enumerate(zip(was, given, strict=True)):
            yield from _other(one, other, f"{path}[{at}]")
    elif was != given:
        yield path, was, given


def _written(value: Any) -> str:
    return "not there" if value is None else str(value)


def _named(blocks: Iterable[Block]) -> Iterator[str]:
    """The figures that a card shows."""
    for block in blocks:
        parts: tuple[Part, ...] = block.parts
        yield from (part.text for part in parts if part.kind == "figure")
        yield from (term.figure for term in block.terms if term.figure)
