"""The importance-weighted bound against the exact likelihood of a linear-Gaussian model."""

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

from training.distributions import DiagonalGaussian, Gaussian
from training.errors import MetricError
from training.metrics.iwae_bound import iwae_bound


class LinearGaussian:
    """z ~ N(0, I), x ~ N(Wz + b, σ²I): ln p(x) and p(z|x) are known.

    The columns of W are orthogonal, so the posterior is diagonal, and the encoder can be it; with
    `blur` it is broader and off.
    """

    latents = 2
    log_variance = math.log(0.3)

    def __init__(self, blur: float = 0) -> None:
        self.weight = torch.tensor([[1.0, 0.5], [1, -0.5], [1, 0.5], [1, -0.5]])
        self.bias = torch.tensor([0.1, 0.2, 0.3, 0.4])
        self.blur = blur

    def posterior(self, x: Tensor) -> DiagonalGaussian:
        variance = math.exp(self.log_variance)
        precision = 1 + self.weight.square().sum(0) / variance
        mean = (x.flatten(1) - self.bias) @ self.weight / variance / precision
        return DiagonalGaussian(mean, -precision.log().expand_as(mean))

    def encode(self, x: Tensor) -> DiagonalGaussian:
        exact = self.posterior(x)
        return DiagonalGaussian(exact.mean + 0.3 * self.blur, exact.log_variance + self.blur)

    def decode(self, z: Tensor) -> Gaussian:
        mean = (z @ self.weight.T + self.bias).view(-1, 1, 2, 2)
        return Gaussian(mean, torch.tensor(self.log_variance))

    def marginal(self) -> MultivariateNormal:
        noise = math.exp(self.log_variance) * torch.eye(4)
        return MultivariateNormal(self.bias, self.weight @ self.weight.T + noise)

    def images(self, count: int) -> Tensor:
        torch.manual_seed(0)
        return self.marginal().sample((count,)).view(count, 1, 2, 2)


@pytest.mark.parametrize(("k", "rows"), [(1, 64), (3, 64), (64, 10), (7, 3), (5, 1), (5000, 999)])
def test_the_exact_posterior_gives_the_exact_likelihood(k: int, rows: int) -> None:
    """Then every weight is p(x) itself, whatever was drawn."""
    model = LinearGaussian()
    x = model.images(6)
    log_likelihood = model.marginal().log_prob(x.flatten(1)).double()
    bound = iwae_bound(model, x, k, rows=rows)
    assert bound.value_nats == pytest.approx(log_likelihood.mean().item(), abs=1e-5)
    assert bound.standard_error_nats == pytest.approx(
        log_likelihood.std().item() / math.sqrt(6), abs=1e-5
    )
    assert bound.bits_per_dim == pytest.approx(-bound.value_nats / 4 / math.log(2))
    assert (bound.k, bound.samples) == (k, 6)
    levels = iwae_bound(model, x, k, rows=rows, levels=256)
    assert levels.bits_per_dim == pytest.approx(bound.bits_per_dim + 8)


def test_the_bound_rises_from_the_elbo_to_the_likelihood() -> None:
    model = LinearGaussian(blur=1)
    x = model.images(1000)
    log_likelihood = model.marginal().log_prob(x.flatten(1))
    q, p = (
        torch.distributions.Normal(g.mean, (0.5 * g.log_variance).exp())
        for g in (model.encode(x), model.posterior(x))
    )
    gaps = kl_divergence(q, p).sum(1)
    bounds = [iwae_bound(model, x, k, rows=2000).value_nats for k in (1, 4, 16, 64, 300)]
    exact = log_likelihood.mean().item()
    elbo = exact - gaps.mean().item()
    assert bounds[0] == pytest.approx(elbo, abs=0.15)
    assert bounds == sorted(bounds)
    assert bounds[-1] == pytest.approx(exact, abs=0.02)
    assert exact - bounds[0] > 0.5


def test_k_1_is_one_sample_of_the_elbo() -> None:
    model = LinearGaussian(blur=0.5)
    x = model.images(200)
    z = model.encode(x).sample(torch.Generator().manual_seed(4))
    prior = DiagonalGaussian(torch.zeros_like(z), torch.zeros_like(z))
    log_ratio = (prior.log_prob(z) - model.encode(x).log_prob(z)).sum(1)
    elbo = model.decode(z).log_prob(x).flatten(1).sum(1) + log_ratio
    assert iwae_bound(model, x, 1, seed=4).value_nats == pytest.approx(elbo.mean().item(), abs=1e-5)


def test_bounds_are_refused_where_there_are_none() -> None:
    model = LinearGaussian()
    x = model.images(3)
    assert math.isnan(iwae_bound(model, x[:1], 2).standard_error_nats)
    for arguments, message in (
        ((x[:0],), "N ≥ 1"),
        ((x[0],), r"give \(N, C, H, W\)"),
        ((x, 0), "k is 0"),
        ((x, 5, 0, 0), "rows is 0"),
        ((x * math.nan, 5), "The bound is NaN"),
    ):
        with pytest.raises(MetricError, match=message):
            iwae_bound(model, *arguments)
