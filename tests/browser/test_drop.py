"""A checkpoint of one's own, dropped on the page or chosen."""

from __future__ import annotations

import base64
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from explorer import uploads
from training.contract.files import read_card, write_card

from . import checkpoints
from .instrument import Instrument

# Hands files to the page as a drop does; no mouse of a test can carry a file.
DROP = """
async ({ files, type, target }) => {
  const transfer = new DataTransfer();
  for (const [name, text, kind] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: kind }));
  }
  const options = { bubbles: true, cancelable: true, composed: true, dataTransfer: transfer };
  const event = new DragEvent(type, options);
  document.querySelector(target).dispatchEvent(event);
  return event.defaultPrevented;
}
"""


@pytest.fixture
def instrument(page: Page, address: str) -> Instrument:
    return Instrument(page, address)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that lies where no explorer looks."""
    folder = tmp_path_factory.mktemp("elsewhere") / "mine"
    checkpoints.write(folder, title="My own", latents=3, inactive=0)
    return folder


def zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"{folder.name}/{file.name}")
    return buffer.getvalue()


def drag(
    page: Page, *files: tuple[str, bytes, str], type: str = "drop", target: str = ".hero"
) -> bool:
    """Whether the page took the event for itself."""
    given = [(name, base64.b64encode(content).decode(), kind) for name, content, kind in files]
    taken = page.evaluate(DROP, {"files": given, "type": type, "target": target})
    assert isinstance(taken, bool)
    return taken


def drop_zip(page: Page, content: bytes, target: str = ".hero") -> None:
    assert drag(page, ("mine.zip", content, "application/zip"), target=target)


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


def drop_path(page: Page, path: Path, last: str = "drop") -> None:
    """Drags a file or folder of this machine over the page, as the desktop does."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for type in ("dragEnter", "dragOver", last):
        session.send("Input.dispatchDragEvent", {"type": type, "x": 600, "y": 300, "data": data})


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


REFUSED: dict[str, tuple[list[tuple[str, bytes, str]], str]] = {
    "no zip": ([("a.zip", b"PK nonsense", "application/zip")], "This file is not a readable zip"),
    "a text": ([("a.txt", b"text", "text/plain")], "is neither a zip nor a folder"),
    "a pickle": ([("a.pt", b"cos", "")], "is neither a zip nor a folder"),
    "files": ([("a.txt", b"", ""), ("b.txt", b"", "")], "holds no card.json"),
}


@pytest.mark.parametrize(("files", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_checkpoint_gives_one_sentence_and_nothing_else_changes(
    instrument: Instrument, files: list[tuple[str, bytes, str]], reason: str
) -> None:
    page = instrument.open("model=blots&z=1,0,-1,0").page
    before = instrument.image()
    query = instrument.query()
    assert drag(page, *files)
    expect(page.locator(".note")).to_contain_text(reason)
    assert instrument.query() == query
    assert (instrument.image() == before).all()
    expect(page.locator(".picker")).to_have_text("Blots")


def test_a_hostile_zip_gives_the_servers_sentence(instrument: Instrument) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../card.json", "{}")
    page = instrument.open().page
    drop_zip(page, buffer.getvalue())
    expect(page.locator(".note")).to_contain_text("which points outside the zip")


def with_nodes(content: bytes, *nodes: bytes) -> bytes:
    """An ONNX file whose output goes through more nodes, as the file has them."""
    model = onnx.ModelProto.FromString(content)
    model.graph.node[-1].output[0] = "before"
    graph = model.graph.SerializeToString()
    for node in nodes:
        graph += b"\x0a" + length(node) + node
    model.ClearField("graph")
    return model.SerializeToString() + b"\x3a" + length(graph) + graph


def length(content: bytes) -> bytes:
    """As a protobuf message has it: seven bits a byte, the lowest first."""
    left, written = len(content), bytearray()
    while left >= 128:
        written.append(left & 127 | 128)
        left >>= 7
    return bytes([*written, left])


def endless(content: bytes) -> bytes:
    """A loop of 2⁶² turns, spelt so that nobody who looks for its letters finds a loop."""
    info = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node
    float_, int64, bool_ = (getattr(onnx.TensorProto, n) for n in ("FLOAT", "INT64", "BOOL"))
    body = onnx.helper.make_graph(
        [node("Identity", ["go on"], ["goes on"]), node("Identity", ["image"], ["same"])],
        "body",
        [info("trip", int64, []), info("go on", bool_, []), info("image", float_, None)],
        [info("goes on", bool_, []), info("same", float_, None)],
    )
    model = onnx.ModelProto.FromString(content)
    trips = onnx.numpy_helper.from_array(np.array(2**62), "trips")
    model.graph.initializer.append(trips)
    loop = node("Loop", ["trips", "", "before"], ["mean"], body=body).SerializeToString()
    hidden = loop.replace(b'"\x04Loop', b'"\x84\x00Loop')
    assert hidden != loop
    return with_nodes(model.SerializeToString(), hidden)


def huge(content: bytes) -> bytes:
    """Gigabytes are made of each image, and its first corner is given."""
    model = onnx.ModelProto.FromString(content)
    size = [dim.dim_value for dim in model.graph.output[0].type.tensor_type.shape.dim[2:]]
    for name, numbers in {
        "repeats": [1, 1, 2**28 // size[0] // size[1], 1],
        "starts": [0, 0],
        "ends": size,
        "axes": [2, 3],
    }.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(numbers), name))
    tile = onnx.helper.make_node("Tile", ["before", "repeats"], ["large"])
    corner = onnx.helper.make_node("Slice", ["large", "starts", "ends", "axes"], ["mean"])
    nodes = (node.SerializeToString() for node in (tile, corner))
    return with_nodes(model.SerializeToString(), *nodes)


def test_a_model_that_would_take_the_page_with_it_is_ended_with_a_sentence(
    instrument: Instrument, own: Path, tmp_path: Path
) -> None:
    """In a worker of its own: the page can still be used, for the next model that is dropped."""
    page = instrument.open().page
    for name, change, reason in (
        ("endless", endless, "did not finish two values within 2 seconds"),
        ("huge", huge, "asks for more memory than a page has"),
    ):
        folder = Path(shutil.copytree(own, tmp_path / name))
        card = read_card(folder)
        (folder / "decoder.onnx").write_bytes(change((folder / "decoder.onnx").read_bytes()))
        write_card(folder, card)
        drop_zip(page, zipped(folder), target="main")
        expect(page.locator(".blocked")).to_contain_text(reason, timeout=20_000)


def test_a_proxy_that_lets_through_less_is_named(instrument: Instrument, own: Path) -> None:
    page = instrument.open().page
    page.route("**/uploads", lambda route: route.fulfill(status=413, body="<html>nginx</html>"))
    drop_zip(page, zipped(own))
    expect(page.locator(".note")).to_contain_text("more than the proxy in front of this explorer")


def test_without_the_server_it_says_so(instrument: Instrument, own: Path) -> None:
    page = instrument.open().page
    page.route("**/uploads", lambda route: route.abort())
    drop_zip(page, zipped(own))
    expect(page.locator(".note")).to_contain_text("check that the explorer is still running")


def test_a_server_that_was_started_anew_has_forgotten_it(
    instrument: Instrument, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = instrument.open().page
    drop_zip(page, zipped(own))
    expect_own(instrument)
    monkeypatch.setattr(uploads, "_kept", {})
    page.reload()
    expect(page.locator(".note")).to_contain_text(
        "which is not here, so \u2068Blots\u2069 was opened"
    )
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


def test_images_are_left_to_others_and_lead_nowhere(instrument: Instrument, page: Page) -> None:
    instrument.open()
    image = ("a.png", b"", "image/png")
    assert drag(page, image, type="dragover"), "the browser would leave the page"
    expect(page.locator(".drop-hint")).to_be_hidden()
    assert drag(page, image)
    expect(page.locator(".note")).to_be_hidden()
    page.evaluate(
        """() => {
          const catcher = document.querySelector(".hero");
          catcher.addEventListener("drop", (event) => {
            catcher.dataset.caught = event.dataTransfer.files[0].name;
          });
        }"""
    )
    drag(page, image)
    expect(page.locator(".hero")).to_have_attribute("data-caught", "a.png")


def test_an_image_of_no_known_type_is_an_image_where_images_are_taken(
    instrument: Instrument, page: Page
) -> None:
    instrument.open()
    instrument.bring("Upload")
    image = ("photo.HEIC", b"\0\0\0\x18ftypheic", "")
    assert drag(page, image, target=".dropzone")
    expect(page.locator(".refusal:visible")).to_contain_text("photo.HEIC")
    expect(page.locator(".note")).to_be_hidden()
    assert drag(page, image)
    expect(page.locator(".note")).to_contain_text("is neither a zip nor a folder")


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


def test_a_large_one_is_refused_before_it_is_sent(instrument: Instrument) -> None:
    page = instrument.open().page
    page.evaluate(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["x"], "large.zip", { type: "application/zip" }));
          Object.defineProperty(Blob.prototype, "size", { value: 300_000_001 });
          const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
          document.body.dispatchEvent(new DragEvent("drop", options));
        }"""
    )
    expect(page.locator(".note")).to_contain_text("has 301 MB, and the limit is 300")


def test_the_limits_are_those_of_the_server(page: Page, address: str) -> None:
    text = page.request.get(f"{address}/instrument/own/drop.js").text()
    assert f"LARGEST = {uploads.LARGEST_ZIP // uploads.MB}e6" in text


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
