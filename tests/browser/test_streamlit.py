"""The whole app, `streamlit run explorer/app.py`, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page, Request, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from explorer import loading, measured
from training.contract import table
from training.contract.card import CARD

from . import checkpoints
from .app import serve
from .instrument import Instrument, frames


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose author would like you to follow a link."""
    folder = tmp_path_factory.mktemp("hostile") / "hostile"
    checkpoints.write(folder, title="Hostile")
    card = json.loads((folder / CARD).read_text("utf-8"))
    bait = (
        "www.example.org, http://example.org or HTTPS\\://example.org, write to me@example.org, "
        "[or](http://example.org) <http://example.org> www&period;example&period;org "
        "http&colon;//example.org ![x](http://example.org/x.png) <img src='http://example.org/x'>"
    )
    short = "[here](http://x.test) www.x.test"  # as long as labels and units may be
    metric = card["metrics"][0] | {"label": short, "unit": short, "how": bait}
    card |= {"summary": bait[:200], "intent": bait, "metrics": [metric]}
    card["data"] |= {"source": bait[:200], "licence": short}
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    return folder


@pytest.fixture(scope="module")
def app(models: Path, hostile: Path) -> Iterator[str]:
    """The address of the app, which lists the hand-made checkpoints behind those that we ship."""
    with serve([models, hostile]) as address:
        yield address


@pytest.fixture
def visit(context: BrowserContext, app: str) -> Iterator[Page]:
    """A page on which nothing may fail, and which may ask no other machine for anything."""
    page = context.new_page()
    failures: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((app, "data:", "blob:")):
            failures.append(f"asked for {request.url}")

    def note_socket(socket: WebSocket) -> None:
        if not socket.url.startswith(app.replace("http", "ws")):
            failures.append(f"opened {socket.url}")

    page.on("request", note)
    page.on("websocket", note_socket)
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    assert failures == []


@pytest.fixture
def instrument(visit: Page, app: str) -> Instrument:
    return Instrument(visit, app)


def enter(instrument: Instrument, query: str) -> None:
    """Open the app with a link and wait for the first image."""
    instrument.page.goto(f"{instrument.address}/?{query}")
    instrument.page.wait_for_selector("[data-ready]")


def decoded(z: list[float]) -> NDArray[np.int64]:
    """The image of the checkpoint "blots" at z, worked out by hand: (H, W, 3)."""
    pixels = checkpoints.weights(4, (1, 12, 8), 1)
    image = checkpoints.decode(np.array([z], np.float32), pixels).reshape(12, 8, 1)
    return np.broadcast_to((image * 255).round(), (12, 8, 3)).astype(np.int64)


def close(a: NDArray[np.generic], b: NDArray[np.generic]) -> bool:
    return bool(np.abs(a.astype(int) - b.astype(int)).max() <= 2)


def grab(instrument: Instrument, latent: int) -> Callable[[float], None]:
    """Take hold of a slider; what is returned moves it to a part of its width."""
    instrument.slider(latent).scroll_into_view_if_needed()
    box = instrument.slider(latent).bounding_box()
    assert box is not None
    mouse, middle = instrument.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] / 2, middle)
    mouse.down()
    return lambda part: mouse.move(box["x"] + box["width"] * part, middle)


def settle(page: Page) -> None:
    """Until Streamlit's script has run and the page knows."""
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
    )


def test_a_link_opens_to_its_state(instrument: Instrument) -> None:
    z = [1.5, -2.25, 0.125, 3.0]
    enter(instrument, "model=blots&z=1.5,-2.25,0.125,3")
    assert instrument.z() == z
    assert close(instrument.image(), decoded(z))


@pytest.mark.parametrize("size", [(1366, 768), (1280, 720)])
@pytest.mark.parametrize("model", ["digits", "digits-two-layers", "fashion-halves", "digits-vq"])
def test_all_of_a_model_stands_on_one_screen(
    instrument: Instrument, model: str, size: tuple[int, int]
) -> None:
    page = instrument.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    enter(instrument, f"model={model}")
    page.locator(".source-label").wait_for()
    # Source, controls, image and ELBO, map, and the row of tabs: what a tab opens may scroll.
    for part in (".source-side", ".controls", ".hero", ".bench > .side", ".tab-row [role=tablist]"):
        for box in page.locator(part).all():
            page.wait_for_function(
                "(box) => box.getBoundingClientRect().bottom <= innerHeight",
                arg=box.element_handle(),
            )


def test_the_image_stays_below_the_header_beside_the_last_slider(instrument: Instrument) -> None:
    page = instrument.page
    page.set_viewport_size({"width": 390, "height": 844})
    enter(instrument, "model=digits")
    for width, height in ((390, 844), (820, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.locator(".latent").last.evaluate("slider => slider.scrollIntoView({ block: 'end' })")
        frames(page)
        expect(page.locator("canvas.picture")).to_be_in_viewport(ratio=1)
        header, stage = page.locator("[data-testid=stHeader]"), page.locator(".stage")
        ends, begins = header.bounding_box(), stage.bounding_box()
        assert ends is not None
        assert begins is not None
        assert begins["y"] == pytest.approx(ends["y"] + ends["height"], abs=1)


def test_the_page_is_isolated_and_the_engine_is_fetched_once(instrument: Instrument) -> None:
    enter(instrument, "model=blots")
    assert instrument.page.evaluate("crossOriginIsolated")
    fetched = instrument.page.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)"
    )
    engine = ("ort-wasm-simd-threaded.wasm", "ort.wasm.bundle.min.mjs")
    for once in (*engine, "blots/decoder.onnx", "blots/card.json", "instrument/explorer.js"):
        assert sum(path.endswith(once) for path in fetched) == 1, once


def test_a_drag_stays_in_the_browser_and_its_end_reaches_python(instrument: Instrument) -> None:
    sent: list[object] = []
    received: list[Any] = []
    sockets: list[WebSocket] = []
    page = instrument.page

    def watch(socket: WebSocket) -> None:
        sockets.append(socket)
        socket.on("framesent", lambda frame: sent.append(frame))
        socket.on("framereceived", lambda frame: received.append(frame))

    page.on("websocket", watch)
    enter(instrument, "model=blots&z=0,0,0,0")
    settle(page)
    assert sent, "the socket is watched"
    sent.clear()

    before = instrument.image()
    move = grab(instrument, 1)
    for step in range(1, 21):
        move(0.5 + 0.015 * step)
    page.wait_for_function("performance.getEntriesByName('instrument:paint').length > 1")
    frames(page)
    during = instrument.image()
    assert not close(before, during)
    assert sent == []

    received.clear()
    page.mouse.up()
    while not received:
        sockets[-1].wait_for_event("framereceived")
    settle(page)
    assert len(sent) == 1
    # The page is not drawn anew for it.
    kinds = {ForwardMsg.FromString(bytes(message)).WhichOneof("type") for message in received}
    assert "script_finished" in kinds
    assert "navigation" not in kinds
    assert instrument.z()[1] > 0
    assert close(during, decoded(instrument.z()))


def test_another_page_and_back_keeps_the_place(instrument: Instrument) -> None:
    page = instrument.page
    enter(instrument, "model=blots&z=0.5,0,-1,0")
    move = grab(instrument, 0)
    move(0.8)
    page.mouse.up()
    settle(page)
    z = instrument.z()
    assert z[0] > 1

    page.get_by_role("link", name="Model card").click()
    page.get_by_role("heading", name="Blots").wait_for()
    page.get_by_role("link", name="Instrument", exact=True).click()
    page.wait_for_selector("[data-ready]")
    assert instrument.z() == z
    assert close(instrument.image(), decoded(z))


def test_a_release_is_heard_though_one_leaves_at_once(instrument: Instrument) -> None:
    page = instrument.page
    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    enter(instrument, "model=blots&z=0,0,0,0")
    settle(page)
    link = page.get_by_role("link", name="Model card").bounding_box()
    assert link is not None
    for part in (0.1, 0.3, 0.7, 0.9, 0.6, 0.2):
        before = instrument.z()
        move = grab(instrument, 1)
        move(part)
        with sockets[-1].expect_event("framesent"):
            page.mouse.up()
        page.mouse.click(link["x"] + link["width"] / 2, link["y"] + link["height"] / 2)
        page.get_by_role("heading", name="Blots", exact=True).wait_for()
        page.get_by_role("link", name="Instrument", exact=True).click()
        page.wait_for_selector("[data-ready]")
        settle(page)
        z = instrument.z()
        assert z != before
        assert (z[1] > 0) == (part > 0.5), part


def test_a_link_is_remembered_though_nothing_was_dragged(instrument: Instrument) -> None:
    page = instrument.page
    enter(instrument, "model=single&z=1.5")
    for _ in range(2):
        page.get_by_role("link", name="Model card").click()
        page.get_by_role("button", name="Model: Single").wait_for()
        page.get_by_role("link", name="Instrument", exact=True).click()
        page.wait_for_selector("[data-ready]")
        assert instrument.query() == {"model": "single", "z": "1.5"}


def test_a_card_leads_nowhere(instrument: Instrument) -> None:
    page = instrument.page
    page.goto(f"{instrument.address}/card?model=hostile")
    page.get_by_role("heading", name="What is in the folder").wait_for()
    settle(page)
    links = page.locator("[data-testid=stMain] a").evaluate_all("(all) => all.map((a) => a.href)")
    assert [link for link in links if not link.startswith(instrument.address)] == []
    pictures = page.locator("[data-testid=stMain] img").evaluate_all(
        "(all) => all.map((i) => i.src)"
    )
    assert [picture for picture in pictures if not picture.startswith(instrument.address)] == []


def test_results_fit_a_phone_and_ask_nobody_else(
    visit: Page, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The app has a process of its own; in this one other tests may have hidden what we ship.
    monkeypatch.setattr(loading, "RESULTS", table.SHIPPED)
    visit.set_viewport_size({"width": 390, "height": 844})
    visit.goto(f"{app}/results")
    visit.get_by_role("heading", name="Results", exact=True).wait_for()
    # One a table, beside the one that is folded away.
    grids = visit.locator("[data-testid=stDataFrame]:not(details *)")
    tables = measured.tables()
    assert tables
    for number, entry in enumerate(tables):
        assert entry.table is not None, entry.error
        visit.get_by_role("heading", name=entry.table.title).wait_for()
        grids.nth(number).locator("canvas").first.wait_for()
    settle(visit)
    visit.wait_for_function(
        """() => {
          const main = document.querySelector("[data-testid=stMain]");
          return main.scrollWidth <= main.clientWidth;
        }"""
    )
    visit.wait_for_function(
        """() => getComputedStyle(
          document.querySelector("[data-testid=stExpandSidebarButton]"), "::after",
        ).content.includes("Pages")"""
    )


def test_the_model_chosen_on_the_card_page_opens_in_the_instrument(instrument: Instrument) -> None:
    page = instrument.page
    page.goto(f"{instrument.address}/card?model=blots")
    page.get_by_role("button", name="Model: ").click()
    page.locator("[data-model=single]").click()
    page.get_by_role("heading", name="Single").wait_for(state="attached")
    assert page.url.endswith("/card?model=single")
    page.locator("html[data-keys=listening]").wait_for(state="attached")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="In the instrument")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Open in the instrument").click()
    page.wait_for_selector("[data-ready]")
    assert instrument.query()["model"] == "single"


def test_a_link_to_no_model_says_so_on_both_pages(instrument: Instrument) -> None:
    page = instrument.page
    page.goto(f"{instrument.address}/card?model=nope")
    page.get_by_text("“nope”, which is not here").first.wait_for()
    enter(instrument, "model=nope")
    page.get_by_text("“\u2068nope\u2069”, which is not here").first.wait_for()


def test_a_model_that_appears_takes_nothing_down(page: Page, address: str) -> None:
    page.goto(f"{address}/instrument/index.html?model=single")
    left = page.evaluate(
        """async () => {
          const { instrument: host } = await import("/instrument/explorer.js");
          const parentElement = document.createElement("div");
          document.body.append(parentElement);
          const catalogue = await (await fetch("/catalogue.json")).json();
          const single = catalogue.filter(({ id }) => id === "single");
          const call = (catalogue) => {
            const data = { catalogue, assets: "/instrument/", remembered: "" };
            return host({ parentElement, data, setStateValue() {} });
          };
          const choices = () => parentElement.querySelectorAll(".choice").length;
          call(single);
          while (!parentElement.querySelector("[data-ready]")) {
            await new Promise(requestAnimationFrame);
          }
          const bench = parentElement.querySelector(".bench");
          const counts = [choices()];
          const takeDown = call(catalogue);
          counts.push(choices());
          const kept = bench === parentElement.querySelector(".bench");
          takeDown();
          return [counts, catalogue.length, kept, parentElement.childElementCount];
        }"""
    )
    assert left == [[1, left[1]], left[1], True, 0]
    assert left[1] > 1


def test_the_first_model_to_appear_opens(page: Page, address: str) -> None:
    page.goto(f"{address}/instrument/index.html?model=single")
    page.evaluate(
        """async () => {
          document.querySelector("#instrument").remove();
          const { instrument: host } = await import("/instrument/explorer.js");
          const catalogue = await (await fetch("/catalogue.json")).json();
          const call = (catalogue) => {
            const data = { catalogue, assets: "/instrument/", remembered: "" };
            return host({ parentElement: document.body, data, setStateValue() {} });
          };
          call([]);
          call(catalogue);
        }"""
    )
    page.wait_for_selector("[data-ready]")
    assert page.locator(".blocked").count() == 0


def test_only_the_newest_call_takes_the_instrument_down(page: Page, address: str) -> None:
    """Streamlit cleans up after a call that a newer one for the same element has overtaken."""
    page.goto(f"{address}/instrument/index.html?model=single")
    left = page.evaluate(
        """async () => {
          const { instrument: host } = await import("/instrument/explorer.js");
          const parentElement = document.createElement("div");
          const catalogue = await (await fetch("/catalogue.json")).json();
          const data = { catalogue, assets: "/instrument/", remembered: "" };
          const call = () => host({ parentElement, data, setStateValue() {} });
          const [first, second] = [call(), call()];
          const stands = () => parentElement.querySelectorAll(".instrument").length;
          const counts = [stands()];
          first();
          counts.push(stands());
          second();
          counts.push(stands());
          return counts;
        }"""
    )
    assert left == [1, 1, 0]


def test_the_ladder_opens_as_a_page_and_keeps_its_place(visit: Page, app: str) -> None:
    """With the tables that are shipped, which may be none yet: then it says so."""
    opened = "[data-ready], .ladder-page .blocked"
    visit.goto(f"{app}/beta")
    visit.wait_for_selector(opened)
    settle(visit)
    query = visit.evaluate("location.search")
    visit.get_by_role("link", name="Instrument").first.click()
    visit.wait_for_selector("canvas.picture")
    visit.get_by_role("link", name="β as a dial").first.click()
    visit.wait_for_selector(opened)
    visit.wait_for_function("(query) => location.search === query", arg=query)


def test_a_server_that_is_gone_before_a_page_is_drawn_is_spoken_for(
    context: BrowserContext, app: str
) -> None:
    for place in ("", "lessons"):
        page = context.new_page()
        page.route("**/_stcore/**", lambda route: route.abort())
        page.goto(f"{app}/{place}")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("connects again by itself", timeout=60_000)
        expect(dialog.get_by_text("yourscript.py")).to_be_hidden()
        page.close()
