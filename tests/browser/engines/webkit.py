"""WebKitGTK's small browser on a screen of Xvfb, driven by Selenium."""

from __future__ import annotations

import json
import os
import subprocess
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import WebKitGTK, WebKitGTKOptions
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.webkitgtk.service import Service

from .driver import Driver, Pointer

BROWSERS = ("webkit2gtk-4.1", "webkitgtk-6.0", "webkit2gtk-4.0")
KEYS = {
    "ArrowLeft": Keys.ARROW_LEFT,
    "ArrowUp": Keys.ARROW_UP,
    "ArrowRight": Keys.ARROW_RIGHT,
    "ArrowDown": Keys.ARROW_DOWN,
    "Backspace": Keys.BACKSPACE,
    "End": Keys.END,
    "Enter": Keys.ENTER,
    "Escape": Keys.ESCAPE,
    "Home": Keys.HOME,
    "Space": Keys.SPACE,
    "Tab": Keys.TAB,
}


def find_browser() -> str | None:
    """The browser that comes with the library: Debian keeps it beside it."""
    libraries = Path("/usr/lib").glob("*-linux-gnu")
    places = (library / name / "MiniBrowser" for library in libraries for name in BROWSERS)
    return next((str(place) for place in places if place.exists()), None)


@contextmanager
def screen() -> Iterator[None]:
    """A screen that nobody sees, of whatever number is free."""
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1920x1400x24"]
    with subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        try:
            with os.fdopen(ours) as number, pytest.MonkeyPatch.context() as patch:
                patch.setenv("DISPLAY", f":{number.readline().strip()}")
                yield
        finally:
            process.terminate()


@contextmanager
def window(driver: str, browser: str) -> Iterator[Driver]:
    """A window of a browser of its own, on the screen that DISPLAY names."""
    options = WebKitGTKOptions()
    options.binary_location = browser
    options.add_argument("--automation")
    environment = {**os.environ, "WEBKIT_DISABLE_COMPOSITING_MODE": "1"}
    service = Service(driver, env=environment)
    with warnings.catch_warnings():
        # Selenium's own driver calls what Selenium says not to call.
        warnings.simplefilter("ignore", DeprecationWarning)
        webkit = WebKit(WebKitGTK(options=options, service=service))
    webkit.resize(1366, 768)
    yield webkit
    webkit.selenium.quit()


class WebKit(Driver):
    """A window of Selenium's."""

    name = "WebKit"

    def __init__(self, selenium: WebKitGTK) -> None:
        self.selenium = selenium
        selenium.set_script_timeout(60)

    def open(self, url: str) -> None:
        self.selenium.get(url)

    def travel(self, by: int) -> None:
        self.selenium.back() if by < 0 else self.selenium.forward()

    def run(self, body: str, *given: Any) -> Any:
        script = f"""
          const [given, done] = arguments;
          (async function() {{{body}}})(...JSON.parse(given)).then(
            (value) => done([null, JSON.stringify(value)]),
            (error) => done([String(error), null]),
          );
        """
        error, found = self.selenium.execute_async_script(script, json.dumps(given))
        if error is not None:
            raise RuntimeError(error)
        return None if found is None else json.loads(found)

    def move(self, points: Iterable[tuple[float, float]], pointer: Pointer = "mouse") -> None:
        actions = ActionBuilder(self.selenium, PointerInput(pointer, pointer), duration=15)
        first, *others = points
        actions.pointer_action.move_to_location(*map(round, first))
        actions.pointer_action.pointer_down()
        for point in others:
            actions.pointer_action.move_to_location(*map(round, point))
        actions.pointer_action.pointer_up()
        actions.perform()

    def hover(self, x: float, y: float) -> None:
        actions = ActionBuilder(self.selenium, PointerInput("mouse", "mouse"), duration=15)
        actions.pointer_action.move_to_location(round(x), round(y))
        actions.perform()

    def press(self, key: str) -> None:
        actions = ActionBuilder(self.selenium)
        actions.key_action.key_down(KEYS.get(key, key)).key_up(KEYS.get(key, key))
        actions.perform()

    def choose_file(self, selector: str, path: Path) -> None:
        self.selenium.find_element(By.CSS_SELECTOR, selector).send_keys(str(path))

    def resize(self, width: int, height: int) -> None:
        self.selenium.set_window_size(width, height)
        inner = self.run("return [innerWidth, innerHeight]")
        self.selenium.set_window_size(2 * width - inner[0], 2 * height - inner[1])

    def close(self) -> None:
        self.selenium.close()
