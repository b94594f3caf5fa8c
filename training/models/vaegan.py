"""The networks of a VAE-GAN that are kept: an encoder, and a decoder that is a GAN's generator."""

from torch import Tensor, nn

from training.distributions import DiagonalGaussian
from training.models.gan import Generator


class VAEGAN(nn.Module):
    """A Gaussian posterior over D codes with prior N(0, I); an image of a code, without a density.

    Args:
        encoder: images (B, C, H, W) -> (B, 2 D), mean and log-variance of q(z|x).
        decoder: codes (B, D) -> images (B, C, H, W) in [0, 1].
    """

    def __init__(self, encoder: nn.Module, decoder: Generator) -> None:
        super().__init__()
        self.latents = decoder.latents
        self.encoder = encoder
        self.decoder = decoder

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x) of images (B, C, H, W) in [0, 1]."""
        mean, log_variance = self.encoder(x).float().chunk(2, dim=1)
        return DiagonalGaussian(mean, log_variance)

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) of codes (B, D)."""
        images: Tensor = self.decoder(z)
        return images
