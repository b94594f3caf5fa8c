"""Every figure of every lesson holds on the shipped models; a wrong lesson is refused by line."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from explorer.lessons import (
    CLASS,
    LESSONS,
    SELF_STUDY,
    TRANSLATED,
    command,
    listing,
    reading,
    words,
)
from explorer.lessons.bench import MODELS, Bench, shipped
from explorer.lessons.card_probes import OfCard, OfTask
from explorer.lessons.check import HERE, measure, outside, read_all
from explorer.lessons.information import information, log_aggregate, marginal_kl
from explorer.lessons.lesson import Panel, Small
from explorer.lessons.posterior import cut
from explorer.lessons.probes import PROBES
from explorer.lessons.reading import LessonError, parse
from explorer.lessons.translation import translations
from explorer.lessons.words import read_words
from training.contract.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "tests/data/evidence.json"  # written by tests/explorer/evidence.py


@pytest.mark.parametrize("name", LESSONS)
def test_every_figure_of_a_lesson_is_in_its_band(name: str) -> None:
    bench = shipped()
    (lesson,) = read_all([name], command.model_names(bench))
    assert lesson.front.id == name
    values = measure(lesson, bench)
    assert list(outside(lesson, values)) == []
    assert listing.figures(name) == values
    if lesson.front.predict.figure and lesson.front.predict.axis:
        low, high = lesson.front.predict.axis
        assert low < values[lesson.front.predict.figure] < high


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_writes_what_was_measured_before_in_the_unit_it_was_measured_in(name: str) -> None:
    bench = shipped()
    (lesson,) = read_all([name], command.model_names(bench))
    for probe in lesson.front.figures.values():
        match probe:
            case OfCard():
                found = bench.model(probe.model).card.metrics
                units = {metric.name: metric.unit for metric in found}
                assert units[probe.metric].startswith(probe.unit)
            case OfTask():
                units = {one.name: one.unit for one in bench.task(probe.task).measures}
                assert units[probe.measure_name].startswith(probe.unit)


def test_lessons_are_those_that_lie_here_and_each_builds_on_one_before_it() -> None:
    assert sorted(LESSONS) == sorted(path.stem for path in HERE.glob("*.md"))
    read = read_all(LESSONS, command.model_names(shipped()))
    numbers = [lesson.front.number for lesson in read]
    assert numbers == sorted(set(numbers))
    before: set[str] = set()
    for number in SELF_STUDY:
        for lesson in read:
            if lesson.front.number == number:
                assert set(lesson.front.needs) <= before
                before.add(lesson.front.id)
    assert before == set(LESSONS)
    assert {number for numbers in CLASS.values() for number in numbers} == set(SELF_STUDY)


def test_every_translation_is_whole_and_its_lessons_are_those_that_lie_there() -> None:
    read = read_all(LESSONS, command.model_names(shipped()))
    found = list(translations(read, command.model_names(shipped())))
    assert {path.parent.name for path in HERE.glob("*/words.toml")} == set(TRANSLATED)
    for language, _, lessons in found:
        assert {path.stem for path in (HERE / language).glob("*.md")} == set(TRANSLATED[language])
        assert [one.front.id for one in lessons] == list(TRANSLATED[language])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("band = [2, 15]", "band = [2, 60]", "de/holes.md, line 33: figures.vae.band[1] is 60.0, and 15.0 in holes.md: a translation changes only words."),  # noqa: E501
        ('probe = "ratio"\nof = "autoencoder"\nover', 'probe = "difference"\nof = "autoencoder"\nless', "figures.times.probe is difference, and ratio in holes.md"),  # noqa: E501
        ("answer = 2", "answer = 1", "questions[0].answer is 1, and 2 in holes.md"),
        (', "Nein: Er hat mehr"', "", "questions[1].choices is 2 texts, and 3 texts in holes.md"),
        ("etwa {times}-mal so viele", "mehr", "the card why lacks the figure {times} of holes.md"),
        ('"Schätzen"', '"Schätzen {mal}"', "de/words.toml: cards.predict must have the names in braces of 'Predict', and no others."),  # noqa: E501
        ("lock =", "look =", "de/words.toml: player has 'look'; did you mean 'lock'?"),
        ('next = "Weiter"\n', "", "de/words.toml: player lacks next, which is 'Next' in English."),
        ("[probes.ratio]", "[probes.gap]", "de/words.toml has no [probes.ratio], which holes.md shows"),  # noqa: E501
        ("## Look", "## Schau", "de/holes.md, line 106: is '## Schau'; expected '## Look'."),
        ('why = "Warum"', 'why = "Warum {"', "de/words.toml: cards.why has a brace without its other one: write names in braces as in 'Why'."),  # noqa: E501
        ('decimal = ', 'decimal = 3 #', "de/words.toml: decimal is 3; expected a text"),
        ('decimal = ', 'decimal = ' + 3000 * "[", "de/words.toml cannot be read: "),
    ],
)  # fmt: skip
def test_a_translation_that_is_other_in_more_than_words_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str, said: str
) -> None:
    shutil.copytree(HERE, tmp_path / "lessons", ignore=shutil.ignore_patterns("*.py"))
    monkeypatch.setattr(words, "HERE", tmp_path / "lessons")
    (path,) = (
        path for path in (tmp_path / "lessons/de").iterdir() if before in path.read_text("utf-8")
    )
    words.read_words("de")  # which is kept for as long as the file is the same
    path.write_text(path.read_text("utf-8").replace(before, after, 1), "utf-8")
    read = read_all(["holes"], command.model_names(shipped()))
    with pytest.raises(UserError, match=re.escape(said)):
        list(translations(read, command.model_names(shipped())))


def test_the_player_says_all_that_stands_in_its_table_and_nothing_else() -> None:
    player = ROOT / "explorer/instrument/web"
    code = "".join(
        path.read_text("utf-8")
        for path in (*player.glob("lesson/*.js"), *player.glob("classroom/*.js"))
    )
    keys = set(read_words("en").player)
    assert set(re.findall(r'say\("(\w+)"', code)) <= keys
    assert [key for key in keys if f'"{key}"' not in code] == []


def test_lessons_point_at_panels_that_there_are() -> None:
    panels = ROOT / "explorer/instrument/web/panels"
    for name in Panel.__args__:
        assert f'name: "{name}"' in (panels / f"{name}.js").read_text("utf-8")
    lit = {probe.panel for probe in PROBES.__args__} - {""}
    assert lit <= {*Panel.__args__, *Small.__args__}


def test_another_model_under_the_same_name_fails_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("digits-pca", "digits-linear"):
        (tmp_path / name).symlink_to(MODELS / name)
    (tmp_path / "digits-ae").symlink_to(MODELS / "digits-pca")
    assert command.run(["squeeze"], Bench(tmp_path)) == 1
    said = capsys.readouterr().err
    assert "squeeze: curved is 25.8" in said
    assert "squeeze: times is 1 times; the lesson's text holds from 2.2 to 3.3" in said


def test_the_command_measures_one_lesson_and_knows_no_other() -> None:
    def ran(*names: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "explorer", "lessons", "check", *names],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )

    done = ran("beta")
    assert done.returncode == 0, done.stderr
    assert "kl_high" in done.stdout
    assert "streamlit" not in done.stderr.lower()
    assert ran("betta").returncode == 2


def test_the_refined_grid_agrees_with_a_fine_one() -> None:
    bench, known = shipped(), json.loads(EVIDENCE.read_text("utf-8"))
    card = bench.model(known["model"]).card
    assert card.files["decoder.onnx"].sha256 == known["decoder"], (
        "digits-2d is another: run `python tests/explorer/evidence.py`"
    )
    for example, log_evidence in enumerate(known["log_evidence"]):
        found = bench.posterior(known["model"], example)
        assert found.log_evidence == pytest.approx(log_evidence, abs=0.01), example
        assert found.weights.sum() == pytest.approx(1)


def test_a_cell_is_cut_into_four_that_fill_it() -> None:
    z, side = cut(np.array([[1.0, -2.0]]), np.array([0.3]))
    assert len(z) == 4
    assert side == pytest.approx(np.full(4, 0.15))
    assert z.mean(0) == pytest.approx([1, -2])
    assert z.min(0) == pytest.approx([0.925, -2.075])


def test_the_elbo_is_below_the_evidence_by_no_less_than_the_approximation_gap() -> None:
    from explorer.lessons.image_probes import AmortisationGap, ApproximationGap, Gap

    bench, band = shipped(), (0.0, 1.0)
    for example in (0, 119):
        gap, approximation, amortisation = (
            kind(model="digits-2d", example=example, band=band).measure(bench)
            for kind in (Gap, ApproximationGap, AmortisationGap)
        )
        assert approximation > 0
        assert amortisation > 0
        assert gap == pytest.approx(approximation + amortisation)


def test_information_of_gaussians_that_are_known() -> None:
    apart = {
        "mean": np.array([[-50.0, 0], [50, 0], [0, 50], [0, -50]]),
        "log_variance": np.zeros((4, 2)),
    }
    assert information(apart) == pytest.approx(np.log(4), abs=1e-6)
    prior = {"mean": np.zeros((4, 3)), "log_variance": np.zeros((4, 3))}
    assert information(prior) == pytest.approx(0, abs=1e-9)
    assert marginal_kl(prior) == pytest.approx(0, abs=1e-9)
    z = np.array([[0.3, -1.0], [2.0, 0.1]])
    mean, log_variance = np.array([[0.0, 1], [1, -1]]), np.array([[0.0, -1], [0.5, 0.2]])
    each = [
        multivariate_normal(m, np.diag(np.exp(v))).pdf(z)
        for m, v in zip(mean, log_variance, strict=True)
    ]
    assert log_aggregate(z, mean, log_variance) == pytest.approx(np.log(np.mean(each, axis=0)))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("minutes = 10", "minute = 10", "line 6: has an unknown field 'minute'; did you mean 'minutes'?"),  # noqa: E501
        ("minutes = 10", 'minutes = "ten"', "line 6: minutes is 'ten'; expected a whole number from 1 to 60."),  # noqa: E501
        ("minutes = 10", "minutes = ten", "line 6: not readable TOML: Invalid value."),
        ('"digits-ae"]', '"digit-ae"]', "line 11: setup.compare is 'digit-ae'; did you mean 'digits-ae'?"),  # noqa: E501
        ('"output", "source"', '"outputs", "source"', "line 13: setup.show[0] is 'outputs'; choose one of actions,"),  # noqa: E501
        ('probe = "squared_error"', 'probe = "square_error"', "line 22: figures.pca.probe is 'square_error'; did you mean 'squared_error'?"),  # noqa: E501
        ("band = [24, 28]", "band = [28, 24]", "line 24: figures.pca: band goes from 28 to 24; the lower end comes first."),  # noqa: E501
        ('of = "pca"', 'of = "pcs"', "figures.times.of is 'pcs'; did you mean 'pca'?"),
        ('figure = "times"', 'figure = "time"', "predict.figure is 'time'; did you mean 'times'?"),
        ("$$", "$$ los", "a formula begins with $$, $$ loss, $$ elbo on a line of its own; this is '$$ los'."),  # noqa: E501
        ("## Do", "## Hands", "is '## Hands'; expected '## Do'."),
        ("autoencoder {curved}", "autoencoder {curve}", "the figure 'curve' is not in the front matter; did you mean 'curved'?"),  # noqa: E501
        ("{curved}: PCA", "9.5: PCA", "the text has the number 9.5; write a figure"),
    ],
)  # fmt: skip
def test_a_wrong_lesson_is_refused_with_its_line(before: str, after: str, said: str) -> None:
    text = (HERE / "squeeze.md").read_text("utf-8")
    assert before in text
    with pytest.raises(LessonError) as refused:
        parse(text.replace(before, after, 1), "squeeze.md", command.model_names(shipped()))
    sentence = str(refused.value)
    assert said in sentence
    assert sentence.startswith("squeeze.md, line ")
    wrong = text.replace(before, after, 1).splitlines()
    line = int(sentence.split("line ")[1].split(":")[0])
    if not said.startswith("line "):
        assert any(piece in wrong[line - 1] for piece in (after, after.split(" ")[-1], "PCA loses"))


def test_a_fraction_of_words_is_a_term_that_is_bound() -> None:
    (noise,) = read_all(["noise"], command.model_names(shipped()))
    terms = [term for block in noise.cards["why"] for term in block.terms]
    assert [term.figure for term in terms] == [None, None, "ratio"]
    assert terms[2].tex.startswith(r"\frac{\text{")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("below = 10", "below = 90", "goal may be reached at the start: the band of gap is 70 to 100."),  # noqa: E501
        ("below = 10", "", "goal: takes below or above: one of the two."),
        ('figure = "gap"\nbelow', 'figure = "gaps"\nbelow', "goal.figure is 'gaps'; did you mean 'gap'?"),  # noqa: E501
    ],
)  # fmt: skip
def test_a_goal_is_not_reached_before_anybody_has_moved(before: str, after: str, said: str) -> None:
    text = (HERE / "gap.md").read_text("utf-8")
    assert before in text
    with pytest.raises(LessonError, match=re.escape(said)):
        parse(text.replace(before, after, 1), "gap.md", command.model_names(shipped()))


def test_every_figure_that_a_lesson_measures_stands_somewhere_in_it() -> None:
    for lesson in read_all(LESSONS, command.model_names(shipped())):
        named = {
            part.text
            for blocks in lesson.cards.values()
            for block in blocks
            for part in block.parts
            if part.kind == "figure"
        }
        named |= {
            term.figure
            for blocks in lesson.cards.values()
            for block in blocks
            for term in block.terms
            if term.figure
        }
        named |= {lesson.front.predict.figure or ""}
        named |= {option.figure for option in lesson.front.predict.options}
        for probe in lesson.front.figures.values():
            named |= set(reading._operands(probe).values())
        assert set(lesson.front.figures) <= named


def test_the_example_of_the_guide_is_a_lesson_and_its_mistakes_are_refused_as_it_says() -> None:
    guide = (ROOT / "docs/lessons.md").read_text("utf-8")
    example = guide.split("```markdown\n")[1].split("```\n")[0]
    models, bench = command.model_names(shipped()), shipped()
    lesson = parse(example, "noise_floor.md", models)
    assert list(outside(lesson, measure(lesson, bench))) == []
    said = guide.split("```\n")[-2].strip().splitlines()
    wrong = (
        ("minutes", "minute"),
        ("digits-2d", "digit-2d"),
        ('probe = "floor"', 'probe = "flor"'),
        ("{measured} nats", "134 nats"),
    )
    for (before, after), sentence in zip(wrong, said, strict=True):
        with pytest.raises(LessonError) as refused:
            parse(example.replace(before, after, 1), "noise_floor.md", models)
        assert str(refused.value) == sentence


# Made of parts, such as `Skip to ${name}`, or said by the cards of the lesson's two models.
COMPOSED = {
    "VAE · β 1 · 2 latents",
    "Autoencoder · 2 latents",
    "Reconstruction plus KL, without an objective's weights: one sample of q(z|x) per image, "
    "pixels drawn once from Bernoulli(grey level), summed over pixels, mean over images.",
    "KL per latent: closed form KL(q(z|x) ‖ N(0, I)), mean over images; pixels drawn once from "
    "Bernoulli(grey level).",
    "Mean and deviation of the codes of 10,000 images; active where their variance is above 0.01; "
    "pixels as they are.",
    "Skip to latents",
    "Skip to actions of the image",
    "Skip to map",
    "Skip to traversals and more",
    "Map of the encoded images",
    "Images: in place of points where they fit",
    "Sheet",
    "Lasso: draw around images, to make a direction of them",
    "Whole map: as large as it fits (Home, or a double click)",
    "a {label}",
    "an {label}",
    "Instrument",
    "Results",
    "Model card",
    "Decoded sheet: 30 × 30 codes of this plane, decoded with all other latents as they are now",
}


def test_what_a_translation_says_beside_a_lesson_is_said_there_in_english() -> None:
    web = ROOT / "explorer/instrument/web"
    files = [web / "meanings.json"]
    files += [path for path in web.rglob("*.js") if "vendor" not in path.parts]
    sources = re.sub(r'" \+\s+"', "", "".join(path.read_text("utf-8") for path in files))
    german = read_words("de").instrument
    missing = {text for text in german if f'"{text}"'.replace("\u00a0", "\\u00a0") not in sources}
    assert missing == COMPOSED
    assert sum(own != text for text, own in german.items()) > 60
