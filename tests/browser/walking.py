"""The instrument with two images pinned, and the path between them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator
from scipy.spatial import geometric_slerp

from .instrument import Instrument, decoded

A, B, C = [1.5, -0.5, 0.25, 0.0], [-1.0, 2.0, 0.75, 0.0], [0.5, 0.5, -1.0, 0.0]
STATIONS = np.linspace(0, 1, 9)


def spelled(z: list[float]) -> str:
    return ",".join(f"{value:g}" for value in z)


def pinned(**more: list[float]) -> str:
    return "&".join(f"{name}={spelled(z)}" for name, z in {"a": A, "b": B, **more}.items())


def straight(t: float) -> list[float]:
    return [(1 - t) * a + t * b for a, b in zip(A, B, strict=True)]


def spherical(t: float) -> list[float]:
    lengths = np.linalg.norm(A), np.linalg.norm(B)
    directions = np.array(A) / lengths[0], np.array(B) / lengths[1]
    length = (1 - t) * lengths[0] + t * lengths[1]
    return list(length * geometric_slerp(*directions, np.array([t]))[0])


def images_of(models: Path, codes: list[list[float]]) -> NDArray[np.int64]:
    return np.concatenate([decoded(models, code) for code in codes], axis=1)


class Walk(Instrument):
    """The instrument, and its path."""

    @property
    def range(self) -> Locator:
        return self.page.get_by_label("Place on the path from A to B")

    def wait_for_canvas(self, selector: str, expected: NDArray[np.int64]) -> None:
        """Until a canvas shows what it should, give or take what rounding makes."""
        self.page.wait_for_function(
            """([selector, expected]) => {
              const canvas = document.querySelector("#instrument").querySelector(selector);
              const { width, height } = canvas;
              const pixels = canvas.getContext("2d").getImageData(0, 0, width, height);
              const red = pixels.data.filter((_, at) => at % 4 === 0);
              return red.length === expected.length
                && red.every((value, at) => Math.abs(value - expected[at]) <= 2);
            }""",
            arg=[selector, expected[:, :, 0].ravel().tolist()],
        )

    def wait_for_strip(self, models: Path, codes: list[list[float]]) -> None:
        self.wait_for_canvas(".walk .film", images_of(models, codes))
