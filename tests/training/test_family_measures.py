"""What is measured on each family, by hand or another way round."""

import math

import pytest
import torch
from torch import Tensor

from training.batch import Batch
from training.config import TrainConfig
from training.contract.measurements import Metric
from training.evaluation.evaluate import Measured
from training.families.conditional_vae import ConditionalVAE
from training.families.family import Form
from training.families.gan import GAN
from training.families.points import point_measurement
from training.families.text_vae import TextVAE
from training.families.transformer import Transformer
from training.families.vqvae import VQVAE
from training.learners.codes_then_prior import CodesThenPrior
from training.learners.writer import Writer
from training.models import conditional_vae
from training.models.autoencoder import pca
from training.models.convolutional import convolutional
from training.models.likelihoods import BernoulliLikelihood
from training.models.text_vae import written
from training.objectives.annealed_elbo import AnnealedELBO
from training.objectives.vector_quantised import VectorQuantised

SHAPE = (1, 8, 8)
FORM = Form(SHAPE)
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
    found = values(point_measurement(pca([x], SHAPE, 3), measured(x)).metrics)
    assert found["squared_error"] == pytest.approx((spectrum[3:].sum() / 12).item(), rel=1e-4)
    kept = (spectrum[:3].sum() / spectrum.sum()).item()
    assert found["variance_kept"] == pytest.approx(100 * kept, rel=1e-4)


def test_vqvae() -> None:
    family = VQVAE(
        channels=(4, 6), codes=5, dimensions=3, prior_width=8, prior_layers=1, prior_heads=2
    )
    model = family.network(FORM)
    x = torch.rand(8, *SHAPE)
    found = values(family.measurement(model, measured(x)).metrics)
    learner = CodesThenPrior(model, VectorQuantised(0.25), 10, PLAN)
    parts = learner.validate(Batch(x), torch.Generator())
    assert found["reconstruction"] == pytest.approx(parts["reconstruction_nats"].item(), rel=1e-5)
    assert found["code_nats"] == pytest.approx(parts["code_nats"].item(), rel=1e-5)
    assert found["neg_elbo"] == pytest.approx(found["reconstruction"] + found["code_nats"])
    used = model["vqvae"].encode(x).unique(return_counts=True)[1]
    assert found["dead_codes"] == 5 - len(used)
    entropy = torch.distributions.Categorical(probs=used.double()).entropy()
    assert found["perplexity"] == pytest.approx(entropy.exp().item())


def test_a_transformer_that_knows_nothing_needs_a_bit_for_each_pixel() -> None:
    family = Transformer(width=8, layers=1, heads=2)
    model = family.network(FORM)
    torch.nn.init.zeros_(model.logits[1].weight)
    torch.nn.init.zeros_(model.logits[1].bias)
    found = values(family.measurement(model, measured(torch.rand(8, *SHAPE))).metrics)
    assert found["neg_log_likelihood_per_dim"] == pytest.approx(1)
    assert found["neg_log_likelihood"] == pytest.approx(16 * math.log(2))


def test_words() -> None:
    family = TextVAE(latents=2, embedding=6, read_units=5, write_units=8)
    model = family.network(Form((4,), alphabet=("a", "b", "c")))
    words = torch.tensor([[1, 2, 0, 0], [3, 3, 1, 2], [2, 0, 0, 0]])
    data = measured(words, size=2)
    measurement = family.measurement(model, data)
    before = values(measurement.metrics)
    assert before["neg_elbo"] == pytest.approx(before["reconstruction"] + before["kl"])
    posterior = model.encode(words)
    assert before["kl"] == pytest.approx(posterior.kl_to_prior().sum(1).mean().item(), rel=1e-4)
    kl_nats = [latent.kl_nats for latent in measurement.latents]
    assert kl_nats == pytest.approx(posterior.kl_to_prior().mean(0).tolist(), abs=1e-5)
    learner = Writer(model, AnnealedELBO(word_dropout=0, annealing=10), PLAN)
    for step in range(300):  # without the prior's pull, so that the words are learned by heart
        learner.step(Batch(words), 0, torch.Generator().manual_seed(step))
    after = values(family.measurement(model, data).metrics)
    assert before["read_back"] == 0
    assert after["read_back"] == 100
    assert after["active_units"] == 2
    for word, z in zip(words, model.encode(words).mean, strict=True):
        assert written(model, z) == tuple(token for token in word.tolist() if token)


def test_a_generator_of_noise_is_far_from_images_of_its_own() -> None:
    family = GAN(latents=3, channels=(8, 6))
    generator = family.network(FORM).eval()
    with torch.no_grad():
        own = generator(torch.randn(400, 3))
    near, far = (
        values(family.measurement(generator, measured(x, size=200)).metrics)["energy_distance"]
        for x in (own, own.flip(3) / 2)
    )
    assert abs(near) < 0.05 * far


@pytest.mark.parametrize("tells", [False, True])
def test_a_label_that_z_holds_is_read_off_it(tells: bool) -> None:
    sizes = {"channels": (4,), "hidden": (6,), "activation": "silu"}
    encoder, _ = convolutional((1 + 3, 8, 8), 2 * 2, 2, **sizes)  # type: ignore[arg-type]
    _, decoder = convolutional(SHAPE, 2 * 2, 2 + 3, **sizes)  # type: ignore[arg-type]
    model = conditional_vae.ConditionalVAE(
        2, 3, Telling() if tells else encoder, decoder, BernoulliLikelihood()
    )
    if not tells:
        torch.nn.init.zeros_(encoder[-1].weight)  # all posteriors are alike
    labels = torch.randint(3, (600,), dtype=torch.int32)
    known = measured(torch.rand(600, *SHAPE), labels, size=200)
    asked = torch.randint(3, (300,), dtype=torch.int32)
    metrics = ConditionalVAE(2).measure_leak(
        model, known.batches, measured(torch.rand(300, *SHAPE), asked, size=100)
    )
    found = values(metrics)
    for classifier in ("linear", "network"):
        accuracy = found[f"label_leak_{classifier}"]
        assert accuracy == pytest.approx(100 if tells else 33, abs=1 if tells else 10)
    assert found["label_leak_chance"] == pytest.approx(33, abs=10)


class Telling(torch.nn.Module):
    """A posterior that says the label, a place of its own for each."""

    def forward(self, given: Tensor) -> Tensor:
        planes = given[:, 1:, 0, 0]  # (B, 3)
        means = planes @ torch.tensor([[-9.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
        return torch.cat([means, torch.full_like(means, -4)], dim=1)
