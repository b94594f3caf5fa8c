"""What a person sees first: a test image that is encoded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from safetensors.numpy import load_file

from explorer import opening
from training.contract.card import CODES
from training.contract.files import read_card

from . import checkpoints
from .conftest import plain_server
from .instrument import Instrument


@pytest.fixture(scope="module")
def plenty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with as many test images as it takes to say which one is usual."""
    folder = tmp_path_factory.mktemp("opening") / "plenty"
    checkpoints.write(folder, title="Plenty", examples=opening.LEAST)
    return folder


@pytest.fixture(scope="module")
def address(plenty: Path) -> Iterator[str]:
    with plain_server(plenty.parent, plenty / "no results") as address:
        yield address


def test_it_opens_on_a_test_image_that_is_encoded(page: Page, address: str, plenty: Path) -> None:
    chosen = opening.choose(plenty, read_card(plenty))
    instrument = Instrument(page, address).open("")
    query = instrument.query()
    assert query["example"] == chosen["example"]
    mean = load_file(plenty / CODES)["mean"][int(chosen["example"])]
    assert instrument.z() == pytest.approx(mean, abs=6e-4)
    expect(page.locator(".source-label")).to_contain_text(chosen["example"])


@pytest.mark.parametrize("link", ["z=1,0,0,0", "z=0,0,0,0&axes=pca"])
def test_a_link_opens_where_it_says(page: Page, address: str, link: str) -> None:
    query = Instrument(page, address).open(f"model=plenty&{link}").query()
    assert "example" not in query
    assert link.startswith(f"z={query['z']}")
