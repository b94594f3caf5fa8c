"""The lessons as the page reads them: the texts at once, the figures when they are asked for."""

from __future__ import annotations

from typing import Any

from explorer.lessons import CLASS, LESSONS, SELF_STUDY
from explorer.lessons.bench import Bench, measuring, shipped
from explorer.lessons.check import measure, read_all
from explorer.lessons.command import model_names
from explorer.lessons.lesson import MOVING, Lesson
from explorer.lessons.translation import translations
from explorer.lessons.words import ORIGINAL, PLAYER, Words, read_words
from training.contract.reading import plain


def lessons() -> dict[str, Any]:
    """Front matter and cards of each lesson in every language, and the orders to take them in."""
    models = model_names(shipped())
    read = read_all(LESSONS, models)
    words = {ORIGINAL: read_words(ORIGINAL)}
    described = {one.front.id: _described(one, words[ORIGINAL]) for one in read}
    for language, table, translated in translations(read, models):
        words[language] = table
        for one in translated:
            described[one.front.id]["translations"][language] = _described(one, table)
    return {
        "lessons": list(described.values()),
        "class": {title: list(numbers) for title, numbers in CLASS.items()},
        "alone": list(SELF_STUDY),
        "words": {language: _said(table) for language, table in words.items()},
    }


def _said(words: Words) -> dict[str, Any]:
    """What the player says, in one table."""
    tables = {name: getattr(words, name) for name in PLAYER}
    tables["instrument"] = {text: own for text, own in words.instrument.items() if own != text}
    return {"name": words.name, "decimal": words.decimal, "thousands": words.thousands, **tables}


def _described(lesson: Lesson, words: Words) -> dict[str, Any]:
    front = plain(lesson.front)
    del front["teacher"], front["predict"]["quiz"]  # in files of their own
    figures = {
        name: {
            "probe": str(probe.__struct_config__.tag),
            "title": words.title(probe),
            "unit": words.unit(probe),
            "how": words.how(probe),
            "panel": probe.panel,
            "decimals": probe.decimals,
            "on": probe.on,
        }
        for name, probe in lesson.front.figures.items()
    }
    if lesson.front.goal is not None and lesson.front.goal.moving is not None:
        unit, decimals = MOVING[lesson.front.goal.moving]
        front["goal"] |= {"unit": words.units.get(unit, unit), "decimals": decimals}
    text = plain(lesson.cards)
    return {**front, "figures": figures, "text": text, "translations": {}}


def figures(id: str) -> dict[str, float] | None:
    """The measured figures of a lesson by name; None where there is no such lesson.

    They are kept until a checkpoint changes.
    """
    if id not in LESSONS:
        return None
    with measuring:
        bench = shipped()
        return bench.once(("figures", id), lambda: _measured(id, bench))


def _measured(id: str, bench: Bench) -> dict[str, float]:
    (lesson,) = read_all([id], model_names(bench))
    return measure(lesson, bench)
