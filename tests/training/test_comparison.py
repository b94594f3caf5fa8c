"""Tables of results as they are shown: medians and ranges by hand, and the page as it was made."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from training.__main__ import main, parser
from training.commands.train import configure
from training.config import configuration, from_json, settings
from training.contract import comparison
from training.contract.card import MODEL
from training.contract.files import LARGEST_CARD, describe_files, read_card
from training.contract.measurements import Information, Latent, Metric, Provenance
from training.contract.reading import plain
from training.contract.table import (
    SHIPPED,
    TABLE,
    Published,
    Row,
    Run,
    Stage,
    Table,
    read_table,
    write_table,
)
from training.errors import CheckpointError, ConfigError
from training.recipes import RECIPES
from training.results import tables

MODELS = Path(__file__).parents[2] / "assets" / "models"
RESULTS = Path(__file__).parents[2] / "docs" / "results.md"
BEGIN = "<!-- printed by `python -m training reproduce --markdown` -->\n"
END = "\n<!-- end of what it prints -->"


def run(recipe: str, seed: int, mig: float, seconds: float = 600, hardware: str = "a CPU") -> Run:
    """A run that was measured by one metric."""
    stage = Stage(
        500,
        32_000,
        (Metric("mig", "MIG", mig, "of 1", "test", 100, seed, "Gaps."),),
        (Latent(1.0, 0.0, 1.0, 0.1, True),),
    )
    return Run(
        recipe=recipe,
        seed=seed,
        command=f"python -m training train {recipe} --seed {seed}",
        config=settings(replace(RECIPES["sprites-beta1"].run, seed=seed)),
        images=32_000,
        seconds=seconds,
        hardware=hardware,
        precision="float32",
        latents_provenance=Provenance("nats", "test", 100, seed, "KL."),
        stages=(stage,),
    )


def table(runs: Sequence[Run]) -> Table:
    return Table(
        version=1,
        name="three",
        title="Three rows",
        intent="To be read.",
        command="python -m training reproduce three",
        metrics=("mig", "sap"),
        rows=(
            Row("a", "A", "First.", (0, 1, 2)),
            Row(
                "b", "B", "Second.", (0, 1, 3), published=(Published("mig", 0.5, "Paper, Table 1"),)
            ),
            Row("c", "C", "Third.", (0,)),
        ),
        runs=tuple(runs),
    )


RUNS = (run("a", 2, 0.4), run("a", 0, 0.1, 900), run("a", 1, 0.2), run("b", 3, 0.35, 60, "a GPU"))


def test_the_median_stands_with_the_least_and_the_greatest() -> None:
    three = table(RUNS)
    mig = comparison.measured(three, "mig")
    assert mig is not None
    assert comparison.over_seeds(three.of("a"), mig) == "0.20 (0.10–0.40)"
    assert comparison.over_seeds(three.of("b"), mig) == "0.35"
    assert comparison.over_seeds(three.of("c"), mig) == ""
    sap = replace(mig, name="sap")
    assert comparison.over_seeds(three.of("a"), sap) == "", "which was not measured"
    assert comparison.values(three.of("a"), "mig") == [(0, 0.1), (1, 0.2), (2, 0.4)]
    assert comparison.written(-1234.5, "nats") == "−1,234.50"
    assert comparison.written(15, "latents") == "15"
    assert comparison.written(15.5, "latents") == "15.50"


def test_a_table_in_markdown() -> None:
    assert comparison.markdown(table(RUNS)).splitlines() == [
        "### Three rows",
        "",
        "To be read.",
        "",
        "|  | seeds | MIG | published |",
        "| :-- | --: | --: | --: |",
        "| A | 3 | 0.20 (0.10–0.40) |  |",
        "| B | 1 | 0.35 | MIG 0.50 |",
        "",
        "The median over seeds, in brackets the least and the greatest; 3 runs on a CPU, in "
        "float32, 10–15 min each; 1 run on a GPU, in float32, 1 min. Published for B by Paper, "
        "Table 1.",
        "",
        "Not made yet: B (seeds 0–1), C (seed 0). `python -m training reproduce three` makes them.",
    ]


def test_a_table_says_what_a_perfect_code_gets() -> None:
    assert ". A perfect model" not in comparison.markdown(table(RUNS))
    stage = RUNS[0].final
    bounded = tuple(replace(metric, perfect=0.896) for metric in stage.metrics)
    known = replace(RUNS[0], stages=(replace(stage, metrics=bounded),))
    assert "min. A perfect model would get 0.90 in MIG. Published" in comparison.markdown(
        table((known,))
    )
    as_good_as_any = tuple(replace(metric, perfect=0.9999) for metric in stage.metrics)
    known = replace(RUNS[0], stages=(replace(stage, metrics=as_good_as_any),))
    assert "A perfect model" not in comparison.markdown(table((known,)))


def test_every_way_of_measuring_is_told_with_its_rows() -> None:
    def measured(one: Run, how: str) -> Run:
        metric = replace(one.final.metrics[0], how=how)
        return replace(one, stages=(replace(one.final, metrics=(metric,)),))

    by_means = [measured(one, f"Of 1,{one.seed}00 means, seed {one.seed}.") for one in RUNS]
    assert [
        (metric.seed, titles) for metric, titles in comparison.protocols(table(by_means), "mig")
    ] == [(0, ["A", "B"])]
    by_codes = measured(run("c", 0, 0.3), "Of 1,000 codes.")
    assert [
        (metric.how, titles)
        for metric, titles in comparison.protocols(table([*by_means, by_codes]), "mig")
    ] == [("Of 1,000 means, seed 0.", ["A", "B"]), ("Of 1,000 codes.", ["C"])]
    assert comparison.protocols(table(by_means), "sap") == []


def test_minutes_are_told_by_machine_and_precision() -> None:
    halved = replace(RUNS[1], precision="bfloat16")
    assert comparison.effort(table((RUNS[0], halved, RUNS[2]))) == (
        "2 runs on a CPU, in float32, 10 min each; 1 run on a CPU, in bfloat16, 15 min"
    )


def test_a_table_without_runs_says_what_is_missing_and_no_number() -> None:
    assert comparison.markdown(table(())).splitlines()[4:] == [
        "Not made yet: A (seeds 0–2), B (seeds 0, 1, 3), C (seed 0). `python -m training reproduce "
        "three` makes them.",
    ]


def test_the_page_of_results_shows_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    text = RESULTS.read_text("utf-8")
    shown = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
    assert main(["reproduce", "--markdown"]) == 0
    assert shown == capsys.readouterr().out


def test_a_table_is_written_and_read_again(tmp_path: Path) -> None:
    (tmp_path / "three").mkdir()
    write_table(tmp_path / "three", table(RUNS))
    assert read_table(tmp_path / "three") == table(RUNS)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            '"version": 1',
            '"version": 2',
            "three/table.json has version 2, this program reads 1; make the table again",
        ),
        ('"folder": null', '"folder": "x"', "A stage names a folder and its files, or neither"),
        ('"value": 0.1,', '"value": NaN,', "it holds NaN, which is not a number"),
        ('"seed": 0,', '"sed": 0,', "unknown field 'sed'; did you mean 'seed'"),
        ('"step": 500', '"step": "500"', "expected a whole number"),
        ("{", "", "three/table.json is not readable JSON"),
        ('"version": 1', '"version": true', "three/table.json has version true"),
        ('"recipe": "a"', '"recipe": "d"', "three/table.json: has no row for the run of a with"),
        ('"recipe": "c"', '"recipe": "a"', "three/table.json: rows names 'a' twice"),
        ('"latents": [', '"latents": [], "x": [', "has an unknown field 'x'"),
        ('"stages": [', '"stages": [], "x": [', "has an unknown field 'x'"),
        ('"seed": 2', '"seed": 0', "three/table.json: The run of a with seed 0 is there 2 times"),
    ],
)
def test_a_table_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    (tmp_path / "three").mkdir()
    write_table(tmp_path / "three", table(RUNS))
    path = tmp_path / "three" / TABLE
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(CheckpointError, match=sentence) as caught:
        read_table(tmp_path / "three")
    assert str(caught.value).count("\n") == 0


def test_a_matrix_that_does_not_fit_its_model_is_refused() -> None:
    stage = run("a", 0, 0.1).final
    two, one = ((0.1,), (0.2,)), ((0.1,),)
    replace(stage, information=Information(one, (1.0,), "test", 100, 0, "Bins."))
    with pytest.raises(ValueError, match=r"information\.nats has 2 rows; the model has 1"):
        replace(stage, information=Information(two, (1.0,), "test", 100, 0, "Bins."))


@pytest.mark.parametrize("kind", ["link", "folder", "large"])
def test_what_is_no_table_is_refused_in_one_sentence(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "three" / TABLE
    path.parent.mkdir()
    match kind:
        case "link":
            path.symlink_to(RESULTS)
            sentence = "three/table.json leads out of its folder; put the file itself there."
        case "folder":
            path.mkdir()
            sentence = "three/table.json is not a regular file."
        case _:
            path.write_bytes(bytes(LARGEST_CARD + 1))
            sentence = "three/table.json has 8,388,609 bytes; at most 8,388,608 are read."
    with pytest.raises(CheckpointError) as caught:
        read_table(path.parent)
    assert str(caught.value) == sentence


def test_a_folder_outside_the_machine_is_refused(tmp_path: Path) -> None:
    (tmp_path / "three").mkdir()
    write_table(tmp_path / "three", table(RUNS))
    path = tmp_path / "three" / TABLE
    text = path.read_text("utf-8").replace('"folder": null', '"folder": "/etc"', 1)
    path.write_text(text.replace('"files": null', '"files": {}', 1), "utf-8")
    with pytest.raises(CheckpointError, match="'/etc' is not relative"):
        read_table(tmp_path / "three")


def test_stages_rise_and_a_run_has_one(tmp_path: Path) -> None:
    one = run("a", 0, 0.1)
    with pytest.raises(ValueError, match="do not rise"):
        replace(one, stages=(*one.stages, *one.stages))
    with pytest.raises(ConfigError, match="stages has 0 entries; it takes 1 to 1,000"):
        write_table(tmp_path, table([replace(one, stages=())]))


@pytest.mark.parametrize("name", tables.PLANS)
def test_a_planned_table_names_recipes_and_metrics_that_there_are(name: str) -> None:
    planned = tables.plan(name).table
    assert planned.name == name
    assert planned.command == f"python -m training reproduce {name}"
    for row in planned.rows:
        recipe = RECIPES[row.recipe]
        beta = getattr(recipe.run.objective, "beta", None)
        assert row.beta in (None, beta)
        assert all(one.metric in planned.metrics for one in row.published)
    for recipe_name, seed in tables.plan(name).replays:
        row = next(row for row in planned.rows if row.recipe == recipe_name)
        assert seed in row.seeds


@pytest.mark.parametrize("folder", sorted(SHIPPED.glob("*/table.json")))
def test_a_shipped_run_is_what_its_recipe_makes(folder: Path) -> None:
    shipped = read_table(folder.parent)
    assert shipped.runs
    # Where this fails, `python -m training reproduce TABLE --collect` writes it as planned.
    assert replace(shipped, runs=()) == tables.plan(shipped.name).table
    plan = tables.plan(shipped.name)
    for made in shipped.runs:
        config = from_json(plain(made.config), made.recipe)
        assert config == tables.config_of(made.recipe, made.seed)
        assert configure(*parser().parse_known_args(made.command.split()[3:]))[1] == config
        assert made.images == config.train.steps * config.train.batch_size
        assert len(made.final.latents) == config.model.latents
        assert made.final.images == made.final.step * config.train.batch_size <= made.images
        for stage in made.stages:
            assert stage.metric(shipped.metrics[0]) is not None
            if stage.files is not None:
                there = describe_files(folder.parent / stage.folder, tuple(stage.files))
                assert there == stage.files
        assert made.checkpoint == plan.checkpoint(made.recipe, made.seed)
        if made.checkpoint is not None:
            card = read_card(MODELS / made.checkpoint)
            assert configuration(card, made.recipe) == config
            assert (card.metrics, card.latents) == (made.final.metrics, made.final.latents)
        elif plan.keeps_weights:
            assert MODEL in (made.final.files or {})
