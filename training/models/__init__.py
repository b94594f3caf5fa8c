"""The contract of a model: an image goes to a posterior, a code goes to a likelihood."""

from typing import Protocol

from torch import Tensor

from training.distributions import DiagonalGaussian, ImageDistribution


class VAE(Protocol):
    """A variational autoencoder with prior N(0, I) over `latents` codes."""

    latents: int

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x) of images in [0, 1], (B, C, H, W): mean and log-variance (B, D)."""
        ...

    def decode(self, z: Tensor) -> ImageDistribution:
        """p(x|z) of codes (B, D): a distribution over (B, C, H, W)."""
        ...
