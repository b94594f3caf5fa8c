import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs
from streamlit.testing.v1 import AppTest

import explorer
from explorer import loading, state
from training.config import DataConfig, to_json
from training.contract.card import DECODER, PREVIEW
from training.contract.files import read_card, write_card

from .conftest import MEASURED, RUN, TABLE

MakeCheckpoint = Callable[..., Path]
APP = Path(explorer.__file__).with_name("app.py")


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(APP, default_timeout=60)


@pytest.fixture
def card(app: AppTest) -> AppTest:
    """The app on its way to the model card: `run()` draws it."""
    return app.run().switch_page("views/card.py")


def words(app: AppTest) -> str:
    """The text of the page, as it is read."""
    return written(app).replace("\\", "")


def written(app: AppTest) -> str:
    """The Markdown of the page."""
    assert not app.exception
    return "\n".join(
        element.value for kind in ("title", "markdown", "caption") for element in app.get(kind)
    )


def sent(app: AppTest) -> str:
    """The data that the page's own component was given; what reports releases comes after it."""
    assert not app.exception
    component, *_ = app.get("bidi_component")
    return component.proto.json


def chosen(app: AppTest) -> str | None:
    """The model that the page's head names."""
    (head,) = json.loads(sent(app))
    model: str | None = head["model"]
    return model


def test_the_instrument_opens_first(app: AppTest, make_checkpoint: MakeCheckpoint) -> None:
    make_checkpoint("mine")
    app.run()
    assert "/instrument/" in sent(app)
    assert "/checkpoints/mine/" in sent(app)


def test_the_instrument_opens_without_any_checkpoint(app: AppTest) -> None:
    app.run()
    assert '"catalogue": []' in sent(app)


def test_a_release_becomes_the_shared_position(
    app: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("mine")
    app.run()
    before = sent(app)
    query = "model=mine&z=0.5,-1,2"
    app.session_state[state.RELEASED] = {
        "last": {"model": "mine", "z": [0.5, -1, 2], "query": query}
    }
    app.run()
    shared = app.session_state[state.KEY]
    assert shared.position == state.Position("mine", query)
    assert sent(app) == before, "a release must not send the data anew"


def test_coming_back_from_another_page_opens_where_one_was(
    app: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("first")
    make_checkpoint("second")
    query = "model=second&z=0.5,-1,2"
    app.session_state[state.KEY] = state.Shared(state.Position("second", query))
    app.run().switch_page("views/card.py").run()
    assert chosen(app) == "second"
    app.switch_page("views/instrument.py").run()
    assert query in sent(app)

    app.switch_page("views/card.py").run()
    app.query_params["model"] = "first"
    app.run()
    app.switch_page("views/instrument.py").run()
    assert '"remembered": "model=first"' in sent(app)


def test_a_link_is_remembered_though_nothing_was_dragged(
    app: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("first", title="First")
    make_checkpoint("second", title="Second")
    app.query_params["model"] = "second"
    app.query_params["z"] = "1,1,1"
    app.run()
    for _ in range(2):
        app.switch_page("views/card.py")
        app.query_params.clear()  # as the browser does on the way to another page
        app.run()
        assert chosen(app) == "second"
        app.switch_page("views/instrument.py")
        app.query_params.clear()
        app.run()
        assert '"remembered": "model=second&z=1,1,1"' in sent(app)


def test_a_link_to_no_model_is_not_remembered(
    app: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("first", title="First")
    app.query_params["model"] = "nope"
    app.run().switch_page("views/card.py")
    app.query_params.clear()
    app.run()
    assert chosen(app) == "first"


def test_the_card_page_follows_the_instrument(
    app: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("first", title="First")
    make_checkpoint("second", title="Second")
    app.run().switch_page("views/card.py").run()
    assert chosen(app) == "first"
    app.switch_page("views/instrument.py").run()
    app.session_state[state.RELEASED] = {
        "last": {"model": "second", "z": [0, 0, 0], "query": "model=second&z=0,0,0"}
    }
    app.run().switch_page("views/card.py")
    app.query_params.clear()  # as the browser does on the way to another page
    app.run()
    assert chosen(app) == "second"


def test_the_card_shows_its_numbers_and_how_they_came_about(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("mine")
    card.run()
    shown = words(card)
    assert chosen(card) == "mine"
    assert [(metric.label, metric.value) for metric in card.metric] == [
        ("−ELBO", "123.46 nats"),
        ("Active units", "2 latents"),
    ]
    assert "Test split · 10,000 images · seed 7" in shown
    assert "13 min on a machine with two cores" in shown
    assert "64,000 images in 500 steps" in shown
    assert "step 400" in shown
    assert "CC BY-SA 3.0" in shown
    assert "abababababababab" in shown
    assert "4 images of the test split. Their codes: As shown." in shown
    assert card.code[0].value == "python -m training train digits --model.latents 3"
    assert len(card.get("plotly_chart")) == 2
    assert "model" not in card.query_params, "the browser's Back would lead here again"


def test_the_card_shows_bits_per_dimension_and_how_grey_levels_were_read(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    bits = {"name": "bits_per_dim", "label": "−ELBO per pixel", "value": 3.1416, "how": "Divided."}
    measured = MEASURED | {"unit": "bits/dim"}
    model = structs.replace(RUN.model, likelihood="continuous_bernoulli")
    run = structs.replace(RUN, data=DataConfig("fashion", "dequantized"), model=model)
    make_checkpoint("mine", metrics=[bits | measured], config=to_json(run))
    shown = words(card.run())
    assert [(metric.label, metric.value) for metric in card.metric] == [
        ("−ELBO per pixel", "3.142 bits\\/dim")
    ]
    assert "uniform noise of one grey level" in shown
    assert "| data.pixels | dequantized |" in shown


def test_a_preview_that_is_no_picture_is_a_sentence(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("mine", contents={PREVIEW: b"not a picture"})
    assert "preview.webp is not an image: copy the folder again" in words(card.run())
    assert card.image == []
    assert len(card.get("plotly_chart")) == 2


def test_the_preview_says_whose_rows_it_has(card: AppTest, make_checkpoint: MakeCheckpoint) -> None:
    make_checkpoint("mine")
    assert "from the top: z₂, z₀, z₁, each" in words(card.run())
    assert len(card.image) == 1


def test_a_card_cannot_place_markup_on_the_page(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    markup = "![x](https://a.org/x.png) :red[x]"
    measured = {"name": "x", "label": markup, "value": 1.0, "how": markup} | MEASURED
    make_checkpoint("mine", intent=markup, metrics=[measured | {"unit": markup}])
    shown = written(card.run()) + card.metric[0].label + card.metric[0].value
    assert "![x](" not in shown
    assert ":red[" not in shown


def test_a_link_to_a_model_that_is_not_here_says_so(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("mine")
    card.query_params["model"] = "nope"
    card.run()
    assert "“nope”" in words(card)
    assert "EXPLORER_MODELS" in words(card)
    assert chosen(card) is None
    card.query_params["model"] = "mine"
    card.run()
    assert chosen(card) == "mine"


def test_a_link_to_a_model_of_any_length_is_one_line(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("mine")
    card.query_params["model"] = "x" * 8000
    assert f"“{'x' * 59}…”" in words(card.run())


@pytest.mark.parametrize("named", [True, False])
def test_a_model_that_went_is_not_replaced_by_another(
    card: AppTest, make_checkpoint: MakeCheckpoint, named: bool
) -> None:
    gone = make_checkpoint("gone", title="Gone")
    make_checkpoint("here", title="Here")
    if named:
        card.query_params["model"] = "gone"
    card.run()
    assert chosen(card) == "gone"
    shutil.rmtree(gone)
    for _ in range(2):
        card.run()
        assert chosen(card) is None
        assert "“gone”" in words(card)
    card.query_params["model"] = "here"
    card.run()
    assert chosen(card) == "here"


def test_the_card_page_follows_the_browsers_back(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    for title in ("First", "Second", "Third"):
        make_checkpoint(title.lower(), title=title)
    card.run()
    card.query_params["model"] = "second"
    card.run()
    card.query_params["model"] = "third"
    card.run()
    assert chosen(card) == "third"
    card.query_params["model"] = "second"
    assert chosen(card.run()) == "second"
    card.query_params.clear()
    assert chosen(card.run()) == "first"


def test_of_a_model_named_twice_the_first_counts(
    app: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("first", title="First")
    make_checkpoint("second", title="Second")
    app.query_params["model"] = ["second", "first"]
    app.run()
    assert app.session_state[state.KEY].position.model == "second"
    app.switch_page("views/card.py").run()
    assert chosen(app) == "second"


def test_a_card_without_versions_does_not_speak_of_them(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("mine", versions={})
    shown = words(card.run())
    assert "Made with" not in shown
    assert "The full hashes" in shown


def test_the_card_can_be_downloaded_after_its_folder_went(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("mine")
    card.run()
    (button,) = card.get("download_button")
    assert button.proto.url, "the file is read with the page, not when it is asked for"


def test_without_checkpoints_the_card_page_says_what_to_do(card: AppTest) -> None:
    assert "python -m training train" in words(card.run())


def test_a_broken_checkpoint_has_a_card_page_with_the_reason(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    (make_checkpoint("broken") / "encoder.onnx").unlink()
    make_checkpoint("whole")
    card.query_params["model"] = "broken"
    shown = words(card.run())
    assert "encoder.onnx" in shown


def test_the_lessons_have_a_page(app: AppTest) -> None:
    app.run().switch_page("views/lessons.py").run()
    assert "/instrument/" in sent(app)


def test_the_ladder_page_names_the_tables_over_beta(
    app: AppTest, make_table: MakeCheckpoint
) -> None:
    make_table("sprites")
    make_table("likelihood", rows=tuple(structs.replace(row, beta=None) for row in TABLE.rows))
    app.run().switch_page("views/beta.py").run()
    assert '{"name": "sprites", "title": "Disentanglement on sprites"}' in sent(app)
    assert "likelihood" not in sent(app)


def test_the_ladder_page_opens_without_tables_and_with_a_broken_one(app: AppTest) -> None:
    app.run().switch_page("views/beta.py").run()
    assert '"tables": []' in sent(app)
    (loading.RESULTS / "odd").mkdir(parents=True)
    (loading.RESULTS / "odd" / "table.json").write_text("{", "utf-8")
    app.run()
    assert "odd/table.json is not readable JSON" in sent(app)


def made_elsewhere(folder: Path) -> None:
    """Leave of a checkpoint what a decoder alone has: no training, no examples, no numbers."""
    before = read_card(folder)
    for name in before.files.keys() - {DECODER}:
        (folder / name).unlink()
    card = structs.replace(
        before,
        graphs=structs.replace(before.graphs, encode=None),
        data=structs.replace(before.data, sha256=None, splits={}),
        training=None,
        metrics=(),
        latents=(),
        latents_provenance=None,
        examples=None,
        files={},
    )
    write_card(folder, card)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("card", "The card does not say."),
        ("instrument", ""),
    ],
)
def test_every_page_opens_with_a_decoder_that_something_else_trained(
    app: AppTest, make_checkpoint: MakeCheckpoint, page: str, said: str
) -> None:
    made_elsewhere(make_checkpoint("mine"))
    app.run().switch_page(f"views/{page}.py").run()
    assert said in words(app)


def test_a_link_to_a_dropped_model_says_that_drops_end_with_the_server(
    card: AppTest, make_checkpoint: MakeCheckpoint
) -> None:
    make_checkpoint("here")
    card.query_params["model"] = "mine~0123456789abcdef"
    assert "what is dropped is kept until the server stops" in words(card.run())
    card.query_params["model"] = "elsewhere"
    assert "until the server stops" not in words(card.run())
