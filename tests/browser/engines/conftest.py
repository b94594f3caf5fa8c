"""The same window in three engines."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from ..app import ROOT
from ..conftest import CHROMIUM, launched, plain_server
from . import chromium, firefox, webkit
from .driver import Driver

ENGINES = ("Chromium", "Firefox", "WebKit")


def missing(what: str, package: str) -> None:
    """Skip what needs a browser that is not installed, or fail where nothing may be skipped."""
    sentence = f"These tests need {what}: install it, for example `apt install {package}`."
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def firefox_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[firefox.Session]:
    executable = shutil.which("firefox-esr") or shutil.which("firefox")
    if executable is None:
        missing("Firefox", "firefox-esr")
    else:
        with firefox.running(executable, tmp_path_factory.mktemp("firefox")) as session:
            yield session


@pytest.fixture(scope="session")
def screen() -> Iterator[None]:
    if shutil.which("Xvfb") is None:
        missing("Xvfb", "xvfb")
    with webkit.screen():
        yield


@pytest.fixture(scope="module", params=ENGINES)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    """A window with storage of its own, for all tests of a file: engines take seconds to start."""
    if request.param == "Chromium":
        playwright = request.getfixturevalue("playwright")
        with (
            launched(playwright, *CHROMIUM) as browser,
            chromium.window(browser, touch=True) as window,
        ):
            yield window
    elif request.param == "Firefox":
        with firefox.window(request.getfixturevalue("firefox_session")) as window:
            yield window
    else:
        program, browser = shutil.which("WebKitWebDriver"), webkit.find_browser()
        if program is None or browser is None:
            missing("WebKit", "webkit2gtk-driver")
        else:
            request.getfixturevalue("screen")
            with webkit.window(program, browser) as window:
                yield window


@pytest.fixture(scope="module")
def shipped() -> Iterator[str]:
    """Where the models that ship are served, without Streamlit."""
    with plain_server(ROOT / "assets" / "models", ROOT / "assets" / "results") as address:
        yield address
