"""Squared error, summed over pixels: what PCA and a plain autoencoder minimise."""

from torch import Tensor


def squared_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Σ_pixels (x − x̂)² of images (B, C, H, W) in grey levels from 0 to 1: (B,)."""
    return (x - reconstruction).square().flatten(1).sum(1)
