"""What a teacher takes from a lesson: pages with the measured figures, a quiz that other systems
read, a notebook that runs.
"""

import contextlib
import io
import json
import re
import zipfile
from xml.etree import ElementTree

import pytest

from explorer.lessons import LESSONS, command, listing
from explorer.lessons.bench import shipped
from explorer.lessons.check import read_all
from explorer.lessons.lesson import Block, Part
from explorer.materials import files
from explorer.materials.gift import escaped, gift
from explorer.materials.measured import Measured
from explorer.materials.qti import QTI, qti
from explorer.materials.quiz import Choice, Numeric
from explorer.materials.teacher import SHARED

HARD = "a ~ b = c # {d}: 50\\% «é» <b> & 'q'"
QUESTIONS = [
    Choice("One: two", HARD, ("x = 1", "~y", "<z> & {w}"), 1, HARD),
    Numeric("A number", "How many?", 83.4, 70, 100, "Measured."),
]


@pytest.mark.parametrize("id", LESSONS)
def test_the_pages_of_a_lesson_show_what_was_measured(id: str) -> None:
    made = files.materials(id)
    assert made is not None
    assert set(made) == set(files.NAMES)
    (lesson,) = read_all([id], command.model_names(shipped()))
    assert lesson.wrong
    assert lesson.discuss
    measured = Measured(lesson, listing.figures(id) or {})
    page = made[files.TEACHER].decode()
    assert f"{lesson.front.minutes} minutes" in page
    for name in lesson.front.figures:
        assert measured.figure(name, unit=True) in page
    sheet = made["worksheet.html"].decode()
    assert "<script" not in page + sheet
    assert "http" not in re.sub(r"https?://(creativecommons|www\.w3)\.org/", "", page + sheet)
    # The worksheet asks; what the answer is, the teacher's page says.
    assert lesson.front.questions[0].because not in sheet
    # Beside a quiz stands no screen that a question could point at.
    asked = re.findall(r"\[plain\](.*) \{", made["quiz.gift.txt"].decode())
    assert len(asked) == 1 + len(lesson.front.questions)
    assert not [ask for ask in asked if re.search(r"\b(this|here|on the (left|right))\b", ask)]


def test_a_worksheet_shows_the_image_beside_the_card_that_is_about_it() -> None:
    # The first card of this lesson is about another image than the rest.
    sheet = (files.materials("gap") or {})["worksheet.html"].decode()
    assert sheet.index("<h2>Predict") < sheet.index("<img") < sheet.index("<h2>Do")
    sheet = (files.materials("holes") or {})["worksheet.html"].decode()
    assert sheet.index("<h2>Look") < sheet.index("<img") < sheet.index("<h2>Predict")


def test_a_translated_lesson_has_its_pages_in_its_language() -> None:
    made = files.materials("holes", "de")
    assert made is not None
    assert {*made, *SHARED} == set(files.NAMES)
    page, sheet = made[files.TEACHER].decode(), made["worksheet.html"].decode()
    assert '<html lang="de">' in page
    assert "<h2>Was schiefgeht</h2>" in page
    kl = f"{(listing.figures('holes') or {})['kl']:.1f}".replace(".", ",")
    assert f"{kl} Nats" in page
    assert "1.000</text>" in sheet
    assert "Gemessen" in made["quiz.gift.txt"].decode()
    # Where a word is left in English, it is a name on the screen.
    for english in ("Measured", "Lesson ", "Test image", "Figure", "minutes"):
        assert english not in re.sub(r"<style>.*?</style>", "", page + sheet, flags=re.S)
    assert files.materials("gap", "de") is None
    assert files.materials("holes", "../de") is None


@pytest.mark.parametrize("id", LESSONS)
def test_the_notebook_of_a_lesson_runs(id: str) -> None:
    made = files.materials(id)
    assert made is not None
    tree = json.loads(made["notebook.ipynb"])
    assert (tree["nbformat"], tree["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in tree["cells"]}) == len(tree["cells"])
    names: dict[str, object] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in tree["cells"]:
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), f"{id}.ipynb", "exec"), names)
    (lesson,) = read_all([id], command.model_names(shipped()))
    values = listing.figures(id) or {}
    assert names["values"] == values
    for name, probe in lesson.front.figures.items():
        assert f"{values[name]:,.{probe.decimals}f}" in printed.getvalue()


def test_items_that_follow_each_other_are_one_list() -> None:
    (lesson,) = read_all(LESSONS[:1], command.model_names(shipped()))
    blocks = [
        Block(kind, (Part("text", text),))
        for kind, text in (("paragraph", "a"), ("item", "<b>"), ("item", "c"), ("paragraph", "d"))
    ]
    assert Measured(lesson, {}).html(blocks).split() == [
        *("<p>a</p>", "<ul>", "<li>&lt;b&gt;</li>", "<li>c</li>", "</ul>", "<p>d</p>"),
    ]


def test_nothing_in_a_question_is_read_as_a_mark_of_gift() -> None:
    assert escaped("~=#{}:\\") == "\\~\\=\\#\\{\\}\\:\\\\"
    category, first, second = gift(QUESTIONS, "a/b").strip().split("\n\n")
    assert category == "$CATEGORY: Latent-space explorer/a//b"
    # As Moodle reads it: a mark counts where no backslash stands before it.
    marks = re.sub(r"\\.", "", first)
    assert marks.startswith("::One two::[plain]")
    assert re.findall(r"[~=]|####|[{}]", marks) == ["{", "~", "=", "~", "####", "}"]
    assert second.splitlines()[1:] == ["=70..100", "####Measured.", "}"]


def test_a_qti_package_lists_what_it_holds_and_keeps_every_character() -> None:
    with zipfile.ZipFile(io.BytesIO(qti(QUESTIONS, "gap", "Two terms"))) as packed:
        trees = {name: ElementTree.fromstring(packed.read(name)) for name in packed.namelist()}
    listed = [
        one.get("href") for one in trees["imsmanifest.xml"].iter() if one.tag.endswith("}file")
    ]
    assert {*listed, "imsmanifest.xml"} == set(trees)
    referred = [one.get("href") for one in trees["test.xml"].iter(f"{{{QTI}}}assessmentItemRef")]
    assert referred == ["gap_1.xml", "gap_2.xml"]
    item = trees["gap_1.xml"]
    assert item.findtext(f".//{{{QTI}}}prompt") == HARD
    right = item.findtext(f".//{{{QTI}}}correctResponse/{{{QTI}}}value")
    (chosen,) = (
        one for one in item.iter(f"{{{QTI}}}simpleChoice") if one.get("identifier") == right
    )
    assert chosen.text == "~y"
    bounds = [one.text for one in trees["gap_2.xml"].iter(f"{{{QTI}}}baseValue")]
    assert bounds[:2] == ["70", "100"]
