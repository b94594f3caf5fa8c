"""Behind a proxy that strips its prefix, at a sub-path, and in a frame of another site's page."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from . import checkpoints
from .app import PATIENCE_S, serve
from .dropping import zipped
from .proxy import stripping


@pytest.fixture(scope="module")
def blots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "blots"
    checkpoints.write(folder, examples=40)
    return folder


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One that keeps to the policy of the page, where other tests evaluate what they wait for."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_S * 1000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which nothing may fail, be missing, or be refused by the policy."""
    page = context.new_page()
    failures: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # Where it is served Streamlit finds out by asking in several places.
        asks = "/_stcore/" in message.location.get("url", "")
        if (message.type == "error" and not asks) or "Content Security" in message.text:
            failures.append(f"{message.text} {message.location}")

    page.on("console", note)
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    assert failures == []


def look_around(page: Page, address: str) -> None:
    """Open the instrument, then every other page by its link in the row of pages."""
    page.goto(f"{address}?model=blots")
    page.wait_for_selector("[data-ready]")
    for name in ("Model card", "Results"):
        page.get_by_test_id("stTopNavLink").filter(has_text=name).first.click()
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        expect(page).to_have_title(re.compile(name))
    page.goto(f"{address}directions?model=blots")
    page.wait_for_selector("[data-ready]")
    expect(page.get_by_role("tab", name="Directions")).to_have_attribute("aria-selected", "true")
    page.goto(f"{address}beta")
    page.wait_for_selector("[data-ready]")


def test_behind_a_proxy_that_strips_its_prefix(page: Page, blots: Path) -> None:
    with serve([blots]) as app, stripping(app, "/user/ann/proxy/8701/") as address:
        look_around(page, address)
        lead_around(page, address)
        drop_a_model(page, address, blots)


def lead_around(page: Page, address: str) -> None:
    """Lead a class of one from page to page: it follows, until its hand goes elsewhere."""
    page.goto(f"{address}?model=blots")
    page.get_by_role("button", name="Present").click()
    page.get_by_role("button", name="Start presenting").click()
    link = page.get_by_label("Link for your class").input_value()
    assert link.startswith(f"{address}?follow=")
    page.keyboard.press("Escape")
    # A tab that is opened by hand begins with a session storage of its own.
    with page.context.expect_page() as opened:
        page.evaluate("(link) => window.open(link, '_blank', 'noopener')", link)
    follower = opened.value
    said = follower.locator(".class-said")
    expect(said).to_have_text("Following the teacher")
    for name, path in (("Lessons", "lessons"), ("Results", "results"), ("Instrument", "")):
        page.get_by_test_id("stTopNavLink").filter(has_text=name).first.click()
        follower.wait_for_url(re.compile(rf"{re.escape(address)}{path}(\?|$)"))
        expect(said).to_have_text("Following the teacher")
    follower.get_by_test_id("stTopNavLink").filter(has_text="Results").first.click()
    expect(said).to_have_text("You are moving freely")
    follower.get_by_role("button", name="Follow again").click()
    follower.wait_for_url(re.compile(rf"{re.escape(address)}\?model=blots"))
    follower.close()
    page.get_by_role("button", name="End", exact=True).click()


def drop_a_model(page: Page, address: str, folder: Path) -> None:
    """Send a model to the server, which opens it."""
    page.goto(f"{address}?model=blots")
    page.wait_for_selector("[data-ready]")
    page.locator(".picker").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open a zip …").click()
    mine = {"name": "a.zip", "mimeType": "application/zip", "buffer": zipped(folder)}
    chooser.value.set_files(mine)
    expect(page.locator(".picker")).to_contain_text("(dropped)")
    page.wait_for_selector("[data-ready]")


def test_at_a_path_of_its_own(page: Page, blots: Path) -> None:
    with serve([blots], STREAMLIT_SERVER_BASE_URL_PATH="lab/vae") as app:
        look_around(page, f"{app}/lab/vae/")


@contextmanager
def another_site() -> Iterator[tuple[str, list[str]]]:
    """A page of another origin that shows an app in a frame: the one whose address is listed."""
    shown: list[str] = []

    class Lesson(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            frame = f"<link rel=icon href=data:,><iframe src='{shown[0]}' width=1300 height=800>"
            self.wfile.write(frame.encode())

        def log_message(self, *given: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lesson) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}", shown
        site.shutdown()


def test_in_a_frame_of_a_page_that_was_named_and_of_no_other(
    page: Page, context: BrowserContext, blots: Path
) -> None:
    with (
        another_site() as (named, shown),
        another_site() as (other, shown_there),
        serve([blots], EXPLORER_EMBED_IN=named) as app,
    ):
        for addresses in (shown, shown_there):
            addresses.append(f"{app}/?model=blots")
        page.goto(named)
        page.frame_locator("iframe").locator("[data-ready]").wait_for()
        refused = context.new_page()
        with refused.expect_event("console", lambda said: "frame-ancestors" in said.text):
            refused.goto(other)
