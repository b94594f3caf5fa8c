"""A flow as a prior: a change of variables, and the density that it learns."""

import pytest
import torch
from torch.distributions import Normal

from training.distributions import DiagonalGaussian
from training.models.coupling_flow import CouplingFlow
from training.tasks import prior


def moved() -> CouplingFlow:
    torch.manual_seed(0)
    flow = CouplingFlow(3, layers=4, units=8)
    for weights in flow.parameters():
        torch.nn.init.normal_(weights, std=0.4)
    return flow


def test_it_begins_as_n01() -> None:
    z = torch.randn(5, 3)
    expected = Normal(0.0, 1.0).log_prob(z).sum(1)
    torch.testing.assert_close(CouplingFlow(3).log_prob(z), expected)


def test_its_density_is_that_of_a_change_of_variables() -> None:
    flow, z = moved(), torch.randn(5, 3)
    u, log_det = flow(z)
    torch.testing.assert_close(flow.inverse(u), z, atol=1e-5, rtol=1e-5)
    for at in range(5):
        jacobian = torch.autograd.functional.jacobian(lambda one: flow(one[None])[0][0], z[at])
        torch.testing.assert_close(log_det[at], torch.linalg.slogdet(jacobian)[1])


def test_it_learns_the_density_of_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prior, "STEPS", 300)
    torch.manual_seed(0)
    mean = 2 + 0.6 * torch.randn(5_000, 2)
    codes = DiagonalGaussian(mean, torch.full_like(mean, 2 * torch.log(torch.tensor(0.8))))
    flow = prior.fit(codes, 0)
    z = codes.sample(torch.Generator().manual_seed(1))
    exact = Normal(2.0, 1.0).log_prob(z).sum(1).mean()  # 0.6² + 0.8² = 1
    with torch.no_grad():
        assert flow.log_prob(z).mean().item() == pytest.approx(exact.item(), abs=0.05)
