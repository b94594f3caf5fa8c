import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image
from streamlit.testing.v1 import AppTest

import explorer
from explorer import grouping, state
from training.config import to_json
from training.contract.card import CODES, LARGEST_FACTOR, THUMBNAILS
from training.contract.files import describe_files
from training.contract.version1 import FILES

from .conftest import MEASURED
from .test_pages import sent, words

MakeCheckpoint = Callable[..., Path]
APP = Path(explorer.__file__).with_name("app.py")
COUNT = 60


def codes(**changes: Any) -> dict[str, np.ndarray]:
    """Every second image is a "one", three to the right of the zeros."""
    label = (np.arange(COUNT) % 2).astype(np.int32)
    mean = np.random.default_rng(0).normal(0, 0.1, (COUNT, 3)).astype(np.float32)
    mean[:, 0] += 3 * label
    tensors = {"mean": mean, "log_variance": np.zeros_like(mean), "label": label}
    return tensors | {"umap": mean[:, :2].copy(), "pca": mean[:, 1:].copy()} | changes


MAP: dict[str, Any] = {
    "latents": [0, 1],
    "umap": {"n_neighbors": 15, "min_dist": 0.1, "seed": 0},
    "pca": {"mean": [0, 0, 0], "axes": [[1, 0, 0], [0, 1, 0]], "explained": [0.9, 0.05]},
    "nearest": {
        **{"median": 0.1, "p95": 0.2, "p99": 0.3},
        **{"split": "validation", "samples": 100, "how": "Counted."},
    },
    "metrics": [{"name": "umap_trustworthiness", "label": "Trustworthiness", "value": 0.97}],
}
MAP["metrics"][0] |= {"how": "Of 15 neighbours.", **MEASURED, "unit": "of 1"}


@pytest.fixture
def make(make_checkpoint: MakeCheckpoint) -> Callable[..., Path]:
    def make(
        id: str = "mine", tensors: dict[str, np.ndarray] | None = None, **changes: Any
    ) -> Path:
        examples = {"count": COUNT, "columns": 10, "split": "test", "how": "As shown."}
        contents = {CODES: safetensors.numpy.save(tensors or codes())}
        folder = make_checkpoint(id, contents=contents)
        Image.new("RGB", (20, 12), (200, 0, 0)).save(folder / THUMBNAILS, lossless=True)
        files = {name: to_json(file) for name, file in describe_files(folder, FILES).items()}
        changes = {"files": files, "examples": examples, "map": MAP, **changes}
        return _card(folder, changes)

    return make


def _card(folder: Path, changes: dict[str, Any]) -> Path:
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")
    return folder


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(APP, default_timeout=60).run().switch_page("views/directions.py")


def pick(page: AppTest, **names: str | None) -> AppTest:
    for side, name in names.items():
        page.selectbox(key=f"directions.named.{side}").set_value(name).run()
    return page


def test_two_groups_become_a_direction_in_the_rack(
    page: AppTest, make: Callable[..., Path]
) -> None:
    make()
    pick(page.run(), a="one", b="zero")
    shown = words(page)
    assert "**30** codes: all of class one" in shown
    assert "Coherence **1.00**" in shown
    assert "More coherent than all 200 random pairs" in shown
    assert "2,000 random pairs" in shown
    assert "200 pairs of groups of 30 and 30 codes drawn from all 60" in shown
    assert "Seed 0" in shown
    assert len(page.image) == 2
    assert page.text_input(key="directions.name").value == "zero → one"

    page.button[-1].click().run()
    shared = page.session_state[state.KEY]
    (measured,) = shared.directions
    assert measured.vector == pytest.approx((1, 0, 0), abs=0.02)
    assert np.linalg.norm(measured.vector) == pytest.approx(1, abs=2e-3)
    assert measured.coherence > 0.98
    assert measured.random_low < measured.random_mean < measured.random_high < 0.2
    assert measured.groups == "30 × 30 codes"
    given = parse_qs(shared.position.query)
    assert given["model"] == ["mine"]
    assert given["directions"][0].startswith("zero → one:")
    assert '"name": "zero \\u2192 one"' in sent(page), "the instrument is told what was measured"
    assert "directions=zero" in sent(page)


def test_a_direction_joins_the_place_where_one_was(
    page: AppTest, make: Callable[..., Path]
) -> None:
    make()
    page.session_state[state.KEY] = state.Shared(state.Position("mine", "model=mine&z=1,2,3"))
    pick(page.run(), a="one", b="zero").button[-1].click().run()
    query = page.session_state[state.KEY].position.query
    assert query.startswith("model=mine&z=1,2,3&directions=zero")


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [("one", "one", "same mean code"), ("lonely", "one", "Group A has one code")],
)
def test_groups_without_a_direction_get_a_sentence(
    page: AppTest, make: Callable[..., Path], a: str, b: str, reason: str
) -> None:
    label = codes()["label"].copy()
    label[0] = 2
    folder = make(tensors=codes(label=label))
    data = json.loads((folder / "card.json").read_text("utf-8"))["data"]
    _card(folder, {"data": data | {"labels": ["zero", "one", "lonely"]}})
    assert reason in words(pick(page.run(), a=a, b=b))
    assert len(page.button) == 2, "there is nothing to add as a slider"


def test_a_group_can_be_let_go_of(page: AppTest, make: Callable[..., Path]) -> None:
    make()
    pick(page.run(), a="one", b="zero")
    pick(page, b=None)
    assert "No codes yet." in words(page)
    assert "Choose groups A and B" in words(page)


def test_a_name_that_a_person_gave_stays(page: AppTest, make: Callable[..., Path]) -> None:
    make()
    pick(page.run(), a="one", b="zero")
    page.text_input(key="directions.name").input("my own").run()
    pick(page, a="zero", b="one")
    assert page.text_input(key="directions.name").value == "my own"
    page.text_input(key="directions.name").input("  ").run()
    assert page.button[-1].disabled


def test_another_model_has_groups_of_its_own(page: AppTest, make: Callable[..., Path]) -> None:
    make("first")
    make("second", title="Second")
    pick(page.run(), a="one", b="zero")
    page.selectbox(key="directions.model").select("second").run()
    assert words(page).count("No codes yet.") == 2
    assert page.session_state[state.KEY].position.model == "second"


def test_factors_are_picked_by_value(page: AppTest, make: Callable[..., Path]) -> None:
    tensors = codes()
    label = tensors.pop("label")
    tensors["factors"] = np.stack([label, np.arange(COUNT, dtype=np.int32)], 1)
    folder = make(tensors=tensors)
    data = json.loads((folder / "card.json").read_text("utf-8"))["data"]
    factors = [{"name": "shape", "size": 2}, {"name": "turn", "size": COUNT}]
    _card(folder, {"data": data | {"labels": None, "factors": factors}})
    pick(page.run(), a="shape 1", b="shape 0")
    assert page.text_input(key="directions.name").value == "shape 0 → shape 1"
    assert "Coherence **1.00**" in words(page)


def test_a_factor_of_very_many_values_is_no_list(page: AppTest, make: Callable[..., Path]) -> None:
    tensors = codes()
    tensors["factors"] = np.stack([tensors.pop("label"), np.zeros(COUNT, np.int32)], 1)
    folder = make(tensors=tensors)
    data = json.loads((folder / "card.json").read_text("utf-8"))["data"]
    factors = [{"name": "shape", "size": 2}, {"name": "turn", "size": LARGEST_FACTOR}]
    _card(folder, {"data": data | {"labels": None, "factors": factors}})
    page.run()
    assert not page.exception
    assert page.selectbox(key="directions.named.a").options == ["shape 0", "shape 1"]


@pytest.mark.parametrize("axes", ["UMAP", "PCA", "Two latents"])
def test_every_map_is_drawn(page: AppTest, make: Callable[..., Path], axes: str) -> None:
    make()
    page.run().get("button_group")[0].set_value([axes]).run()
    assert not page.exception
    assert len(page.get("plotly_chart")) == 1


def test_a_checkpoint_without_a_map_opens(page: AppTest, make: Callable[..., Path]) -> None:
    tensors = codes()
    del tensors["umap"], tensors["pca"]
    make(tensors=tensors, map=None)
    pick(page.run(), a="one", b="zero")
    assert "no map yet: run `python -m training embed" in words(page)
    assert "Coherence **1.00**" in words(page)


def test_codes_that_cannot_be_read_are_a_sentence(page: AppTest, make: Callable[..., Path]) -> None:
    make(tensors=codes(mean=np.zeros((5, 3), np.float32)))
    assert "does not hold 60 codes of 3 latents" in words(page.run())


def test_sheets_that_are_no_pictures_are_a_sentence(
    page: AppTest, make: Callable[..., Path]
) -> None:
    folder = make()
    (folder / THUMBNAILS).write_bytes(b"no picture")
    files = {name: to_json(file) for name, file in describe_files(folder, FILES).items()}
    _card(folder, {"files": files})
    assert "thumbnails.webp is not an image" in words(pick(page.run(), a="one"))


def test_without_checkpoints_the_page_says_what_to_do(page: AppTest) -> None:
    assert "python -m training train" in words(page.run())


def test_what_a_group_is_adds_up() -> None:
    naming = grouping.Naming("label", np.arange(20) % 6, tuple("abcdef"))
    members = np.flatnonzero(naming.values < 4)
    assert grouping.described(state.Group(members), [naming]) == (
        "**14** codes: a (4), b (4), c (3), d (3)"
    )
    assert grouping.described(state.Group(np.arange(20)), [naming]) == (
        "**20** codes: a (4), b (4), c (3), others (9)"
    )


def test_a_selection_names_codes_and_rings_are_none() -> None:
    traces = [np.array([0, 2, 4]), np.array([1, 3])]
    points = [
        {"curve_number": 1, "point_index": 1},
        {"curve_number": 0, "point_index": 2},
        {"curve_number": 0, "point_index": 2},
        {"curve_number": 2, "point_index": 0},
        {"curve_number": 1, "point_index": 9},
    ]
    assert grouping.marked(points, traces).tolist() == [3, 4]


def test_the_card_lists_how_faithful_the_map_is(make: Callable[..., Path]) -> None:
    make()
    card = AppTest.from_file(APP, default_timeout=60).run().switch_page("views/card.py").run()
    assert ("Trustworthiness", "0.97 of 1") in [
        (metric.label, metric.value) for metric in card.metric
    ]
    assert "over z₀, z₁. The two principal axes hold 90% and 5%" in words(card)
