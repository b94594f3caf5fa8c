"""Between two images: the path and its arithmetic."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .instrument import close, decoded, frames, steps_of
from .walking import STATIONS, A, B, C, Walk, pinned, spelled, spherical, straight


def test_pinned_images_and_those_between_them_are_decoded(walk: Walk, models: Path) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned(c=C)}")
    walk.wait_for_strip(models, [straight(t) for t in STATIONS])
    for name, code in {"a": A, "b": B, "c": C}.items():
        walk.wait_for_canvas(f"[data-pin={name}] canvas", decoded(models, code))
    total = [a - b + c for a, b, c in zip(A, B, C, strict=True)]
    walk.wait_for_canvas("[data-pin=sum] canvas", decoded(models, total))

    walk.page.get_by_role("button", name="Spherical").click()
    walk.wait_for_strip(models, [spherical(t) for t in STATIONS])
    assert walk.query()["path"] == "spherical"
    expect(walk.page.locator(".walk-apart")).to_have_text(
        f"{np.linalg.norm(np.subtract(A, B)):.2f}"
    )


def test_scrubbing_moves_the_image_and_tells_python_at_the_end(
    walk: Walk, models: Path, page: Page
) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned()}")
    page.evaluate(
        """() => { window.released = [];
        document.querySelector("#instrument").addEventListener("release", ({ detail }) =>
          released.push(detail)); }"""
    )
    walk.range.scroll_into_view_if_needed()
    box = walk.range.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=5)
    expect(page.locator(".walk-place")).not_to_have_text("0.50")
    frames(page)
    during = walk.image()
    assert page.evaluate("released") == []
    page.mouse.up()
    page.wait_for_function("released.length")

    t = float(walk.range.input_value())
    assert 0.5 < t < 1
    assert walk.z() == pytest.approx(straight(t), abs=0.00051)
    assert close(during, decoded(models, walk.z()))
    assert [state["z"] for state in page.evaluate("released")] == [walk.z()]
    page.keyboard.press("Control+z")
    walk.wait_for_z(0, 0, 0, 0)
    expect(page.locator(".walk")).to_have_class(re.compile("astray"))
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator(".walk-place")).to_have_text(f"{t:.2f}")


def test_looking_elsewhere_on_the_map_does_not_take_z_off_its_path(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned()}")
    page.wait_for_selector(".map-tools:not([inert])")
    walk.range.fill("0.5")
    expect(page.locator(".walk-place")).to_have_text("0.50")
    page.locator(".map-stage").hover()
    expect(page.locator(".walk")).to_have_class(re.compile("astray"))
    page.mouse.move(5, 5)
    expect(page.locator(".walk")).not_to_have_class(re.compile("astray"))
    expect(page.locator(".walk-place")).to_have_text("0.50")


def test_an_image_of_the_strip_is_a_click_away(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned()}")
    walk.range.scroll_into_view_if_needed()
    box = walk.range.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 6.5 / 9, box["y"] + box["height"] / 2)

    walk.wait_for_z(*(round(value, 3) for value in straight(0.75)))


def test_the_other_kind_of_path_is_shown_at_the_same_place(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z={spelled(straight(0.25))}&{pinned()}")
    expect(page.locator(".walk-place")).to_have_text("0.25")
    page.get_by_role("button", name="Spherical").click()

    walk.wait_for_z(*(round(value, 3) for value in spherical(0.25)))
    expect(page.locator(".walk-place")).to_have_text("0.25")


def test_the_path_plays_until_it_is_paused(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z={spelled(A)}&{pinned()}")
    page.get_by_role("button", name="Play the path back and forth").click()
    page.wait_for_function("Number(document.querySelector('.walk .range').value) > 0.05")
    assert walk.z() == A
    page.get_by_role("button", name="Pause the path").click()
    page.wait_for_function("(z) => !location.search.includes(z)", arg=f"z={spelled(A)}&")
    t = float(walk.range.input_value())
    # The slider has steps of 0.005, between which the path is played.
    assert walk.z() == pytest.approx(straight(t), abs=0.003 * np.linalg.norm(np.subtract(A, B)))
    page.keyboard.press("Control+z")
    walk.wait_for_z(*A)


def test_another_move_ends_the_play(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z={spelled(A)}&{pinned()}")
    play = page.get_by_role("button", name="Play the path back and forth")
    for interrupt in ("ArrowRight", "s", "b", "Shift+A", "Control+z"):
        before = walk.range.input_value()
        play.click()
        page.wait_for_function(
            "(before) => document.querySelector('.walk .range').value !== before", arg=before
        )
        page.keyboard.press(interrupt)
        expect(play, interrupt).to_be_visible()


def test_less_motion_plays_from_image_to_image(browser: Browser, address: str) -> None:
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    walk = Walk(page, address)
    walk.open(f"model=blots&z={spelled(A)}&{pinned()}")
    play = page.get_by_role("button", name="Play the path back and forth")
    assert steps_of(walk.range, play, 3) <= set(STATIONS)
    context.close()


def test_what_tells_two_images_apart_is_added_to_a_third(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned()}")
    total = page.get_by_role("button", name="A − B + C")
    expect(total).to_have_attribute("aria-disabled", "true")
    total.click(force=True)
    expect(page.locator(".note")).to_contain_text("pin A, B and C first")
    assert walk.z() == [0, 0, 0, 0]

    walk.open(f"model=blots&z=0,0,0,0&{pinned(c=C)}")
    page.get_by_role("button", name="Go to A − B + C").click()
    walk.wait_for_z(*(a - b + c for a, b, c in zip(A, B, C, strict=True)))
    expect(page.locator(".note")).to_contain_text("z is now A − B + C")


def test_images_are_pinned_and_gone_to_by_key_and_by_pointer(walk: Walk, page: Page) -> None:
    walk.open("model=blots&z=1,0,0,0")
    expect(page.locator(".walk")).to_be_hidden()
    page.keyboard.press("a")
    expect(page.locator(".note")).to_have_text("Pinned as A.")
    page.keyboard.press("r")
    walk.wait_for_z(0, 0, 0, 0)
    assert page.locator(".note").is_hidden(), "what passes goes with the next action"
    page.get_by_role("button", name="Pin this image as B").click()
    expect(page.locator(".walk")).to_be_visible()
    assert (walk.query()["a"], walk.query()["b"]) == ("1,0,0,0", "0,0,0,0")
    page.keyboard.press("Shift+A")
    walk.wait_for_z(1, 0, 0, 0)
    expect(page.locator(".walk-place")).to_have_text("0.00")
    page.get_by_role("button", name="Go to B").click()
    walk.wait_for_z(0, 0, 0, 0)
    expect(page.locator(".walk-place")).to_have_text("1.00")
    page.keyboard.press("Shift+C")
    expect(page.locator(".note")).to_contain_text("Nothing is pinned as C yet")
    page.get_by_role("button", name="Clear B").click()
    expect(page.locator(".walk")).to_be_hidden()
    expect(page.get_by_role("button", name="Pin this image as B")).to_be_focused()
    assert "b" not in walk.query()


def test_a_link_holds_the_pins_and_the_path(
    walk: Walk, models: Path, context: BrowserContext, address: str
) -> None:
    walk.open(f"model=blots&z=0,0,0,0&path=spherical&{pinned(c=C)}")
    walk.range.focus()
    walk.page.keyboard.press("End")
    walk.wait_for_z(*B)

    other = context.new_page()
    twin = Walk(other, address)
    other.goto(walk.page.url)
    other.wait_for_selector("[data-ready]")
    assert twin.query() == walk.query()
    assert twin.query()["c"] == spelled(C)
    twin.wait_for_strip(models, [spherical(t) for t in STATIONS])
    expect(other.locator(".walk-place")).to_have_text("1.00")


def test_undo_brings_back_a_pin_and_a_direction(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&{pinned()}&directions=up:0,1,0,0;last:0,0,0,1")
    page.get_by_role("button", name="Clear B").click()
    page.get_by_role("tab", name="Directions").click()
    page.get_by_role("button", name="Remove up").click()
    page.get_by_role("tab", name="Path").click()
    page.get_by_role("button", name="Go to A (").click()
    walk.wait_for_z(*A)
    left = walk.query()
    assert "b" not in left
    assert left["directions"] == "last:0,0,0,1"

    for step in ("z", "directions", "b"):
        page.keyboard.press("Control+z")
        page.wait_for_function("(link) => location.search !== link", arg=page.url.split("?")[1])
        found = walk.query()
        assert found["z"] == "0,0,0,0"
        expected = "last:0,0,0,1" if step == "z" else "up:0,1,0,0;last:0,0,0,1"
        assert found["directions"] == expected
        assert found.get("b") == (spelled(B) if step == "b" else None)
    expect(page.locator(".direction")).to_have_count(2)
    # What undo has brought back is shown.
    expect(page.locator(".walk")).to_be_visible()

    # Pinned once more where it is pinned already, it is not a step.
    page.get_by_role("button", name="Go to A (").click()
    walk.wait_for_z(*A)
    page.keyboard.press("a")
    expect(page.locator(".note")).to_have_text("Pinned as A.")
    page.keyboard.press("Control+z")
    walk.wait_for_z(0, 0, 0, 0)


def test_the_path_leaves_what_is_locked(walk: Walk, models: Path, page: Page) -> None:
    walk.open(f"model=blots&z=0,-2,0,0&locked=1&{pinned(c=C)}")
    expect(page.locator(".walk")).to_contain_text("Locked, and so fixed along the path: z₁.")

    def locked(code: list[float]) -> list[float]:
        return [code[0], -2, *code[2:]]

    walk.wait_for_strip(models, [locked(straight(t)) for t in STATIONS])
    walk.range.focus()
    page.keyboard.press("End")
    walk.wait_for_z(*locked(B))
    expect(page.locator(".walk-place")).to_have_text("1.00")
    page.get_by_role("button", name="Go to A − B + C").click()
    walk.wait_for_z(*locked([a - b + c for a, b, c in zip(A, B, C, strict=True)]))
    expect(page.locator(".note")).to_contain_text("Locked, and so unchanged: z₁.")
    page.get_by_role("button", name="Unlock z₁").click()
    walk.wait_for_strip(models, [straight(t) for t in STATIONS])


def test_the_map_draws_the_way_that_is_walked(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z=0,-2,0,0&axes=z0,z1&{pinned()}")
    expect(page.locator(".thumb").first).to_be_visible()
    page.wait_for_function("performance.getEntriesByName('instrument:here').length > 0")
    frames(page)
    over = "document.querySelector('.map-over').toDataURL()"
    # What else is drawn over the map settles first.
    page.get_by_role("button", name="Lock z₁").click()
    page.get_by_role("button", name="Unlock z₁").click()
    frames(page, 4)
    free = page.evaluate(over)
    page.get_by_role("button", name="Lock z₁").click()
    page.wait_for_function(f"(free) => {over} !== free", arg=free)
    page.get_by_role("button", name="Unlock z₁").click()
    page.wait_for_function(f"(free) => {over} === free", arg=free)
