"""Squared error of what was made of a noisy image, against the image without noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.objectives.corruption import Noise, corrupted
from training.objectives.squared_error import squared_error

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Denoised:
    """Vincent et al. 2010, Eq. 5, under the squared error; at the level 0 a plain autoencoder's."""

    def __init__(self, noise: Noise, level: float) -> None:
        self.noise, self.level = noise, level

    def __call__(self, model: Any, x: Tensor, generator: torch.Generator) -> Tensor:
        """Grey levels², the sum over pixels, of each image (B, C, H, W): (B,)."""
        seen = corrupted(x, self.noise, self.level, generator)
        return squared_error(x, model.decode(model.encode(seen)))
