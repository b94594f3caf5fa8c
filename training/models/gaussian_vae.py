"""The VAE of Kingma & Welling 2014 around any pair of networks."""

from torch import Tensor, nn

from training.distributions import DiagonalGaussian, ImageDistribution


class GaussianVAE(nn.Module):
    """A diagonal Gaussian posterior over D codes with prior N(0, I), and a likelihood of images.

    Args:
        latents: D.
        encoder: images (B, C, H, W) -> (B, 2 D), mean and log-variance of q(z|x).
        decoder: codes (B, D) -> what the likelihood reads, (B, C, H, W).
        likelihood: decoder outputs -> a distribution over images.
    """

    def __init__(
        self, latents: int, encoder: nn.Module, decoder: nn.Module, likelihood: nn.Module
    ) -> None:
        super().__init__()
        self.latents = latents
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x) of images (B, C, H, W) in [0, 1]."""
        mean, log_variance = self.encoder(x).float().chunk(2, dim=1)
        return DiagonalGaussian(mean, log_variance)

    def decode(self, z: Tensor) -> ImageDistribution:
        """p(x|z) of codes (B, D)."""
        distribution: ImageDistribution = self.likelihood(self.decoder(z).float())
        return distribution
