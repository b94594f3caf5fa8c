"""What is dropped and is refused, each with one sentence; and the files that are not for us."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from playwright.sync_api import Page, expect

from training.contract.files import read_card, write_card

from .dropping import drag, drop_zip, zipped
from .instrument import Instrument

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
    expect(page.locator(".note")).to_contain_text("which is not a plain path inside it")


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
    instrument.start_from("Upload")
    image = ("photo.HEIC", b"\0\0\0\x18ftypheic", "")
    assert drag(page, image, target=".dropzone")
    expect(page.locator(".refusal:visible")).to_contain_text("photo.HEIC")
    expect(page.locator(".note")).to_be_hidden()
    assert drag(page, image)
    expect(page.locator(".note")).to_contain_text("is neither a zip nor a folder")


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
    expect(page.locator(".note")).to_contain_text("is 301 MB, and the limit is 300 MB")
