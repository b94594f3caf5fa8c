"""The worksheet of a lesson: two printed pages, one to predict on and one to explain."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from explorer.lessons.lesson import Predict
from explorer.lessons.words import Words
from explorer.materials.measured import Measured
from explorer.materials.page import page, shown

CHOICES = "abcde"
WIDE, MARGIN = 640, 30  # of the axis


def worksheet(measured: Measured, pictures: Sequence[tuple[str, str]]) -> str:
    """The page. Answers stand on the teacher's page alone, but for the card that explains."""
    front, cards = measured.lesson.front, measured.lesson.cards
    words, say = measured.words, measured.words.page
    # The pictures show the lesson's image: they stand beside the first card that is about it.
    first = front.cards.get("look")
    drawn_for = "look" if first is None or first.example is None else "predict"
    name = say("name", number=front.number, minutes=front.minutes)
    body = [
        f'<p class="screen how">{escape(say("print"))}</p>',
        f'<p class="kicker">{escape(name)} ______________________________</p>',
        f"<h1>{escape(front.title)}</h1>",
        f"<h2>{escape(words.cards['look'])}</h2>",
        measured.html(cards["look"]),
        shown(pictures) if drawn_for == "look" else "",
        f"<h2>{escape(say('predict'))}</h2>",
        measured.html(cards["predict"]),
        shown(pictures) if drawn_for == "predict" else "",
        f"<p><strong>{escape(front.predict.ask)}</strong></p>",
        _answer(front.predict, measured),
        f"<h2>{escape(words.cards['do'])}</h2>",
        measured.html(cards["do"]),
        f"<p><strong>{escape(front.goal.say)}</strong></p>" if front.goal else "",
        f"<p>{escape(say('saw'))}</p>",
        _lines(3),
        '<section class="second">',
        f"<h2>{escape(words.cards['why'])}</h2>",
        measured.html(cards["why"]),
        f"<h2>{escape(words.cards['check'])}</h2>",
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
        f"<h2>{escape(words.quoted(front.misconception))}</h2>",
        f"<p>{escape(say('explain'))}</p>",
        _lines(3),
        "</section>",
    ]
    return page(f"{front.title} – {say('worksheet')}", "\n".join(body), measured)


def _lines(count: int) -> str:
    return '<div class="write"></div>' * count


def _answer(predict: Predict, measured: Measured) -> str:
    """Where to answer: an axis to put a mark on, or boxes."""
    if predict.axis is None or predict.figure is None:
        options = "".join(f"<li>{escape(option.label)}</li>" for option in predict.options)
        return f'<ul class="boxes">{options}</ul>'
    low, high = predict.axis
    words, say = measured.words, measured.words.page
    marks = "".join(
        f'<path d="M{x:.1f} 14v10"/>'
        f'<text stroke="none" x="{x:.1f}" y="40">{_tick(value, words)}</text>'
        for x, value in _ticks(low, high, predict.scale == "log")
    )
    unit = escape(words.unit(measured.lesson.front.figures[predict.figure]))
    return (
        f'<svg class="axis" viewBox="0 0 {WIDE} 46" role="img" aria-label="'
        f'{escape(say("axis"))}">'
        '<g stroke="#1b1f24" stroke-width="1.2" font-size="12" text-anchor="middle">'
        f'<path d="M{MARGIN} 19H{WIDE - MARGIN}"/><g>{marks}</g></g></svg>'
        f"<p>{escape(say('mark'))} ____________ {unit} &nbsp; "
        f"{escape(say('measured'))} ____________ {unit}</p>"
    )


def _ticks(low: float, high: float, is_log: bool) -> Iterator[tuple[float, float]]:
    if is_log:
        first = math.ceil(math.log10(low))
        values = [10.0**power for power in range(first, int(math.log10(high)) + 1)]
        values = sorted({low, *values, high})
    else:
        values = [low + (high - low) * step / 4 for step in range(5)]
    for value in values:
        share = math.log(value / low) / math.log(high / low) if is_log else value - low
        share = share if is_log else share / (high - low)
        yield MARGIN + share * (WIDE - 2 * MARGIN), value


def _tick(value: float, words: Words) -> str:
    """A number beside an axis, with as many decimals as it has."""
    decimals = len(f"{value:.10g}".partition(".")[2])
    return words.number(value, decimals)
