"""What is measured on each family, by hand or another way round."""

import math

import pytest
import torch
from torch import Tensor

from training.config import TrainConfig
from training.contract.card import Metric
from training.families import (
    Batch,
    Measured,
    autoencoder,
    conditional_vae,
    gan,
    text_vae,
    transformer,
    vqvae,
)
from training.likelihoods import BernoulliLikelihood
from training.models.autoencoder import pca
from training.models.conditional_vae import ConditionalVAE
from training.models.convolutional import convolutional

SHAPE = (1, 8, 8)
PLAN = TrainConfig(10_000, learning_rate=0.02, schedule="constant")


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def measured(x: Tensor, targets: Tensor | None = None, size: int = 5) -> Measured:
    parts = [None] * len(x) if targets is None else targets.split(size)
    batches = [Batch(*both) for both in zip(x.split(size), parts, strict=False)]
    return Measured(batches, "test", seed=3, reading="pixels as they are")


def values(metrics: tuple[Metric, ...]) -> dict[str, float]:
    assert all(metric.how.endswith("; pixels as they are.") for metric in metrics)
    assert {(metric.split, metric.seed) for metric in metrics} == {("test", 3)}
    return {metric.name: metric.value for metric in metrics}


def test_pca_keeps_the_variance_of_its_components() -> None:
    x = torch.randn(12, *SHAPE)
    spectrum = torch.linalg.svdvals((x - x.mean(0)).flatten(1)).square()
    found = values(autoencoder.measure(pca([x], SHAPE, 3), measured(x)))
    assert found["squared_error"] == pytest.approx((spectrum[3:].sum() / 12).item(), rel=1e-4)
    kept = (spectrum[:3].sum() / spectrum.sum()).item()
    assert found["variance_kept"] == pytest.approx(100 * kept, rel=1e-4)


def test_vqvae() -> None:
    sizes = transformer.TransformerConfig(width=8, layers=1, heads=2)
    config = vqvae.VQVAEConfig(channels=(4, 6), codes=5, dimensions=3, prior=sizes)
    learner = vqvae.learner(config, PLAN, BernoulliLikelihood(), SHAPE)
    x = torch.rand(8, *SHAPE)
    found = values(vqvae.measure(learner.vqvae, learner.prior, measured(x)))
    parts = learner.validate(Batch(x), torch.Generator())
    assert found["reconstruction"] == pytest.approx(parts["reconstruction_nats"].item(), rel=1e-5)
    assert found["code_nats"] == pytest.approx(parts["code_nats"].item(), rel=1e-5)
    assert found["neg_elbo"] == pytest.approx(found["reconstruction"] + found["code_nats"])
    used = learner.vqvae.encode(x).unique(return_counts=True)[1]
    assert found["dead_codes"] == 5 - len(used)
    entropy = torch.distributions.Categorical(probs=used.double()).entropy()
    assert found["perplexity"] == pytest.approx(entropy.exp().item())


def test_a_transformer_that_knows_nothing_needs_a_bit_for_each_pixel() -> None:
    sizes = transformer.TransformerConfig(width=8, layers=1, heads=2)
    learner = transformer.learner(transformer.PatchTransformerConfig(size=sizes), PLAN, SHAPE)
    torch.nn.init.zeros_(learner.model.logits[1].weight)
    torch.nn.init.zeros_(learner.model.logits[1].bias)
    found = values(
        transformer.measure(learner.patches, learner.model, measured(torch.rand(8, *SHAPE)))
    )
    assert found["neg_log_likelihood_per_dim"] == pytest.approx(1)
    assert found["neg_log_likelihood"] == pytest.approx(16 * math.log(2))


def test_words() -> None:
    config = text_vae.TextVAEConfig(latents=2, embedding=6, read_units=5, write_units=8)
    learner = text_vae.learner(config, PLAN, symbols=3, longest=4)
    words = torch.tensor([[1, 2, 0, 0], [3, 3, 1, 2], [2, 0, 0, 0]])
    data = measured(words, size=2)
    before = values(text_vae.measure(learner.model, data))
    assert before["neg_elbo"] == pytest.approx(before["reconstruction"] + before["kl"])
    posterior = learner.model.encode(words)
    assert before["kl"] == pytest.approx(posterior.kl_to_prior().sum(1).mean().item(), rel=1e-4)
    for step in range(300):  # without the prior's pull, so that the words are learned by heart
        learner.step(Batch(words), 0, torch.Generator().manual_seed(step))
    after = values(text_vae.measure(learner.model, data))
    assert before["read_back"] == 0
    assert after["read_back"] == 100
    assert after["active_units"] == 2
    for word, z in zip(words, learner.model.encode(words).mean, strict=True):
        assert text_vae.written(learner.model, z) == tuple(
            token for token in word.tolist() if token
        )


def test_a_generator_of_noise_is_far_from_images_of_its_own() -> None:
    generator = gan.learner(gan.GANConfig(latents=3, channels=(8, 6)), PLAN, SHAPE).generator.eval()
    with torch.no_grad():
        own = generator(torch.randn(400, 3))
    near = values(gan.measure(generator, measured(own, size=200)))["energy_distance"]
    far = values(gan.measure(generator, measured(own.flip(3) / 2, size=200)))["energy_distance"]
    assert abs(near) < 0.05 * far


@pytest.mark.parametrize("tells", [False, True])
def test_a_label_that_z_holds_is_read_off_it(tells: bool) -> None:
    sizes = {"channels": (4,), "hidden": (6,), "activation": "silu"}
    encoder, _ = convolutional((1 + 3, 8, 8), 2 * 2, 2, **sizes)  # type: ignore[arg-type]
    _, decoder = convolutional(SHAPE, 2 * 2, 2 + 3, **sizes)  # type: ignore[arg-type]
    model = ConditionalVAE(2, 3, Telling() if tells else encoder, decoder, BernoulliLikelihood())
    if not tells:
        torch.nn.init.zeros_(encoder[-1].weight)  # all posteriors are alike
    labels = torch.randint(3, (600,), dtype=torch.int32)
    known = measured(torch.rand(600, *SHAPE), labels, size=200)
    asked = torch.randint(3, (300,), dtype=torch.int32)
    metrics = conditional_vae.measure_leak(
        model, known.batches, measured(torch.rand(300, *SHAPE), asked, size=100)
    )
    found = values(metrics)
    for classifier in ("linear", "network"):
        accuracy = found[f"label_leak_{classifier}"]
        assert accuracy == pytest.approx(100 if tells else 33, abs=1 if tells else 10)
    assert found["label_leak_chance"] == pytest.approx(33, abs=10)


class Telling(torch.nn.Module):
    """A posterior that says the label, a place of its own for each."""

    def forward(self, told: Tensor) -> Tensor:
        planes = told[:, 1:, 0, 0]  # (B, 3)
        means = planes @ torch.tensor([[-9.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
        return torch.cat([means, torch.full_like(means, -4)], dim=1)
