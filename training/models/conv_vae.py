"""A convolutional VAE (Kingma & Welling 2014) with the layers of Burgess et al. 2018, Appendix A.

At 64×64 with four 32-channel convolutions and two 256-unit layers it is Burgess' network.
"""

from functools import partial

from torch import Tensor, nn

from training.distributions import DiagonalGaussian, ImageDistribution
from training.errors import ConfigError
from training.models.layers import Activation, stack
from training.models.transposed_convolution import TransposedConvolution


class ConvVAE(nn.Module):
    """Stride-2 4×4 convolutions halve the image once per entry of `channels`; dense layers follow.

    Args:
        image_shape: (C, H, W).
        latents: D, the number of codes.
        channels: outputs of each convolution, from the image inwards.
        hidden: units of each dense layer, from the convolutions inwards.
        activation: after every layer but the last of encoder and decoder.
        likelihood: what turns decoder outputs (B, C, H, W) into a distribution.

    Raises:
        ConfigError: if the image cannot be halved that often.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latents: int,
        channels: tuple[int, ...],
        hidden: tuple[int, ...],
        activation: Activation,
        likelihood: nn.Module,
    ) -> None:
        super().__init__()
        colours, height, width = image_shape
        shrink = 2 ** len(channels)
        if height % shrink or width % shrink:
            raise ConfigError(
                f"model.channels has {len(channels)} entries, but a {height}×{width} image "
                f"cannot be halved {len(channels)} times."
            )
        self.latents = latents
        self.likelihood = likelihood
        inner = (channels[-1], height // shrink, width // shrink)
        units = [inner[0] * inner[1] * inner[2], *hidden]

        halve = partial(nn.Conv2d, kernel_size=4, stride=2, padding=1)

        self.encoder = nn.Sequential(
            *stack(halve, [colours, *channels], activation),
            nn.Flatten(),
            *stack(nn.Linear, units, activation),
            nn.Linear(units[-1], 2 * latents),
        )
        self.decoder = nn.Sequential(
            *stack(nn.Linear, [latents, *reversed(units)], activation),
            nn.Unflatten(1, inner),
            *stack(TransposedConvolution, [*reversed(channels), colours], activation)[:-1],
        )

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x) of images (B, C, H, W) in [0, 1]."""
        mean, log_variance = self.encoder(x).float().chunk(2, dim=1)
        return DiagonalGaussian(mean, log_variance)

    def decode(self, z: Tensor) -> ImageDistribution:
        """p(x|z) of codes (B, D)."""
        distribution: ImageDistribution = self.likelihood(self.decoder(z).float())
        return distribution
