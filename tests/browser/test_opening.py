"""What a person sees first: an image that is encoded, and what points at what to touch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from safetensors.numpy import load_file

from explorer import opening
from training.contract.card import CODES
from training.contract.files import read_card

from . import checkpoints
from .app import ROOT
from .conftest import plain_server
from .instrument import READ_PIXELS, Instrument

SHIPPED = ROOT / "assets" / "models"


@pytest.fixture(scope="module")
def plenty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with as many test images as it takes to say which one is usual."""
    folder = tmp_path_factory.mktemp("opening") / "plenty"
    checkpoints.write(folder, title="Plenty", examples=opening.LEAST)
    return folder


@pytest.fixture(scope="module")
def address(plenty: Path) -> Iterator[str]:
    with plain_server(plenty.parent, plenty / "no results") as address:
        yield address


def test_it_opens_on_a_test_image_that_is_encoded(page: Page, address: str, plenty: Path) -> None:
    chosen = opening.choose(plenty, read_card(plenty))
    instrument = Instrument(page, address).open("")
    query = instrument.query()
    assert query["example"] == chosen["example"]
    mean = load_file(plenty / CODES)["mean"][int(chosen["example"])]
    assert instrument.z() == pytest.approx(mean, abs=6e-4)
    expect(page.locator(".source-label")).to_contain_text(chosen["example"])


@pytest.fixture  # of one test: while it serves, these are the models of every server here
def shipped() -> Iterator[str]:
    """Where the models are served from that come with the explorer."""
    with plain_server(SHIPPED, SHIPPED / "no results") as address:
        yield address


def test_nothing_is_drawn_before_the_part_that_is_seen_is_here(
    browser: Browser, shipped: str
) -> None:
    page = browser.new_page()
    held: list[Route] = []
    page.route("**/digits-halves/thumbnails.webp", lambda route: held.append(route))
    Instrument(page, shipped).open("model=digits-halves")
    page.locator(".whereabouts .nearest:not(:empty)").wait_for()
    film = page.locator(".sliders canvas.film").first
    draws = page.locator(".several-draws")
    is_drawn = """(canvas) => canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3] > 0"""
    expect(page.locator("canvas.picture")).to_be_hidden()
    assert not film.evaluate(is_drawn)
    expect(draws).not_to_have_attribute("data-drawn", re.compile(r"\d"))
    for route in held:
        route.continue_()
    page.unroute("**/digits-halves/thumbnails.webp")
    expect(page.locator("canvas.picture")).to_be_visible()
    page.wait_for_function(is_drawn, arg=film.element_handle())
    expect(draws).to_have_attribute("data-drawn", re.compile(r"\d"))


@pytest.mark.parametrize("file", ["thumbnails.webp", "codes.safetensors"])
def test_what_is_completed_is_drawn_from_z_alone_where_its_image_does_not_come(
    browser: Browser, shipped: str, file: str
) -> None:
    page = browser.new_page()
    page.route(f"**/digits-halves/{file}", lambda route: route.fulfill(status=404))
    Instrument(page, shipped).open("model=digits-halves")
    expect(page.get_by_text(f"digits-halves/{file}").first).to_be_visible()
    expect(page.locator("canvas.picture")).to_be_visible()
    page.close()


def test_a_model_of_words_opens_on_one_that_it_gives_back(browser: Browser, shipped: str) -> None:
    page = browser.new_page()
    Instrument(page, shipped).open("model=names")
    word = page.get_by_label("Type a word").input_value()
    assert word
    expect(page.locator(".written")).to_have_attribute("data-word", word)
    # On the map z lies on the point of that word.
    page.locator(".map-here").hover(force=True)
    expect(page.locator(".map-tip strong")).to_have_text(word)
    hints = page.locator(".first-hint")
    expect(hints).to_have_text(["1Type one", "2Drag a slider", "3Click a point"])
    page.close()


def test_images_of_the_map_are_fetched_for_who_comes_near_it(
    browser: Browser, shipped: str
) -> None:
    page = browser.new_page()
    sheets: list[str] = []
    page.on("request", lambda request: sheets.append(request.url.rpartition("/")[2]))
    with page.expect_request("**/thumbnails.webp"):
        Instrument(page, shipped).open("model=digits&example=5")
    page.wait_for_function("performance.getEntriesByName('instrument:map').length")
    assert [name for name in sheets if name.startswith("thumb")] == ["thumbnails.webp"]
    with page.expect_request("**/thumbnails-2.webp"):
        page.locator(".map-frame").hover()
    page.close()


def test_the_first_image_waits_for_nothing_around_it(page: Page, address: str) -> None:
    """It is painted where the stage then has it, before there is a slider, a thumbnail or a map."""
    page.add_init_script(
        """
        const mark = performance.mark.bind(performance);
        performance.mark = (name, options) => {
          if (name === "instrument:first-image" && !window.seen) {
            const canvas = document.querySelector(".picture");
            const { x, y, width } = canvas.getBoundingClientRect();
            const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            window.seen = { place: [x, y, width], pixels: pixels.data.join(),
              others: document.querySelectorAll(".slider, .thumb, .map").length };
          }
          return mark(name, options);
        };
        """
    )
    Instrument(page, address).open("")
    seen = page.evaluate("window.seen")
    assert seen["others"] == 0
    canvas = page.locator(".picture")
    assert canvas.evaluate(f"(it) => ({READ_PIXELS})(it).join()") == seen["pixels"]
    box = canvas.bounding_box()
    assert box is not None
    assert [box["x"], box["y"], box["width"]] == pytest.approx(seen["place"], abs=1)
    assert page.locator(".slider, .thumb, .map").count() > 2


@pytest.mark.parametrize("link", ["z=1,0,0,0", "z=0,0,0,0&axes=pca"])
def test_a_link_opens_where_it_says(page: Page, address: str, link: str) -> None:
    query = Instrument(page, address).open(f"model=plenty&{link}").query()
    assert "example" not in query
    assert link.startswith(f"z={query['z']}")


def test_a_hint_goes_for_good_once_it_was_followed(page: Page, address: str) -> None:
    instrument = Instrument(page, address).open("")
    hints = page.locator(".first-hint")
    expect(hints).to_have_count(3)
    instrument.slider(1).press("ArrowRight")
    expect(hints).to_have_count(3)
    instrument.slider(1).fill("1")
    expect(hints).to_have_text(["1Pick one, or draw", "3Click a point"])
    page.locator(".thumb").first.click()
    expect(hints).to_have_text(["3Click a point"])
    instrument.open("")
    expect(hints).to_have_text(["3Click a point"])


def test_a_browser_that_keeps_nothing_is_a_new_one_each_time(page: Page, address: str) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } })"
    )
    instrument = Instrument(page, address).open("")
    page.locator(".thumb").first.click()
    expect(page.locator(".first-hint")).to_have_count(2)
    instrument.open("")
    expect(page.locator(".first-hint")).to_have_count(3)


def test_the_tour_walks_the_page_by_keyboard(page: Page, address: str) -> None:
    Instrument(page, address).open("")
    start = page.get_by_role("button", name="Tour")
    start.focus()
    page.keyboard.press("Enter")
    tour = page.get_by_role("dialog", name="Tour")
    seen = []
    for _ in range(6):
        expect(page.locator(".toured")).to_be_in_viewport()
        seen.append(tour.locator("h2").inner_text())
        page.keyboard.press("Enter")
    expect(tour).to_be_hidden()
    assert len(set(seen)) == 6
    expect(start).to_be_focused()

    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    expect(tour.locator("h2")).to_have_text(seen[1])
    page.keyboard.press("ArrowLeft")
    expect(tour.locator("h2")).to_have_text(seen[0])
    page.keyboard.press("Escape")
    expect(tour).to_be_hidden()
    expect(page.locator(".toured")).to_have_count(0)
    expect(start).to_be_focused()


def test_keys_that_act_alone_can_be_switched_off(page: Page, address: str) -> None:
    instrument = Instrument(page, address).open("model=plenty&z=1,0,0,0")
    page.keyboard.press("?")
    page.get_by_label("Single keys act (letters, digits, Space and ?)").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Single keys act (letters, digits, Space and ?)").check()
    page.keyboard.press("Escape")
    assert instrument.z() == [1, 0, 0, 0]
    page.keyboard.press("r")
    instrument.wait_for_z(0, 0, 0, 0)


def test_the_tab_key_finds_what_is_wanted(page: Page, address: str) -> None:
    instrument = Instrument(page, address).open("model=plenty&z=1,0,0,0")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Skip to latents")).to_be_focused()
    page.keyboard.press("Enter")
    # Of all sliders, one row is a stop: those that the arrow keys lead to take its place.
    stops = page.locator('.sliders [data-latent] :is(input, button):not([tabindex="-1"])')
    expect(stops).to_have_count(4)
    expect(stops.first).to_be_focused()
    instrument.slider(1).focus()
    page.keyboard.press("ArrowDown")
    expect(stops).to_have_count(4)
    assert page.locator(".sliders .chosen :focus").count() == 1
