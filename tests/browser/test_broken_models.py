"""Decoders, cards, codes and thumbnails that are not what they should be: a sentence each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from playwright.sync_api import Page, expect
from safetensors.numpy import load_file, save

from . import checkpoints
from .instrument import Instrument, blocked

WRONG_NAMES = helper.make_model(
    helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "names",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
    ),
    opset_imports=[helper.make_opsetid("", 17)],
    ir_version=9,
)


def replace_decoder(page: Page, models: Path, content: bytes) -> None:
    """Serve another decoder, and a card that fits its size."""
    card = json.loads((models / "blots" / "card.json").read_text())
    card["files"]["decoder.onnx"]["bytes"] = len(content)
    page.route("**/decoder.onnx", lambda route: route.fulfill(body=content))
    page.route("**/card.json", lambda route: route.fulfill(json=card))


@pytest.fixture
def larger(tmp_path: Path) -> bytes:
    checkpoints.write(tmp_path / "larger", shape=(1, 16, 16))
    return (tmp_path / "larger" / "decoder.onnx").read_bytes()


def test_with_a_decoder_that_is_none(instrument: Instrument, models: Path, page: Page) -> None:
    replace_decoder(page, models, b"no model at all")
    instrument.go()
    blocked(page, "blots/decoder.onnx is not a model this browser can run")


def test_with_a_decoder_of_other_names(instrument: Instrument, models: Path, page: Page) -> None:
    replace_decoder(page, models, WRONG_NAMES.SerializeToString())
    instrument.go()
    blocked(page, "should take `z` and give `mean`, but takes `x` and gives `y`")


def test_with_a_decoder_of_another_size(
    instrument: Instrument, models: Path, page: Page, larger: bytes
) -> None:
    replace_decoder(page, models, larger)
    instrument.go()
    blocked(
        page,
        "gives `mean` as float32 2 × 1 × 16 × 16 for 2 codes, where the card says float32 "
        "2 × 1 × 12 × 8",
    )


def test_with_a_decoder_that_gives_no_numbers(
    instrument: Instrument, models: Path, page: Page
) -> None:
    model = onnx.load(models / "blots" / "decoder.onnx")
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "bias")
    bias.raw_data = b"\x00\x00\xc0\x7f" * 96
    replace_decoder(page, models, model.SerializeToString())
    instrument.go()
    blocked(page, "blots/decoder.onnx returns NaN or infinity")


def end(
    operator: str, *inputs: NDArray[np.generic], batch: int | str = "batch", **attributes: Any
) -> Callable[[onnx.ModelProto], None]:
    """Make a decoder end with one more operator, which takes its `mean`."""

    def change(model: onnx.ModelProto) -> None:
        graph = model.graph
        graph.node[-1].output[0] = "before"
        names = [f"more {at}" for at in range(len(inputs))]
        graph.initializer.extend(map(onnx.numpy_helper.from_array, inputs, names))
        graph.node.append(helper.make_node(operator, ["before", *names], ["mean"], **attributes))
        graph.output[0].type.tensor_type.ClearField("shape")
        if "to" in attributes:
            graph.output[0].type.tensor_type.elem_type = attributes["to"]
        if isinstance(batch, int):
            graph.input[0].type.tensor_type.shape.dim[0].dim_value = batch

    return change


FIRST = (np.array([0]), np.array([1]), np.array([0]))

GIVES = "gives `mean` as"

CARD_SAYS = "for 2 codes, where the card says float32 2 × 1 × 12 × 8: export it again"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (end("Slice", *FIRST), f"{GIVES} float32 1 × 1 × 12 × 8 {CARD_SAYS}"),
        (end("Transpose", perm=[0, 1, 3, 2]), f"{GIVES} float32 2 × 1 × 8 × 12 {CARD_SAYS}"),
        (end("Cast", to=TensorProto.BOOL), f"{GIVES} bool 2 × 1 × 12 × 8 {CARD_SAYS}"),
        (end("Cast", to=TensorProto.INT64), f"{GIVES} int64 2 × 1 × 12 × 8 {CARD_SAYS}"),
        (end("Cast", to=TensorProto.STRING), f"{GIVES} string 2 × 1 × 12 × 8 {CARD_SAYS}"),
        (end("Identity", batch=1), "does not decode two codes of the card's 4 latents"),
    ],
    ids=["one image", "turned", "bool", "int64", "string", "one code"],
)
def test_with_a_decoder_of_another_form(
    instrument: Instrument,
    models: Path,
    page: Page,
    change: Callable[[onnx.ModelProto], None],
    sentence: str,
) -> None:
    model = onnx.load(models / "blots" / "decoder.onnx")
    change(model)
    replace_decoder(page, models, model.SerializeToString())
    instrument.go()
    blocked(page, sentence)


def test_with_a_decoder_that_may_never_end(
    instrument: Instrument, models: Path, page: Page
) -> None:
    trips = np.array(2**62)
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go on"], ["goes on"]),
            helper.make_node("Identity", ["image"], ["same"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("trip", TensorProto.INT64, []),
            helper.make_tensor_value_info("go on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("image", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("goes on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("same", TensorProto.FLOAT, None),
        ],
    )
    model = onnx.load(models / "blots" / "decoder.onnx")
    graph = model.graph
    graph.node[-1].output[0] = "before"
    graph.initializer.append(onnx.numpy_helper.from_array(trips, "trips"))
    graph.node.append(helper.make_node("Loop", ["trips", "", "before"], ["mean"], body=body))
    onnx.checker.check_model(model)
    replace_decoder(page, models, model.SerializeToString())
    instrument.go()
    blocked(page, "blots/decoder.onnx contains a loop, which might never end")


def test_with_a_decoder_that_gives_no_numbers_away_from_the_origin(
    instrument: Instrument, models: Path, page: Page
) -> None:
    model = onnx.load(models / "blots" / "decoder.onnx")
    # The image at the origin is sigmoid(−1) = 0.269 all over; elsewhere much is below 0.26.
    end("Sub", np.float32(0.26))(model)
    model.graph.node[-1].output[0] = "shifted"
    model.graph.node.append(helper.make_node("Sqrt", ["shifted"], ["mean"]))
    replace_decoder(page, models, model.SerializeToString())
    instrument.open()
    sentence = "blots/decoder.onnx returns NaN or infinity away from z = 0: train it again"
    blocked(page, sentence)
    expect(page.locator(".stage > .picture-frame + .note")).to_be_in_viewport()
    instrument.wait_for_grid([0, 0, 0, 0])
    page.get_by_role("button", name="Close").click()
    instrument.cell(0, 0).click()
    instrument.wait_for_grid([-3, 0, 0, 0])
    expect(page.locator(".note")).to_be_hidden()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 1}, "has version 1, and this page reads version 2"),
        ({"controls": [{"kind": "tune", "name": "song"}]}, 'has the control song of kind "tune"'),
        ({"graphs": {"decode": None}}, "names no graph that makes anything"),
        ({"files": {"decoder.onnx": {"bytes": 7, "sha256": ""}}}, "bytes where its card says 7"),
    ],
)
def test_with_a_card_that_does_not_fit(
    instrument: Instrument, models: Path, page: Page, change: dict[str, object], sentence: str
) -> None:
    card = json.loads((models / "blots" / "card.json").read_text()) | change
    page.route("**/card.json", lambda route: route.fulfill(json=card))
    instrument.go()
    blocked(page, sentence)


def test_with_codes_that_cannot_be_read(instrument: Instrument, page: Page) -> None:
    page.route("**/codes.safetensors", lambda route: route.fulfill(body=b"\xff" * 64))
    instrument.open("model=blots&example=2")
    expect(page.locator(".examples")).to_contain_text("announces a header larger than the file")
    expect(page.locator(".examples code")).to_have_text("python -m training embed FOLDER")
    instrument.cell(0, 0).click()
    instrument.wait_for_z(-3, 0, 0, 0)


def test_without_codes(instrument: Instrument, page: Page) -> None:
    page.route("**/codes.safetensors", lambda route: route.fulfill(status=404))
    instrument.open("model=blots")
    sentence = "blots/codes.safetensors is missing: restore the file or make it again with python"
    expect(page.locator(".examples")).to_contain_text(sentence)
    expect(page.locator(".examples code")).to_contain_text("python -m training embed ")


@pytest.mark.parametrize("name", ["mean", "label", "umap"])
def test_with_codes_of_another_form(
    name: str, instrument: Instrument, models: Path, page: Page
) -> None:
    """As many numbers as the card says, in other rows and columns."""
    codes = load_file(models / "blots" / "codes.safetensors")
    codes[name] = codes[name].reshape(2, -1)
    page.route("**/codes.safetensors", lambda route: route.fulfill(body=save(codes)))
    instrument.open("model=blots")
    sentence = f"blots/codes.safetensors holds no {name} that fits its card's 12 examples: run"
    expect(page.locator(".examples")).to_contain_text(sentence)


@pytest.mark.parametrize(
    ("sheet", "reason"),
    [
        (b"junk", "is missing or is not an image"),
        (None, "does not hold the images that its card describes"),
    ],
    ids=["junk", "another picture"],
)
def test_with_thumbnails_that_are_none(
    sheet: bytes | None, reason: str, instrument: Instrument, models: Path, page: Page
) -> None:
    sheet = sheet or (models / "blots" / "preview.webp").read_bytes()
    page.route("**/blots/thumbnails.webp", lambda route: route.fulfill(body=sheet))
    instrument.open("model=blots&example=2")
    blocked(page, f"blots/thumbnails.webp {reason}: run `python -m training embed ")
    expect(page.locator(".note code")).to_contain_text("python -m training embed ")
    # Its codes are there: it opens all the same.
    instrument.cell(0, 0).click()
    assert instrument.z()[0] == -3


def test_with_labels_that_the_card_does_not_have(
    instrument: Instrument, models: Path, page: Page
) -> None:
    codes = load_file(models / "blots" / "codes.safetensors")
    # Were a class made for each number up to it, the page would run out of memory.
    codes["label"][3] = 2**31 - 1
    page.route("**/codes.safetensors", lambda route: route.fulfill(body=save(codes)))
    instrument.open("model=blots")
    sentence = "blots/codes.safetensors holds a label that its card does not have"
    expect(page.locator(".examples")).to_contain_text(sentence)
    expect(page.locator(".map-sentence")).to_contain_text(sentence)
