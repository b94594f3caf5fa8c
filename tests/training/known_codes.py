"""Codes that are factors themselves, rotated or noisy, and images of nothing but their factors."""

import itertools
import math

import numpy as np
import torch
from torch import Tensor

from training.contract.card import Factor
from training.datasets import Dataset, Split

VALUES, REPEATS = 8, 50
# Every combination of two factors equally often: independent in the sample, not just in the mean.
FACTORS = np.tile(list(itertools.product(range(VALUES), repeat=2)), (REPEATS, 1))
IDENTITY = FACTORS.astype(float)
ROTATED = IDENTITY @ np.array([[1, -1], [1, 1]]) / math.sqrt(2)
KEPT = 0.7  # the share of noisy codes that still hold the factor; the others are drawn at random


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noisy(seed: int) -> np.ndarray:
    kept = random(seed).random(FACTORS.shape) < KEPT
    return np.where(kept, FACTORS, random(seed + 1).integers(0, VALUES, FACTORS.shape)).astype(
        float
    )


def toy(*sizes: int, count: int = 200) -> Dataset:
    """Images of one row, a pixel a factor, from 0 to 1."""
    highest = torch.tensor(sizes) - 1

    def at_factors(factors: Tensor) -> Tensor:
        return (factors / highest.clamp(min=1)).float()[:, None, None]

    splits = {}
    for seed, name in enumerate(("train", "validation", "test")):
        factors = torch.from_numpy(random(seed).integers(0, sizes, (count, len(sizes))))
        stored = (at_factors(factors) * 255).to(torch.uint8)
        splits[name] = Split(stored, factors.int(), lambda stored: stored.float() / 255)
    return Dataset(
        name="toy",
        source="here",
        licence="none",
        shape=(1, 1, len(sizes)),
        splits=splits,
        factors=tuple(Factor(f"v{number}", size, "ordered") for number, size in enumerate(sizes)),
        at_factors=at_factors,
    )
