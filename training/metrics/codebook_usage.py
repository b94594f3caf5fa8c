"""How much of its codebook a VQ-VAE uses."""

from typing import NamedTuple

import torch
from torch import Tensor


class Usage(NamedTuple):
    """Over all cells of all images.

    Fields:
        shares: of the cells that hold each code, (K,).
        perplexity: e to the entropy of the shares: K where all are alike, 1 where one is used.
        dead: codes that no cell holds.
    """

    shares: Tensor
    perplexity: float
    dead: int


def usage(codes: Tensor, entries: int) -> Usage:
    """Usage of a codebook of K `entries` by codes of any shape, int64."""
    counts = torch.bincount(codes.flatten(), minlength=entries).double()
    shares = counts / counts.sum()
    entropy_nats = -torch.special.xlogy(shares, shares).sum()
    return Usage(shares, entropy_nats.exp().item(), int((counts == 0).sum()))
