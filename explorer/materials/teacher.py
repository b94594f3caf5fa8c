"""The teacher's page of a lesson: how long, what goes wrong, and the answers as measured."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from explorer.lessons.lesson import CARDS
from explorer.lessons.words import ORIGINAL
from explorer.materials.measured import Measured
from explorer.materials.page import page, shown

# What else there is of a lesson, by the name of its file.
DOWNLOADS = {
    "worksheet.html": "to_print",
    "quiz.gift.txt": "gift",
    "quiz.zip": "qti",
    "notebook.ipynb": "notebook",
}
# Of which there is one for all languages.
SHARED = ("notebook.ipynb",)


def teachers_page(
    measured: Measured, pictures: Sequence[tuple[str, str]], titles: dict[str, str]
) -> str:
    """The page.

    Args:
        titles: of all lessons, by their ids.
    """
    lesson, front = measured.lesson, measured.lesson.front
    say = measured.words.page
    needs = ", ".join(titles.get(id, id) for id in front.needs) or say("nothing")
    up = "" if measured.language == ORIGINAL else "../"
    links = "".join(
        f'<a href="{up if file in SHARED else ""}{file}">{escape(say(text))}</a>'
        for file, text in DOWNLOADS.items()
    )
    wrong = measured.words.player["misconception"]
    kicker = say("kicker", number=front.number, minutes=front.minutes, needs=needs)
    body = [
        f'<p class="kicker">{escape(kicker)}</p>',
        f"<h1>{escape(front.title)}</h1>",
        f'<p class="idea">{escape(front.idea)}</p>',
        f'<p class="downloads screen">{links}</p>',
        shown(pictures),
        f"<h2>{escape(say('wrong'))}</h2>",
        f"<p>{escape(wrong)} {escape(measured.words.quoted(front.misconception))}</p>",
        "<ul>",
        *(f"<li>{measured.inline(parts)}</li>" for parts in lesson.wrong),
        "</ul>",
        f"<h2>{escape(say('prediction'))}</h2>",
        f"<p>{escape(front.predict.ask)}</p>",
        _prediction(measured),
        f"<h2>{escape(say('discuss'))}</h2>",
        "<ol>",
        *(f"<li>{measured.inline(parts)}</li>" for parts in lesson.discuss),
        "</ol>",
        f"<h2>{escape(say('answers'))}</h2>",
        "<ol>",
        *(
            f"<li>{escape(one.ask)}<br><strong>{escape(one.choices[one.answer - 1])}</strong>: "
            f"{escape(one.because)}</li>"
            for one in front.questions
        ),
        "</ol>",
        f"<h2>{escape(say('figures'))}</h2>",
        _table(measured),
        f"<h2>{escape(say('in_words'))}</h2>",
        *(
            f"<h3>{escape(measured.words.cards[card])}</h3>\n{measured.html(lesson.cards[card])}"
            for card in CARDS
        ),
    ]
    return page(f"{front.title} – {measured.words.player['teacher']}", "\n".join(body), measured)


def _prediction(measured: Measured) -> str:
    predict = measured.lesson.front.predict
    if predict.figure is not None:
        value = measured.figure(predict.figure, unit=True)
        how = measured.words.how(measured.lesson.front.figures[predict.figure])
        found = escape(measured.words.page("measured"))
        return f'<p>{found} <strong>{value}</strong></p><p class="how">{escape(how)}</p>'
    rows = [
        f"{escape(option.label)}: {measured.figure(option.figure, unit=True)}"
        for option in predict.options
    ]
    rows[measured.right] = f"<strong>{rows[measured.right]}</strong>"
    return "<ul>" + "".join(f"<li>{row}</li>" for row in rows) + "</ul>"


def _table(measured: Measured) -> str:
    rows, words = [], measured.words
    named = {
        "example": lambda value: words.player["example"].format(number=value),
        "latent": lambda value: words.page("latent", number=value),
    }
    for name, probe in measured.lesson.front.figures.items():
        on = ", ".join(named.get(field, str)(value) for field, value in probe.on.items())
        rows.append(
            f"<tr><td>{escape(words.title(probe))}</td><td class='number'>"
            f"{measured.figure(name, unit=True)}</td><td>{escape(on)}</td>"
            f"<td class='how'>{escape(words.how(probe))}</td></tr>"
        )
    heads = [words.page(key) for key in ("figure", "value", "measured_on", "how")]
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    return f'<div class="scroll" tabindex="0"><table><tr>{head}</tr>{"".join(rows)}</table></div>'
