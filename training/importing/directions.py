"""Latents that are too many to move one by one, moved along principal directions of the codes."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from training.errors import CheckpointError
from training.saving.graphs import Array

LEADING = 16
BATCH = 16
LEAST = 2  # images that one direction takes


class Flat(Protocol):
    """A network whose latents stand in a row, (B, D)."""

    def encode(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W) to codes (B, D)."""

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, D) to images (B, C, H, W)."""


class Axes(nn.Module):
    """The mean code (D,), K orthonormal directions (K, D), the deviation along each (K,).

    Coordinates are in deviations: one step of a slider is as much in every direction.
    """

    mean: Tensor
    axes: Tensor
    deviation: Tensor

    def __init__(self, mean: Tensor, axes: Tensor, deviation: Tensor) -> None:
        super().__init__()
        for name, tensor in (("mean", mean), ("axes", axes), ("deviation", deviation)):
            self.register_buffer(name, tensor)


class DecodeAlong(nn.Module):
    """Coordinates (B, K) to images."""

    def __init__(self, network: Flat, along: Axes) -> None:
        super().__init__()
        self.network, self.along, self.size = network, along, len(along.deviation)

    def forward(self, z: Tensor) -> Tensor:
        """The images of the codes mean + Σ zₖ · deviationₖ · axisₖ."""
        return self.network.decode(self.along.mean + (z * self.along.deviation) @ self.along.axes)


class EncodeAlong(nn.Module):
    """Images to coordinates (B, K)."""

    def __init__(self, network: Flat, along: Axes) -> None:
        super().__init__()
        self.network, self.along = network, along

    def forward(self, x: Tensor) -> Tensor:
        """Where the codes of these images lie along the directions."""
        centred = self.network.encode(x) - self.along.mean
        return centred @ self.along.axes.T / self.along.deviation


@torch.no_grad()
def along(network: Flat, images: Array, count: int | None) -> tuple[DecodeAlong, EncodeAlong, str]:
    """The network along the leading directions, and what that leaves out, in words.

    Args:
        images: (N, C, H, W), whose codes the directions are of.
        count: how many; None: 16, or as many as the images allow.

    Raises:
        CheckpointError: if the images are too few.
    """
    most = len(images) - 1
    if most < (count or LEAST):
        raise CheckpointError(
            f"{len(images)} images have {max(most, 0)} directions between their codes; give more "
            "images, or fewer --directions."
        )
    pieces = [torch.from_numpy(images[at : at + BATCH]) for at in range(0, len(images), BATCH)]
    codes = torch.cat([network.encode(piece) for piece in pieces])
    mean = codes.mean(0)
    _, lengths, axes = torch.linalg.svd(codes - mean, full_matrices=False)
    deviations = lengths / np.sqrt(most)
    kept = min(count or LEADING, int((deviations > 1e-6 * deviations[0]).sum()))
    share = float((lengths[:kept] ** 2).sum() / (lengths**2).sum())
    found = Axes(mean, axes[:kept], deviations[:kept])
    sentence = (
        f"moved along the {kept} leading principal directions of {len(images):,} codes, which have "
        f"{share:.0%} of their variance; across these the code stays at the mean"
    )
    return DecodeAlong(network, found), EncodeAlong(network, found), sentence
