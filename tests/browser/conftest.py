"""A real Chromium on the plain page, served by the explorer's own routes."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import uvicorn
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Request as PageRequest
from safetensors.numpy import load_file
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from explorer import loading
from explorer.server import serving

from . import checkpoints
from .app import PATIENCE_S
from .instrument import Instrument
from .walking import Walk

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

# As long as a page waits for everything else.
expect.set_options(timeout=PATIENCE_S * 1000)


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium without its windows where it is installed: the same engine at half the cost."""
    with launched(playwright, "chromium-headless-shell", *CHROMIUM) as browser:
        yield browser


@contextmanager
def launched(playwright: Playwright, *programs: str) -> Iterator[Browser]:
    """The first of these programs that is installed."""
    program = next(filter(None, map(shutil.which, programs)), None)
    if program is None:
        missing = "The browser tests need Chromium: install it, for example `apt install chromium`."
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with playwright.chromium.launch(executable_path=program, args=FLAGS) as browser:
        yield browser


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints made by hand, one of them broken."""
    folder = tmp_path_factory.mktemp("models")
    checkpoints.write(folder / "blots")
    checkpoints.write(folder / "single", latents=1, inactive=0, shape=(3, 9, 9), title="Single")
    checkpoints.write(folder / "many", latents=40, inactive=20, title="Many")
    checkpoints.write_generator(folder / "generator")
    checkpoints.write_points(folder / "points")
    broken = folder / "broken"
    checkpoints.write(broken)
    (broken / "decoder.onnx").write_bytes(b"cut short")
    return folder


# Until the end of a file only: what is served is set in a module that all servers share.
@pytest.fixture(scope="module")
def address(models: Path) -> Iterator[str]:
    """Where the plain page is served from."""
    with plain_server(models, models / "no results") as address:
        yield address


class Server(uvicorn.Server):
    """One that says when it listens, or that it never will."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()


@contextmanager
def plain_server(models: Path, results: Path, runs: Path | None = None) -> Iterator[str]:
    """The address of the explorer's routes over these checkpoints and tables of results.

    What visitors train and where classes are is kept in `runs`, or nowhere: not beside the models,
    which may be those that ship.
    """
    nowhere = TemporaryDirectory(ignore_cleanup_errors=True)
    with nowhere as unseen, pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "SHIPPED", models)
        patch.setattr(loading, "RESULTS", results)
        patch.setattr(loading, "RUNS", runs or Path(unseen))
        patch.delenv(loading.EXTRA, raising=False)
        app = serving.plain_app()
        app.routes.append(Route("/blank", _blank))
        config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none")
        server = Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        server.ready.wait()
        assert server.started, "uvicorn ended by itself"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


async def _blank(request: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><html lang=en><title>Blank</title><body></body></html>")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    # Without the page's policy: what a test waits for is evaluated in the page.
    # `test_served_elsewhere.py` has it.
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, accept_downloads=True, bypass_csp=True
    )
    context.set_default_timeout(PATIENCE_S * 1000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """A blank page that must neither fail inside nor ask another machine for anything."""
    page = context.new_page()
    failures: list[str] = []

    def note_request(request: PageRequest) -> None:
        if not request.url.startswith((address, "data:", "blob:", "about:")):
            failures.append(f"asked for {request.url}")

    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("request", note_request)
    yield page
    assert failures == []


@pytest.fixture
def module(page: Page, address: str) -> Page:
    """A page of the same address on which modules can be imported, and nothing else runs."""
    answer = page.goto(f"{address}/blank")
    assert answer is not None
    assert answer.ok
    return page


@pytest.fixture
def instrument(page: Page, address: str) -> Instrument:
    return Instrument(page, address)


@pytest.fixture
def walk(page: Page, address: str) -> Walk:
    return Walk(page, address)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that lies where no explorer looks."""
    folder = tmp_path_factory.mktemp("elsewhere") / "mine"
    checkpoints.write(folder, title="My own", latents=3, inactive=0)
    return folder


@pytest.fixture
def codes(models: Path) -> dict[str, NDArray[Any]]:
    return load_file(models / "blots" / "codes.safetensors")
