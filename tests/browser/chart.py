"""The map on a page, in the coordinates of what it shows."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from .instrument import Instrument, frames

Floats = NDArray[np.float32]

# The style of the page: how much of the stage is left empty around the points.
ROOM = 0.88


class Chart:
    """The map on a page, addressed by coordinates of its plane."""

    def __init__(self, page: Page, points: Floats) -> None:
        self.page = page
        self.points = points
        box = page.locator(".map-stage").bounding_box()
        assert box is not None
        low, high = points.min(0), points.max(0)
        sides = np.array([box["width"], box["height"]])
        self.scale = float((ROOM * sides / (high - low)).min())
        self.middle = (low + high) / 2
        self.corner = np.array([box["x"], box["y"]])
        self.sides = sides

    def spot(self, place: Floats) -> tuple[float, float]:
        """Where on the page a place of the plane is, before anything was panned or zoomed."""
        x, y = self.corner + self.sides / 2 + (place - self.middle) * [self.scale, -self.scale]
        return float(x), float(y)

    def place(self, x: float, y: float) -> Floats:
        """The place of the plane at a spot of the page."""
        off = np.array([x, y]) - self.corner - self.sides / 2
        return np.asarray(self.middle + off / [self.scale, -self.scale], np.float32)

    def hover(self, index: int) -> None:
        self.page.mouse.move(*self.spot(self.points[index]))

    def empty(self) -> tuple[float, float]:
        """A spot of the page that is far from every point."""
        spots = [
            (float(self.corner[0] + self.sides[0] * a), float(self.corner[1] + self.sides[1] * b))
            for a in np.linspace(0.1, 0.9, 17)
            for b in np.linspace(0.1, 0.9, 17)
        ]
        there = np.array([self.spot(point) for point in self.points])
        far = [np.hypot(*(there - spot).T).min() for spot in spots]
        return spots[int(np.argmax(far))]


def open_map(instrument: Instrument, points: Floats, query: str = "") -> Chart:
    instrument.open(f"model=blots{query}")
    instrument.page.wait_for_selector(".map-tools:not([inert])")
    # With all test images the page is higher than the window, and its scroll bar narrows the map.
    instrument.page.wait_for_selector(".thumb")
    frames(instrument.page)
    return Chart(instrument.page, points)


def shown_z(instrument: Instrument) -> list[float]:
    """z as the sliders have it, rounded as their fields are."""
    texts = [instrument.value(latent).input_value() for latent in range(3)]
    return [float(text.replace("−", "-")) for text in texts]


def colour_at(page: Page, spot: tuple[float, float]) -> NDArray[np.int64]:
    clip = {"x": round(spot[0]) - 1, "y": round(spot[1]) - 1, "width": 2, "height": 2}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip)))
    return np.asarray(picture.convert("RGB"), np.int64).reshape(-1, 3).mean(0).astype(np.int64)
