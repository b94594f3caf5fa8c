"""What a person reads when something is missing: one sentence that says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, Route, expect

from explorer import loading
from training.contract.files import read_card
from training.contract.reading import plain

from .instrument import Instrument, blocked


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
