"""The β-VAE objective on a model whose likelihood is known exactly."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from training.distributions import Bernoulli, DiagonalGaussian, Gaussian
from training.objectives.beta_vae import BetaVAE

PIXELS, LATENTS = 6, 3
VARIANCE = 0.3


@dataclass(frozen=True)
class SigmaPoints(DiagonalGaussian):
    """Draws the 2 D points mean ± √D σ e_i instead of noise, for 2 D copies of each image.

    Their average of any quadratic function is its expectation under the Gaussian, exactly.
    """

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        corners = torch.cat([torch.eye(LATENTS), -torch.eye(LATENTS)]).double()
        points = math.sqrt(LATENTS) * corners.repeat(len(self.mean) // (2 * LATENTS), 1)
        return self.mean + (0.5 * self.log_variance).exp() * points


class LinearGaussian:
    """x = W z + b + noise, the columns of W orthogonal: the posterior is a diagonal Gaussian.

    `shift` and `stretch` move q(z|x) away from it.
    """

    latents = LATENTS

    def __init__(self, shift: float = 0, stretch: float = 1) -> None:
        generator = torch.Generator().manual_seed(0)
        draw = torch.randn(PIXELS, PIXELS, generator=generator, dtype=torch.float64)
        basis = torch.linalg.qr(draw).Q
        self.weights = basis[:, :LATENTS] * torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
        self.bias = basis[:, -1]
        self.shift, self.stretch = shift, stretch

    def posterior(self, x: Tensor) -> Normal:
        variance = 1 / (1 + self.weights.square().sum(0) / VARIANCE)
        mean = variance * ((x.flatten(1) - self.bias) @ self.weights) / VARIANCE
        return Normal(mean, variance.sqrt().expand_as(mean))

    def encode(self, x: Tensor) -> SigmaPoints:
        exact = self.posterior(x)
        return SigmaPoints(exact.mean + self.shift, (self.stretch * exact.variance).log())

    def decode(self, z: Tensor) -> Gaussian:
        location = (z @ self.weights.T + self.bias).view(-1, 1, 2, 3)
        return Gaussian(location, torch.tensor(VARIANCE, dtype=torch.float64).log())

    def log_evidence(self, x: Tensor) -> Tensor:
        """ln p(x) of each image, (B,)."""
        covariance = self.weights @ self.weights.T + VARIANCE * torch.eye(PIXELS)
        return MultivariateNormal(self.bias, covariance).log_prob(x.flatten(1))


def images() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return 2 * torch.randn(20, 1, 2, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("shift", "stretch"), [(0, 1), (0.7, 1), (-0.2, 3), (0, 0.01), (1.5, 0.5)])
def test_elbo_is_the_evidence_less_the_gap(shift: float, stretch: float) -> None:
    """−ELBO = −ln p(x) + KL(q ‖ p(z|x)), to the last digits; with the exact posterior, no gap."""
    model, x = LinearGaussian(shift, stretch), images()
    copies = x.repeat_interleave(2 * LATENTS, dim=0)
    loss, metrics = BetaVAE(1)(model, copies, 0, torch.Generator())
    q, exact = model.encode(x), model.posterior(x)
    gap = kl_divergence(Normal(q.mean, (0.5 * q.log_variance).exp()), exact).sum(1)
    torch.testing.assert_close(loss, (gap - model.log_evidence(x)).mean())
    torch.testing.assert_close(metrics["loss_nats"], loss)


def test_every_sample_of_the_exact_posterior_gives_the_evidence() -> None:
    """ln p(x|z) + ln p(z) − ln q(z|x) = ln p(x) whatever z is, for each image by itself."""
    model, x = LinearGaussian(), images()
    q = model.encode(x)
    prior = DiagonalGaussian(torch.zeros_like(q.mean), torch.zeros_like(q.mean))
    for seed in range(10):
        z = DiagonalGaussian.sample(q, torch.Generator().manual_seed(seed))
        log_joint = model.decode(z).log_prob(x).flatten(1).sum(1) + prior.log_prob(z).sum(1)
        torch.testing.assert_close(log_joint - q.log_prob(z).sum(1), model.log_evidence(x))


@pytest.mark.parametrize("beta", [0, 0.5, 1, 4])
def test_beta_weighs_kl_summed_over_latents_against_pixels_summed(beta: float) -> None:
    class Constant:
        """KL 2 D nats and ln 2 a pixel, whatever the image."""

        latents = 7

        def encode(self, x: Tensor) -> DiagonalGaussian:
            return DiagonalGaussian(torch.full((len(x), 7), 2.0), torch.zeros(len(x), 7))

        def decode(self, z: Tensor) -> Bernoulli:
            return Bernoulli(torch.zeros(len(z), 3, 4, 5))

    x = torch.ones(11, 3, 4, 5)
    loss, metrics = BetaVAE(beta)(Constant(), x, 0, torch.Generator())
    values = {name: value.item() for name, value in metrics.items()}
    expected = {
        "reconstruction_nats": 60 * math.log(2),
        "kl_nats": 14,
        "loss_nats": 60 * math.log(2) + beta * 14,
    }
    assert values == pytest.approx(expected)
    assert loss.item() == values["loss_nats"]
