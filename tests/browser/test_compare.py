"""Several models side by side, on one cursor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from . import checkpoints
from .checkpoints import codes, decode, weights
from .conftest import plain_server
from .instrument import Instrument

SHAPE = (1, 12, 8)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two of one space, one without an encoder, two without a prior, and a small one."""
    folder = tmp_path_factory.mktemp("compared")
    checkpoints.write(folder / "one", title="One")
    checkpoints.write(folder / "two", inactive=0, title="Two")
    checkpoints.write_generator(folder / "three", title="Three")
    checkpoints.write_points(folder / "four", title="Four")
    checkpoints.write_points(folder / "restorer", title="Restorer", denoises=True)
    checkpoints.write(folder / "five", latents=2, inactive=0, shape=(3, 9, 9), title="Five")
    with plain_server(folder, folder / "no results") as address:
        yield address


def column(page: Page, model: str) -> Locator:
    return page.locator(f".compared[data-model='{model}']")


def grey(z: NDArray[np.float32], inactive: int) -> NDArray[np.float32]:
    """The image that a model of four latents decodes, in grey levels."""
    images = decode(z[None], weights(4, SHAPE, inactive)) * 255
    return images.round().reshape(SHAPE[1:])


def test_a_slider_moves_every_model_whose_space_is_the_same(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("compare=one,two,three,five")
    column(page, "two").locator("[data-latent='3'] .range").fill("1.5")
    z = np.array([0, 0, 0, 1.5], np.float32)
    for model, inactive in (("one", 1), ("two", 0), ("three", 1)):
        instrument.wait_for_pixels(column(page, model).locator("canvas.picture"), grey(z, inactive))
    assert instrument.query()["z"] == "0,0,0,1.5"
    assert instrument.query()["4.z"] == "0,0"
    page.get_by_label("Same z in every model").uncheck()
    column(page, "one").locator("[data-latent='0'] .range").fill("1")
    page.wait_for_function("location.search.includes('2.z=0,0,0,1.5')")
    assert instrument.query()["z"] == "1,0,0,1.5"
    page.reload()
    page.wait_for_selector("[data-ready]")
    instrument.wait_for_pixels(column(page, "two").locator("canvas.picture"), grey(z, 0))
    expect(page.get_by_label("Same z in every model")).not_to_be_checked()
    instrument.open("compare=one,five")
    expect(page.get_by_label("Same z in every model")).to_be_disabled()
    expect(page.get_by_label("Same z in every model")).not_to_be_checked()
    expect(page.locator(".compare-tools")).to_contain_text("have different latent spaces")


def test_an_image_is_encoded_by_each(page: Page, instrument: Instrument) -> None:
    """`four` knows the same images; `five` knows larger ones, and says so."""
    instrument.open("compare=one,four,five")
    page.locator(".thumb").nth(4).click()
    mean = codes(12, 4)[4]
    page.wait_for_function(
        "location.search.includes('example=4') && document.querySelector('.trio')"
    )
    # Whoever drags sees the pictures: nothing comes between them and the sliders.
    parts = [column(page, "one").locator(part) for part in (".picture", ".sliders", ".trio")]
    tops = [box["y"] for part in parts if (box := part.first.bounding_box())]
    assert len(tops) == 3
    assert tops == sorted(tops)
    for model in ("one", "four"):
        expect(column(page, model).locator(".source-label")).to_contain_text("4")
        instrument.wait_for_pixels(column(page, model).locator("canvas.picture"), grey(mean, 1))
    for key in ("z", "2.z"):
        shown = [float(value) for value in instrument.query()[key].split(",")]
        assert shown == pytest.approx(mean.tolist(), abs=6e-4)
    assert instrument.query()["3.z"] == "0,0"
    expect(column(page, "five").locator(".compared-note")).to_contain_text("9 × 9")
    expect(column(page, "four").locator(".compared-note")).to_have_count(0)


def test_a_drawing_is_encoded_by_each(page: Page, instrument: Instrument) -> None:
    instrument.open("compare=one,four,three")
    instrument.start_from("Draw")
    pad = page.locator(".pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 20, steps=4)
    page.mouse.up()
    for model in ("one", "four"):
        expect(column(page, model).locator(".source-label")).to_contain_text("Your drawing")
    page.wait_for_function("!location.search.includes('&z=0,0,0,0')")
    page.wait_for_function(
        """() => {
          const query = new URLSearchParams(location.search);
          return query.get('z') === query.get('2.z');
        }"""
    )
    expect(column(page, "three").locator(".compared-note")).to_contain_text("no encoder")


def test_figures_stand_below_the_models_and_say_why_there_are_none(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("compare=one,three")
    figures = page.get_by_role("region", name="Figures")
    bound = figures.get_by_role("row", name="Bound on")
    expect(bound.get_by_role("button")).to_have_text(["Bound on −ln p(x)", "12.3", "none"])
    bound.get_by_role("button", name="none").click()
    expect(bound.locator(".bubble").last).to_contain_text("not a probability of images")
    expect(figures.get_by_role("row", name="Size")).to_contain_text("MB")


def test_a_fifth_model_is_refused(page: Page, instrument: Instrument) -> None:
    instrument.open("compare=one,two,three,four,five")
    expect(page.locator(".note")).to_contain_text("5 models, but only 4 fit side by side")
    expect(page.locator(".compared")).to_have_count(4)
    page.locator(".picker").click()
    page.get_by_role("button", name="Compare with Five").click()
    expect(page.locator(".note")).to_contain_text("remove one before you add another")
    expect(page.locator(".compared")).to_have_count(4)


def test_a_model_is_put_beside_the_open_one_and_taken_out_again(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("model=one&z=1,0,-1,0")
    page.locator(".picker").click()
    page.get_by_role("button", name="Compare with Two").click()
    z = np.array([1, 0, -1, 0], np.float32)
    for model, inactive in (("one", 1), ("two", 0)):
        instrument.wait_for_pixels(column(page, model).locator("canvas.picture"), grey(z, inactive))
    assert instrument.query()["compare"] == "one,two"
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("group", name="Two: Image").get_by_role("menuitem").click()
    assert saved.value.suggested_filename == "two.png"
    page.get_by_role("button", name="Remove").first.click()
    page.wait_for_function("!location.search.includes('compare')")
    page.wait_for_selector("[data-ready]")
    assert instrument.query()["model"] == "two"
    assert instrument.z() == [1, 0, -1, 0]
    expect(page.locator(".map")).to_be_visible()


def test_one_noise_lies_on_the_image_of_all(page: Page, instrument: Instrument) -> None:
    """With every pixel masked, each decodes what it makes of black; without noise, the image."""
    instrument.open("compare=restorer,four&example=3&noise=masking,1")
    pixels = weights(4, SHAPE, 1)
    clean = (decode(codes(12, 4), pixels)[3] * 255).round() / 255
    black = decode(checkpoints.encode(np.zeros((1, clean.size), np.float32), pixels), pixels)
    for model in ("restorer", "four"):
        picture = column(page, model).locator("canvas.picture")
        instrument.wait_for_pixels(picture, (black * 255).round())
    instrument.wait_for_pixels(page.locator("canvas.noisy"), np.zeros(clean.shape))
    said = column(page, "restorer").locator(".denoised")
    noisy, decoded = (-10 * np.log10(np.square(x - clean).mean()) for x in (0, black))
    expect(said).to_contain_text(f"noisy {noisy:.1f} dB")
    expect(said).to_contain_text(f"decoded {decoded:.1f} dB")
    page.get_by_label("Level of the noise").fill("0")
    for model in ("restorer", "four"):
        picture = column(page, model).locator("canvas.picture")
        instrument.wait_for_pixels(picture, (clean * 255).round())
    page.wait_for_function("!location.search.includes('noise')")
    page.get_by_role("button", name="Undo").click()
    instrument.wait_for_pixels(page.locator("canvas.noisy"), np.zeros(clean.shape))
    assert instrument.query()["noise"] == "masking,1"
