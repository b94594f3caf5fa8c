"""Distributions against torch.distributions, numerical integrals and exact identities."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor
from torch import distributions as reference

from training.distributions import Bernoulli, ContinuousBernoulli, DiagonalGaussian, Gaussian

# Where the continuous Bernoulli changes formula (|η| = 0.2 and 0.3), at λ = 1/2, and far out.
SWITCHES = [0.0, 1e-12, 1e-6, 1e-3, 0.1, 0.1999, 0.2, 0.2001, 0.2999, 0.3, 0.3001, 1.0, 5.0, 25.0]
LOGITS = torch.tensor([sign * logit for logit in SWITCHES for sign in (1, -1)], dtype=torch.float64)
GREYS = torch.tensor([[0.0], [0.25], [0.5], [1.0]], dtype=torch.float64).expand(-1, len(LOGITS))


def normal(mean: Tensor, log_variance: Tensor) -> reference.Normal:
    return reference.Normal(mean, (0.5 * log_variance).exp())


def gaussian_parameters() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    draw = torch.randn(2, 50, 4, generator=generator, dtype=torch.float64)
    draw[:, 0] = 0  # the prior itself
    draw[:, 1] = torch.tensor([-20.0, -5.0, 5.0, 20.0])
    return draw[0], draw[1]


def test_kl_to_the_prior() -> None:
    mean, log_variance = gaussian_parameters()
    prior = reference.Normal(torch.zeros_like(mean), 1)
    kl_nats = DiagonalGaussian(mean, log_variance).kl_to_prior()
    expected = reference.kl_divergence(normal(mean, log_variance), prior)
    torch.testing.assert_close(kl_nats, expected)
    assert torch.equal(kl_nats[0], torch.zeros(4, dtype=torch.float64))


@pytest.mark.parametrize(
    ("ours", "theirs", "x"),
    [
        pytest.param(
            lambda p: Bernoulli(p),
            lambda p: reference.Bernoulli(logits=p, validate_args=False),
            GREYS,
            id="bernoulli",
        ),
        pytest.param(
            lambda p: Gaussian(p, torch.tensor(0.01, dtype=torch.float64).log()),
            lambda p: reference.Normal(p, 0.1),
            GREYS,
            id="gaussian",
        ),
        pytest.param(
            lambda p: DiagonalGaussian(p, 0.3 * p),
            lambda p: normal(p, 0.3 * p),
            3 * GREYS,
            id="diagonal gaussian",
        ),
        pytest.param(
            lambda p: ContinuousBernoulli(p),
            lambda p: reference.ContinuousBernoulli(logits=p, lims=(0.4999, 0.5001)),
            GREYS,
            id="continuous bernoulli",
        ),
    ],
)
def test_log_prob(
    ours: Callable[[Tensor], Bernoulli], theirs: Callable[[Tensor], Bernoulli], x: Tensor
) -> None:
    torch.testing.assert_close(
        ours(LOGITS.expand_as(x)).log_prob(x), theirs(LOGITS).log_prob(x), rtol=1e-7, atol=1e-7
    )


@pytest.mark.parametrize("logit", [100.0, -100.0, 1e4, -1e4])
def test_continuous_bernoulli_far_out_is_an_exponential(logit: float) -> None:
    """There e^η − 1 is e^η (or −1) to the last digit; torch's own version has lost its way."""
    x = GREYS[:, 0]
    distance = 1 - x if logit > 0 else x
    log_prob = ContinuousBernoulli(torch.tensor(logit, dtype=torch.float64)).log_prob(x)
    torch.testing.assert_close(log_prob, math.log(abs(logit)) - abs(logit) * distance)


@pytest.mark.parametrize("kind", [Bernoulli, ContinuousBernoulli])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradient_is_what_exponential_families_promise(
    kind: type[Bernoulli], dtype: torch.dtype
) -> None:
    """d ln p(x) / d η = x − mean, at every logit: finite, and right where formulas change."""
    far = torch.tensor([100.0, -100.0, 1e4, -1e4])
    logits = torch.cat([LOGITS, far]).to(dtype).requires_grad_()
    for x in GREYS[:, :1].to(dtype):
        distribution = kind(logits)
        (gradient,) = torch.autograd.grad(distribution.log_prob(x.expand_as(logits)).sum(), logits)
        torch.testing.assert_close(gradient, x - distribution.mean, rtol=0, atol=2e-6)


def test_continuous_bernoulli_integrates_to_one_and_to_its_mean() -> None:
    nodes, weights = (torch.from_numpy(a) / 2 for a in np.polynomial.legendre.leggauss(100))
    x = nodes[:, None] + 0.5
    distribution = ContinuousBernoulli(LOGITS)
    density = distribution.log_prob(x).exp()
    torch.testing.assert_close(weights @ density, torch.ones_like(LOGITS))
    torch.testing.assert_close(weights @ (x * density), distribution.mean, rtol=0, atol=1e-7)


def test_single_precision_is_enough_for_the_continuous_bernoulli() -> None:
    logits = torch.linspace(-20, 20, 4001, dtype=torch.float64)
    x = GREYS[:, :1]
    exact, single = ContinuousBernoulli(logits), ContinuousBernoulli(logits.float())
    torch.testing.assert_close(single.mean.double(), exact.mean, rtol=0, atol=2e-6)
    torch.testing.assert_close(
        single.log_prob(x.float()).double(), exact.log_prob(x), rtol=0, atol=4e-6
    )


def test_means_are_images() -> None:
    logits = torch.tensor([-1e4, 0.0, 1e4])
    for distribution in (Bernoulli(logits), ContinuousBernoulli(logits)):
        torch.testing.assert_close(distribution.mean, torch.tensor([0, 0.5, 1]), rtol=0, atol=1e-3)
    location = torch.tensor([-0.5, 0.3, 1.5])
    assert Gaussian(location, torch.tensor(0.0)).mean.tolist() == pytest.approx([0, 0.3, 1])


def test_sample_moments() -> None:
    count = 200_000
    mean, log_variance = torch.tensor([-2.0, 0.0, 3.0]), torch.tensor([-3.0, 0.0, 1.5])
    posterior = DiagonalGaussian(mean.expand(count, 3), log_variance.expand(count, 3))
    z = posterior.sample(torch.Generator().manual_seed(0)).double()
    variance = log_variance.double().exp()
    # Five standard errors of a mean, and of a variance (√(2/N) of it).
    assert ((z.mean(0) - mean).abs() < 5 * (variance / count).sqrt()).all()
    assert ((z.var(0) / variance - 1).abs() < 5 * math.sqrt(2 / count)).all()
    assert (torch.corrcoef(z.T).triu(1).abs() < 5 / math.sqrt(count)).all()


def test_samples_follow_the_generator_and_the_parameters() -> None:
    mean = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    log_variance = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    posterior = DiagonalGaussian(mean, log_variance)
    draws = [posterior.sample(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    to_mean, to_log_variance = torch.autograd.grad(draws[0].sum(), [mean, log_variance])
    torch.testing.assert_close(to_mean, torch.ones_like(mean))
    torch.testing.assert_close(to_log_variance, (draws[0] - mean) / 2)
