"""The angle between two subspaces: Björck & Golub 1973."""

import math

import torch
from torch import Tensor


def largest_angle(first: Tensor, second: Tensor) -> float:
    """The largest principal angle between the columns of two matrices (P, D), in degrees.

    Zero where they span the same subspace, 90 where a direction of one is orthogonal to the other.
    """
    bases = [torch.linalg.qr(matrix.double())[0] for matrix in (first, second)]
    cosines = torch.linalg.svdvals(bases[0].T @ bases[1])
    return math.degrees(math.acos(min(1.0, cosines.min().item())))
