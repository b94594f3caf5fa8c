"""A checkpoint of one's own, dropped on the page or chosen."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from explorer.server import uploads

from . import checkpoints
from .dropping import drag, drop_path, drop_zip, zipped
from .instrument import Instrument


def expect_own(instrument: Instrument) -> str:
    """Until the dropped checkpoint is open; its id."""
    page = instrument.page
    expect(page.locator(".picker")).to_have_text("My own (dropped)")
    page.wait_for_selector("[data-ready]")
    assert instrument.query()["model"].startswith("my-own~")
    assert len(instrument.z()) == 3
    return instrument.query()["model"]


def test_a_zip_opens_where_it_is_dropped(instrument: Instrument, own: Path) -> None:
    page = instrument.open().page
    drop_zip(page, zipped(own))
    id = expect_own(instrument)
    pixels = checkpoints.weights(3, (1, 12, 8), 0)
    expected = checkpoints.decode(np.zeros((1, 3), np.float32), pixels).reshape(12, 8, 1)
    shown = instrument.image().astype(int)
    assert np.abs(shown - (expected * 255).round()).max() <= 2
    expect(page.locator(".note")).to_contain_text("until the server stops")

    page.locator(".picker").click()
    expect(page.locator(".choice strong")).to_contain_text(["Blots", "My own (dropped)"])
    listed = json.loads(page.request.get(f"{instrument.address}/catalogue.json").text())
    assert id not in [entry["id"] for entry in listed], "it is in nobody's catalogue"


def test_its_link_opens_it_and_the_list_still_has_it(instrument: Instrument, own: Path) -> None:
    page = instrument.open().page
    drop_zip(page, zipped(own))
    expect_own(instrument)
    instrument.slider(0).focus()
    page.keyboard.press("ArrowRight")
    instrument.wait_for_z(0.05, 0, 0)
    page.reload()
    expect_own(instrument)
    assert instrument.z() == [0.05, 0, 0]

    instrument.open("model=blots")
    page.locator(".picker").click()
    page.locator(".choice", has_text="My own (dropped)").click()
    expect_own(instrument)


def test_another_visitor_has_it_only_by_its_link(
    instrument: Instrument, own: Path, browser: Any, address: str
) -> None:
    page = instrument.open().page
    drop_zip(page, zipped(own))
    id = expect_own(instrument)
    context: BrowserContext = browser.new_context(bypass_csp=True)
    try:
        other = Instrument(context.new_page(), address).open()
        other.page.locator(".picker").click()
        expect(other.page.locator(".choice", has_text="Blots")).not_to_have_count(0)
        expect(other.page.locator(".choice", has_text="My own")).to_have_count(0)
        other.open(f"model={id}&z=1,0,0")
        assert other.z() == [1, 0, 0]
    finally:
        context.close()


def test_a_folder_is_packed_here(instrument: Instrument, own: Path, tmp_path: Path) -> None:
    page = instrument.open().page
    outer = tmp_path / "outer"
    (outer / "mine").mkdir(parents=True)
    for file in own.iterdir():
        (outer / "mine" / file.name).write_bytes(file.read_bytes())
    (outer / "mine" / "metrics.jsonl").write_text("not sent")
    (outer / "notes.txt").write_text("not sent")
    sent: list[bytes] = []

    def look(route: Route) -> None:
        sent.append(route.request.post_data_buffer or b"")
        route.continue_()

    page.route("**/uploads", look)
    page.locator("input[webkitdirectory]").set_input_files(outer)
    expect_own(instrument)
    with zipfile.ZipFile(io.BytesIO(sent[0])) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert set(archive.namelist()) == {f"mine/{file.name}" for file in own.iterdir()}
        for file in own.iterdir():
            assert archive.read(f"mine/{file.name}") == file.read_bytes()


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_folder_opens_where_it_is_dropped(
    instrument: Instrument, own: Path, tmp_path: Path, depth: int
) -> None:
    page = instrument.open().page
    folder = tmp_path / "/".join("abc"[:depth]) / "mine"
    shutil.copytree(own, folder)
    # More than a browser lists at once.
    for at in range(150):
        (folder / f"a-{at}.txt").write_text("not sent")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "decoder.onnx").write_text("not sent")
    drop_path(page, tmp_path / "a" if depth else folder)
    expect_own(instrument)


def test_a_folder_of_folders_and_an_empty_one_give_one_sentence(
    instrument: Instrument, own: Path, tmp_path: Path
) -> None:
    page = instrument.open().page
    both = tmp_path / "both"
    for name in ("one", "two"):
        shutil.copytree(own, both / name)
    drop_path(page, both)
    expect(page.locator(".note")).to_contain_text("\u2068both\u2069 holds 2 checkpoints")
    (tmp_path / "empty").mkdir()
    drop_path(page, tmp_path / "empty")
    expect(page.locator(".note")).to_contain_text("\u2068empty\u2069 holds no card.json")
    expect(page.locator(".picker")).to_have_text("Blots")


def test_a_folder_that_is_dragged_over_the_page_is_welcome(
    instrument: Instrument, own: Path
) -> None:
    page = instrument.open().page
    drop_path(page, own, last="dragOver")
    expect(page.locator(".drop-hint")).to_be_visible()


def test_the_files_of_a_folder_dropped_side_by_side_are_one(
    instrument: Instrument, own: Path
) -> None:
    page = instrument.open().page
    assert drag(page, *((file.name, file.read_bytes(), "") for file in own.iterdir()))
    expect_own(instrument)


def test_a_zip_is_chosen_from_the_list_of_models(instrument: Instrument, own: Path) -> None:
    page = instrument.open().page
    page.locator(".picker").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open a zip …").click()
    chooser.value.set_files({"name": "a.zip", "mimeType": "", "buffer": zipped(own)})
    expect_own(instrument)


def test_the_list_of_models_offers_a_folder_and_the_keyboard_reaches_it(
    instrument: Instrument,
) -> None:
    asked: list[object] = []
    page = instrument.open().page
    page.on("filechooser", lambda chooser: asked.append(chooser))
    page.keyboard.press("m")
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Open a folder …")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".picker")).to_be_focused()
    while not asked:
        page.wait_for_event("filechooser")


def test_a_server_that_was_started_anew_has_forgotten_it(
    instrument: Instrument, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = instrument.open().page
    drop_zip(page, zipped(own))
    expect_own(instrument)
    monkeypatch.setattr(uploads, "_kept", {})
    page.reload()
    note = page.locator(".note")
    expect(note).to_contain_text("what is dropped is kept until the server stops")
    expect(note).to_contain_text("\u2068Blots\u2069 was opened instead")
    page.locator(".picker").click()
    expect(page.locator(".choice", has_text="My own")).to_have_count(0)


def test_where_a_checkpoint_may_be_dropped_is_plain_to_see(
    instrument: Instrument, page: Page
) -> None:
    instrument.open()
    hint = page.locator(".drop-hint")
    expect(hint).to_be_hidden()
    assert drag(page, ("a.zip", b"", "application/zip"), type="dragover")
    expect(hint).to_be_visible()
    expect(hint).to_contain_text("Drop the checkpoint here")
    drag(page, type="dragleave")
    expect(hint).to_be_hidden()


def test_a_zip_over_the_place_for_images_is_still_a_checkpoint(
    instrument: Instrument, own: Path
) -> None:
    page = instrument.open().page
    page.evaluate(
        """() => document.querySelector(".hero").addEventListener("drop", (event) => {
          event.stopPropagation();
          throw new Error("not an image");
        })"""
    )
    drop_zip(page, zipped(own))
    expect_own(instrument)


def test_a_checkpoint_that_is_trained_meanwhile_appears(
    instrument: Instrument, models: Path
) -> None:
    page = instrument.open().page
    page.locator(".picker").click()
    expect(page.locator(".choice", has_text="Later")).to_have_count(0)
    page.keyboard.press("Escape")
    folder = models / "later"
    checkpoints.write(folder, title="Later")
    try:
        bench = page.locator(".bench").element_handle()
        page.locator(".picker").click()
        page.locator(".choice", has_text="Later").wait_for()
        assert bench is not None
        assert bench.evaluate("(bench) => bench.isConnected"), "what is open stays open"
        page.locator(".choice", has_text="Later").click()
        expect(page.locator(".picker")).to_have_text("Later")
        page.wait_for_selector("[data-ready]")
    finally:
        shutil.rmtree(folder)
