"""Digits with noise: four networks that differ in width and in what they were trained on."""

from typing import Literal

from training.config import DataConfig, RunConfig, TrainConfig
from training.families.denoising import Denoising
from training.recipes.recipe import Recipe


def _denoising(width: Literal["narrow", "wide"], level: float) -> Recipe:
    """One of the four: fewer or more hidden units than pixels, trained on clean or noisy images."""
    learned = "noisy" if level else "clean"
    return Recipe(
        name=f"digits-denoise-{width}-{learned}",
        title=f"Digits, {width}, from {learned} images",
        intent=_INTENTS[width, learned],
        cost="2 min",
        run=RunConfig(
            data=DataConfig("digits"),
            model=Denoising({"narrow": 64, "wide": 1024}[width], level=level),
            objective=None,
            train=TrainConfig(steps=3_000, batch_size=128, precision="float32"),
        ),
    )


_INTENTS = {
    ("narrow", "clean"): "64 hidden units for 784 pixels, trained on clean digits: too few to copy "
    "the noise that you add.",
    ("narrow", "noisy"): "64 hidden units, trained to remove noise: add some, and see what is "
    "left of it.",
    ("wide", "clean"): "1,024 hidden units for 784 pixels, trained on clean digits: room enough to "
    "copy an image with all its noise.",
    ("wide", "noisy"): "1,024 hidden units, trained to remove noise: width copies, and "
    "noise in training teaches what to leave out.",
}


RECIPES = tuple(_denoising(width, level) for level in (0.3, 0.0) for width in ("wide", "narrow"))
