"""The test images to start from, and the ways to others."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from . import checkpoints
from .instrument import Instrument
from .own_images import put


def test_the_gallery_shows_some_at_a_time(
    instrument: Instrument, page: Page, tmp_path: Path
) -> None:
    checkpoints.write(tmp_path / "blots", examples=250)
    put(page, tmp_path / "blots")
    instrument.open()
    thumbs, pager = page.locator(".thumb"), page.locator(".pager")
    expect(thumbs).to_have_count(96)
    expect(pager).to_contain_text("1 to 96 of 250")
    page.get_by_role("button", name="Previous images").click(force=True)
    expect(pager).to_contain_text("1 to 96 of 250")
    page.get_by_role("button", name="Next images").click()
    page.get_by_role("button", name="Next images").click()
    expect(pager).to_contain_text("193 to 250 of 250")
    expect(thumbs).to_have_count(58)
    expect(thumbs.first).to_have_attribute("aria-label", "Image 192, 2")

    page.locator(".filters select").select_option("3")
    expect(pager).to_contain_text("1 to 25 of 25")
    labels = [thumb.get_attribute("aria-label") or "" for thumb in thumbs.all()]
    assert all(label.endswith(", 3") for label in labels)
    page.get_by_role("button", name="Shuffle").click()
    assert sorted(thumb.get_attribute("aria-label") or "" for thumb in thumbs.all()) == sorted(
        labels
    )
    page.get_by_role("button", name="Shuffle").click()
    page.locator(".filters select").select_option("all")
    number = page.get_by_label("Number of the image")
    number.fill("200")
    number.press("Enter")
    expect(page.locator(".thumb[aria-pressed=true]")).to_have_attribute(
        "aria-label", "Image 200, 0"
    )
    assert instrument.query()["example"] == "200"
    for wrong in ("250", "-1", "x"):
        number.fill(wrong)
        number.press("Enter")
    assert instrument.query()["example"] == "200"


def test_the_tabs_are_walked_by_arrow_keys(instrument: Instrument, page: Page) -> None:
    instrument.open()
    page.get_by_role("tab", name="Test images").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Draw")).to_be_focused()
    expect(page.locator(".pad")).to_be_visible()
    expect(page.locator(".thumbs")).to_be_hidden()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Choose an image")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Test images")).to_be_focused()
    expect(page.locator(".thumbs")).to_be_visible()
    assert instrument.z() == [0, 0, 0, 0]


def test_the_hint_leads_to_where_images_come_from(instrument: Instrument, page: Page) -> None:
    instrument.open()
    page.locator(".hint").get_by_role("button", name="draw").click()
    expect(page.get_by_role("tab", name="Draw")).to_be_focused()
    expect(page.locator("#start-draw")).to_be_visible()
