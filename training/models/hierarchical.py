"""A VAE with two stochastic layers: x ← z1 ← z2 (Rezende et al. 2014; Burda et al. 2016, Eq. 2)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.distributions import DiagonalGaussian, ImageDistribution


class TwoLayers(nn.Module):
    """p(z2) = N(0, I), p(z1|z2) a Gaussian, p(x|z1); and back q(z1|x), q(z2|z1).

    For the decoder, which sees z1 alone, the upper layer is a prior that is learned: p(z1) is a
    mixture of as many Gaussians as there are z2.

    What is moved and what a card calls z1 is ε1, with z1 = μ(z2) + σ(z2) ε1: N(0, I) given any z2,
    so that z2 can be moved and z1 stays as usual as it was.

    Args:
        upper, lower: D2 and D1.
        encoder: images (B, C, H, W) -> (B, 2 D1), mean and log-variance of q(z1|x).
        upwards: z1 -> (B, 2 D2), the same of q(z2|z1).
        downwards: z2 -> (B, 2 D1), the same of p(z1|z2).
        decoder: z1 -> what the likelihood reads, (B, C, H, W).
        likelihood: decoder outputs -> a distribution over images.
    """

    def __init__(
        self,
        upper: int,
        lower: int,
        encoder: nn.Module,
        upwards: nn.Module,
        downwards: nn.Module,
        decoder: nn.Module,
        likelihood: nn.Module,
    ) -> None:
        super().__init__()
        self.upper, self.lower, self.latents = upper, lower, upper + lower
        self.encoder, self.upwards = encoder, upwards
        self.downwards, self.decoder = downwards, decoder
        self.likelihood = likelihood

    def read(self, x: Tensor) -> DiagonalGaussian:
        """q(z1|x) of images (B, C, H, W) in [0, 1]."""
        return _gaussian(self.encoder(x))

    def up(self, z1: Tensor) -> DiagonalGaussian:
        """q(z2|z1)."""
        return _gaussian(self.upwards(z1))

    def down(self, z2: Tensor) -> DiagonalGaussian:
        """p(z1|z2)."""
        return _gaussian(self.downwards(z2))

    def write(self, z1: Tensor) -> ImageDistribution:
        """p(x|z1)."""
        distribution: ImageDistribution = self.likelihood(self.decoder(z1).float())
        return distribution

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """Of z2 and ε1, (B, D2 + D1): q(z2|z1) at the mean of q(z1|x), and q(ε1|x) given its mean.

        Gaussians in both: what is Gaussian in z1 is so in ε1, which is z1 in other units.
        """
        below = self.read(x)
        above = self.up(below.mean)
        prior = self.down(above.mean)
        mean = (below.mean - prior.mean) * (-0.5 * prior.log_variance).exp()
        return DiagonalGaussian(
            torch.cat([above.mean, mean], 1),
            torch.cat([above.log_variance, below.log_variance - prior.log_variance], 1),
        )

    def decode(self, z: Tensor) -> ImageDistribution:
        """p(x|z1) at z2 and ε1, (B, D2 + D1)."""
        z2, epsilon = z.split([self.upper, self.lower], dim=1)
        return self.write(self.down(z2).sample(epsilon))


class Sampled(NamedTuple):
    """−ln p(x|z1), (B,), and what each number of z2 and of z1 costs beyond its prior, in nats."""

    reconstruction_nats: Tensor
    upper_nats: Tensor  # (B, D2)
    lower_nats: Tensor  # (B, D1)


def bound(model: TwoLayers, x: Tensor, noise: Tensor) -> Sampled:
    """The terms of the bound on −ln p(x) with one sample of q(z1|x) q(z2|z1).

    Their sum is unbiased. ln q(z1|x) − ln p(z1|z2) has no closed form, z2 being drawn from z1; that
    of the upper layer has one.

    Args:
        noise: from N(0, 1), (B, D2 + D1).
    """
    above, below = noise.split([model.upper, model.lower], dim=1)
    posterior = model.read(x)
    z1 = posterior.sample(below)
    upper = model.up(z1)
    z2 = upper.sample(above)
    lower_nats = posterior.log_prob(z1) - model.down(z2).log_prob(z1)
    reconstruction_nats = -model.write(z1).log_prob(x).flatten(1).sum(1)
    return Sampled(reconstruction_nats, upper.kl_to_prior(), lower_nats)


def _gaussian(numbers: Tensor) -> DiagonalGaussian:
    return DiagonalGaussian(*numbers.float().chunk(2, dim=1))
