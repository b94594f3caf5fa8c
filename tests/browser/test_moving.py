"""Ways to move: sliders that play, typed values, keys, locks, undo and samples."""

from __future__ import annotations

import math

import numpy as np
from playwright.sync_api import Browser, Page, expect

from .instrument import STEPS, Instrument, steps_of


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


def test_a_value_can_be_typed(instrument: Instrument) -> None:
    instrument.open()
    for typed, reached in {"1.25": 1.25, "-0,4": -0.4, "−2": -2, "77": 5, ".5": 0.5}.items():
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

    # What was shown all along is not a new value.
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


def test_a_double_click_resets_a_latent(instrument: Instrument) -> None:
    instrument.open("model=blots&z=1,2,0,0")
    instrument.slider(1).dblclick(position={"x": 30, "y": 8})

    instrument.wait_for_z(1, 0, 0, 0)


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
