"""A page from disk, and a folder on a host that knows nothing of us, in each engine."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from explorer.standalone import command

from .driver import Driver
from .page import READY, decoded, image

LARGEST = {"digits-2d": 14_000_000, "digits": 18_000_000}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for what in ("digits-2d", "gap", "collapse"):
        assert command.main(["export", what, "--out", str(folder / f"{what}.html")]) == 0
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Python's own file server, which sends no header of ours."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--models", "digits-2d", "sprites-beta4"]
    assert command.main(["site", "--out", str(folder / "vae"), *options]) == 0
    handler = functools.partial(_Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/vae"
        server.shutdown()
        thread.join()


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_page_from_disk_is_touched_without_a_network(driver: Driver, pages: Path) -> None:
    driver.open(f"{(pages / 'digits-2d.html').as_uri()}#model=digits-2d&z=0.5,-1")
    driver.wait(READY)
    assert np.abs(image(driver) - decoded("digits-2d", 0.5, -1)).max() <= 1
    driver.drag(".sliders .range", 0.5, 0.9)
    driver.wait("!location.hash.includes('z=0.5,-1')")
    asked = driver.run("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert [url for url in asked if url.startswith("http")] == []


def test_a_page_from_disk_has_traversals_and_a_map(driver: Driver, pages: Path) -> None:
    driver.open(f"{(pages / 'digits-2d.html').as_uri()}")
    driver.wait(READY)
    driver.wait("performance.getEntriesByName('instrument:grid').length > 0")
    driver.wait("performance.getEntriesByName('instrument:map').length > 0")


def test_a_lesson_opens_from_disk(driver: Driver, pages: Path) -> None:
    driver.open((pages / "gap.html").as_uri())
    driver.wait(READY)
    driver.wait("document.body.innerText.includes('Two terms, one gap')")
    assert "lesson=gap" in driver.run("return location.hash")


def test_a_page_from_disk_leads_to_its_lessons_and_the_clinic_without_training(
    driver: Driver, pages: Path
) -> None:
    address = (pages / "collapse.html").as_uri()
    driver.open(f"{address}#lessons")
    driver.wait("document.querySelectorAll('.lesson-row').length === 1")
    link = driver.run("return document.querySelector('.lesson-row a').getAttribute('href')")
    assert link == "#lesson=collapse&step=1"
    driver.open("about:blank")
    driver.open(f"{address}#clinic=2")
    driver.wait("document.querySelector('.clinic-patient') !== null")
    driver.run("document.querySelector('.clinic-step .action').click()")
    assert "This page has no server to train on." in driver.run("return document.body.innerText")


def test_a_static_host_serves_the_whole(driver: Driver, site: str) -> None:
    driver.open(f"{site}/index.html?model=digits-2d&z=0.5,-1")
    driver.wait(READY)
    assert np.abs(image(driver) - decoded("digits-2d", 0.5, -1)).max() <= 1
    driver.open(f"{site}/beta.html")
    driver.wait("document.body.innerText.includes('What each latent carries')")
    driver.open(f"{site}/lessons.html")
    driver.wait("document.querySelectorAll('.qr-code path').length >= 5")


def test_pages_are_small_enough_to_hand_out(tmp_path: Path) -> None:
    for what, largest in LARGEST.items():
        page = tmp_path / f"{what}.html"
        assert command.main(["export", what, "--out", str(page)]) == 0
        assert page.stat().st_size <= largest
