"""Probes of noise on images, and of what a model makes of it."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from explorer.lessons.bench import Bench
from explorer.lessons.opened import Floats
from explorer.lessons.probe import OfModel

Level = Annotated[float, Meta(ge=0, le=1)]


def noisy(x: Floats, noise: str, level: float) -> Floats:
    """Images in [0, 1] with noise, as `training/objectives/corruption.py` lays it; seed 0."""
    rng = np.random.default_rng(0)
    if noise == "gaussian":
        return np.clip(x + level * rng.standard_normal(x.shape), 0, 1).astype(np.float32)
    lost, colour = rng.random(x.shape) < level, rng.random(x.shape) < 0.5
    white = lost & colour if noise == "salt_and_pepper" else np.zeros_like(lost)
    return np.where(lost, white, x).astype(np.float32)


class Psnr(OfModel, frozen=True, kw_only=True, tag="psnr"):
    """How near to the clean images the noisy ones are, or what a model makes of them."""

    title = "PSNR"
    unit = "dB"
    how = (
        "10 log₁₀(1 / mean squared difference to the images without noise), grey levels from 0 to "
        "1, over all test images that came with the model; noise of seed 0. The gain is what the "
        "model adds to that of the noisy images."
    )
    panel = "denoised"
    of: Literal["noisy", "denoised", "gain"] = "denoised"
    noise: Literal["gaussian", "masking", "salt_and_pepper"] = "gaussian"
    level: Level = 0.3

    def measure(self, bench: Bench) -> float:
        model = bench.model(self.model)
        x = model.images(range(model.examples))
        seen = noisy(x, self.noise, self.level)
        if self.of == "noisy":
            return decibels(seen, x)
        found = decibels(model.decode(model.encode(seen)), x)
        return found - decibels(seen, x) if self.of == "gain" else found


def decibels(images: Floats, clean: Floats) -> float:
    """PSNR of images in [0, 1], over all of them at once."""
    return -10 * float(np.log10(((images.astype(np.float64) - clean) ** 2).mean()))
