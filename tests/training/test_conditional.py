"""The conditional VAE: one that is not given the label is the VAE, and what z must not know."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from training.batch import Batch
from training.metrics.label_leak import label_leak
from training.models.conditional_vae import ConditionalVAE
from training.models.convolutional import convolutional
from training.models.dense import dense
from training.models.gaussian_vae import GaussianVAE
from training.models.likelihoods import BernoulliLikelihood
from training.objectives.beta_tcvae import BetaTCVAELoss
from training.objectives.beta_vae import BetaVAE
from training.objectives.conditional import Conditional
from training.objectives.iwae import IWAE

SHAPE, LATENTS, LABELS = (1, 8, 8), 3, 4


def conditional() -> ConditionalVAE:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"channels": (4, 6), "hidden": (10,), "activation": "silu"}
    encoder, _ = convolutional((1 + LABELS, 8, 8), 2 * LATENTS, LATENTS, **sizes)
    _, decoder = convolutional(SHAPE, 2 * LATENTS, LATENTS + LABELS, **sizes)
    return ConditionalVAE(LATENTS, LABELS, encoder, decoder, BernoulliLikelihood())


def untold(model: ConditionalVAE) -> GaussianVAE:
    """The VAE of the same weights, but for those that read the label; the model ignores it, too."""
    encoder, decoder = copy.deepcopy(model.encoder), copy.deepcopy(model.decoder)
    for ours, theirs, own in ((model.encoder, encoder, 1), (model.decoder, decoder, LATENTS)):
        of_label, of_image = ours[0].weight, theirs[0]  # type: ignore[index]
        nn.init.zeros_(of_label.data[:, own:])
        of_image.weight = nn.Parameter(of_label.data[:, :own].clone())
    return GaussianVAE(LATENTS, encoder, decoder, BernoulliLikelihood())


@pytest.mark.parametrize("objective", [BetaVAE(4), BetaTCVAELoss(1, 6, 1, "mws", 100), IWAE(5)])
def test_one_that_ignores_the_label_is_the_vae(objective: Any) -> None:
    model = conditional()
    vae = untold(model)
    x, labels = torch.rand(6, *SHAPE), torch.arange(6) % LABELS
    noise = torch.randn(objective.samples * 6, LATENTS)
    ours, parts = Conditional(objective)(model, Batch(x, labels), 0, noise)
    theirs, expected = objective(vae, Batch(x, labels), 0, noise)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(parts, expected)


def test_the_loss_is_that_of_torch() -> None:
    model, x, labels = conditional(), torch.rand(6, *SHAPE), torch.tensor([3, 0, 1, 1, 2, 3])
    noise = torch.randn(6, LATENTS)
    loss, _ = Conditional(BetaVAE(1))(model, Batch(x, labels), 0, noise)
    one_hot = torch.eye(LABELS)[labels]
    given = torch.cat([x, one_hot[:, :, None, None] * torch.ones(8, 8)], 1)
    mean, log_variance = model.encoder(given).chunk(2, 1)
    q = Normal(mean, (0.5 * log_variance).exp())
    p = Bernoulli(logits=model.decoder(torch.cat([mean + q.stddev * noise, one_hot], 1)))
    reconstruction = nn.functional.binary_cross_entropy(p.mean, x, reduction="sum") / 6
    expected = reconstruction + kl_divergence(q, Normal(0, 1)).sum() / 6
    torch.testing.assert_close(loss, expected)


def test_each_of_several_codes_of_an_image_has_its_label() -> None:
    model, labels, z = conditional(), torch.tensor([2, 0]), torch.randn(6, LATENTS)
    together = model.given(labels).decode(z).mean
    for row in range(6):
        alone = model.decode(z[row : row + 1], labels[row % 2, None]).mean
        torch.testing.assert_close(together[row : row + 1], alone)


def test_the_label_changes_posterior_and_image() -> None:
    model, x, z = conditional(), torch.rand(1, *SHAPE), torch.randn(1, LATENTS)
    means = [model.encode(x, torch.tensor([label])).mean for label in range(LABELS)]
    images = [model.decode(z, torch.tensor([label])).mean for label in range(LABELS)]
    for row in range(1, LABELS):
        assert (means[row] - means[0]).abs().max() > 1e-4
        assert (images[row] - images[0]).abs().max() > 1e-4


def test_dense_networks_take_a_label_as_well() -> None:
    encoder, _ = dense((1 + LABELS, 8, 8), 2 * LATENTS, LATENTS, (5,), "tanh")
    _, decoder = dense(SHAPE, 2 * LATENTS, LATENTS + LABELS, (5,), "tanh")
    model = ConditionalVAE(LATENTS, LABELS, encoder, decoder, BernoulliLikelihood())
    posterior = model.given(torch.tensor([1, 2])).encode(torch.rand(2, *SHAPE))
    assert posterior.mean.shape == (2, LATENTS)


def test_a_label_that_leaks_and_one_that_does_not() -> None:
    """Two labels: told apart by a line, by a ring alone, or by nothing."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 2000)
    noise = generator.normal(size=(2000, 2))
    ring = noise / np.linalg.norm(noise, axis=1, keepdims=True) * (1 + 2 * labels[:, None])
    for codes, lines, networks in [
        (noise + 6 * labels[:, None], 1, 1),
        (ring, 0.5, 1),
        (noise, 0.5, 0.5),
    ]:
        found = label_leak((codes[:1500], labels[:1500]), (codes[1500:], labels[1500:]), seed=0)
        assert found["linear"] == pytest.approx(lines, abs=0.08)
        assert found["network"] == pytest.approx(networks, abs=0.08)
        assert found["chance"] == pytest.approx(0.5, abs=0.06)
