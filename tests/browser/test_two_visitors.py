"""Two people at one server: it sees no move, and each has what is theirs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Request, WebSocket, expect

from .app import PATIENCE_S, serve
from .dropping import drop_zip, zipped
from .instrument import Instrument, frames


class Visitor(Instrument):
    """A person with a browser of their own, and all that it sends and receives."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        super().__init__(page, address)
        self.requests: list[str] = []
        self.frames: list[str] = []
        self.sockets: list[WebSocket] = []
        self.failures: list[str] = []
        page.on("request", self._note_request)
        page.on("websocket", self._watch)
        page.on("pageerror", lambda error: self.failures.append(str(error)))

    def _note_request(self, request: Request) -> None:
        # What a page makes for itself, such as the address of a picture that it has drawn.
        if not request.url.startswith(("blob:", "data:")):
            self.requests.append(request.url)

    def _watch(self, socket: WebSocket) -> None:
        self.sockets.append(socket)
        socket.on("framesent", lambda frame: self.frames.append("sent"))
        socket.on("framereceived", lambda frame: self.frames.append("received"))

    def enter(self, query: str) -> None:
        self.page.goto(f"{self.address}/?{query}")
        self.page.wait_for_selector("[data-ready]")
        expect(self.page.locator(".map-frame")).to_be_visible()
        self.wait_for_ground()

    @property
    def traffic(self) -> tuple[int, int]:
        """Requests, and frames of the websocket, since `forget`."""
        return len(self.requests), len(self.frames)

    def forget(self) -> None:
        self.requests.clear()
        self.frames.clear()

    def wait_for_answer(self) -> None:
        """Until the server has answered what was sent since `forget`."""
        while "received" not in self.frames:
            self.sockets[-1].wait_for_event("framereceived")

    def rest(self) -> None:
        """Until the script has run and the page, knowing that, asks for nothing more."""
        before = None
        while before != self.traffic:
            before = self.traffic
            frames(self.page)
            settle(self)

    def middle(self, locator: Locator) -> tuple[float, float, float]:
        """Scrolls there; the middle of an element and half its shorter side."""
        locator.scroll_into_view_if_needed()
        box = locator.bounding_box()
        assert box is not None
        half = min(box["width"], box["height"]) / 2
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, half

    def circle(self, locator: Locator, times: int = 40) -> None:
        """Moves the pointer around on an element."""
        x, y, half = self.middle(locator)
        for step in range(times):
            angle = 4 * math.pi * step / times
            radius = 0.8 * half * (step + 1) / times
            self.page.mouse.move(x + radius * math.cos(angle), y + radius * math.sin(angle))
        frames(self.page)


@pytest.fixture(scope="module")
def app(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("temporary")
    with serve([models], TMPDIR=str(folder)) as address:
        yield address
        dropped = list(folder.glob("explorer-drops-*/*"))
    assert dropped, "here it is where checkpoints are dropped"
    assert list(folder.glob("explorer-drops-*")) == [], "nothing stays behind"


@pytest.fixture
def visitors(browser: Browser, app: str) -> Iterator[tuple[Visitor, Visitor]]:
    size: Any = {"width": 1440, "height": 900}
    contexts = [browser.new_context(bypass_csp=True, viewport=size) for _ in range(2)]
    ann, bob = (Visitor(context, app) for context in contexts)
    yield ann, bob
    assert ann.failures == []
    assert bob.failures == []
    for context in contexts:
        context.close()


def quiet(*visitors: Visitor) -> None:
    """Until nobody has anything to send or to receive; then forget all that was before."""
    for visitor in visitors:
        visitor.rest()
    for visitor in visitors:
        visitor.forget()


def drag_a_slider(visitor: Visitor) -> Callable[[], None]:
    x, y, _ = visitor.middle(visitor.slider(1))
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.down()
    for step in range(40):
        visitor.page.mouse.move(x + 90 * math.sin(step / 4), y)
    frames(visitor.page)
    return visitor.page.mouse.up


def move_over_the_map(visitor: Visitor) -> Callable[[], None]:
    visitor.circle(visitor.page.locator(".map-frame"))
    return lambda: visitor.page.mouse.move(2, 2)


def draw(visitor: Visitor) -> Callable[[], None]:
    x, y, _ = visitor.middle(visitor.page.locator(".pad"))
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.down()
    visitor.circle(visitor.page.locator(".pad"))
    return visitor.page.mouse.up


def drag_a_direction(visitor: Visitor) -> Callable[[], None]:
    x, y, _ = visitor.middle(visitor.page.locator(".direction .range"))
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.down()
    for step in range(40):
        visitor.page.mouse.move(x + 90 * math.sin(step / 4), y)
    frames(visitor.page)
    return visitor.page.mouse.up


def test_nothing_goes_to_the_server_while_a_pointer_moves(
    visitors: tuple[Visitor, Visitor],
) -> None:
    ann, bob = visitors
    ann.enter("model=blots&z=0,0,0,0&directions=mine:0.6,0.8,0,0")
    bob.enter("model=single&z=1.5")
    # What an image needs is fetched when it is first asked for: the encoder, the thumbnails.
    ann.start_from("Draw")
    quiet(ann, bob)
    draw(ann)()
    ann.wait_for_answer()
    move_over_the_map(ann)()
    quiet(ann, bob)

    for move in (drag_a_slider, move_over_the_map, draw, drag_a_direction):
        before = ann.image()
        let_go = move(ann)
        assert not (ann.image() == before).all(), f"{move.__name__} moves the picture"
        assert ann.traffic == (0, 0), move.__name__
        assert bob.traffic == (0, 0), move.__name__
        let_go()
        if move is not move_over_the_map:
            ann.wait_for_answer()
        quiet(ann, bob)
    assert bob.z() == [1.5]


def test_a_release_is_heard_for_the_one_who_let_go(visitors: tuple[Visitor, Visitor]) -> None:
    ann, bob = visitors
    ann.enter("model=blots&z=0,0,0,0")
    bob.enter("model=blots&z=1,1,1,1")
    quiet(ann, bob)
    drag_a_slider(ann)()
    ann.wait_for_answer()
    ann.rest()
    assert ann.frames.count("sent") == 1
    # With the title of its page Streamlit sets the icon anew.
    assert {url.rsplit("/", 1)[-1] for url in ann.requests} <= {"favicon.png"}
    assert bob.traffic == (0, 0)
    assert bob.z() == [1, 1, 1, 1]


def go(visitor: Visitor, page: str, heading: str) -> None:
    visitor.page.get_by_role("link", name=page, exact=True).click()
    visitor.page.get_by_role("heading", name=heading, exact=True).wait_for()


def come_back(visitor: Visitor) -> None:
    visitor.page.get_by_role("link", name="Instrument", exact=True).click()
    visitor.page.wait_for_selector("[data-ready]")


def settle(visitor: Visitor) -> None:
    visitor.page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
    )


def test_each_has_a_z_directions_and_checkpoints_of_their_own(
    visitors: tuple[Visitor, Visitor], own: Path
) -> None:
    ann, bob = visitors
    ann.enter("model=blots&z=0.5,0,-1,0")
    bob.enter("model=blots&z=-2,0,0,0")

    # Ann makes a direction, and it is there when she comes back; Bob has none.
    ann.page.get_by_role("tab", name="Directions").click()
    for group, label in (("A", "1"), ("B", "0")):
        ann.page.get_by_label(f"Whole class for group {group}").select_option(label=label)
    ann.page.get_by_role("button", name="Add as slider").click()
    expect(ann.page.locator(".direction-name")).to_have_text("\u20680 → 1\u2069")
    settle(ann)
    go(ann, "Results", "Results")
    come_back(ann)
    expect(ann.page.locator(".direction-name")).to_have_text("\u20680 → 1\u2069")
    expect(ann.page.locator(".direction .measured")).to_contain_text("coherence")
    assert ann.z() == [0.5, 0, -1, 0]
    go(bob, "Results", "Results")
    come_back(bob)
    expect(bob.page.locator(".direction-name")).to_have_count(0)
    assert bob.z() == [-2, 0, 0, 0]

    # Ann drops a checkpoint, and has it on every page; Bob has it on none.
    drop_zip(ann.page, zipped(own), target="body")
    expect(ann.page.locator(".picker")).to_have_text("My own (dropped)")
    ann.page.wait_for_selector("[data-ready]")
    settle(ann)
    go(ann, "Model card", "My own")
    come_back(ann)
    expect(ann.page.locator(".picker")).to_have_text("My own (dropped)")
    assert len(ann.z()) == 3

    bob.page.locator(".picker").click()
    expect(bob.page.locator(".choice", has_text="Blots")).not_to_have_count(0)
    expect(bob.page.locator(".choice", has_text="My own")).to_have_count(0)
    bob.page.keyboard.press("Escape")
    go(bob, "Model card", "Blots")
    settle(bob)
    bob.page.locator(".picker").click()
    expect(bob.page.locator(".choice", has_text="Single")).not_to_have_count(0)
    expect(bob.page.locator(".choice", has_text="My own")).to_have_count(0)
    bob.page.keyboard.press("Escape")
    come_back(bob)
    assert bob.query()["model"] == "blots"
    assert bob.z() == [-2, 0, 0, 0]
