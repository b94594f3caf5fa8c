"""Codes of images: of a split, or at random factors."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from training.datasets import Dataset
from training.errors import MetricError
from training.metrics import Floats, Integers

Encoder = Callable[[Tensor], Tensor]  # images (B, C, H, W) -> posterior means (B, D)
BATCH = 64  # the activations of this many images stay in a CPU's cache: twice as fast as 256


@torch.no_grad()
def encode(encoder: Encoder, images: Callable[[Tensor], Tensor], which: Tensor) -> Floats:
    """Posterior means (N, D) of `images(rows)`, for the rows of `which` (N, …) in small batches."""
    codes = [encoder(images(rows)).double().cpu() for rows in which.split(BATCH)]
    return torch.cat(codes).numpy()


def encode_random(
    encoder: Encoder, dataset: Dataset, count: int, seed: int
) -> tuple[Floats, Integers]:
    """Posterior means (count, D) of images whose factors (count, F) are drawn independently.

    Raises:
        MetricError: if the data set has no images at chosen factors.
    """
    if dataset.at_factors is None or dataset.factors is None:
        raise MetricError(
            f"The data set {dataset.name} has no images at chosen factors; this metric needs them."
        )
    sizes = [factor.size for factor in dataset.factors]
    factors = np.random.default_rng(seed).integers(0, sizes, (count, len(sizes)))
    return encode(encoder, dataset.at_factors, torch.from_numpy(factors)), factors


def checked_counts(fewest: int = 1, **counts: int) -> None:
    """Refuse sample counts that are too small.

    Raises:
        MetricError: naming the first.
    """
    for name, count in counts.items():
        if count < fewest:
            raise MetricError(f"{name} is {count}; give at least {fewest}.")
