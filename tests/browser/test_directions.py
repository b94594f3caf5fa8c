"""From a lasso on the map to a slider: directions, and what is measured of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page, expect

from training.contract.card import CODES

from . import checkpoints
from .conftest import plain_server
from .instrument import Instrument, frames

COUNT = 300

# The slider of the first direction; the sliders of the latents are another section.
SLIDER = ".direction .range"


def codes(folder: Path) -> NDArray[np.float32]:
    mean = safetensors.numpy.load((folder / CODES).read_bytes())["mean"]
    return np.asarray(mean, np.float32)


def lasso(page: Page, left: float, right: float) -> None:
    """Draw around a band of the map, given in parts of its width."""
    box = page.locator(".map-stage").bounding_box()
    assert box is not None
    start, end = box["x"] + box["width"] * left, box["x"] + box["width"] * right
    top, bottom = box["y"] + 2, box["y"] + box["height"] - 3
    page.mouse.move(start, top)
    page.mouse.down()
    for x, y in ((end, top), (end, bottom), (start, bottom)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def band(z: NDArray[np.float32], left: float, right: float, page: Page) -> NDArray[np.intp]:
    """Which codes lie in that part of the map of z₁ × z₀: all of it fits, with a margin of 6 %."""
    box = page.locator(".map-stage").bounding_box()
    assert box is not None
    low, size = z[:, :2].min(0), np.ptp(z[:, :2], axis=0)  # of z₀ and z₁
    scale = 0.88 * min(box["width"] / size[1], box["height"] / size[0])
    middle = low[1] + size[1] / 2
    ends = [middle + (part - 0.5) * box["width"] / scale for part in (left, right)]
    return np.flatnonzero((z[:, 1] > ends[0]) & (z[:, 1] < ends[1]))


def pin(page: Page, side: str) -> int:
    """Make what was drawn around a group; how many images that are."""
    button = page.locator(".pin-group", has_text=f" as {side}")
    count = int((button.text_content() or "").split()[1].replace(",", ""))
    button.click()
    expect(button).to_be_disabled()
    return count


def test_a_lasso_becomes_a_slider(context: BrowserContext, tmp_path: Path) -> None:
    page = context.new_page()
    folder = tmp_path / "models" / "crowd"
    checkpoints.write(folder, title="Crowd", examples=COUNT)
    z = codes(folder)
    with plain_server(tmp_path / "models", tmp_path / "none") as address:
        instrument = Instrument(page, address).open(
            "model=crowd&z=0,0,0,0&axes=z1,z0&view=directions"
        )
        expect(page.get_by_role("tab", name="Directions")).to_have_attribute(
            "aria-selected", "true"
        )
        page.locator(".map-lasso:not([inert] *)").wait_for()
        expect(page.locator(".pin-group").first).to_be_disabled()
        page.locator(".map-lasso").click()

        # Right of the middle against left of it.
        lasso(page, 0.6, 0.97)
        a, b = band(z, 0.6, 0.97, page), band(z, 0.03, 0.4, page)
        assert len(a) > 50
        assert len(b) > 50
        # But for those on the very line.
        assert abs(pin(page, "A") - len(a)) <= 4
        lasso(page, 0.03, 0.4)
        assert abs(pin(page, "B") - len(b)) <= 4
        assert instrument.z() == [0, 0, 0, 0], "what is drawn around is not gone to"

        words = page.locator(".coherence")
        expect(words).to_contain_text("more than all 200 pairs of random groups")
        page.get_by_role("button", name="coherence 0.").click()
        expect(words.locator(".bubble")).to_contain_text("images drawn from all 300. Seed 0.")
        page.get_by_label("Name of the direction").fill("z₁ up; 100 %")
        page.get_by_role("button", name="Add as slider").click()

        # It is there at once, and has the focus.
        expect(page.locator(SLIDER)).to_be_focused()
        expect(page.locator(".map-lasso")).to_have_attribute("aria-pressed", "false")
        spelled, vector = instrument.query()["directions"].split(":")
        direction = np.array(vector.split(","), float)
        mean = z[a].mean(0) - z[b].mean(0)
        assert spelled == "z₁ up%3B 100 %25"
        assert direction @ mean / np.linalg.norm(mean) > 0.99
        expect(page.locator(".direction-name")).to_have_text("\u2068z₁ up; 100 %\u2069")
        expect(page.locator(".direction .measured")).to_contain_text("coherence 0.")

        # A drag moves z along the direction and nowhere else.
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
        frames(page)
        moved = np.array(instrument.z())
        shown = float(slider.input_value())
        assert shown == pytest.approx(moved @ direction, abs=0.011)
        assert 1 < shown < 2.5
        assert moved == pytest.approx((moved @ direction) * direction, abs=0.006)

        # It moves whenever z moves.
        page.keyboard.press("r")
        expect(slider).to_have_value("0")
        page.get_by_role("button", name="Remove z₁ up; 100 %").click()
        expect(page.locator(SLIDER)).to_have_count(0)
        assert "directions" not in instrument.query()


def test_whole_classes_become_a_direction_that_is_called_after_them(
    instrument: Instrument,
) -> None:
    page = instrument.open("model=blots&view=directions").page
    for side, label in (("A", "1"), ("B", "0")):
        page.get_by_label(f"Whole class for group {side}").select_option(label=label)
    expect(page.locator(".group-card .hint").first).to_contain_text("all of class 1")
    counts = [int(text) for text in page.locator(".class .count").all_text_contents()]
    expect(page.locator(".group-images .thumb")).to_have_count(counts[0] + counts[1])
    name = page.get_by_label("Name of the direction")
    expect(name).to_have_value("0 → 1")
    name.fill("my own")
    for side, label in (("A", "0"), ("B", "1")):
        page.get_by_label(f"Whole class for group {side}").select_option(label=label)
    expect(name).to_be_visible()
    expect(name).to_have_value("my own")
    name.fill("  ")
    expect(page.get_by_role("button", name="Add as slider")).to_be_disabled()
    page.get_by_label("Whole class for group B").select_option(label="0")
    expect(page.locator(".coherence")).to_contain_text("Both groups have the same mean code")
    expect(name).to_be_hidden()
    page.get_by_label("Whole class for group B").select_option("")
    expect(page.locator(".group-card .hint").last).to_have_text("No images yet.")


def test_the_lasso_opens_its_tab_and_takes_no_hidden_class(instrument: Instrument) -> None:
    page = instrument.open("model=blots&axes=z0,z1").page
    page.locator(".map-lasso:not([inert] *)").click()
    lasso(page, 0.01, 0.99)
    expect(page.get_by_role("tab", name="Directions")).to_have_attribute("aria-selected", "true")
    text = page.locator(".pin-group").first.text_content() or ""
    everything = int(text.split()[1])
    counts = [int(text) for text in page.locator(".class .count").all_text_contents()]
    assert everything == sum(counts)
    page.locator(".class").first.click()
    lasso(page, 0.01, 0.99)
    expect(page.locator(".pin-group").first).to_have_text(f"Pin {everything - counts[0]} as A")
    # Nothing is within a line at the edge.
    lasso(page, 0.001, 0.004)
    frames(page)
    expect(page.locator(".pin-group").first).to_be_disabled()


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
    assert instrument.query()["directions"] == "half half:0.6,0.8,0,0;last:0,0,0,1"


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
