"""The Results page: ours beside the published, every seed, and what is missing."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer import figures
from training.contract.table import TABLE

MakeTable = Callable[..., Path]
MakeCheckpoint = Callable[..., Path]
APP = Path(explorer.__file__).with_name("app.py")


@pytest.fixture
def page() -> AppTest:
    """The app on its way to the results: `run()` draws them."""
    return AppTest.from_file(APP, default_timeout=60).run().switch_page("views/results.py")


def words(page: AppTest) -> str:
    """The text of the page, as it is read."""
    assert not page.exception
    kinds = ("title", "header", "markdown", "caption", "code")
    return "\n".join(e.value for kind in kinds for e in page.get(kind)).replace("\\", "")


def test_rows_have_the_median_their_range_and_the_published(
    page: AppTest, make_table: MakeTable
) -> None:
    make_table("sprites")
    page.run()
    text = words(page)
    assert "Disentanglement on sprites" in text
    assert "How β, and *other* objectives" in text
    assert [column.casefold() for column in page.dataframe[0].value.columns] == [
        *("model", "seeds", "mig", "published", "−elbo, nats"),
    ]
    medians = page.dataframe[0].value.to_numpy().tolist()
    assert medians == [
        ["β = 1", "2 of 2", "0.10 (0.05–0.15)", "", "25.00 (25.00–25.00)"],
        ["β = 4", "1 of 2", "0.25", "MIG 0.31", "25.00"],
    ]
    assert "Published for β = 4 by Somebody 2018, Table 2." in text
    assert "3 runs on a machine with two cores, in float32, 13 min each. Published for β" in text


def test_every_run_is_told_with_its_effort_and_command(
    page: AppTest, make_table: MakeTable
) -> None:
    make_table("sprites")
    page.run()
    runs = page.dataframe[1].value
    assert runs["Model"].tolist() == ["β = 1", "β = 1", "β = 4"]
    assert runs["Seed"].tolist() == ["0", "1", "0"]
    assert runs["MIG"].tolist() == ["0.05", "0.15", "0.25"]
    assert runs.iloc[2].tolist()[4:] == [
        *("32,000", "13 min", "a machine with two cores, float32"),
        "python -m training train sprites-beta4 --seed 0",
    ]


def test_the_protocol_is_in_reach(page: AppTest, make_table: MakeTable) -> None:
    make_table("sprites")
    page.run()
    (protocol, _) = page.expander
    assert protocol.label == "How each number is measured"
    assert "Gaps between *latents*." in words(page)
    assert "Test split · 100 images" in words(page)


def test_rows_that_were_measured_differently_are_named(
    page: AppTest, make_table: MakeTable
) -> None:
    path = make_table("sprites") / TABLE
    table = json.loads(path.read_text())
    (of_beta4,) = (run for run in table["runs"] if run["recipe"] == "sprites-beta4")
    (mig,) = (one for one in of_beta4["stages"][-1]["metrics"] if one["name"] == "mig")
    mig["how"] = "Counts of gaps."
    path.write_text(json.dumps(table))
    page.run()
    assert "**MIG (β = 1).** Gaps between *latents*." in words(page)
    assert "**MIG (β = 4).** Counts of gaps." in words(page)
    assert "**−ELBO, nats.** " in words(page)


def test_what_is_missing_is_named_with_the_command_that_makes_it(
    page: AppTest, make_table: MakeTable
) -> None:
    make_table("sprites")
    page.run()
    assert "Not made yet: β = 4 (seed 1). To make them:" in words(page)
    assert [code.value for code in page.code] == ["python -m training reproduce sprites"]


def test_a_table_of_plans_alone_shows_no_number(page: AppTest, make_table: MakeTable) -> None:
    make_table("sprites", runs=())
    page.run()
    assert "Not made yet: β = 1 (seeds 0–1), β = 4 (seeds 0–1)." in words(page)
    assert len(page.dataframe) == len(page.selectbox) == 0


def test_another_metric_can_be_drawn(page: AppTest, make_table: MakeTable) -> None:
    make_table("sprites")
    make_table("mnist")
    page.run()
    page.selectbox(key="results.mnist.metric").select("neg_elbo").run()
    assert not page.exception
    assert page.selectbox(key="results.mnist.metric").value == "neg_elbo"
    assert page.selectbox(key="results.sprites.metric").value == "mig"
    layouts = [json.loads(chart.proto.spec)["layout"] for chart in page.get("plotly_chart")]
    assert [layout["xaxis"]["title"]["text"] for layout in layouts] == ["−ELBO, nats", "MIG"]


def test_without_any_table_the_page_says_how_to_make_one(page: AppTest) -> None:
    page.run()
    assert "`python -m training reproduce sprites`" in words(page)


def test_a_table_that_cannot_be_read_is_one_sentence_and_the_others_show(
    page: AppTest, make_table: MakeTable
) -> None:
    (make_table("broken") / "table.json").write_text("[]")
    make_table("sprites")
    page.run()
    text = words(page)
    assert "broken/table.json" in text
    assert "Disentanglement on sprites" in text


def test_texts_of_a_table_are_no_markup(page: AppTest, make_table: MakeTable) -> None:
    make_table("sprites", title="![x](http://elsewhere/x.png) <b>", intent="[go](http://elsewhere)")
    page.run()
    raw = "\n".join(e.value for kind in ("header", "markdown") for e in page.get(kind))
    assert "](http" not in raw
    assert "<b>" not in raw


def test_points_medians_and_published_are_where_they_should_be() -> None:
    rows = [
        ("first", [(0, 0.1), (1, 0.4), (2, 0.2)], [0.5]),
        ("second", [], [0.7]),
        ("third", [(0, 0.3)], []),
    ]
    figure = figures.seed_points(rows, "MIG", figures.LIGHT)
    drawn = {trace.name: sorted(zip(trace.y, trace.x, strict=True)) for trace in figure.data}
    assert drawn == {
        "median": [("first", 0.2), ("third", 0.3)],
        "a seed": [("first", 0.1), ("first", 0.2), ("first", 0.4), ("third", 0.3)],
        "published": [("first", 0.5), ("second", 0.7)],
    }
    assert figure.layout.yaxis.categoryarray == ("third", "second", "first")
    nothing = figures.seed_points([("a", [(0, 1.0)], [])], "MIG", figures.LIGHT)
    assert [trace.name for trace in nothing.data] == ["median", "a seed"]


def test_the_chosen_model_says_what_it_scores(
    page: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("first", title="First")
    make_checkpoint("second", title="Second")
    page.run()
    (head,) = page.get("bidi_component")[:1]
    assert json.loads(head.proto.json)[0]["title"] == "Results"
    assert "First**: −ELBO 123.46 nats" in words(page)
    page.query_params["model"] = "second"
    page.run()
    assert "Second**: −ELBO 123.46 nats" in words(page)
