"""All that there is for the teacher of a lesson, by the names of the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from explorer.lessons import LESSONS, TRANSLATED
from explorer.lessons.bench import Bench, measuring, shipped
from explorer.lessons.check import measure, read_all
from explorer.lessons.command import model_names
from explorer.lessons.translation import translations
from explorer.lessons.words import ORIGINAL, read_words
from explorer.materials.gift import gift
from explorer.materials.measured import Measured
from explorer.materials.notebook import notebook
from explorer.materials.pictures import pictures
from explorer.materials.qti import qti
from explorer.materials.quiz import quiz
from explorer.materials.teacher import DOWNLOADS, teachers_page
from explorer.materials.worksheet import worksheet

TEACHER = "teacher.html"
NAMES = (TEACHER, *DOWNLOADS)


def materials(id: str, language: str = ORIGINAL) -> dict[str, bytes] | None:
    """The files of a lesson; None where there is no such lesson. Kept until a model changes."""
    if id not in (LESSONS if language == ORIGINAL else TRANSLATED.get(language, ())):
        return None
    with measuring:
        bench = shipped()
        return bench.once(("materials", id, language), lambda: _made(id, language, bench))


def _made(id: str, language: str, bench: Bench) -> dict[str, bytes]:
    models = model_names(bench)
    every = {one.front.id: one for one in read_all(LESSONS, models)}
    words = read_words(ORIGINAL)
    values = bench.once(("figures", id), lambda: measure(every[id], bench))
    for code, table, translated in translations(list(every.values()), models):
        if code == language:
            words = table
            every |= {one.front.id: one for one in translated}
    lesson = every[id]
    measured, images = Measured(lesson, values, language, words), pictures(lesson, bench, words)
    titles = {one.front.id: one.front.title for one in every.values()}
    questions = quiz(measured)
    texts = {
        TEACHER: teachers_page(measured, images, titles),
        "worksheet.html": worksheet(measured, images),
        "quiz.gift.txt": gift(questions, lesson.front.title),
    }
    if language == ORIGINAL:
        texts["notebook.ipynb"] = notebook(lesson, bench)
    made = {name: text.encode() for name, text in texts.items()}
    return made | {"quiz.zip": qti(questions, id, lesson.front.title)}


def all_of(id: str) -> Iterator[tuple[str, bytes]]:
    """The files of a lesson in every language that it has: each by where it lies, below its id."""
    for language in (ORIGINAL, *TRANSLATED):
        within = "" if language == ORIGINAL else f"{language}/"
        for name, content in (materials(id, language) or {}).items():
            yield within + name, content


def write(folder: Path) -> Iterator[Path]:
    """Write the files of every lesson into a folder of its name; give each path."""
    for id in LESSONS:
        for name, content in all_of(id):
            path = folder / id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            yield path
