"""What a class does with one model, in each engine that its laptops have; one page an engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from .driver import Driver
from .page import MODELS, READY, Z, away_from, decoded, go, image, press, z_of

MODEL = "digits-2d"
FINGER = """
const range = document.querySelector(".sliders .range");
const { left, top, width, height } = range.getBoundingClientRect();
const say = (kind, share) => range.dispatchEvent(new PointerEvent(kind, {
  bubbles: true, pointerType: "touch", clientX: left + share * width, clientY: top + height / 2,
}));
say("pointerdown", arguments[0]);
const early = range.valueAsNumber;
for (const share of arguments) say("pointermove", share);
say("pointerup", [...arguments].at(-1));
return [early, Number(range.min), Number(range.max)];
"""
PINCH = """
const stage = document.querySelector(".map-stage");
const { x, y, width, height } = stage.getBoundingClientRect();
const scales = [["gesturestart", 1], ["gesturechange", 1.4], ["gesturechange", 2.5]].map(
  ([kind, scale]) => stage.dispatchEvent(Object.assign(
    new UIEvent(kind, { bubbles: true, cancelable: true }),
    { scale, clientX: x + width / 2, clientY: y + height / 2 },
  )),
);
return scales;
"""
BASELINES = """
const mark = () => Object.assign(document.createElement("span"), {
  style: "display: inline-block; width: 1px; height: 0",
});
return [...document.querySelectorAll(".instrument output")]
  .filter((one) => one.checkVisibility() && one.textContent && one.previousSibling)
  .map((one) => {
    const [inside, beside] = [mark(), mark()];
    one.append(inside);
    one.before(beside);
    const [a, b] = [inside, beside].map((it) => it.getBoundingClientRect().bottom);
    inside.remove();
    beside.remove();
    return a - b;
  });
"""
PLACES = """
return [...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility())
  .map((one) => one.getBoundingClientRect()).map(({ top, bottom }) => [top, bottom]);
"""
CATCH = """
const click = HTMLAnchorElement.prototype.click;
window.caught = new Promise((take) => {
  HTMLAnchorElement.prototype.click = function () {
    HTMLAnchorElement.prototype.click = click;
    take([this.download, this.href]);
  };
});
"""
CAUGHT = """
const [name, url] = await window.caught;
const bitmap = await createImageBitmap(await (await fetch(url)).blob());
const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
context.drawImage(bitmap, 0, 0);
const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
return [name, bitmap.width, bitmap.height, [...data].filter((_, at) => at % 4 === 0)];
"""


@pytest.fixture(scope="module")
def opened(driver: Driver, shipped: str) -> Driver:
    driver.open(f"{shipped}/instrument/index.html?model={MODEL}&z=0,0")
    driver.wait(READY)
    driver.wait("document.querySelector('.map-tools:not([inert])') !== null")
    driver.wait("document.querySelector('.thumb') !== null")
    return driver


@pytest.fixture
def digits(opened: Driver) -> Driver:
    """The page, led back to where it began."""
    go(opened, 0, 0)
    return opened


def is_zoomed(driver: Driver) -> bool:
    found: bool = driver.run("return document.querySelector('.map-stage.near') !== null")
    return found


def test_the_image_is_what_the_decoder_gives(digits: Driver) -> None:
    go(digits, 0.5, -1)
    assert np.abs(image(digits) - decoded(MODEL, 0.5, -1)).max() <= 1


def test_a_drag_moves_z_and_the_image_follows(digits: Driver) -> None:
    before = image(digits)
    digits.drag(".sliders .range", 0.5, 0.9)
    z = away_from(digits, 0, 0)
    assert max(z) > 1
    assert np.abs(image(digits).astype(int) - before).max() > 50
    assert np.abs(image(digits) - decoded(MODEL, *z)).max() <= 1


def test_a_finger_drags_a_slider(digits: Driver) -> None:
    digits.drag(".sliders .range", 0.5, 0.9, pointer="touch")
    assert max(away_from(digits, 0, 0)) > 1


def test_a_finger_that_comes_down_beside_the_thumb_leads_it(digits: Driver) -> None:
    """Safari moves nothing then: the page sees the finger, and no input."""
    early, least, most = digits.run(FINGER, 0.25, 0.4, 0.75)
    assert early == 0, "it may go on to scroll the page"
    z = away_from(digits, 0, 0)
    share = (0.75 - 0.5 / 11) / (1 - 1 / 11)
    assert max(z, key=abs) == pytest.approx(least + share * (most - least), abs=0.02)
    assert np.abs(image(digits) - decoded(MODEL, *z)).max() <= 1


def test_a_click_selects_the_value_to_be_typed_over(digits: Driver) -> None:
    digits.click(".sliders .value")
    digits.type("1.25")
    digits.press("Enter")
    assert 1.25 in away_from(digits, 0, 0)


def test_arrow_keys_move_a_slider(digits: Driver) -> None:
    digits.run("document.querySelector('.sliders .range').focus()")
    digits.press("ArrowRight")
    assert max(away_from(digits, 0, 0)) > 0


def test_a_letter_samples_and_a_lock_holds(digits: Driver) -> None:
    digits.click(".sliders .lock")
    digits.press("s")
    z = away_from(digits, 0, 0)
    digits.click(".sliders .lock")
    assert sorted(value == 0 for value in z) == [False, True]


def test_a_move_is_undone_and_done_again(digits: Driver) -> None:
    go(digits, 1, 0)
    press(digits, "Undo (")
    digits.wait(f"{Z} === '0,0'")
    press(digits, "Redo")
    digits.wait(f"{Z} === '1,0'")


def test_a_latent_plays_until_it_is_paused(digits: Driver) -> None:
    digits.click(".sliders .play")
    digits.wait("Math.abs(document.querySelector('.sliders .range').valueAsNumber) > 0.1")
    digits.click(".sliders .play")
    assert away_from(digits, 0, 0) != [0, 0]


def test_a_cell_of_the_traversals_is_gone_to(digits: Driver) -> None:
    digits.wait("performance.getEntriesByName('instrument:grid').length > 0")
    digits.click(".grid-row[data-latent='0'] .cell:last-of-type")
    z = away_from(digits, 0, 0)
    assert z[0] == digits.run("return Number(document.querySelector('.sliders .range').max)")


def test_a_click_on_the_map_goes_to_an_image(digits: Driver) -> None:
    digits.click(".map-stage")
    z = away_from(digits, 0, 0)
    example = digits.run("return Number(new URLSearchParams(location.search).get('example'))")
    codes = load_file(MODELS / MODEL / "codes.safetensors")["mean"]
    assert z == pytest.approx(codes[example], abs=1e-3)


def test_the_map_shows_what_is_under_the_pointer(digits: Driver) -> None:
    digits.hover(*digits.box(".map-stage").at(0.5, 0.45))
    digits.wait("document.querySelector('.map-tip')?.checkVisibility()")
    assert "test image" in digits.text(".map-tip").lower()
    digits.hover(3, 3)
    digits.wait("!document.querySelector('.map-tip').checkVisibility()")


def test_a_pinch_on_a_trackpad_zooms_the_map(digits: Driver) -> None:
    assert not is_zoomed(digits)
    assert digits.run(PINCH) == [False] * 3, "the page itself stays as large as it was"
    digits.wait("document.querySelector('.map-stage.near') !== null")
    digits.run("document.querySelector('.map-stage').focus()")
    digits.press("Home")
    digits.wait("document.querySelector('.map-stage.near') === null")


def test_the_keys_of_the_map_zoom_it(digits: Driver) -> None:
    digits.run("document.querySelector('.map-stage').focus()")
    digits.press("+")
    digits.wait("document.querySelector('.map-stage.near') !== null")
    digits.press("Home")
    digits.wait("document.querySelector('.map-stage.near') === null")


def test_a_drag_draws_around_images(digits: Driver) -> None:
    digits.click(".map-lasso")
    box = digits.box(".map-stage")
    digits.move([box.at(x, y) for x, y in ((0.3, 0.2), (0.6, 0.2), (0.6, 0.7), (0.3, 0.7))])
    digits.wait("document.querySelector('.pin-group:enabled')?.checkVisibility()")
    assert int(digits.text(".pin-group:enabled").split()[1].replace(",", "")) > 100
    press(digits, "Traversals")
    digits.run("document.querySelector('.map-lasso[aria-pressed=true]')?.click()")


def test_what_is_not_drawn_on_the_map_is_not_composed(digits: Driver) -> None:
    shown = "document.querySelector('.map-under').checkVisibility()"
    assert not digits.run(f"return {shown}")
    digits.click(".map-sheet")
    digits.wait(shown)
    digits.click(".map-sheet")
    digits.wait(f"!{shown}")


def test_a_class_is_hidden_by_its_name(digits: Driver) -> None:
    digits.click(".class")
    digits.wait("document.querySelector('.class').getAttribute('aria-pressed') === 'false'")
    digits.click(".class")


def test_a_select_looks_and_works_the_same(digits: Driver) -> None:
    select = ".map-colour select"
    body = "const style = getComputedStyle(document.querySelector(arguments[0]));"
    assert digits.run(f"{body} return style.appearance", select) == "none"
    choose = "const it = document.querySelector(arguments[0]); it.value = arguments[1];"
    choose += "it.dispatchEvent(new Event('change', { bubbles: true }));"
    digits.run(choose, select, "error")
    digits.wait("location.search.includes('colour=error')")
    digits.run(choose, select, "label")


def test_nothing_covers_its_neighbour(digits: Driver) -> None:
    thumbs, tools = digits.run(PLACES, ".thumb"), digits.run(PLACES, ".map-tools > *")
    rows = sorted({top for top, _ in thumbs})
    assert rows[1] >= thumbs[0][1], "the second row of test images begins below the first"
    assert max(top for top, _ in tools) < min(bottom for _, bottom in tools), "on one line"


def test_a_stroke_is_encoded(digits: Driver) -> None:
    press(digits, "Draw")
    box = digits.box(".pad")
    digits.move([box.at(0.5, share / 10) for share in range(2, 9)])
    digits.wait("document.querySelector('.source-label').innerText === 'Your drawing'")
    assert away_from(digits, 0, 0) != [0, 0]
    press(digits, "Test images")


def test_a_file_is_encoded(digits: Driver, tmp_path: Path) -> None:
    Image.fromarray(np.pad(np.full((16, 4), 255, np.uint8), ((6, 6), (12, 12)))).save(
        tmp_path / "one.png"
    )
    press(digits, "Upload")
    digits.wait("document.querySelector('.upload input[type=file]') !== null")
    digits.choose_file(".upload input[type=file]", tmp_path / "one.png")
    digits.wait("document.querySelector('.source-label').innerText.includes('one.png')")
    assert away_from(digits, 0, 0) != [0, 0]
    press(digits, "Test images")


def test_a_test_image_is_encoded_and_its_posterior_drawn_from(digits: Driver) -> None:
    digits.click(".thumb:nth-of-type(3)")
    digits.wait("location.search.includes('example=2')")
    press(digits, "Draws", ".source-actions button")
    digits.wait("document.querySelectorAll('.draw canvas').length === 8")


def test_a_path_leads_from_one_image_to_another(digits: Driver) -> None:
    press(digits, "Path")
    digits.wait("document.querySelector('.pin-a')?.checkVisibility()")
    go(digits, -1, 0)
    digits.click(".pin-a")
    go(digits, 1, 0)
    digits.click(".pin-b")
    digits.drag(".walk .range", 0.2, 0.5)
    z = away_from(digits, 1, 0)
    assert -0.5 < z[0] < 0.5
    press(digits, "Traversals")


def test_a_word_is_explained(digits: Driver) -> None:
    lines = "const style = getComputedStyle(document.querySelector('.term'));"
    lines += "return [style.textDecorationLine, style.textDecorationStyle];"
    assert digits.run(lines) == ["underline", "dotted"]
    digits.click(".term")
    digits.wait("document.querySelector('.bubble:not(:empty)')?.checkVisibility()")
    digits.press("Escape")
    digits.wait("!document.querySelector('.bubble:not(:empty)')?.checkVisibility()")


def test_figures_stand_on_the_line_of_their_words(digits: Driver) -> None:
    apart = digits.run(BASELINES)
    assert apart
    assert np.abs(apart).max() < 1


def test_the_keys_are_listed_and_put_away(digits: Driver) -> None:
    digits.press("?")
    digits.wait("document.querySelector('dialog[open]') !== null")
    digits.press("Escape")
    digits.wait("document.querySelector('dialog[open]') === null")


def test_the_image_is_taken_away_as_png(digits: Driver) -> None:
    go(digits, 1, 1)
    digits.run(CATCH)
    press(digits, "Export")
    press(digits, "Save the image as PNG")
    name, width, height, values = digits.run(CAUGHT)
    assert name == "digits-2d.png"
    grown = width // 28
    small = np.array(values).reshape(height, width)[grown // 2 :: grown, grown // 2 :: grown]
    assert np.abs(small - decoded(MODEL, 1, 1)).max() <= 1


def test_a_narrow_window_is_not_scrolled_sideways(digits: Driver) -> None:
    digits.resize(420, 844)
    digits.wait("innerWidth < 500")
    wide = digits.run("return document.documentElement.scrollWidth - innerWidth")
    digits.resize(1366, 768)
    digits.wait("innerWidth > 1000")
    assert wide <= 0


def test_the_link_opens_to_what_was_on_screen_and_so_does_going_back(
    digits: Driver, shipped: str
) -> None:
    digits.drag(".sliders .range", 0.5, 0.8)
    z, before = away_from(digits, 0, 0), image(digits)
    link = digits.run("return location.href")
    digits.open(f"{shipped}/instrument/lesson/index.html")
    digits.wait("document.readyState === 'complete'")
    digits.travel(-1)
    digits.wait(f"location.pathname.endsWith('instrument/index.html') && {READY}")
    assert z_of(digits) == z
    assert np.array_equal(image(digits), before)
    digits.travel(1)
    digits.wait("!location.pathname.endsWith('instrument/index.html')")
    digits.open(link)
    digits.wait(READY)
    assert z_of(digits) == z
    assert np.array_equal(image(digits), before)
