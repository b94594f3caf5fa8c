"""Two stochastic layers: the evidence of a linear model, and z1 in units of its prior."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, Normal

from training.batch import Batch
from training.families.family import Form
from training.families.hierarchical import Hierarchical
from training.metrics.holes import holes, log_ratio
from training.models.hierarchical import TwoLayers, bound
from training.models.likelihoods import GaussianLikelihood
from training.objectives.two_layers import TwoLayerELBO


class Affine(nn.Module):
    """inputs -> (A inputs, ln v), with the same variances v everywhere."""

    def __init__(self, weight: Tensor, variance: Tensor | None) -> None:
        super().__init__()
        self.weight, self.variance = weight, variance

    def forward(self, inputs: Tensor) -> Tensor:
        mean = inputs.flatten(1) @ self.weight.T
        if self.variance is None:
            return mean.view(-1, 1, 1, 3)
        return torch.cat([mean, self.variance.log().expand_as(mean)], 1)


def linear() -> tuple[TwoLayers, MultivariateNormal]:
    """z2 (1) -> z1 (1) -> x (3), all linear, q being the posterior; and p(x)."""
    down, variance, out = 0.8, 0.5, torch.tensor([[1.0], [-0.5], [2.0]])
    prior = down**2 + variance  # of z1
    evidence = MultivariateNormal(torch.zeros(3), prior * out @ out.T + torch.eye(3))
    posterior = 1 / (1 / prior + out.square().sum())  # the variance of p(z1|x)
    back = 1 / (1 + down**2 / variance)  # that of p(z2|z1)
    likelihood = GaussianLikelihood(learned=True)
    nn.init.zeros_(likelihood.log_variance)
    model = TwoLayers(
        1,
        1,
        Affine(posterior * out.T, posterior[None]),
        Affine(torch.tensor([[back * down / variance]]), torch.tensor([back])),
        Affine(torch.tensor([[down]]), torch.tensor([variance])),
        Affine(out, None),
        likelihood,
    )
    return model, evidence


def test_the_bound_is_the_evidence_where_q_is_the_posterior() -> None:
    model, evidence = linear()
    torch.manual_seed(0)
    x = torch.randn(4, 1, 1, 3)
    found = bound(model, x.repeat(5_000, 1, 1, 1), torch.randn(20_000, 2))
    total = found.reconstruction_nats + found.upper_nats.sum(1) + found.lower_nats.sum(1)
    means = total.view(5_000, 4).mean(0)
    assert means.tolist() == pytest.approx((-evidence.log_prob(x[:, 0, 0])).tolist(), abs=0.05)


def network() -> TwoLayers:
    torch.manual_seed(0)
    family = Hierarchical(2, 3, channels=(4,), hidden=(6,), units=5)
    made = family.network(Form((1, 8, 8)))
    assert isinstance(made, TwoLayers)
    return made


def test_z1_is_given_in_units_of_its_prior() -> None:
    model, x = network(), torch.rand(5, 1, 8, 8)
    codes, below = model.encode(x), model.read(x)
    torch.testing.assert_close(model.decode(codes.mean).mean, model.write(below.mean).mean)
    z2 = model.up(below.mean).mean
    prior = model.down(z2)
    epsilon = Normal(codes.mean[:, 2:], (0.5 * codes.log_variance[:, 2:]).exp())
    ours = torch.distributions.kl_divergence(epsilon, Normal(0.0, 1.0))
    theirs = torch.distributions.kl_divergence(
        Normal(below.mean, (0.5 * below.log_variance).exp()),
        Normal(prior.mean, (0.5 * prior.log_variance).exp()),
    )
    torch.testing.assert_close(ours, theirs)


def test_the_kl_is_let_in_slowly_and_counts_whole_in_the_end() -> None:
    model, x, noise = network(), torch.rand(5, 1, 8, 8), torch.randn(5, 5)
    objective = TwoLayerELBO(10)
    loss, parts = objective(model, Batch(x), 5, noise)
    kl = parts["upper_nats"] + parts["lower_nats"]
    torch.testing.assert_close(loss, parts["reconstruction_nats"] + 0.5 * kl)
    whole, parts = objective(model, Batch(x), 40, noise)
    means = {name: value.item() for name, value in parts.items()}
    assert objective.comparable(means) == pytest.approx(whole.item(), rel=1e-6)


def exact(z: Tensor) -> Tensor:
    """ln N(z; 0, 1/4) − ln N(z; 0, 1) of (B, 2), as (B, 1)."""
    ratio = Normal(0.0, 0.5).log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    return ratio.sum(1, keepdim=True)


def test_the_ratio_of_two_gaussians_is_learned() -> None:
    generator = torch.Generator().manual_seed(0)
    codes = 0.5 * torch.randn(20_000, 2, generator=generator)
    prior = torch.randn(20_000, 2, generator=generator)
    z = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, -1.5]])
    with torch.no_grad():
        found = log_ratio(codes, prior, 0)(z)
    assert found[:, 0].tolist() == pytest.approx(exact(z)[:, 0].tolist(), abs=0.4)


def test_holes_are_where_the_ratio_is_below_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.metrics.holes.log_ratio", lambda *_: exact)
    prior = torch.randn(100_000, 2, generator=torch.Generator().manual_seed(0))
    # 2 ln 2 − 1.5 r² < −ln 10, and r² is exponential with mean 2.
    share = 100 * math.exp(-(2 * math.log(2) + math.log(10)) / 1.5 / 2)
    assert holes(prior, prior, 0).percent == pytest.approx(share, abs=2)
