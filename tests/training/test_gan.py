"""The GAN's two losses at the discriminator that is best for known densities, and its networks."""

import math

import pytest
import torch
from scipy.spatial.distance import jensenshannon

from training.errors import ConfigError
from training.metrics.energy_distance import energy_distance
from training.models.gan import Discriminator, Generator
from training.objectives.adversarial import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
)

DATA = torch.tensor([4, 3, 2, 1]).double() / 10  # densities of four points
MADE = torch.tensor([1, 1, 4, 4]).double() / 10


def every(density: torch.Tensor) -> torch.Tensor:
    """Ten draws that are distributed exactly so."""
    return torch.arange(4).repeat_interleave((10 * density).round().long())


def test_the_best_discriminator_measures_jensen_and_shannons_divergence() -> None:
    """Goodfellow et al. 2014, Proposition 1 and Theorem 1: D = p / (p + g), 2 ln 2 − 2 JS."""
    best = (DATA / MADE).log()
    divergence = jensenshannon(DATA, MADE) ** 2
    loss = discriminator_loss(best[every(DATA)], best[every(MADE)])
    assert loss.item() == pytest.approx(2 * math.log(2) - 2 * divergence)
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        other = best + 0.1 * torch.randn(4, generator=generator, dtype=torch.float64)
        assert discriminator_loss(other[every(DATA)], other[every(MADE)]) > loss


def test_the_generators_loss_does_not_saturate() -> None:
    best = (DATA / MADE).log()
    share = DATA / (DATA + MADE)
    loss = generator_loss(best[every(MADE)])
    assert loss.item() == pytest.approx(-(MADE * share.log()).sum().item())
    lost = torch.tensor([-20.0], requires_grad=True)  # the discriminator is sure
    generator_loss(lost).backward()
    assert lost.grad is not None
    assert lost.grad.item() == pytest.approx(-1, abs=1e-6)


def test_the_gradient_penalty_of_a_plane_is_its_slope() -> None:
    slope = torch.tensor([[3.0, 0], [0, 4]], requires_grad=True)
    penalty = gradient_penalty(lambda x: (x * slope).flatten(1).sum(1), torch.rand(5, 1, 2, 2))
    assert penalty.item() == pytest.approx(25)
    penalty.backward()  # as the discriminator learns from it
    assert slope.grad is not None
    assert slope.grad.tolist() == [[6, 0], [0, 8]]


def test_shapes() -> None:
    generator = Generator(3, (3, 8, 12), (6, 4)).eval()
    images = generator(torch.randn(5, 3))
    assert images.shape == (5, 3, 8, 12)
    assert ((images >= 0) & (images <= 1)).all()
    assert Discriminator((3, 8, 12), (4, 6))(images).shape == (5,)
    for network in (lambda: Generator(3, (1, 7, 8), (4,)), lambda: Discriminator((1, 7, 8), (4,))):
        with pytest.raises(ConfigError, match="cannot be halved"):
            network()


def test_energy_distance_of_two_points_and_of_samples_of_one_distribution() -> None:
    left, right = torch.zeros(4, 1), torch.full((5, 1), 3.0)
    assert energy_distance(left, right) == pytest.approx(6)
    assert energy_distance(left[:1], right) == pytest.approx(6)  # as the last batch may have one
    assert energy_distance(torch.cat([left, right]), right) == pytest.approx(
        2 * 3 * 4 / 9 - 3 * 2 * 4 * 5 / (9 * 8)
    )
    generator = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, 3000, 2, generator=generator)
    assert abs(energy_distance(one, other)) < 0.01
    # In one dimension it is twice the area between the squared distribution functions.
    steps = torch.linspace(-9, 9, 20_001)
    apart = torch.distributions.Normal(0, 1).cdf(steps) - torch.distributions.Normal(1, 1).cdf(
        steps
    )
    expected = 2 * torch.trapezoid(apart.square(), steps).item()
    quantiles = torch.distributions.Normal(0, 1).icdf((torch.arange(2000.0) + 0.5) / 2000)[:, None]
    assert energy_distance(quantiles, quantiles + 1) == pytest.approx(expected, abs=0.01)
