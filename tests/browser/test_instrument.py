"""The instrument in a real browser: what a person does, and what the pixels then are."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from safetensors.numpy import load_file

from . import checkpoints
from .instrument import Instrument, frames, steps_of

SHAPE = (1, 12, 8)
STEPS = np.linspace(-3, 3, 11)


@pytest.fixture
def instrument(page: Page, address: str) -> Instrument:
    return Instrument(page, address)


def decoded(models: Path, z: list[float], model: str = "blots") -> NDArray[np.int64]:
    """What onnxruntime's Python makes of z, as (H, W, 3) bytes."""
    session = onnxruntime.InferenceSession(models / model / "decoder.onnx")
    mean = session.run(["mean"], {"z": np.array([z], np.float32)})[0][0]
    picture = (np.broadcast_to(mean, (3, *mean.shape[1:])) * 255).round().transpose(1, 2, 0)
    return picture.astype(np.int64)


def close(a: NDArray[np.generic], b: NDArray[np.generic]) -> bool:
    return bool(np.abs(a.astype(int) - b.astype(int)).max() <= 2)


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


def test_a_session_by_keyboard_alone(instrument: Instrument, page: Page) -> None:
    instrument.open()
    page.keyboard.press("ArrowDown")
    expect(instrument.slider(1)).to_be_focused()
    page.keyboard.press("ArrowRight")
    instrument.wait_for_z(0, 0.05, 0, 0)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    instrument.wait_for_z(-0.5, 0.05, 0, 0)
    page.keyboard.press("0")
    instrument.wait_for_z(0, 0.05, 0, 0)
    page.keyboard.press("Control+z")
    instrument.wait_for_z(-0.5, 0.05, 0, 0)
    page.keyboard.press("Control+Shift+Z")
    instrument.wait_for_z(0, 0.05, 0, 0)
    page.keyboard.press("l")
    expect(instrument.slider(0)).to_be_disabled()
    expect(page.get_by_role("button", name="Unlock z₀")).to_be_focused()
    page.keyboard.press("l")
    expect(instrument.slider(0)).to_be_enabled()
    page.keyboard.press("r")
    instrument.wait_for_z(0, 0, 0, 0)
    page.keyboard.press("?")
    help_of_keys = page.get_by_role("dialog", name="Keyboard")
    expect(help_of_keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_of_keys).to_be_hidden()
    page.keyboard.press("m")
    expect(page.get_by_role("dialog", name="Models")).to_be_visible()


def test_the_temperature_keeps_its_own_arrow_keys(instrument: Instrument, page: Page) -> None:
    instrument.open()
    page.get_by_label("Temperature of sampling").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.search.includes('temperature=1.1')")

    assert instrument.z() == [0, 0, 0, 0]


def test_the_keys_do_not_pull_a_far_value_back_onto_the_track(
    instrument: Instrument, page: Page
) -> None:
    instrument.open("model=blots&z=4.5,0,0,0")
    instrument.slider(0).focus()
    page.keyboard.press("ArrowRight")
    expect(instrument.value(0)).to_have_value("4.50")
    page.keyboard.press("ArrowLeft")
    instrument.wait_for_z(4.45, 0, 0, 0)


def test_letters_typed_into_a_field_are_no_commands(instrument: Instrument, page: Page) -> None:
    instrument.open()
    instrument.value(1).click()
    page.keyboard.type("s")
    page.keyboard.press("Enter")

    expect(page.locator(".note")).to_contain_text("“s” is not a number")
    expect(instrument.value(1)).to_have_value("0.00")
    assert instrument.z() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("typed", "reached"), [("1.25", 1.25), ("-0,4", -0.4), ("−2", -2), ("77", 5), (".5", 0.5)]
)
def test_a_value_can_be_typed(instrument: Instrument, typed: str, reached: float) -> None:
    instrument.open()
    instrument.value(1).fill(typed)
    instrument.value(1).press("Enter")

    instrument.wait_for_z(0, reached, 0, 0)


def test_a_third_decimal_can_be_typed(instrument: Instrument) -> None:
    instrument.open("model=blots&z=0,1.23,0,0")
    instrument.value(1).fill("1.234")
    instrument.value(1).press("Enter")
    instrument.wait_for_z(0, 1.234, 0, 0)
    instrument.value(1).fill("1.23")
    instrument.value(1).press("Enter")
    instrument.value(0).fill("1")
    instrument.value(0).press("Enter")

    # What was shown all along is no new value.
    instrument.wait_for_z(1, 1.234, 0, 0)


def test_undo_and_redo_walk_one_move_at_a_time(instrument: Instrument, page: Page) -> None:
    instrument.open()
    instrument.cell(0, 10).click()
    instrument.cell(1, 0).click()
    instrument.wait_for_z(3, -3, 0, 0)
    undo, redo = page.locator(".undo"), page.locator(".redo")
    undo.click()
    instrument.wait_for_z(3, 0, 0, 0)
    undo.click()
    instrument.wait_for_z(0, 0, 0, 0)
    expect(undo).to_have_attribute("aria-disabled", "true")
    redo.click()
    redo.click()
    instrument.wait_for_z(3, -3, 0, 0)
    expect(redo).to_have_attribute("aria-disabled", "true")


def test_what_is_locked_stays(instrument: Instrument, page: Page) -> None:
    instrument.open("model=blots&z=0,1.5,0,0")
    page.get_by_role("button", name="Lock z₁: nothing moves it").click()
    page.get_by_role("button", name="Sample from the prior").click()
    page.wait_for_function("!location.search.includes('z=0,1.5')")
    assert instrument.z()[1] == 1.5
    assert instrument.z()[0] != 0
    page.get_by_role("button", name="Reset z to the origin (R)").click()
    instrument.wait_for_z(0, 1.5, 0, 0)
    instrument.cell(1, 0).click()
    expect(page.locator(".note")).to_contain_text("z₁ is locked")
    assert instrument.z() == [0, 1.5, 0, 0]


def test_undo_opens_a_lock_before_it_moves_what_was_locked(
    instrument: Instrument, page: Page
) -> None:
    instrument.open()
    instrument.cell(0, 10).click()
    page.get_by_role("button", name="Lock z₀: nothing moves it").click()
    expect(instrument.slider(0)).to_be_disabled()
    page.keyboard.press("Control+z")
    expect(instrument.slider(0)).to_be_enabled()
    assert instrument.z() == [3, 0, 0, 0]
    page.keyboard.press("Control+z")
    instrument.wait_for_z(0, 0, 0, 0)


def test_temperature_scales_the_samples(instrument: Instrument, page: Page) -> None:
    instrument.open("model=many&temperature=0.1")
    page.get_by_role("button", name="Sample from the prior").click()
    page.wait_for_function("!location.search.includes('z=0,0,0,0,0,0')")

    # 40 draws at temperature 0.1: their root mean square is 0.1, and beyond 0.2 never in practice.
    assert 0.02 < math.sqrt(float(np.mean(np.square(instrument.z())))) < 0.2


def test_playing_moves_one_latent_until_it_is_paused(instrument: Instrument, page: Page) -> None:
    instrument.open()
    page.get_by_role("button", name="Play z₀ from end to end").click()
    page.wait_for_function(
        "Math.abs(document.querySelector('[data-latent=\"0\"] .range').value) > 0.3"
    )
    assert instrument.z() == [0, 0, 0, 0]
    page.get_by_role("button", name="Pause z₀").click()
    page.wait_for_function("!location.search.includes('z=0,0,0,0')")
    z = instrument.z()
    assert z[1:] == [0, 0, 0]
    page.locator(".undo").click()
    instrument.wait_for_z(0, 0, 0, 0)


def test_less_motion_plays_step_by_step(browser: Browser, address: str) -> None:
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    instrument = Instrument(page, address).open()
    play = page.get_by_role("button", name="Play z₀ from end to end")
    assert steps_of(instrument.slider(0), play, 3) <= set(STEPS.round(1))
    context.close()


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


def test_a_double_click_resets_a_latent(instrument: Instrument) -> None:
    instrument.open("model=blots&z=1,2,0,0")
    instrument.slider(1).dblclick(position={"x": 30, "y": 8})

    instrument.wait_for_z(1, 0, 0, 0)


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


def test_a_key_held_across_a_change_of_model_moves_nothing_there(
    instrument: Instrument, page: Page
) -> None:
    instrument.open("model=blots&z=1,1,1,0")
    page.evaluate(
        """() => { window.released = [];
        document.querySelector("#instrument").addEventListener("release", ({ detail }) =>
          released.push(detail)); }"""
    )
    instrument.slider(0).focus()
    page.keyboard.down("ArrowRight")
    expect(instrument.value(0)).to_have_value("1.05")
    page.locator(".picker").click()
    page.locator("[data-model='single']").click()
    page.keyboard.up("ArrowRight")
    page.wait_for_function("released.length")
    page.wait_for_selector("[data-ready]")

    assert instrument.query() == {"model": "single", "z": "0"}
    assert page.evaluate("released.map(({ model, z }) => [model, z])") == [["single", [0]]]


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


@pytest.mark.parametrize("shape", [(1, 120, 4), (3, 5, 40), (1, 9, 9)])
def test_images_of_any_form_have_their_place(
    instrument: Instrument,
    page: Page,
    tmp_path: Path,
    shape: tuple[int, int, int],
) -> None:
    checkpoints.write(tmp_path / "blots", shape=shape)
    for file in (tmp_path / "blots").iterdir():
        content = file.read_bytes()
        page.route(f"**/blots/{file.name}", lambda route, _, body=content: route.fulfill(body=body))
    codes = load_file(tmp_path / "blots" / "codes.safetensors")
    mean = [round(float(value), 3) for value in codes["mean"][2]]
    instrument.open("model=blots&example=2")
    instrument.wait_for_z(*mean)
    instrument.wait_for_grid(mean)
    for frame in (page.locator(".strip").first, page.locator(".cell").first):
        box = frame.bounding_box()
        assert box is not None
        assert 20 <= box["height"] <= 96
        if shape[1] == shape[2]:
            assert box["height"] == pytest.approx(
                box["width"] / (11 if frame.get_attribute("class") == "strip" else 1), abs=0.1
            )
    for place, most in ((page.locator(".thumb").first, 96), (page.locator(".source").first, 400)):
        box = place.bounding_box()
        assert box is not None
        assert max(box["width"], box["height"]) <= most
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height < 1800


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


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844), (320, 640)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_leaves_the_screen_sideways(
    browser: Browser, address: str, size: tuple[int, int], scheme: str
) -> None:
    context = browser.new_context(
        bypass_csp=True,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        has_touch=size[0] < 500,
    )
    page = context.new_page()
    Instrument(page, address).open()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.locator("canvas.picture").bounding_box()["y"] < size[1] / 2  # type: ignore[index]
    context.close()


@pytest.mark.parametrize("size", [(1024, 768), (1440, 900), (1920, 1080)])
def test_the_picture_covers_nothing_at_the_end_of_the_page(
    browser: Browser, address: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(bypass_csp=True, viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    Instrument(page, address).open("model=many&inactive=shown")
    expect(page.locator(".thumb")).to_have_count(checkpoints.EXAMPLES)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    on_top = page.locator(".cell").last.evaluate(
        """(element) => {
          const { left, top, width, height } = element.getBoundingClientRect();
          const found = document.elementFromPoint(left + width / 2, top + height / 2);
          return found === element;
        }"""
    )
    assert on_top
    if size[0] >= 1240:
        expect(page.locator("canvas.picture")).to_be_in_viewport(ratio=1)
    context.close()


def test_a_drag_on_a_projector_goes_where_the_pointer_is(browser: Browser, address: str) -> None:
    context = browser.new_context(bypass_csp=True, viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    instrument = Instrument(page, address).open()
    box = instrument.slider(1).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    # The middle of the ninth of eleven frames.
    page.mouse.move(box["x"] + box["width"] * 8.5 / 11, middle, steps=3)
    page.mouse.up()
    page.wait_for_function("!location.search.includes('z=0,0,0,0')")
    assert instrument.z()[1] == pytest.approx(STEPS[8], abs=0.05)
    context.close()


def test_everything_has_a_name(instrument: Instrument, page: Page) -> None:
    instrument.open("model=blots&z=0,0,0,0&inactive=shown&example=1")
    expect(page.locator(".thumb")).to_have_count(checkpoints.EXAMPLES)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, canvas, [role=img]")]
          .filter((element) => !element.closest("[aria-hidden=true]"))
          .filter((element) => !(element.getAttribute("aria-label") || element.textContent.trim()
            || element.labels?.length))
          .map((element) => element.outerHTML)"""
    )
    assert nameless == []
    expect(instrument.slider(1)).to_have_attribute("aria-valuetext", "0.00")
    expect(page.get_by_role("img", name="Image that Blots decodes at z₀ 0.00")).to_be_visible()
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll(".instrument *")]
          .filter((element) => [...element.childNodes].some((node) =>
            node.nodeType === Node.TEXT_NODE && node.textContent.trim()))
          .map((element) => parseFloat(getComputedStyle(element).fontSize)))"""
    )
    assert smallest >= 14


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


def test_where_a_figure_comes_from_is_a_press_away(instrument: Instrument, page: Page) -> None:
    instrument.open()
    elbo = page.get_by_role("button", name="−ELBO 12.3 nats")
    elbo.focus()
    page.keyboard.press("Enter")
    sentence = page.get_by_text("Made by hand for a test. Measured on the test split, 100 images")
    expect(sentence).to_be_visible()
    expect(elbo).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(sentence).to_have_count(0)
    page.get_by_role("button", name="by KL").click()
    expect(sentence).to_be_visible()
    page.keyboard.press("Tab")
    expect(sentence).to_have_count(0)


def test_the_focus_returns_from_what_is_closed(instrument: Instrument, page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    instrument.open("model=blots&temperature=hot")
    page.locator(".picker").focus()
    page.locator(".note").get_by_role("button", name="Close").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".note")).to_be_hidden()
    expect(page.locator(".picker")).to_be_focused()

    page.get_by_role("button", name="Share").click()
    page.locator(".link-line").get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Share")).to_be_focused()


def test_the_menu_of_models_closes_when_the_focus_leaves_it(
    instrument: Instrument, page: Page
) -> None:
    instrument.open()
    menu = page.get_by_role("dialog", name="Models")
    page.keyboard.press("m")
    expect(menu).to_be_visible()
    page.keyboard.press("Tab")
    expect(menu).to_be_visible()
    menu.get_by_role("button").last.focus()
    page.keyboard.press("Tab")
    expect(menu).to_be_hidden()


def test_scrolling_with_a_finger_on_a_slider_moves_the_page_only(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(
        bypass_csp=True, viewport={"width": 390, "height": 500}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    instrument = Instrument(page, address).open()
    instrument.slider(1).evaluate("(slider) => slider.scrollIntoView({ block: 'end' })")
    before = page.evaluate("scrollY")
    finger = context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        where = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    def stroke(across: float, down: float) -> None:
        box = instrument.slider(1).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        touch("touchStart", (x - 80, y))
        for step in range(1, 11):
            touch("touchMove", (x - 80 + across * step / 10, y + down * step / 10))
        touch("touchEnd")

    stroke(across=0, down=-150)
    page.wait_for_function("(before) => scrollY > before", arg=before)
    expect(instrument.slider(1)).to_have_value("0")
    stroke(across=150, down=0)
    page.wait_for_function("!location.search.includes('z=0,0,0,0')")
    assert instrument.z()[1] > 0
    context.close()
