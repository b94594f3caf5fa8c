"""From a lasso on the Directions page to a slider in the rack, in the whole app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page, expect

from explorer.state import with_direction
from training.contract.card import CODES

from . import checkpoints
from .app import PATIENCE_S, serve
from .instrument import Instrument

COUNT = 300
# The slider of the first direction; the sliders of the rack are another section.
SLIDER = ".direction .range"

READ_AXES = """
(plot) => {
  const { xaxis, yaxis } = plot._fullLayout;
  const { left, top } = plot.getBoundingClientRect();
  return [xaxis, yaxis].map((axis, at) => {
    const from = (at ? top : left) + axis._offset;
    return [axis.p2d(0), axis.p2d(100), from];
  });
}
"""


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crowd") / "crowd"
    checkpoints.write(folder, title="Crowd", examples=COUNT)
    return folder


@pytest.fixture(scope="module")
def app(crowd: Path) -> Iterator[str]:
    with serve([crowd]) as address:
        yield address


@pytest.fixture
def visit(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    assert failures == []


def settle(page: Page) -> None:
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
    )


def codes(folder: Path) -> NDArray[np.float32]:
    mean = safetensors.numpy.load((folder / CODES).read_bytes())["mean"]
    return np.asarray(mean, np.float32)


def lasso(page: Page, left: float, right: float) -> tuple[float, float]:
    """Draw around a band of the map, given in parts of its width; where it lies along x."""
    plot = page.locator(".js-plotly-plot").first
    plot.scroll_into_view_if_needed()
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    start, end = box["x"] + box["width"] * left, box["x"] + box["width"] * right
    top, bottom = box["y"] + 4, box["y"] + box["height"] - 4
    page.mouse.move(start, top)
    page.mouse.down()
    for x, y in ((end, top), (end, bottom), (start, bottom), (start, top + 6)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    (at_0, at_100, origin), _ = plot.evaluate(READ_AXES)
    low, high = (at_0 + (x - origin) * (at_100 - at_0) / 100 for x in (start, end))
    return low, high


def take(page: Page, side: str) -> int:
    """Make what is marked a group; how many codes that are."""
    button = page.get_by_role("button", name=f"Pin as {side} (")
    text = button.text_content() or ""
    button.click()
    # With its rings the map is drawn anew, and nothing is marked on it.
    expect(page.get_by_role("button", name="Pin as A", exact=True)).to_be_disabled()
    settle(page)
    return int(text.split("(")[1].rstrip(")").replace(",", ""))


def test_a_lasso_becomes_a_slider(visit: Page, app: str, crowd: Path) -> None:
    page, z = visit, codes(crowd)
    page.goto(f"{app}/directions?model=crowd")
    page.get_by_text("Two latents", exact=True).click()
    expect(page.locator(".js-plotly-plot .xtitle").first).to_have_text(
        "z₁"
    )  # not the map before it
    settle(page)

    # Across is z₁, which has the most KL: right of the middle against left of it.
    low, high = lasso(page, 0.6, 0.95)
    a = np.flatnonzero((z[:, 1] > low) & (z[:, 1] < high))
    assert abs(take(page, "A") - len(a)) <= 2, "but for those on the very line"
    low, high = lasso(page, 0.05, 0.4)
    b = np.flatnonzero((z[:, 1] > low) & (z[:, 1] < high))
    assert abs(take(page, "B") - len(b)) <= 2
    assert len(a) > 50
    assert len(b) > 50

    expect(page.get_by_text("More coherent than all 200 random pairs")).to_be_visible()
    name = page.get_by_label("Name", exact=True)
    name.fill("z₁ up; 100 %")
    name.press("Enter")
    settle(page)
    page.get_by_role("button", name="Add as slider").click()
    page.wait_for_selector("[data-ready]")

    instrument = Instrument(page, app)
    spelled, vector = instrument.query()["directions"].split(":")
    direction = np.array(vector.split(","), float)
    mean = z[a].mean(0) - z[b].mean(0)
    assert spelled == "z₁ up%3B 100 %25"
    assert direction @ mean / np.linalg.norm(mean) > 0.999
    expect(page.locator(".direction-name")).to_have_text("\u2068z₁ up; 100 %\u2069")
    expect(page.locator(".direction .measured")).to_contain_text("coherence 0.")
    page.locator(".direction .term").click()
    expect(page.locator(".direction .bubble")).to_contain_text("drawn from all 300. Seed 0.")

    # A drag moves z along the direction and nowhere else.
    before = np.array(instrument.z())
    slider = page.locator(SLIDER)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, middle, steps=10)
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=10)
    page.mouse.up()
    settle(page)
    moved = np.array(instrument.z()) - before
    shown = float(slider.input_value())
    assert shown == pytest.approx(np.array(instrument.z()) @ direction, abs=0.011)
    assert 1 < shown < 2.5
    assert moved == pytest.approx((moved @ direction) * direction, abs=0.006)

    # It moves whenever z moves.
    page.keyboard.press("r")
    expect(slider).to_have_value("0")

    page.get_by_role("button", name="Remove z₁ up; 100 %").click()
    expect(page.locator(SLIDER)).to_have_count(0)
    settle(page)
    assert "directions" not in instrument.query()
    page.get_by_role("button", name="Make one").click()
    page.get_by_role("heading", name="Group A").wait_for()
    expect(page.get_by_text("More coherent than all")).to_be_visible()


@pytest.fixture
def instrument(page: Page, address: str) -> Instrument:
    """On the plain page, without Streamlit."""
    return Instrument(page, address)


TWO = "directions=half%2520half:0.6,0.8,0,0;last:0,0,0,1"


def test_directions_of_a_link_say_that_they_were_not_measured(instrument: Instrument) -> None:
    page = instrument.open(f"model=blots&z=0,0,0,0&{TWO}").page
    expect(page.locator(".direction-name")).to_have_text(
        ["\u2068half half\u2069", "\u2068last\u2069"]
    )
    expect(page.locator(".direction .measured").first).to_contain_text("not measured here")
    expect(page.get_by_role("button", name="Make one")).to_have_count(0)
    assert instrument.query()["directions"] == "half half:0.6,0.8,0,0;last:0,0,0,1"


@pytest.mark.parametrize("name", ["100 %; a:b, c & d = 1 → 7?", "%3B%253A", "a+b#é~*"])
def test_python_and_the_instrument_spell_a_name_alike(instrument: Instrument, name: str) -> None:
    query = with_direction("model=blots&z=0,0,0,0", name, (0.6, 0.8, 0, 0))
    page = instrument.open(query).page
    expect(page.locator(".direction-name")).to_have_text([f"\u2068{name}\u2069"])
    assert instrument.query()["directions"] == parse_qs(query)["directions"][0]


def test_without_any_direction_there_is_no_section(instrument: Instrument) -> None:
    page = instrument.open().page
    expect(page.locator(".directions")).to_be_hidden()


def test_a_value_is_typed_and_the_arrows_move_along(instrument: Instrument) -> None:
    page = instrument.open(f"model=blots&z=0,0,1,0&{TWO}").page
    field = page.get_by_label("How far along half half")
    field.fill("−1,5")
    field.press("Enter")
    instrument.wait_for_z(-0.9, -1.2, 1, 0)
    field.fill("far")
    field.press("Enter")
    expect(field).to_have_value("−1.50")
    page.locator(SLIDER).first.focus()
    page.keyboard.press("ArrowRight")
    instrument.wait_for_z(-0.87, -1.16, 1, 0)
    page.keyboard.press("Shift+ArrowRight")
    instrument.wait_for_z(-0.57, -0.76, 1, 0)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    instrument.wait_for_z(-0.9, -1.2, 1, 0)
    page.locator(".direction .strip").first.dblclick()
    instrument.wait_for_z(0, 0, 1, 0)


def test_a_locked_latent_stays_where_it_is(instrument: Instrument) -> None:
    page = instrument.open(f"model=blots&z=0,0,0,0&locked=1&{TWO}").page
    field = page.get_by_label("How far along half half")
    field.fill("1")
    field.press("Enter")
    instrument.wait_for_z(0.6, 0, 0, 0)
    expect(field).to_have_value("0.36")


def test_the_filmstrip_shows_what_lies_along(instrument: Instrument) -> None:
    page = instrument.open(f"model=blots&z=0,0,1,0&{TWO}").page
    steps = np.arange(-4, 5)[:, None]
    z = np.array([0, 0, 1, 0]) + steps * np.array([0.6, 0.8, 0, 0])
    pixels = checkpoints.weights(4, (1, 12, 8), 1)
    images = checkpoints.decode(z.astype(np.float32), pixels).reshape(9, 12, 8)
    expected: Any = (images * 255).round().transpose(1, 0, 2).reshape(12, 72)
    film = page.locator(".direction .film").first
    instrument.wait_for_pixels(film, expected)
