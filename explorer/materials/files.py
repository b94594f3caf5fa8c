"""All that there is for the teacher of a lesson, by the names of the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from explorer.lessons import LESSONS
from explorer.lessons.bench import Bench, measuring, shipped
from explorer.lessons.check import measure, read_all
from explorer.lessons.command import model_names
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


def materials(id: str) -> dict[str, bytes] | None:
    """The files of a lesson; None where there is no such lesson. Kept until a model changes."""
    if id not in LESSONS:
        return None
    with measuring:
        bench = shipped()
        return bench.once(("materials", id), lambda: _made(id, bench))


def _made(id: str, bench: Bench) -> dict[str, bytes]:
    every = read_all(LESSONS, model_names(bench))
    (lesson,) = (one for one in every if one.front.id == id)
    values = bench.once(("figures", id), lambda: measure(lesson, bench))
    measured, images = Measured(lesson, values), pictures(lesson, bench)
    titles = {one.front.id: one.front.title for one in every}
    questions = quiz(measured)
    texts = {
        TEACHER: teachers_page(measured, images, titles),
        "worksheet.html": worksheet(measured, images),
        "quiz.gift.txt": gift(questions, lesson.front.title),
        "notebook.ipynb": notebook(lesson, bench),
    }
    made = {name: text.encode() for name, text in texts.items()}
    return made | {"quiz.zip": qti(questions, id, lesson.front.title)}


def write(folder: Path) -> Iterator[Path]:
    """Write the files of every lesson into a folder of its name; give each path."""
    for id in LESSONS:
        for name, content in (materials(id) or {}).items():
            path = folder / id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            yield path
