"""What `training.save` makes of two plain ONNX files opens in the instrument and moves."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import training
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous

from . import checkpoints
from .conftest import plain_server
from .instrument import Instrument

SHAPE = (1, 12, 8)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("saved")
    pixels = checkpoints.weights(3, SHAPE, 0)
    (folder / "decode.onnx").write_bytes(checkpoints.decoder(pixels, SHAPE))
    (folder / "encode.onnx").write_bytes(checkpoints.encoder(pixels, SHAPE))
    z = np.random.default_rng(0).uniform(-2, 2, (20, 3)).astype(np.float32)
    training.save(
        folder / "models" / "mine",
        decode=folder / "decode.onnx",
        encode=folder / "encode.onnx",
        controls=[Continuous("z", 3, "standard_normal")],
        output=Pixels(SHAPE),
        examples=checkpoints.decode(z, pixels).reshape(-1, *SHAPE),
        title="Made elsewhere",
        with_map=False,
    )
    with plain_server(folder / "models", folder / "no results") as address:
        yield address


def test_a_model_made_elsewhere_opens_and_moves(address: str, page: Page) -> None:
    instrument = Instrument(page, address).open("model=mine&z=0,0,0")
    expect(page.locator(".picker").first).to_contain_text("Made elsewhere")
    before = instrument.image()
    instrument.cell(0, 0).click()
    instrument.wait_for_z(-3, 0, 0)
    instrument.wait_for_grid([-3, 0, 0])
    assert (instrument.image() != before).any()


def test_its_examples_open_with_their_codes(address: str, page: Page) -> None:
    instrument = Instrument(page, address).open("model=mine&example=2")
    expect(page.locator(".source-label")).to_be_visible()
    assert len(instrument.z()) == 3
