"""What a class does, in each engine that its laptops may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from ..app import ROOT
from ..conftest import plain_server
from .driver import Driver

MODELS = ROOT / "assets" / "models"
READY = "document.querySelector('[data-ready]') !== null"
Z = "new URLSearchParams(location.search).get('z')"
Open = Callable[..., Driver]


@pytest.fixture(scope="session")
def shipped() -> Iterator[str]:
    """Where the models that ship are served, without Streamlit."""
    with plain_server(MODELS, ROOT / "assets" / "results") as address:
        yield address


@pytest.fixture
def open(driver: Driver, shipped: str) -> Open:
    """A window on a model, once it can be touched."""

    def opened(query: str = "model=digits-2d&z=0,0") -> Driver:
        driver.open(f"{shipped}/instrument/index.html?{query}")
        driver.wait(READY)
        return driver

    return opened


def image(driver: Driver) -> NDArray[np.uint8]:
    """The large image, (H, W)."""
    height, width, values = driver.run(
        """
        const canvas = document.querySelector("canvas.picture");
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        return [height, width, [...data].filter((_, at) => at % 4 === 0)];
        """
    )
    return np.array(values, np.uint8).reshape(height, width)


def decoded(model: str, *z: float) -> NDArray[np.floating]:
    """What onnxruntime decodes, in grey levels up to 255."""
    session = onnxruntime.InferenceSession(MODELS / model / "decoder.onnx")
    (found,) = session.run(None, {"z": np.array([z], np.float32)})
    return np.asarray(255 * found[0, 0])


def z_of(driver: Driver) -> list[float]:
    return [float(value) for value in driver.wait(Z).split(",")]


def test_the_image_is_what_the_decoder_gives(open: Open) -> None:
    driver = open("model=digits-2d&z=0.5,-1")
    assert np.abs(image(driver) - decoded("digits-2d", 0.5, -1)).max() <= 1


def test_a_drag_moves_z_and_the_image_follows(open: Open) -> None:
    driver = open()
    before = image(driver)
    driver.drag(".sliders .range", 0.5, 0.9)
    z = z_of(driver)
    assert max(z) > 1
    assert np.abs(image(driver).astype(int) - before).max() > 50
    assert np.abs(image(driver) - decoded("digits-2d", *z)).max() <= 1
