"""Chromium, driven by Playwright."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from .driver import Driver, Pointer


@contextmanager
def window(browser: Browser, touch: bool = False) -> Iterator[Driver]:
    """A window with storage of its own."""
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, bypass_csp=True, has_touch=touch
    )
    yield Chromium(context)
    context.close()


class Chromium(Driver):
    """A page of Playwright's."""

    name = "Chromium"

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self.protocol = context.new_cdp_session(self.page)

    def open(self, url: str) -> None:
        self.page.goto(url, wait_until="commit")

    def travel(self, by: int) -> None:
        (self.page.go_back if by < 0 else self.page.go_forward)(wait_until="commit")

    def run(self, body: str, *given: Any) -> Any:
        function = f"async (given) => JSON.stringify(await (async function() {{{body}}})(...given))"
        found = self.page.evaluate(function, list(given))
        return None if found is None else json.loads(found)

    def move(self, points: Iterable[tuple[float, float]], pointer: Pointer = "mouse") -> None:
        first, *others = points
        if pointer == "touch":
            return self._touch([first, *others])
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for point in others:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def _touch(self, points: list[tuple[float, float]]) -> None:
        def send(kind: str, at: list[tuple[float, float]]) -> None:
            touches = [{"x": x, "y": y} for x, y in at]
            self.protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        send("touchStart", points[:1])
        for point in points[1:]:
            send("touchMove", [point])
        send("touchEnd", [])

    def hover(self, x: float, y: float) -> None:
        self.page.mouse.move(x, y)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def choose_file(self, selector: str, path: Path) -> None:
        self.page.locator(selector).first.set_input_files(path)

    def resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def close(self) -> None:
        self.page.close()
