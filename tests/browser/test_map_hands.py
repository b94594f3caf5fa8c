"""What hands do to the map: the wheel, the keyboard, a finger, and a pointer that rests."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Request, expect

from .chart import Chart, open_map, shown_z
from .instrument import Instrument, frames


def test_a_glance_shows_the_image_and_leaves_z_alone(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    """What the browser tells of a move before the frame has it, unless something is dragged."""
    chart = open_map(instrument, codes["umap"], "&z=0.5,0.25,-0.5,0")
    tip = page.locator(".map-tip")

    def glance(index: int, buttons: int) -> None:
        x, y = chart.spot(chart.points[index])
        page.locator(".map-stage").evaluate(
            "(stage, at) => stage.dispatchEvent(new PointerEvent('pointerrawupdate', at))",
            {"clientX": x, "clientY": y, "pointerType": "mouse", "buttons": buttons},
        )

    glance(4, buttons=1)
    expect(tip).to_be_hidden()
    glance(5, buttons=0)
    expect(tip).to_contain_text("test image 5")
    assert shown_z(instrument) == [0.5, 0.25, -0.5]


def test_what_lies_under_the_pointer_stays_there(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["umap"])
    tip = page.locator(".map-tip")
    x, y = chart.spot(codes["umap"][6])
    page.mouse.move(x, y)
    expect(tip).to_contain_text("test image 6")
    for delta in (-400, -400, 200):
        page.mouse.wheel(0, delta)
    page.mouse.move(x + 1, y)
    page.mouse.move(x, y)
    expect(tip).to_contain_text("test image 6")

    page.mouse.down()
    page.mouse.move(x + 40, y - 25, steps=4)
    page.mouse.up()
    expect(tip).to_contain_text("test image 6")
    assert instrument.z() == [0, 0, 0, 0]
    page.get_by_role("button", name="Whole map").click()
    chart.hover(2)
    expect(tip).to_contain_text("test image 2")


def test_the_wheel_scrolls_the_page_past_a_whole_map(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["pca"], "&axes=pca")
    page.evaluate(
        """() => {
          // The instrument may fit the window: here there is something to scroll to.
          document.body.style.paddingBottom = "100vh";
          window.captured = [];
          addEventListener("wheel", (event) => captured.push(event.defaultPrevented));
          window.rested = false;
          addEventListener("scrollend", () => (window.rested = true));
        }"""
    )
    # In by one step, out by more than that, and once more: only then the page has its turn.
    page.mouse.move(*(chart.corner + chart.sides * 0.7))
    for count, delta in enumerate((-200, 300, 300), 1):
        page.mouse.wheel(0, delta)
        page.wait_for_function("(count) => captured.length === count", arg=count)
    assert page.evaluate("captured") == [True, True, False]
    page.wait_for_function("rested")
    # The map is whole again, and in its middle.
    Chart(page, codes["pca"]).hover(4)
    expect(page.locator(".map-tip")).to_contain_text("test image 4")


def test_the_map_by_keyboard_alone(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["pca"], "&axes=pca")
    page.keyboard.press("?")
    expect(page.locator(".help[open]")).to_contain_text("On the map← → ↑ ↓pan+ −zoom in or out")
    page.keyboard.press("Escape")
    stage = page.locator(".map-stage")
    stage.focus()
    described = page.locator(f"#{stage.get_attribute('aria-describedby')}")
    expect(described).to_contain_text("PCA of 12 test images; z is placed among them. z lies at")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    assert instrument.z() == [0, 0, 0, 0]
    page.keyboard.press("Enter")
    page.wait_for_function("!location.search.includes('z=0,0,0,0')")
    card = json.loads(page.request.get(f"{instrument.address}/checkpoints/blots/card.json").text())
    pca = card["map"]["pca"]
    reached = (np.array(instrument.z()) - pca["mean"]) @ np.array(pca["axes"]).T
    near = np.linalg.norm(codes["pca"] - chart.middle, axis=1).min() * chart.scale
    assert reached == pytest.approx(chart.middle, abs=0.01 if near > 8 else 8 / chart.scale)


def test_the_server_hears_nothing_while_the_pointer_moves(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["umap"])
    instrument.wait_for_all([0, 0, 0, 0])
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    chart.hover(0)
    expect(page.locator(".map-tip")).to_be_visible()
    page.on("request", note)
    for index in (1, 2, 3):
        chart.hover(index)
    page.mouse.move(*chart.empty())
    page.mouse.move(5, 5)
    frames(page)
    # Requests are reported in the order in which they are made: after this one none is on its way.
    last = f"{instrument.address}/catalogue.json"
    page.evaluate("async (last) => (await fetch(last)).text()", last)

    assert asked == [last]
    assert instrument.z() == [0, 0, 0, 0]


def test_a_pointer_that_rests_on_the_map_does_not_hold_a_latent_that_plays(
    instrument: Instrument, page: Page, codes: dict[str, NDArray[Any]]
) -> None:
    chart = open_map(instrument, codes["umap"])
    chart.hover(2)
    expect(page.locator(".map-tip")).to_be_visible()
    page.keyboard.press("p")
    first = instrument.value(1).input_value()
    page.wait_for_function(
        "(first) => document.querySelector(\".sliders [data-latent='1'] .value\").value !== first",
        arg=first,
    )
    page.keyboard.press("p")
    stopped = instrument.z()
    page.mouse.move(5, 5)
    assert shown_z(instrument) == pytest.approx(stopped[:3], abs=0.006)


def test_fingers_move_the_map_and_a_tap_goes_there(
    browser: Browser, address: str, codes: dict[str, NDArray[Any]]
) -> None:
    context = browser.new_context(
        bypass_csp=True, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    instrument = Instrument(page, address)
    instrument.open("model=blots&axes=pca")
    page.wait_for_selector(".map-tools:not([inert])")
    page.locator(".map-stage").evaluate("(stage) => stage.scrollIntoView({ block: 'end' })")
    frames(page)
    chart = Chart(page, codes["pca"])
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    # Past the whole map one finger scrolls the page.
    stage = page.locator(".map-stage")
    expect(stage).to_have_css("touch-action", "pan-y")
    central = int(np.linalg.norm(codes["pca"] - chart.middle, axis=1).argmin())
    x, y = chart.spot(codes["pca"][central])
    # Two fingers that part evenly on either side of it leave it where it is.
    touch("touchStart", (x - 10, y), (x + 10, y))
    for step in (14, 20, 30):
        touch("touchMove", (x - step, y), (x + step, y))
    touch("touchEnd")
    expect(stage).to_have_css("touch-action", "none")
    touch("touchStart", (x, y))
    touch("touchMove", (x + 30, y + 20))
    touch("touchEnd")
    assert instrument.z() == [0, 0, 0, 0]
    x, y = x + 30, y + 20
    page.touchscreen.tap(x, y)
    instrument.wait_for_z(*(round(float(value), 3) for value in codes["mean"][central]))
    context.close()
