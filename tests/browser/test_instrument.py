"""The instrument in a real browser: what a person does, and what the pixels then are."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from safetensors.numpy import load_file

from . import checkpoints
from .instrument import STEPS, Instrument, close, decoded, frames


@pytest.mark.parametrize(
    ("model", "z"),
    [("blots", [1.5, -2.25, 0.125, 3.0]), ("single", [1.75])],
    ids=["grey", "colour"],
)
def test_the_image_is_what_the_decoder_says(
    instrument: Instrument, models: Path, model: str, z: list[float]
) -> None:
    instrument.open(f"model={model}&z={','.join(map(str, z))}")

    assert close(instrument.image(), decoded(models, z, model))


def test_dragging_moves_the_image_and_tells_python_at_the_end(
    instrument: Instrument, models: Path, page: Page
) -> None:
    instrument.open()
    page.evaluate(
        """() => { window.released = [];
        document.querySelector("#instrument").addEventListener("release", ({ detail }) =>
          released.push(detail)); }"""
    )
    before = instrument.image()
    box = instrument.slider(1).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=5)
    expect(instrument.value(1)).not_to_have_value("0.00")
    frames(page)
    during = instrument.image()
    assert page.evaluate("released") == []
    page.mouse.up()
    page.wait_for_function("released.length")

    z = instrument.z()
    assert z[1] > 0
    assert not close(before, during)
    assert close(during, decoded(models, z))
    released = page.evaluate("released")
    assert [state["z"] for state in released] == [z]
    assert released[0]["model"] == "blots"
    assert page.evaluate("performance.getEntriesByName('instrument:paint').length") >= 3


def test_filmstrips_and_grid_show_what_each_latent_would_do(
    instrument: Instrument, models: Path
) -> None:
    z = [1.5, -2.0, 0.5, 0.0]
    instrument.open("z=1.5,-2,0.5,0&model=blots")
    instrument.wait_for_grid(z)

    for latent in (0, 1, 2):
        row = []
        for step in STEPS:
            moved = list(z)
            moved[latent] = float(step)
            row.append(decoded(models, moved))
        expected = np.concatenate(row, axis=1)
        assert close(instrument.film(latent), expected)
        assert close(instrument.row(latent), expected)


def test_latents_are_sorted_by_kl_and_inactive_ones_folded(
    instrument: Instrument, page: Page
) -> None:
    instrument.open()
    shown = page.locator(".sliders > [data-latent]")
    order = [shown.nth(at).get_attribute("data-latent") for at in range(shown.count())]
    assert order == ["1", "0", "2"]
    expect(page.locator(".fold-line")).to_contain_text(
        "posterior mean hardly varies (variance up to 0.001, KL up to 0.001 nats)"
    )
    expect(instrument.slider(3)).to_be_hidden()

    page.get_by_role("button", name="Show 1 unused latent").click()
    expect(instrument.slider(3)).to_be_visible()
    assert instrument.query()["inactive"] == "shown"
    expect(page.locator(".grid-row")).to_have_count(4)


def test_clicking_a_cell_goes_there(instrument: Instrument, models: Path) -> None:
    instrument.open()
    instrument.cell(0, 8).click()

    instrument.wait_for_z(1.8, 0, 0, 0)
    assert close(instrument.image(), decoded(models, [1.8, 0, 0, 0]))


def test_arrow_keys_walk_the_grid(instrument: Instrument, page: Page) -> None:
    instrument.open()
    instrument.cell(1, 0).focus()
    for key in ("ArrowRight", "ArrowDown", "End", "ArrowLeft"):
        page.keyboard.press(key)
    expect(instrument.cell(0, 9)).to_be_focused()
    page.keyboard.press("Enter")

    instrument.wait_for_z(2.4, 0, 0, 0)


def test_a_link_holds_everything_and_opens_to_it(
    instrument: Instrument, context: BrowserContext, address: str, page: Page
) -> None:
    instrument.open(
        "model=blots&z=0.5,-1.234,2,0&locked=1&temperature=0.7&inactive=shown&example=3"
    )
    instrument.cell(0, 2).click()
    instrument.wait_for_z(-1.8, -1.234, 2, 0)

    other = context.new_page()
    twin = Instrument(other, address)
    other.goto(page.url)
    other.wait_for_selector("[data-ready]")
    assert twin.query() == instrument.query()
    assert np.array_equal(twin.image(), instrument.image())
    expect(twin.slider(1)).to_be_disabled()
    expect(twin.slider(3)).to_be_visible()
    expect(other.locator(".source-label")).to_have_text("Test image #3 (a 3)")
    expect(other.get_by_label("Temperature of sampling")).to_have_value("0.7")


def test_starting_from_a_test_image_draws_its_posterior(
    instrument: Instrument, models: Path, page: Page
) -> None:
    codes = load_file(models / "blots" / "codes.safetensors")
    instrument.open()
    page.get_by_role("button", name="Image 4, 4").click()
    mean = [round(float(value), 3) for value in codes["mean"][4]]
    instrument.wait_for_z(*mean)
    assert close(instrument.image(), decoded(models, mean))
    curves = page.locator(".sliders [data-latent='1'] .curves")
    drawn = curves.locator(".posterior-mean").get_attribute("d") or ""
    assert float(drawn.removeprefix("M").split()[0]) == pytest.approx(codes["mean"][4, 1])
    beside = page.locator(".sliders [data-latent='1'] .posterior-text")
    expect(beside).to_have_text(f"{codes['mean'][4, 1]:.2f} ± 0.25".replace("-", "−"))

    variance = math.exp(2 * math.log(0.25))
    kl = 0.5 * sum(float(m) ** 2 + variance - 1 - math.log(variance) for m in codes["mean"][4])
    expect(page.locator(".elbo-row[data-row='kl'] .number")).to_have_text(f"{kl:.1f}")
    assert instrument.query()["example"] == "4"

    page.keyboard.press("e")
    page.wait_for_function("(old) => !location.href.includes(old)", arg=f"z={mean[0]:g},")
    away = np.abs(np.array(instrument.z()) - mean)
    assert 0 < away.max() < 6 * 0.25


def test_a_link_to_a_test_image_alone_opens_at_its_posterior_mean(
    instrument: Instrument, models: Path
) -> None:
    mean = load_file(models / "blots" / "codes.safetensors")["mean"][2]
    instrument.open("model=blots&example=2")
    instrument.wait_for_z(*(round(float(value), 3) for value in mean))


def test_another_model_is_a_choice_away_and_a_broken_one_says_why(
    instrument: Instrument, page: Page
) -> None:
    instrument.open()
    page.locator(".picker").click()
    menu = page.get_by_role("dialog", name="Models")
    expect(menu.locator("[data-model='broken']")).to_contain_text("broken/decoder.onnx has 9 bytes")
    menu.locator("[data-model='single']").click()
    page.wait_for_selector("[data-ready]")

    instrument.wait_for_z(0)
    assert instrument.query()["model"] == "single"
    expect(page.locator(".picker")).to_have_text("Single")
    expect(page.locator(".facts")).to_contain_text("−ELBO 12.3 nats")


def test_the_link_is_copied_or_shown(instrument: Instrument, page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    instrument.open()
    page.get_by_role("button", name="Share").click()

    field = page.get_by_label("Link to this view")
    expect(field).to_be_focused()
    expect(field).to_have_value(page.url)


def test_the_image_can_be_taken_away(instrument: Instrument, models: Path, page: Page) -> None:
    instrument.open("model=blots&z=1,1,1,0")
    with page.expect_download() as download:
        instrument.export("Save the image as PNG")
    assert download.value.suggested_filename == "blots.png"
    picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes())).convert("RGB")

    # 12 pixels high, enlarged by the whole number that reaches 512.
    assert picture.size == (8 * 43, 12 * 43)
    assert close(np.asarray(picture)[21::43, 21::43], decoded(models, [1, 1, 1, 0]))


def test_the_grid_can_be_taken_away(instrument: Instrument, page: Page) -> None:
    instrument.open()
    instrument.wait_for_grid([0, 0, 0, 0])
    with page.expect_download() as download:
        instrument.export("Save the traversals as PNG")
    assert download.value.suggested_filename == "blots-traversals.png"
    picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert picture.width > 11 * 80


def test_the_grid_of_a_playing_latent_says_where_it_was_decoded(
    instrument: Instrument, page: Page
) -> None:
    instrument.open()
    page.get_by_role("button", name="Play z₀ from end to end").click()
    page.wait_for_function(
        "Math.abs(document.querySelector('[data-latent=\"0\"] .range').value) > 0.3"
    )
    with page.expect_download():
        instrument.export("Save the traversals as PNG")
    decoded_at = page.evaluate("performance.getEntriesByName('instrument:grid').at(-1).detail.z")

    assert decoded_at == instrument.z()
    expect(page.get_by_role("button", name="Play z₀ from end to end")).to_be_visible()


def test_hundreds_of_rows_are_decoded_some_at_a_time(
    instrument: Instrument, models: Path, page: Page
) -> None:
    z = [1.0] + [0.0] * 39
    instrument.open(f"model=many&inactive=shown&z={','.join(map(str, z))}")
    instrument.wait_for_grid(z)
    expect(page.locator(".grid-row")).to_have_count(40)
    for latent in (0, 7, 19, 39):
        moved = [list(z) for _ in STEPS]
        for code, step in zip(moved, STEPS, strict=True):
            code[latent] = float(step)
        expected = np.concatenate([decoded(models, code, "many") for code in moved], axis=1)
        assert close(instrument.row(latent), expected)


def test_it_goes_on_without_a_network(
    instrument: Instrument, context: BrowserContext, models: Path, page: Page
) -> None:
    instrument.open()
    instrument.wait_for_grid([0, 0, 0, 0])
    expect(page.locator(".thumb")).to_have_count(checkpoints.EXAMPLES)
    context.set_offline(True)
    instrument.cell(0, 0).click()
    instrument.wait_for_z(-3, 0, 0, 0)
    instrument.wait_for_grid([-3, 0, 0, 0])

    assert close(instrument.image(), decoded(models, [-3, 0, 0, 0]))


def test_it_can_be_taken_down_and_put_up_again(instrument: Instrument, page: Page) -> None:
    instrument.open()
    left = page.evaluate(
        """async () => {
          const { mount } = await import("/instrument/instrument.js");
          const root = document.createElement("div");
          const entry = { id: "single", url: "/checkpoints/single/", title: "Single" };
          const assets = new URL("/instrument/", location).href;
          const written = [];
          const link = { read: () => "", write: (query) => written.push(query) };
          const onRelease = ({ query }) => written.push(query);
          const { destroy } = mount(root, { catalogue: [entry], assets, link, onRelease });
          document.body.append(root);
          while (!root.dataset.ready) await new Promise(requestAnimationFrame);
          root.querySelector(".latent .play").click();
          const moved = () => Number(root.querySelector(".range").value) > 0.1;
          while (!moved()) await new Promise(requestAnimationFrame);
          written.length = 0;
          destroy();
          return [root.childElementCount, written];
        }"""
    )
    assert left == [0, []]
