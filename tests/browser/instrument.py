"""What the browser tests do with the instrument, in a person's terms."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

# The places of a slider at which its filmstrip shows an image.
STEPS = np.linspace(-3, 3, 11)

READ_PIXELS = """(canvas) => {
  const { width, height } = canvas;
  return Array.from(canvas.getContext("2d").getImageData(0, 0, width, height).data);
}"""


def pixels(canvas: Locator) -> list[int]:
    """Red, green, blue and alpha of every pixel."""
    # As one text: Playwright takes 40 s to carry a million numbers one by one.
    found: list[int] = json.loads(canvas.evaluate(f"(it) => JSON.stringify(({READ_PIXELS})(it))"))
    return found


def frames(page: Page, count: int = 2) -> None:
    """Wait for `count` more frames: what was asked before is on screen after two."""
    for _ in range(count):
        page.evaluate("() => new Promise(requestAnimationFrame)")


def steps_of(slider: Locator, press: Locator, count: int) -> set[float]:
    """The first `count` places at which a slider is seen once a button is pressed."""
    slider.evaluate(
        """(slider) => {
          window.places = new Set();
          const look = () => requestAnimationFrame(look) && places.add(slider.valueAsNumber);
          look();
        }"""
    )
    press.click()
    slider.page.wait_for_function("(count) => places.size >= count", arg=count)
    return set(slider.page.evaluate("[...places]"))


def decoded(
    models: Path, z: list[float] | NDArray[np.floating], model: str = "blots"
) -> NDArray[np.int64]:
    """What onnxruntime's Python makes of z, as (H, W, 3) bytes."""
    session = onnxruntime.InferenceSession(models / model / "decoder.onnx")
    mean = session.run(["mean"], {"z": np.array([z], np.float32)})[0][0]
    picture = (np.broadcast_to(mean, (3, *mean.shape[1:])) * 255).round().transpose(1, 2, 0)
    return picture.astype(np.int64)


def close(a: NDArray[np.generic], b: NDArray[np.generic]) -> bool:
    return bool(np.abs(a.astype(int) - b.astype(int)).max() <= 2)


def blocked(page: Page, sentence: str) -> None:
    """A person sees the sentence, and a screen reader says it; code has no backticks."""
    sentence = sentence.replace("`", "")
    expect(page.locator(".note, .blocked").filter(has_text=sentence)).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text=sentence)).to_have_count(1)


class Instrument:
    """The instrument on a page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def open(self, query: str = "model=blots") -> Instrument:
        """Open the plain page and wait for the first image."""
        self.go(query)
        self.page.wait_for_selector("[data-ready]")
        return self

    def go(self, query: str = "model=blots") -> None:
        self.page.goto(f"{self.address}/instrument/index.html?{query}")

    def slider(self, latent: int) -> Locator:
        return self.page.locator(f".sliders [data-latent='{latent}'] .range")

    def value(self, latent: int) -> Locator:
        return self.page.locator(f".sliders [data-latent='{latent}'] .value")

    def cell(self, latent: int, column: int) -> Locator:
        return self.page.locator(f".grid-row[data-latent='{latent}'] .cell").nth(column)

    def start_from(self, tab: str) -> None:
        """Open where an image comes from, and wait for its module."""
        self.page.get_by_role("tab", name=tab).click()
        self.page.locator(".start-panel:visible .desk").wait_for()

    def export(self, title: str) -> None:
        """Choose from the menu of what can be taken away."""
        self.page.get_by_role("button", name="Export").click()
        self.page.get_by_role("menuitem", name=title, exact=True).click()

    def z(self) -> list[float]:
        """z as the link has it."""
        return [float(value) for value in self.query()["z"].split(",")]

    def query(self) -> dict[str, str]:
        query = parse_qs(urlsplit(self.page.url).query, strict_parsing=True)
        return {key: values[0] for key, values in query.items()}

    def wait_for_z(self, *z: float) -> None:
        expected = ",".join(f"{value:g}" for value in z)
        self.page.wait_for_function(
            "(z) => new URLSearchParams(location.search).get('z') === z", arg=expected
        )

    def image(self) -> NDArray[np.uint8]:
        """The big image, (H, W, 3)."""
        return self._pixels(self.page.locator("canvas.picture"))

    def film(self, latent: int) -> NDArray[np.uint8]:
        return self._pixels(self.page.locator(f".sliders [data-latent='{latent}'] .film"))

    def row(self, latent: int) -> NDArray[np.uint8]:
        return self._pixels(self.page.locator(f".grid-row[data-latent='{latent}'] canvas"))

    def wait_for_grid(self, z: list[float]) -> None:
        """Until the filmstrips and the grid show what lies around z."""
        self.page.wait_for_function(
            """(z) => {
              const done = performance.getEntriesByName("instrument:grid");
              return done.at(-1)?.detail.z.join() === z;
            }""",
            arg=",".join(f"{value:g}" for value in z),
        )

    def wait_for_all(self, z: list[float]) -> None:
        """Until all is there that is fetched unasked, and the grid shows what lies around z."""
        self.wait_for_grid(z)
        self.wait_for_ground()

    def wait_for_ground(self) -> None:
        """Until what is drawn and uploaded is laid on what the test images lie on."""
        self.page.wait_for_function("performance.getEntriesByName('instrument:ground').length")

    def wait_for_pixels(self, canvas: Locator, expected: NDArray[np.generic]) -> None:
        """Until a canvas shows these grey values, (H, W), to within two."""
        self.page.wait_for_function(
            """([canvas, expected]) => {
              const { width, height } = canvas;
              const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
              return expected.every((grey, at) => Math.abs(data[4 * at] - grey) <= 2);
            }""",
            arg=[canvas.element_handle(), expected.ravel().tolist()],
        )

    def _pixels(self, canvas: Locator) -> NDArray[np.uint8]:
        width, height = canvas.evaluate("(canvas) => [canvas.width, canvas.height]")
        return np.array(pixels(canvas), np.uint8).reshape(height, width, 4)[:, :, :3]
