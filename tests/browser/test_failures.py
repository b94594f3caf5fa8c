"""What a person reads when something is missing: one sentence that says what to do."""

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
from playwright.sync_api import Download, Page, Route, expect
from safetensors.numpy import load_file, save

from explorer import loading
from training.contract.files import read_card
from training.contract.reading import plain

from . import checkpoints
from .instrument import Instrument

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


@pytest.fixture
def instrument(page: Page, address: str) -> Instrument:
    return Instrument(page, address)


def blocked(page: Page, sentence: str) -> None:
    """A person sees the sentence, and a screen reader is told it; code has no backticks."""
    sentence = sentence.replace("`", "")
    expect(page.locator(".note, .blocked").filter(has_text=sentence)).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_have_count(1)


def test_without_webassembly(instrument: Instrument, page: Page) -> None:
    page.add_init_script("delete window.WebAssembly")
    instrument.go()
    blocked(page, "This browser cannot run WebAssembly")


def test_without_the_engine(instrument: Instrument, page: Page) -> None:
    page.route("**/*.wasm", lambda route: route.fulfill(status=404))
    instrument.go()
    blocked(page, "The decoding engine did not start: reload the page")


def test_without_any_checkpoint(instrument: Instrument, page: Page) -> None:
    page.route("**/catalogue.json", lambda route: route.fulfill(json=[]))
    instrument.go()
    blocked(page, loading.nothing_found())
    expect(page.locator(".blocked code")).to_have_text(
        ["python -m training train digits", loading.EXTRA]
    )
    page.locator(".picker").click()
    expect(page.get_by_role("button", name="Open a zip …")).to_be_focused()


def test_without_the_catalogue(instrument: Instrument, page: Page) -> None:
    page.route("**/catalogue.json", lambda route: route.abort())
    instrument.go()
    expect(page.locator("#instrument")).to_contain_text("check that the explorer is running")


def test_without_the_decoder(instrument: Instrument, page: Page) -> None:
    page.route("**/decoder.onnx", lambda route: route.fulfill(status=404))
    instrument.go()
    blocked(page, "blots/decoder.onnx is missing")


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
    blocked(page, "blots/decoder.onnx holds a loop, and one that never ends")


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


def test_traversals_that_cannot_be_decoded_are_not_saved(
    instrument: Instrument, page: Page
) -> None:
    page.route("**/decoder-worker.js", lambda route: route.fulfill(status=404))
    instrument.open()
    blocked(page, "The traversals could not be started: reload the page")
    downloads: list[Download] = []
    page.on("download", lambda download: downloads.append(download))
    instrument.export("Save the traversals as PNG")
    expect(page.locator(".note")).to_contain_text("there is nothing to save")
    assert downloads == []


def test_with_a_link_to_a_model_that_is_not_here(instrument: Instrument, page: Page) -> None:
    instrument.open("model=nowhere&z=1,2")
    blocked(
        page, "“\u2068nowhere\u2069”, which is not here, so \u2068Blots\u2069 was opened instead:"
    )
    assert instrument.query()["model"] == "blots"


def test_a_link_to_a_model_that_another_has_replaced_opens_that(
    instrument: Instrument, page: Page
) -> None:
    def replaced(route: Route) -> None:
        listed = route.fetch().json()
        single = next(entry for entry in listed if entry["id"] == "single")
        single["formerly"] = ["gone", "older"]
        route.fulfill(json=listed)

    page.route("**/catalogue.json", replaced)
    instrument.open("model=older&z=1,2")
    blocked(page, "“\u2068older\u2069”, which \u2068Single\u2069 has replaced")
    assert instrument.query()["model"] == "single"
    instrument.open("model=nowhere")
    assert instrument.query()["model"] == "blots"


def test_with_a_link_to_a_model_without_a_name(instrument: Instrument, page: Page) -> None:
    instrument.open("model=")
    assert instrument.query()["model"] == "blots"
    expect(page.locator(".note")).to_be_hidden()


def test_with_a_link_to_a_name_that_turns_the_text_around(
    instrument: Instrument, page: Page
) -> None:
    instrument.open("model=%E2%80%AE%E2%81%A9no")
    blocked(page, "the model “\u2068no\u2069”, which is not here")


def test_with_a_link_that_cannot_be_read(instrument: Instrument, page: Page) -> None:
    instrument.open("model=blots&z=1,nonsense&temperature=0.5")
    blocked(page, "Part of this link could not be read (z has a value that is not a number)")
    assert instrument.z() == [0, 0, 0, 0]
    assert instrument.query()["temperature"] == "0.5"


def test_with_a_link_to_a_broken_model(instrument: Instrument, page: Page) -> None:
    instrument.go("model=broken")
    blocked(page, "broken/decoder.onnx has 9 bytes")
    for name in ("Share", "Export"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    page.locator(".picker").click()
    page.locator("[data-model='blots']").click()
    expect(page.get_by_role("button", name="Share")).to_be_enabled()


def test_with_two_models_of_one_title(instrument: Instrument, page: Page) -> None:
    catalogue = [
        {"id": id, "url": "/checkpoints/blots/", "title": "Blots", "summary": "", "intent": ""}
        for id in ("blots", "blots~runs")
    ]
    page.route("**/catalogue.json", lambda route: route.fulfill(json=catalogue))
    instrument.open("model=blots~runs")
    expect(page.locator(".picker")).to_have_text("Blots (blots~runs)")
    page.locator(".picker").click()
    names = page.locator(".choice strong")
    expect(names).to_have_text(["Blots (blots)", "Blots (blots~runs)"])


@pytest.mark.parametrize("width", [360, 800, 1440])
def test_with_words_that_never_end(
    instrument: Instrument, models: Path, page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    word = "x" * 400
    texts = {"title": word, "summary": word, "intent": word}
    entry = {"id": "blots", "url": "/checkpoints/blots/", "preview": "", **texts}
    broken = {"id": word, "error": word}
    page.route("**/catalogue.json", lambda route: route.fulfill(json=[entry, broken]))
    card = json.loads((models / "blots" / "card.json").read_text()) | texts
    card["metrics"][0] |= {"label": word, "how": word}
    card["data"]["labels"] = [word] * 10
    card["examples"]["split"] = word
    page.route("**/card.json", lambda route: route.fulfill(json=card))

    def nothing_leaves() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    instrument.open(f"model=blots&example=2&z=0,0,0,0&temperature={word}")
    expect(page.locator(".source-label")).to_be_visible()
    assert nothing_leaves()
    page.get_by_role("button", name="Close", exact=True).click()
    instrument.value(0).fill(word)
    instrument.value(0).press("Enter")
    expect(page.locator(".note")).to_contain_text(f"“{word[:40]}” is not a number")
    assert nothing_leaves()
    page.locator(".facts .term").click()
    assert nothing_leaves()
    page.locator(".picker").click()
    assert nothing_leaves()
    menu = page.get_by_role("dialog", name="Models")
    assert menu.evaluate("(menu) => menu.scrollWidth <= menu.clientWidth")
    instrument.go(f"model={word}")
    expect(page.locator(".blocked")).to_be_visible()
    assert nothing_leaves()
    page.route("**/card.json", lambda route: route.fulfill(json=card | {"version": word}))
    instrument.go("model=blots")
    blocked(page, "and this page reads version 2")
    assert nothing_leaves()


def test_with_a_slow_network_it_says_so(instrument: Instrument, page: Page) -> None:
    held: list[Route] = []
    page.route("**/decoder.onnx", lambda route: held.append(route))
    instrument.go()
    expect(page.get_by_text("Opening Blots …")).to_be_visible()
    held[0].continue_()
    page.wait_for_selector("[data-ready]")


def test_one_worker_decodes_for_several_models(module: Page, address: str, models: Path) -> None:
    """A sheet that cannot be decoded is its asker's matter alone, and so is a closed model."""
    answers = module.evaluate(
        """async ([bytes, card, assets]) => {
          const { createWorker } = await import(`${assets}model/worker.js`);
          const worker = createWorker(assets);
          const start = { z: { type: "float32", data: new Float32Array(4), dims: [1, 4] } };
          const expected = { name: "blots", graph: card.graphs.decode, start, gives: [1, 12, 8] };
          const open = () => worker.open(Uint8Array.from(bytes), expected);
          const broken = worker.open(new Uint8Array(8), { ...expected, name: "broken" });
          const [first, second] = [open(), open()];
          const size = ({ buffer }) => buffer.byteLength;
          const sentence = ({ message }) => message;
          const sheet = (model, values, columns, spare) => {
            const z = { type: "float32", data: new Float32Array(values), dims: [values / 4, 4] };
            return model.sheet({ z }, values / 4, columns, spare).then(size, sentence);
          };
          const spare = new ArrayBuffer(5000);
          const answers = [
            sheet(first, 6, 1),
            sheet(first, 8, 1),
            sheet(first, 12, 2),
            sheet(second, 8, 2, spare),
            broken.ready.catch(sentence),
          ];
          await Promise.all(answers);
          answers.push(sheet(first, 8, 1));
          first.close();
          answers.push(sheet(first, 8, 1), sheet(second, 4, 1));
          return Promise.all(answers);
        }""",
        [
            list((models / "blots" / "decoder.onnx").read_bytes()),
            plain(read_card(models / "blots")),
            f"{address}/instrument/",
        ],
    )
    image = 12 * 8 * 4
    undecoded = "The images could not be decoded: reload the page to try again."
    assert answers[:4] == [undecoded, 2 * image, 4 * image, 5000]
    assert "broken/decoder.onnx is not a model this browser can run" in answers[4]
    assert answers[5:7] == ["This model was closed."] * 2
    assert answers[7] == image
