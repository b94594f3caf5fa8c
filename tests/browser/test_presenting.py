"""A teacher's screen and one that follows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from explorer import loading
from explorer.lessons.bench import MODELS, RESULTS

from .conftest import plain_server
from .instrument import Instrument


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The models that the lessons are about, and a folder for the class."""
    with plain_server(MODELS, RESULTS) as address, pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "RUNS", tmp_path_factory.mktemp("runs"))
        yield address


@pytest.fixture
def follower(browser: Browser, address: str) -> Iterator[Instrument]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    yield Instrument(page, address)
    context.close()


def said(page: Page, sentence: str) -> None:
    expect(page.locator(".class-said")).to_have_text(sentence)


def at_rest(instrument: Instrument) -> list[float]:
    """Where the link says that it is, once it says where the first slider is."""
    instrument.page.wait_for_function(
        """(value) => {
          const z = new URLSearchParams(location.search).get("z");
          return Math.abs(Number(z.split(",")[0]) - value) < 0.006;
        }""",
        arg=float(instrument.slider(0).input_value()),
    )
    return instrument.z()


def test_a_class_goes_where_its_teacher_goes_or_lets_go(
    page: Page, instrument: Instrument, follower: Instrument
) -> None:
    class_ = follower.page
    instrument.open("lesson=gap")
    page.get_by_role("button", name="Present").click()
    page.get_by_role("button", name="Start presenting").click()
    expect(page.get_by_role("img", name="QR code of the link").locator("path")).to_be_attached()
    link = page.get_by_label("Link for your class").input_value()
    page.keyboard.press("Escape")

    # The link leads to the card of the teacher, and has nothing of the key.
    class_.goto(link)
    class_.wait_for_selector("[data-ready]")
    said(class_, "Following the teacher")
    assert "follow" not in class_.url
    page.locator(".lesson-card").focus()
    page.keyboard.press("ArrowRight")
    class_.get_by_role("button", name="Lock my prediction").click()
    expect(class_.locator(".verdict")).to_have_text(
        "Your prediction is in. Your teacher will show the answer."
    )
    expect(class_.locator(".guess-measured")).to_be_hidden()
    # The teacher sees what is predicted, and shows the answer to all.
    expect(page.locator(".tally-count")).to_have_text("1 prediction · 1 screen follows")
    expect(page.locator(".tally")).to_have_attribute("aria-label", "1 from 60 nats to 66 nats")
    page.keyboard.press("ArrowRight")
    expect(class_.locator(".guess-measured")).to_be_visible()
    expect(class_.locator(".verdict")).to_contain_text("You marked 60 nats.")
    # A student who comes late, or loads the page anew, is shown it too, and so is the teacher.
    for one in (class_, page):
        one.reload()
        expect(one.locator(".guess-measured")).to_be_visible()
    expect(class_.locator(".guess-measured")).to_be_visible()
    page.keyboard.press("PageDown")
    expect(class_.locator(".lesson-step[aria-current]")).to_have_text("Do")

    # A drag arrives while the pointer is down.
    slider = instrument.slider(0)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    for step in range(10):
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.03 * step), middle)
    expect(follower.slider(0)).to_have_value(slider.input_value())
    page.mouse.up()
    follower.wait_for_z(*at_rest(instrument))
    assert (follower.image() == instrument.image()).all()

    # A student who moves by hand lets go, and comes back by a press.
    class_.get_by_role("button", name="Hide", exact=True).click()
    follower.slider(1).press("ArrowRight")
    said(class_, "You are moving freely")
    slider.press("ArrowRight")
    z = at_rest(instrument)
    expect(follower.slider(0)).not_to_have_value(slider.input_value())
    class_.get_by_role("button", name="Follow again").click()
    follower.wait_for_z(*z)

    page.get_by_role("button", name="End", exact=True).click()
    expect(class_.locator(".note")).to_contain_text("The teacher has ended the class.")
    expect(class_.locator(".class-bar")).to_be_hidden()
    class_.goto(link)
    expect(class_.locator(".note")).to_contain_text("This class has ended")
