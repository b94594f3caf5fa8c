"""A panel is one file and one line: proven on a copy of the front end, open and under a drag."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from explorer.server import serving

from . import checkpoints, kinds
from .checkpoints import decode, weights
from .conftest import plain_server
from .instrument import Instrument

TOY = Path(__file__).parents[1] / "toys" / "brightness.js"
LIST, AFTER = "panels/index.js", '    import("./source.js"),'
LINE = '    import("./brightness.js"),'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("toy")
    web = root / "web"
    shutil.copytree(serving.WEB, web)
    shutil.copyfile(TOY, web / "panels" / TOY.name)
    lines = (web / LIST).read_text("utf-8").split("\n")
    lines.insert(lines.index(AFTER) + 1, LINE)
    (web / LIST).write_text("\n".join(lines), "utf-8")
    checkpoints.write(root / "models" / "blots")
    kinds.letters(root / "models" / "letters")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serving, "WEB", web)
        patch.setenv(serving.SOURCES, "yes")
        with plain_server(root / "models", root / "no results") as address:
            yield address


def test_a_toy_panel_follows_a_drag(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    instrument = Instrument(page, address).open("model=blots")
    figure = page.locator(".brightness output")
    box = instrument.slider(1).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"], middle, steps=5)
    z = np.array([[0, 3, 0, 0]], np.float32)
    expect(figure).to_have_text(f"{decode(z, weights(4, (1, 12, 8), 1)).mean():.3f}")
    page.mouse.up()
    page.close()


def test_where_it_does_not_fit_it_says_why(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    Instrument(page, address).go("model=letters")
    expect(page.locator(".not-shown")).to_contain_text("there is no brightness")
    expect(page.locator(".brightness")).to_have_count(0)
    page.close()
