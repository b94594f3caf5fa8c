"""The lessons as the page reads them: the texts at once, the figures when they are asked for."""

from __future__ import annotations

from typing import Any

from explorer.lessons import ALONE, CLASS, LESSONS
from explorer.lessons.bench import Bench, measuring, shipped
from explorer.lessons.check import measure, read_all
from explorer.lessons.command import model_names
from explorer.lessons.lesson import Lesson
from training.contract.reading import plain


def lessons() -> dict[str, Any]:
    """Front matter and cards of each lesson, and the orders to take them in."""
    read = read_all(LESSONS, model_names(shipped()))
    return {
        "lessons": [_described(lesson) for lesson in read],
        "class": {title: list(numbers) for title, numbers in CLASS.items()},
        "alone": list(ALONE),
    }


def _described(lesson: Lesson) -> dict[str, Any]:
    front = plain(lesson.front)
    del front["teacher"]  # on a page of its own
    figures = {
        name: {
            "probe": str(probe.__struct_config__.tag),
            "title": probe.title,
            "unit": probe.unit,
            "how": probe.how,
            "panel": probe.panel,
            "decimals": probe.decimals,
            "on": probe.on,
        }
        for name, probe in lesson.front.figures.items()
    }
    return {**front, "figures": figures, "text": plain(lesson.cards)}


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
