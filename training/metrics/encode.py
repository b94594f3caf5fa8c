"""Codes of images whose factors a metric has chosen."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from training.datasets import Dataset
from training.errors import MetricError
from training.metrics import Floats, Integers

Encoder = Callable[[Tensor], Tensor]  # images (B, C, H, W) -> posterior means (B, D)
BATCH = 64  # the activations of so many images stay in a CPU's cache: twice as fast as 256


@torch.no_grad()
def encode(encoder: Encoder, images: Callable[[Tensor], Tensor], which: Tensor) -> Floats:
    """Posterior means (N, D) of `images(rows)`, for the rows of `which` (N, …) in small batches."""
    codes = [encoder(images(rows)).double().cpu() for rows in which.split(BATCH)]
    return torch.cat(codes).numpy()


def encode_factors(encoder: Encoder, dataset: Dataset, factors: Integers) -> Floats:
    """Posterior means (…, D) of the images with factors (…, F).

    Raises:
        MetricError: if the codes are no finite numbers.
    """
    if dataset.at_factors is None:
        raise MetricError(
            f"The data set {dataset.name} has no images at chosen factors; this metric needs them."
        )
    rows = torch.from_numpy(factors.reshape(-1, factors.shape[-1]))
    codes = encode(encoder, dataset.at_factors, rows)
    if not np.isfinite(codes).all():
        raise MetricError("There are codes that are NaN or infinite; measure another checkpoint.")
    return codes.reshape(*factors.shape[:-1], codes.shape[-1])


def sizes(dataset: Dataset) -> tuple[Integers, Integers]:
    """How many values each factor takes, (F,), and which factors take more than one.

    Raises:
        MetricError: if there is none.
    """
    numbers = np.array([factor.size for factor in dataset.factors or ()], dtype=np.int64)
    several = np.flatnonzero(numbers > 1)
    if several.size == 0:
        raise MetricError(
            f"The data set {dataset.name} knows no factor with several values; this metric needs "
            "one."
        )
    return numbers, several


def checked_counts(fewest: int = 1, **counts: int) -> None:
    """Refuse sample counts that are too small.

    Raises:
        MetricError: naming the first.
    """
    for name, count in counts.items():
        if count < fewest:
            raise MetricError(f"{name} is {count}; give at least {fewest}.")
