"""The page of small distributions under a hand: what is dragged is computed anew."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

POINTS = "circles => circles.map(c => [c.cx.baseVal.value / 40, 6 - c.cy.baseVal.value / 40])"


@pytest.fixture
def opened(page: Page, address: str) -> Page:
    page.goto(f"{address}/instrument/distributions/index.html")
    page.locator("[data-ready]").wait_for()
    return page


def test_a_point_that_is_dragged_pulls_the_line_of_least_squares(opened: Page) -> None:
    line = opened.locator("#line")
    point = line.locator(".small-point").last
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.mouse.down()
    opened.mouse.move(box["x"], box["y"] + 90, steps=4)
    opened.mouse.up()
    x, y = np.array(line.locator(".small-point").evaluate_all(POINTS)).T
    slope, offset = np.polyfit(x, y, 1)
    error = ((y - slope * x - offset) ** 2).sum()
    assert error > 0.5, "which was 0.27 before"
    expect(line.locator("dd").nth(3)).to_have_text(f"{error:.2f}")
    opened.keyboard.press("ArrowUp")
    assert line.locator(".small-point").evaluate_all(POINTS)[-1][1] == pytest.approx(y[-1] + 0.1)


def test_what_runs_down_the_reverse_kl_ends_in_one_hump(opened: Page) -> None:
    humps = opened.locator("#humps")
    humps.get_by_text("Run down the reverse KL").click()
    expect(humps.locator("dd").last).to_have_text("0.92 nats")  # −ln 0.4: one hump of the two
    expect(humps.get_by_label("mean")).to_have_value("2")


def test_a_vae_learns_in_the_page_and_its_code_is_dragged(opened: Page) -> None:
    points = opened.locator("#points")
    steps, reconstruction = points.locator("dd").nth(0), points.locator("dd").nth(1)
    expect(steps).to_have_text("0")
    points.get_by_role("button", name="Train").click()
    expect(steps).to_have_text(re.compile(r"[1-9]"))
    points.get_by_role("button", name="Pause").click()
    expect(reconstruction).to_have_text(re.compile(r"nats$"))
    made, place = points.locator(".small-decoded"), "mark => mark.getAttribute('cx')"
    before = made.evaluate(place)
    points.locator(".small-point").press("ArrowRight")
    assert made.evaluate(place) != before
