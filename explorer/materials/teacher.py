"""The teacher's page of a lesson: how long, what goes wrong, and the answers as measured."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from explorer.lessons.lesson import CARDS
from explorer.materials.measured import Measured
from explorer.materials.page import page, shown

# What else there is of a lesson, by the name of its file.
DOWNLOADS = {
    "worksheet.html": "Worksheet to print",
    "quiz.gift.txt": "Quiz for Moodle (GIFT)",
    "quiz.zip": "Quiz for other systems (QTI 2.1)",
    "notebook.ipynb": "Notebook",
}

# What is a number says of what.
NAMED = {"example": "test image ", "latent": "latent "}


def teachers_page(
    measured: Measured, pictures: Sequence[tuple[str, str]], titles: dict[str, str]
) -> str:
    """The page.

    Args:
        titles: of all lessons, by their ids.
    """
    lesson, front = measured.lesson, measured.lesson.front
    needs = ", ".join(titles.get(id, id) for id in front.needs) or "nothing"
    links = "".join(f'<a href="{file}">{text}</a>' for file, text in DOWNLOADS.items())
    body = [
        f'<p class="kicker">Teacher’s page · lesson {front.number} · {front.minutes} minutes · '
        f"builds on: {escape(needs)}</p>",
        f"<h1>{escape(front.title)}</h1>",
        f'<p class="idea">{escape(front.idea)}</p>',
        f'<p class="downloads screen">{links}</p>',
        shown(pictures),
        "<h2>What goes wrong</h2>",
        f"<p>Often said, and wrong: “{escape(front.misconception)}”</p>",
        "<ul>",
        *(f"<li>{measured.inline(parts)}</li>" for parts in lesson.wrong),
        "</ul>",
        "<h2>The prediction</h2>",
        f"<p>{escape(front.predict.ask)}</p>",
        _prediction(measured),
        "<h2>Questions to discuss</h2>",
        "<ol>",
        *(f"<li>{measured.inline(parts)}</li>" for parts in lesson.discuss),
        "</ol>",
        "<h2>Answers to the three questions</h2>",
        "<ol>",
        *(
            f"<li>{escape(one.ask)}<br><strong>{escape(one.choices[one.answer - 1])}</strong>: "
            f"{escape(one.because)}</li>"
            for one in front.questions
        ),
        "</ol>",
        "<h2>Every figure of this lesson</h2>",
        _table(measured),
        "<h2>The cards in words</h2>",
        *(f"<h3>{card.capitalize()}</h3>\n{measured.html(lesson.cards[card])}" for card in CARDS),
    ]
    return page(f"{front.title} – teacher’s page", "\n".join(body))


def _prediction(measured: Measured) -> str:
    predict = measured.lesson.front.predict
    if predict.figure is not None:
        value = measured.figure(predict.figure, unit=True)
        how = measured.lesson.front.figures[predict.figure].how
        return f'<p>Measured: <strong>{value}</strong></p><p class="how">{escape(how)}</p>'
    rows = [
        f"{escape(option.label)}: {measured.figure(option.figure, unit=True)}"
        for option in predict.options
    ]
    rows[measured.right] = f"<strong>{rows[measured.right]}</strong>"
    return "<ul>" + "".join(f"<li>{row}</li>" for row in rows) + "</ul>"


def _table(measured: Measured) -> str:
    rows = []
    for name, probe in measured.lesson.front.figures.items():
        on = ", ".join(f"{NAMED.get(field, '')}{value}" for field, value in probe.on.items())
        rows.append(
            f"<tr><td>{escape(probe.title)}</td><td class='number'>"
            f"{measured.figure(name, unit=True)}</td><td>{escape(on)}</td>"
            f"<td class='how'>{escape(probe.how)}</td></tr>"
        )
    head = "<tr><th>Figure</th><th>Value</th><th>Measured on</th><th>How</th></tr>"
    return f'<div class="scroll" tabindex="0"><table>{head}{"".join(rows)}</table></div>'
