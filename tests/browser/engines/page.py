"""What the tests of all engines do with the instrument, in a person's terms."""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..app import ROOT
from .driver import Driver

MODELS = ROOT / "assets" / "models"
READY = "document.querySelector('[data-ready]') !== null"
Z = "new URLSearchParams(location.search).get('z')"
CONTROLS = "button, summary, [role=tab], [role=radio], [role=menuitem]"
MARK = """(() => {
  const [kinds, name] = arguments;
  const says = (one) => (one.getAttribute("aria-label") ?? one.innerText).trim();
  const found = [...document.querySelectorAll(kinds)]
    .find((one) => one.checkVisibility() && says(one).startsWith(name));
  for (const one of document.querySelectorAll("[data-found]")) one.removeAttribute("data-found");
  found?.setAttribute("data-found", "");
  return Boolean(found);
})()"""
HOME = """
for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
document.activeElement?.blur();
document.querySelectorAll(".sliders .value").forEach((field, at) => {
  field.value = arguments[at];
  field.dispatchEvent(new Event("change"));
});
scrollTo(0, 0);
"""


def image(driver: Driver, canvas: str = "canvas.picture") -> NDArray[np.uint8]:
    """The large image, (H, W)."""
    height, width, values = driver.run(
        """
        const canvas = document.querySelector(arguments[0]);
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        return [height, width, [...data].filter((_, at) => at % 4 === 0)];
        """,
        canvas,
    )
    return np.array(values, np.uint8).reshape(height, width)


def decoded(model: str, *z: float) -> NDArray[np.floating]:
    """What onnxruntime decodes, in grey levels up to 255."""
    session = onnxruntime.InferenceSession(MODELS / model / "decoder.onnx")
    (found,) = session.run(None, {"z": np.array([z], np.float32)})
    return np.asarray(255 * found[0, 0])


def z_of(driver: Driver) -> list[float]:
    return [float(value) for value in driver.wait(Z).split(",")]


def go(driver: Driver, *z: float) -> None:
    """Put the sliders there, and the page back to its top."""
    driver.run(HOME, *map(str, z))
    driver.wait(f"{Z} === arguments[0]", ",".join(f"{value:g}" for value in z))


def press(driver: Driver, name: str, kinds: str = CONTROLS) -> None:
    """Click the control whose name begins so, once it is there."""
    driver.wait(MARK, kinds, name)
    driver.click("[data-found]")


def away_from(driver: Driver, *z: float) -> list[float]:
    """Where z is once it has left."""
    driver.wait(f"{Z} !== arguments[0]", ",".join(f"{value:g}" for value in z))
    return z_of(driver)
