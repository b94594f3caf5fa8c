"""Distributions over codes and images: sample, log_prob, kl. Batches first, in nats."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

LOG_2PI = math.log(2 * math.pi)

# Where a sample's noise comes from: a generator, or numbers that one has drawn from N(0, 1) before.
Noise = torch.Generator | Tensor


def standard_normal(
    count: int, latents: int, device: torch.device, generator: torch.Generator
) -> Tensor:
    """Draws from N(0, I): (count, latents)."""
    return torch.empty(count, latents, device=device).normal_(generator=generator)


class ImageDistribution(Protocol):
    """What a likelihood returns: independent pixels, given the code."""

    @property
    def mean(self) -> Tensor:
        """The expected image, (B, C, H, W)."""
        ...

    def log_prob(self, x: Tensor) -> Tensor:
        """ln p(x|z) per pixel in nats, (B, C, H, W)."""
        ...


@dataclass(frozen=True)
class DiagonalGaussian:
    """N(mean, diag(exp(log_variance))) over codes; both (B, D)."""

    mean: Tensor
    log_variance: Tensor

    def sample(self, noise: Noise | None = None) -> Tensor:
        """A reparameterised draw, mean + σ ε (Kingma & Welling 2014, Eq. 4): (B, D).

        Args:
            noise: ε itself, (B, D), or the generator to draw it from.
        """
        if not isinstance(noise, Tensor):
            noise = torch.empty_like(self.mean).normal_(generator=noise)
        return self.mean + self.deviation * noise

    @property
    def deviation(self) -> Tensor:
        """σ, (B, D)."""
        return torch.exp(0.5 * self.log_variance)

    def log_prob(self, z: Tensor) -> Tensor:
        """ln q(z) per latent in nats, (B, D)."""
        return _gaussian_log_prob(z, self.mean, self.log_variance)

    def kl_to_prior(self) -> Tensor:
        """KL(q ‖ N(0, I)) per latent in nats (Kingma & Welling 2014, Appendix B): (B, D)."""
        return 0.5 * (self.mean.square() + self.log_variance.exp() - 1 - self.log_variance)


@dataclass(frozen=True)
class Bernoulli:
    """Binary pixels; `logits` (B, C, H, W)."""

    logits: Tensor

    @property
    def mean(self) -> Tensor:
        """The expected image, (B, C, H, W), in [0, 1]."""
        return torch.sigmoid(self.logits)

    def log_prob(self, x: Tensor) -> Tensor:
        """ln p(x|z) per pixel in nats, (B, C, H, W)."""
        return -F.binary_cross_entropy_with_logits(self.logits, x, reduction="none")


@dataclass(frozen=True)
class Gaussian:
    """Real pixels; `location` (B, C, H, W), `log_variance` broadcastable to it."""

    location: Tensor
    log_variance: Tensor

    @property
    def mean(self) -> Tensor:
        """The expected image, (B, C, H, W), in [0, 1]."""
        return self.location.clamp(0, 1)

    def log_prob(self, x: Tensor) -> Tensor:
        """ln p(x|z) per pixel in nats, (B, C, H, W)."""
        return _gaussian_log_prob(x, self.location, self.log_variance)


@dataclass(frozen=True)
class ContinuousBernoulli:
    """Grey levels in [0, 1] (Loaiza-Ganem & Cunningham 2019); `logits` η = ln(λ / (1 − λ)).

    In the natural parameter the density is exp(ηx) η / (e^η − 1).
    """

    logits: Tensor

    @property
    def mean(self) -> Tensor:
        """1/2 + coth(η/2)/2 − 1/η; near η = 0 its series 1/2 + η/12 − η³/720."""
        small = self.logits.abs() < 0.3
        away = self.logits.masked_fill(small, 1)
        series = 0.5 + self.logits / 12 - self.logits**3 / 720
        return torch.where(small, series, 0.5 + 0.5 / torch.tanh(away / 2) - 1 / away)

    def log_prob(self, x: Tensor) -> Tensor:
        """ln p(x|z) per pixel in nats, (B, C, H, W)."""
        return self.logits * x - self._log_normaliser()

    def _log_normaliser(self) -> Tensor:
        """ln((e^η − 1) / η) = η/2 + ln(sinh u / u) with u = |η|/2; the latter's series near 0."""
        u = self.logits.abs() / 2
        small = u < 0.1
        away = u.masked_fill(small, 1)
        series = u**2 / 6 - u**4 / 180
        exact = away + torch.log1p(-torch.exp(-2 * away)) - torch.log(2 * away)
        return self.logits / 2 + torch.where(small, series, exact)


def _gaussian_log_prob(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    return -0.5 * (LOG_2PI + log_variance + (x - mean).square() / log_variance.exp())
