"""The distance of two samples of points: the energy distance (Székely & Rizzo 2013, Eq. 5)."""

import torch
from torch import Tensor


def energy_distance(x: Tensor, y: Tensor) -> float:
    """2 E|X − Y| − E|X − X'| − E|Y − Y'| for samples (N, D) and (M, D), N and M at least 1.

    Zero where both follow one distribution, and only there; an estimate of zero may be below it. It
    is without bias but for a sample of one point, which has no two to tell its spread by: that is
    taken to be none.
    """
    across = torch.cdist(x, y).mean()
    return (2 * across - _within(x) - _within(y)).item()


def _within(x: Tensor) -> Tensor:
    """The mean distance of two different points."""
    return torch.cdist(x, x).sum() / max(1, len(x) * (len(x) - 1))
