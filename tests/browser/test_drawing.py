"""An image that is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from .instrument import Instrument, frames, pixels
from .own_images import draw, encoded, posterior_means, seen


def test_a_drawing_is_encoded_as_the_pen_moves(
    instrument: Instrument, models: Path, page: Page
) -> None:
    instrument.open()
    instrument.wait_for_all([0, 0, 0, 0])
    instrument.start_from("Draw")
    draw(page, (0.3, 0.2), (0.6, 0.3), up=False)
    expect(page.locator(".source-label")).to_have_text("Your drawing")
    frames(page, 3)
    begun = posterior_means(page, 4)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    box = page.locator(".pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.8 * box["height"], steps=6)
    frames(page, 3)
    moved = posterior_means(page, 4)
    assert begun != moved
    assert instrument.z() == [0, 0, 0, 0]
    assert asked == []

    page.mouse.up()
    page.wait_for_function("() => !location.href.includes('z=0,0,0,0')")
    expected = encoded(models, seen(page))
    assert posterior_means(page, 4) == pytest.approx(expected, abs=2e-3)
    assert instrument.z() == pytest.approx(expected.clip(-5, 5), abs=2e-3)
    assert asked == []


def test_undo_takes_a_stroke_away(instrument: Instrument, page: Page) -> None:
    instrument.open()
    instrument.start_from("Draw")
    instrument.wait_for_ground()
    blank = pixels(page.locator(".pad"))
    draw(page, (0.3, 0.2), (0.6, 0.3))
    page.wait_for_function("() => !location.href.includes('z=0,0,0,0')")
    first, stroke = instrument.z(), pixels(page.locator(".pad"))
    link = page.url
    draw(page, (0.6, 0.3), (0.3, 0.9))
    page.wait_for_function("(link) => location.href !== link", arg=link)
    second = instrument.z()
    assert first != second

    page.get_by_role("button", name="Undo (").click()
    instrument.wait_for_z(*first)
    assert pixels(page.locator(".pad")) == stroke
    page.get_by_role("button", name="Redo").click()
    instrument.wait_for_z(*second)
    page.get_by_role("button", name="Undo stroke").click()
    instrument.wait_for_z(*first)
    page.locator(".pad-tools").get_by_role("button", name="Clear").click()
    expect(page.locator(".source-label")).to_be_hidden()
    assert pixels(page.locator(".pad")) == blank
    page.get_by_role("button", name="Undo (").click()
    expect(page.locator(".source-label")).to_have_text("Your drawing")
    assert pixels(page.locator(".pad")) == stroke


def test_who_draws_early_has_the_ground_of_the_data_after_clear(
    instrument: Instrument, page: Page
) -> None:
    held: list[Route] = []
    page.route("**/blots/thumbnails.webp", lambda route: held.append(route))
    instrument.open()
    instrument.start_from("Draw")
    draw(page, (0.3, 0.2), (0.6, 0.3))
    page.wait_for_function("() => !location.href.includes('z=0,0,0,0')")
    early = pixels(page.locator(".pad"))
    assert early[0] == 0, "black, until the test images are there"
    for route in held:
        route.continue_()
    instrument.wait_for_ground()
    assert pixels(page.locator(".pad")) == early

    page.locator(".pad-tools").get_by_role("button", name="Clear").click()
    assert pixels(page.locator(".pad"))[0] > 0, "grey, as they are at their edges"
    page.get_by_role("button", name="Undo (").click()
    expect(page.locator(".source-label")).to_have_text("Your drawing")
    assert pixels(page.locator(".pad")) == early


def test_the_eraser_leaves_the_ground(instrument: Instrument, page: Page) -> None:
    instrument.open()
    instrument.start_from("Draw")
    instrument.wait_for_ground()
    blank = pixels(page.locator(".pad"))
    draw(page, (0.5, 0.5), (0.55, 0.5))
    assert pixels(page.locator(".pad")) != blank
    page.get_by_role("button", name="Eraser").click()
    page.get_by_role("slider", name="Width of the pen").fill("0.25")
    draw(page, (0.5, 0.5), (0.55, 0.5))

    erased = pixels(page.locator(".pad"))
    assert np.abs(np.array(erased) - np.array(blank)).max() <= 4
