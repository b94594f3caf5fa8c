"""The worksheet of a lesson: two printed pages, one to predict on and one to explain."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from explorer.lessons.lesson import Predict
from explorer.materials.measured import Measured
from explorer.materials.page import page, shown

CHOICES = "abcde"
WIDE, MARGIN = 640, 30  # of the axis


def worksheet(measured: Measured, pictures: Sequence[tuple[str, str]]) -> str:
    """The page. Answers stand on the teacher's page alone, but for the card that explains."""
    front, cards = measured.lesson.front, measured.lesson.cards
    body = [
        '<p class="screen how">Print this page: it fills two sheets, or one on both sides.</p>',
        f'<p class="kicker">Lesson {front.number} · {front.minutes} minutes · Name: '
        "______________________________</p>",
        f"<h1>{escape(front.title)}</h1>",
        "<h2>Look</h2>",
        measured.html(cards["look"]),
        shown(pictures),
        "<h2>Predict, before you try</h2>",
        measured.html(cards["predict"]),
        f"<p><strong>{escape(front.predict.ask)}</strong></p>",
        _answer(front.predict, measured),
        "<h2>Do</h2>",
        measured.html(cards["do"]),
        f"<p><strong>{escape(front.goal.say)}</strong></p>" if front.goal else "",
        "<p>What you saw:</p>",
        _lines(3),
        '<section class="second">',
        "<h2>Why</h2>",
        measured.html(cards["why"]),
        "<h2>Check</h2>",
        "<ol>",
        *(
            f"<li>{escape(one.ask)}<br>"
            + " &nbsp; ".join(
                f"({letter}) {escape(text)}"
                for letter, text in zip(CHOICES, one.choices, strict=False)
            )
            + "</li>"
            for one in front.questions
        ),
        "</ol>",
        f"<h2>“{escape(front.misconception)}”</h2>",
        "<p>What is wrong with this sentence? Use a figure of this page.</p>",
        _lines(3),
        "</section>",
    ]
    return page(f"{front.title} – worksheet", "\n".join(body))


def _lines(count: int) -> str:
    return '<div class="write"></div>' * count


def _answer(predict: Predict, measured: Measured) -> str:
    """Where to answer: an axis to put a mark on, or boxes."""
    if predict.axis is None or predict.figure is None:
        options = "".join(f"<li>{escape(option.label)}</li>" for option in predict.options)
        return f'<ul class="boxes">{options}</ul>'
    low, high = predict.axis
    marks = "".join(
        f'<path d="M{x:.1f} 14v10"/><text stroke="none" x="{x:.1f}" y="40">{text}</text>'
        for x, text in _ticks(low, high, predict.scale == "log")
    )
    unit = measured.lesson.front.figures[predict.figure].unit
    return (
        f'<svg class="axis" viewBox="0 0 {WIDE} 46" role="img" aria-label="An axis to mark">'
        '<g stroke="#1b1f24" stroke-width="1.2" font-size="12" text-anchor="middle">'
        f'<path d="M{MARGIN} 19H{WIDE - MARGIN}"/><g>{marks}</g></g></svg>'
        f"<p>Mark your guess on the axis. In figures: ____________ {escape(unit)} &nbsp; "
        f"Measured: ____________ {escape(unit)}</p>"
    )


def _ticks(low: float, high: float, is_log: bool) -> Iterator[tuple[float, str]]:
    if is_log:
        first = math.ceil(math.log10(low))
        values = [10.0**power for power in range(first, int(math.log10(high)) + 1)]
        values = sorted({low, *values, high})
    else:
        values = [low + (high - low) * step / 4 for step in range(5)]
    for value in values:
        share = math.log(value / low) / math.log(high / low) if is_log else value - low
        share = share if is_log else share / (high - low)
        yield MARGIN + share * (WIDE - 2 * MARGIN), f"{value:,.10g}"
