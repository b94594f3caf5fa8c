"""Measuring the figures of lessons, and holding them to their bands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from explorer.lessons.bench import Bench
from explorer.lessons.lesson import Lesson
from explorer.lessons.probes import Difference, Ratio
from explorer.lessons.reading import read_lesson

HERE = Path(__file__).parent


def read_all(names: Sequence[str], models: Sequence[str]) -> list[Lesson]:
    """The lessons of these names.

    Raises:
        LessonError: naming the first that cannot be read, and its line.
    """
    return [read_lesson(HERE / f"{name}.md", models) for name in names]


def measure(lesson: Lesson, bench: Bench) -> dict[str, float]:
    """Every figure of a lesson, by its name."""
    figures = lesson.front.figures
    values = {
        name: probe.measure(bench)
        for name, probe in figures.items()
        if not isinstance(probe, Ratio | Difference)
    }
    for name, probe in figures.items():
        if isinstance(probe, Ratio):
            values[name] = values[probe.of] / values[probe.over]
        elif isinstance(probe, Difference):
            values[name] = values[probe.of] - values[probe.less]
    return values


def outside(lesson: Lesson, values: dict[str, float]) -> Iterator[str]:
    """A sentence for each figure that is not in its band."""
    for name, probe in lesson.front.figures.items():
        low, high = probe.band
        if not low <= values[name] <= high:
            unit = f" {probe.unit}" if probe.unit else ""
            yield (
                f"{lesson.front.id}: {name} is {values[name]:.4g}{unit}; the lesson's text holds "
                f"from {low:g} to {high:g}: correct the text and the band, or the model."
            )
