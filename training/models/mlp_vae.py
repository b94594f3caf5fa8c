"""A VAE of dense layers alone, as in Burda et al. 2016, Section 5.

At 28×28 with two 200-unit tanh layers and 50 latents it is their network of one stochastic layer.
"""

import math

from torch import Tensor, nn

from training.distributions import DiagonalGaussian, ImageDistribution
from training.models.layers import Activation, stack


class MLPVAE(nn.Module):
    """Every pixel is an input of the first of the `hidden` layers; the decoder is the mirror image.

    Args:
        image_shape: (C, H, W).
        latents: D, the number of codes.
        hidden: units of each layer, from the image inwards.
        activation: after every layer but the last of encoder and decoder.
        likelihood: what turns decoder outputs (B, C, H, W) into a distribution.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latents: int,
        hidden: tuple[int, ...],
        activation: Activation,
        likelihood: nn.Module,
    ) -> None:
        super().__init__()
        self.latents = latents
        self.likelihood = likelihood
        pixels = math.prod(image_shape)
        self.encoder = nn.Sequential(
            nn.Flatten(),
            *stack(nn.Linear, [pixels, *hidden], activation),
            nn.Linear(hidden[-1], 2 * latents),
        )
        self.decoder = nn.Sequential(
            *stack(nn.Linear, [latents, *reversed(hidden)], activation),
            nn.Linear(hidden[0], pixels),
            nn.Unflatten(1, image_shape),
        )

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x) of images (B, C, H, W) in [0, 1]."""
        mean, log_variance = self.encoder(x).float().chunk(2, dim=1)
        return DiagonalGaussian(mean, log_variance)

    def decode(self, z: Tensor) -> ImageDistribution:
        """p(x|z) of codes (B, D)."""
        distribution: ImageDistribution = self.likelihood(self.decoder(z).float())
        return distribution
