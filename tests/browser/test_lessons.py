"""A lesson beside the real instrument, with the shipped models that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from explorer.lessons import LESSONS
from explorer.lessons.bench import MODELS, RESULTS, shipped
from explorer.lessons.check import measure, read_all
from explorer.lessons.command import model_names

from .conftest import plain_server
from .instrument import Instrument


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The models that the lessons are about are those that come with the explorer."""
    with plain_server(MODELS, RESULTS) as address:
        yield address


def measured(name: str) -> dict[str, float]:
    (lesson,) = read_all([name], model_names(shipped()))
    return measure(lesson, shipped())


def step(page: Page) -> str | None:
    return page.locator(".lesson-step[aria-current]").text_content()


def test_a_prediction_is_locked_and_then_shown_beside_what_was_measured(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("lesson=squeeze&step=2")
    expect(page.locator(".compared")).to_have_count(2)
    expect(page.get_by_role("heading", name="In figures")).to_be_hidden()
    mark = page.get_by_label(re.compile("How many times larger"))
    mark.focus()
    mark.press("Home")
    expect(page.locator(".guess-said")).to_have_text("1.0 times")
    expect(page.locator(".lesson-foot .lesson-main")).to_have_text("Skip the prediction")
    page.get_by_role("button", name="Lock my prediction").click()
    times = measured("squeeze")["times"]
    expect(page.locator(".verdict")).to_have_text(
        f"Measured: {times:.1f} times. You marked 1.0 times."
    )
    expect(mark).to_be_disabled()
    expect(page.locator(".guess-measured")).to_have_text(f"{times:.1f}")
    page.get_by_role("button", name="Next", exact=True).click()
    assert step(page) == "Do"
    # The link of the card opens it again, and the mark is where it was left.
    assert "lesson=squeeze&step=3" in page.url
    page.reload()
    page.wait_for_selector("[data-ready]")
    assert step(page) == "Do"
    page.get_by_role("button", name="Back").click()
    expect(mark).to_be_disabled()
    expect(page.locator(".guess-said")).to_have_text("1.0 times")


def test_a_card_opens_its_own_image_and_its_formula_lights_what_it_is_about(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("lesson=gap")
    page.wait_for_function("location.search.includes('example=0&')")
    # What the lesson does not need is folded away, and there when it is asked for.
    expect(page.locator("[data-panel='actions']")).to_be_hidden()
    expect(page.locator("[data-panel='map']")).to_be_visible()
    page.get_by_role("button", name="All panels").click()
    expect(page.locator("[data-panel='actions']")).to_be_visible()
    page.get_by_role("button", name="All panels").click()
    page.get_by_role("button", name="Predict").click()
    page.wait_for_function("location.search.includes('example=119&')")
    page.get_by_role("button", name="Why", exact=True).click()
    values = measured("gap")
    gap = page.get_by_role("button", name=f"Gap: {values['gap']:.1f} nats")
    expect(gap.locator(".term-value")).to_have_text(f"{values['gap']:.1f} nats")
    expect(gap.locator(".katex")).to_be_visible()
    gap.hover()
    expect(page.locator("[data-panel='map']")).to_have_class(re.compile("lit"))
    page.mouse.move(0, 0)
    expect(page.locator("[data-panel='map']")).not_to_have_class(re.compile("lit"))
    # The switch of the instrument turns the formula of the lesson, too.
    formula = page.locator(".lesson .formula").locator("visible=true")
    expect(formula).to_contain_text("−ln")
    page.get_by_role("button", name="ELBO", exact=True).first.click()
    expect(formula).to_have_count(1)
    expect(formula).not_to_contain_text("−ln")
    # Somebody who moves a slider keeps the card in the link.
    instrument.slider(0).press("ArrowRight")
    page.wait_for_function("location.search.includes('z=')")
    assert "lesson=gap&step=4" in page.url


def test_the_inside_of_the_model_stands_beside_the_image_of_its_lesson(
    page: Page, instrument: Instrument
) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    instrument.open("lesson=noise")
    draw = page.get_by_role("button", name="Draw from the posterior").locator("visible=true")
    expect(draw).to_be_in_viewport()
    inside = page.locator(".pipeline").bounding_box()
    image = page.locator("[data-panel='output']").bounding_box()
    assert inside is not None
    assert image is not None
    assert inside["x"] > image["x"] + image["width"]
    assert inside["width"] > 300


def test_the_page_notices_that_the_goal_of_a_lesson_is_reached(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("lesson=gap&step=3")
    said = page.locator(".goal-said")
    expect(said).to_have_text(re.compile(r"It is \d\d\.\d nats now\."))
    page.get_by_role("button", name="The best q").click()
    expect(said).to_have_text(re.compile(r"Reached: \d\.\d nats\."))
    page.reload()
    expect(said).to_have_text(re.compile(r"Reached: \d\.\d nats\."))


def test_a_card_leaves_the_tabs_that_it_is_about_and_one_is_open(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("lesson=noise&step=3")
    tabs = page.locator(".tab-row > .tabs > .tab:visible")
    expect(tabs).to_have_text(["Numbers"])
    expect(tabs).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="All panels").click()
    expect(tabs.first).to_have_text("Traversals")


def test_a_goal_in_a_comparison_is_about_the_model_that_it_names(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("lesson=factors&step=3")
    said = page.locator(".goal-said")
    expect(said).to_have_text("It is 74 % now.")
    for model, value in (("sprites-beta16", "-2"), ("sprites-beta16-seed1", "2.5")):
        latent = "z₂" if model == "sprites-beta16" else "z₀"
        field = page.locator(f"[data-model='{model}']").get_by_label(f"Value of {latent}")
        expect(page.locator(".goal.reached")).to_have_count(0)
        field.fill(value)
        field.press("Enter")
    expect(said).to_have_text(re.compile(r"Reached: \d\d %\."))


def test_a_lesson_that_is_left_leaves_the_instrument_as_it_is(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("lesson=gap&step=5")
    page.get_by_role("button", name=re.compile("true posterior")).first.click()
    expect(page.locator(".because").first).to_contain_text("Right.")
    page.get_by_role("button", name="Leave").click()
    expect(page.locator(".lesson")).to_have_count(0)
    expect(page.locator(".not-needed")).to_have_count(0)
    assert "example=119" in page.url
    assert "lesson" not in page.url
    assert "model=digits-2d" in page.url


@pytest.mark.parametrize("name", LESSONS)
def test_every_card_of_a_lesson_is_laid_out_on_a_phone(
    page: Page, instrument: Instrument, name: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    instrument.open(f"lesson={name}")
    for at in range(5):
        card = page.locator(".lesson-card")
        expect(card).to_be_visible()
        # Until KaTeX is here, the TeX itself stands in its place.
        expect(card).not_to_contain_text("{", use_inner_text=True)
        size: dict[str, Any] = card.evaluate(
            "(card) => ({ wide: card.scrollWidth - card.clientWidth, words: card.innerText })"
        )
        assert size["wide"] <= 0, size
        assert len(size["words"]) > 40
        if at < 4:
            page.locator(".lesson-foot .lesson-main").click()
    expect(page.locator(".katex-error")).to_have_count(0)


def test_a_lesson_in_another_language_says_so_and_leads_back(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("lesson=holes&step=4&lang=de")
    lesson = page.locator(".lesson")
    # A screen reader reads it in its own language, and the instrument beside it in English.
    expect(lesson).to_have_attribute("lang", "de")
    assert step(page) == "Warum"
    page.get_by_role("button", name="nach KL, in Nats").click()
    expect(page.locator(".bubble:visible")).to_contain_text("Gemessen an 10.000 Bildern")
    kl = f"{measured('holes')['kl']:.1f}".replace(".", ",")
    expect(lesson.locator(".term-value").nth(1)).to_have_text(f"{kl} Nats")
    lesson.get_by_role("button", name="Weiter").click()
    page.wait_for_function("location.search.includes('step=5&lang=de')")
    # One question at a time: an answer brings the next, and each can be gone to.
    expect(lesson.locator(".ask:visible")).to_have_count(1)
    lesson.get_by_role("button", name="Frage 1 von 3").click()
    onward = lesson.get_by_role("button", name="Nächste Frage")
    expect(onward).to_be_hidden()
    lesson.locator(".choice-of-answer:visible").first.click()
    onward.click()
    lesson.get_by_role("button", name="Nein: Er hat weniger").click()
    expect(lesson.locator(".because").nth(1)).to_contain_text("Richtig. Die KL-Divergenz")
    # The answers are of the lesson, whatever it is read in.
    lesson.get_by_role("link", name="English").click()
    page.wait_for_selector(".lesson[lang=en]")
    assert step(page) == "Check"
    expect(page.locator(".because").nth(1)).to_contain_text("Right. The KL makes holes")


def test_a_lesson_says_that_it_is_on_its_way(page: Page, address: str) -> None:
    asked: list[Route] = []
    page.route("**/lessons.json", lambda route: asked.append(route))
    page.goto(f"{address}/instrument/index.html?lesson=dials")
    expect(page.get_by_text("Opening the lesson …")).to_be_visible()
    asked[0].continue_()
    expect(page.locator(".lesson")).to_be_visible()
    expect(page.get_by_text("Opening the lesson …")).to_have_count(0)


def test_a_lesson_that_there_is_not_opens_the_instrument_and_is_named(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("lesson=nothing")
    expect(page.locator(".lesson")).to_have_count(0)
    expect(page.locator(".note")).to_contain_text("nothing")
    expect(page.locator(".note")).to_contain_text("choose one under Lessons")


def test_the_list_leads_to_a_lesson_and_remembers_how_far_one_was(
    page: Page, address: str, instrument: Instrument
) -> None:
    page.goto(f"{address}/instrument/lesson/index.html")
    rows = page.locator(".lesson-row")
    expect(rows).to_have_count(len(LESSONS))
    expect(rows.first).to_contain_text("Not started")
    page.get_by_role("button", name="For learning on your own").click()
    expect(page.locator(".lesson-group")).to_have_count(1)
    expect(rows).to_have_count(len(LESSONS))
    page.get_by_role("link", name="Two terms, one gap", exact=True).click()
    page.wait_for_selector("[data-ready]")
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_role("button", name="Skip the prediction").click()
    page.goto(f"{address}/instrument/lesson/index.html")
    gap = rows.filter(has_text="Two terms, one gap")
    expect(gap).to_contain_text("At card 3 of 5")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save it as CSV").click()
    assert saved.value.path().read_text("utf-8").splitlines()[1].startswith("gap,3,")


def test_a_lesson_on_two_humps_agrees_with_what_the_page_computes(
    page: Page, instrument: Instrument
) -> None:
    instrument.open("lesson=humps&step=2")
    expect(page.locator("[data-panel=humps]")).to_be_visible()
    expect(page.locator("[data-panel=line]")).to_be_hidden()
    # It would answer what is asked.
    expect(page.get_by_role("button", name="Run down the reverse KL")).to_be_hidden()
    page.get_by_role("button", name="Do", exact=True).click()
    figures = measured("humps")
    nats = page.locator("[data-panel=humps] dd")
    page.get_by_role("button", name="Run down the reverse KL").click()
    expect(nats.nth(1)).to_have_text(f"{figures['near']:.2f} nats")
    page.get_by_role("button", name="Run down the forward KL").click()
    expect(nats.nth(0)).to_have_text(f"{figures['wide']:.2f} nats")
    page.get_by_role("button", name="Leave").click()
    expect(page.locator(".bench")).to_be_visible()
