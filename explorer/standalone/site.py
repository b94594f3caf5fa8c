"""The explorer as a folder of files, for any web host: relative addresses, no special headers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from explorer.lessons import listing
from explorer.standalone import files

CARDS = ("look", "predict", "do", "why", "check")

PAGE = Template(Path(__file__).with_name("site.html").read_text("utf-8"))
HOST = """<main id="{id}"></main>
<noscript>This page decodes images in the browser: switch JavaScript on to use it.</noscript>
<script type="module">
import {{ {show} }} from "./instrument/explorer.js";
const root = document.getElementById("{id}");
{show}(root, new URL("instrument/", document.baseURI).href, {options});
</script>"""

CODES = """<script type="module">
import { showCodes } from "./instrument/explorer.js";
showCodes(document.querySelectorAll("a.card"));
</script>"""

# Without a server: what it can't do, and where its clinic is.
STATIC = '{ hasServer: false, clinic: new URL("clinic.html", document.baseURI).href }'
UNTREATED = "This site has no server to train on."


def write(folder: Path, models: Sequence[files.Model]) -> int:
    """Write the folder, empty or not there yet; return how many bytes it has."""
    lessons = files.lessons_of([entry.id for entry, _ in models])
    for name, content in content_of(models, lessons):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return files.size(folder)


def content_of(
    models: Sequence[files.Model], lessons: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Every file of the site, by its name."""
    yield from files.front_end()
    yield from files.checkpoints(models, ".")
    yield from files.lessons(lessons)
    yield from files.materials(lessons)
    table = files.ladder([entry.id for entry, _ in models])
    link = '<a href="beta.html">β as a dial</a>\n' if table else ""

    def page(title: str, body: str) -> bytes:
        return PAGE.substitute(title=title, body=body, ladder=link).encode()

    host = HOST.format(id="instrument", show="showInstrument", options=STATIC)
    yield "index.html", page("Latent-space explorer", host)
    if table:
        yield from files.table(table)
        options = json.dumps({"table": table.name})
        host = HOST.format(id="ladder", show="showLadder", options=options)
        yield "beta.html", page("β as a dial", host)
    yield from files.clinic(UNTREATED)
    host = HOST.format(id="clinic", show="showClinic", options="{}")
    yield "clinic.html", page("Collapse clinic", host)
    host = HOST.format(id="distributions", show="showDistributions", options="{}")
    yield "distributions.html", page("Small distributions", host)
    yield "lessons.html", page("Lessons", "\n".join(_index(lessons)))


def _index(lessons: Sequence[str]) -> Iterator[str]:
    """A row for each lesson, a link and a QR code for each of its cards."""
    yield "<main><h1>Lessons</h1>"
    yield "<p>Each QR code holds the link above it, at the address where this page is open now.</p>"
    yield "<table><tr><th>Lesson</th>"
    yield from (f"<th>{card.capitalize()}</th>" for card in CARDS)
    yield "</tr>"
    every = listing.lessons()
    for original in every["lessons"]:
        if original["id"] in lessons:
            for language, one in (("en", original), *original["translations"].items()):
                said = every["words"][language]
                yield from _row(one, language, said["cards"], said["player"]["teacher"])
    yield "</table></main>"
    yield CODES


def _row(
    lesson: dict[str, Any], language: str, cards: dict[str, str], teacher: str
) -> Iterator[str]:
    """A lesson in one of its languages."""
    title, idea = escape(lesson["title"]), escape(lesson["idea"])
    yield f'<tr lang="{language}"><td><strong>{title}</strong><br>{idea}<br>'
    yield f"{lesson['minutes']} min"
    within = "" if language == "en" else f"{language}/"
    yield f'<br><a href="lessons/{lesson["id"]}/{within}teacher.html">{escape(teacher)}</a>'
    yield "</td>"
    spoken = "" if language == "en" else f"&lang={language}"
    for step, card in enumerate(CARDS, 1):
        link = f"index.html?lesson={lesson['id']}&step={step}{spoken}"
        yield f'<td><a class="card" href="{escape(link)}">{escape(cards[card])}</a></td>'
    yield "</tr>"
