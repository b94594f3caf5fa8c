"""The instrument on any screen, under a finger, and without a pointer."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from safetensors.numpy import load_file

from . import checkpoints
from .instrument import STEPS, Instrument


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


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844), (320, 640)])
def test_nothing_leaves_the_screen_sideways(
    browser: Browser, address: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(
        bypass_csp=True,
        viewport={"width": size[0], "height": size[1]},
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
    expect(
        page.get_by_role("img", name="Image that Blots decodes at z₁ 0.00, z₀ 0.00")
    ).to_be_visible()
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll(".instrument *")]
          .filter((element) => [...element.childNodes].some((node) =>
            node.nodeType === Node.TEXT_NODE && node.textContent.trim()))
          .map((element) => parseFloat(getComputedStyle(element).fontSize))
          .filter((size) => size > 0))"""  # what has 0 is not seen: its tab says it
    )
    assert smallest >= 14


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
