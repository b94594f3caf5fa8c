"""Measured numbers against models whose numbers are known beforehand."""

import math
import shutil
from pathlib import Path

import pytest
import torch
from msgspec import structs
from torch import Tensor

from training.__main__ import main
from training.checkpoints.checkpoint import load
from training.config import RunConfig, configuration
from training.contract.card import CARD
from training.contract.files import read_card, save_card
from training.contract.measurements import Latent
from training.datasets import Dataset
from training.distributions import Bernoulli, ContinuousBernoulli, DiagonalGaussian
from training.evaluation.evaluate import PIXELS, measure, measure_likelihood
from training.recipes import RECIPES


class Blind:
    """Encodes every image as the prior and decodes every code as noise."""

    latents = 4

    def encode(self, x: Tensor) -> DiagonalGaussian:
        return DiagonalGaussian(torch.zeros(len(x), 4), torch.zeros(len(x), 4))

    def decode(self, z: Tensor) -> Bernoulli:
        return Bernoulli(torch.zeros(len(z), 1, 28, 28))


class Scale(Blind):
    """Latents: the ink's scaled amount, precisely; a constant; the prior; a faint copy of ink."""

    def encode(self, x: Tensor) -> DiagonalGaussian:
        ink = x.mean((1, 2, 3))
        zero = torch.zeros_like(ink)
        mean = torch.stack([20 * ink - 2, zero + 1.5, zero, 0.1 * ink], 1)
        log_variance = torch.tensor([0.01, 0.25, 1, 1]).log().expand_as(mean)
        return DiagonalGaussian(mean, log_variance)


def run(pixels: str) -> RunConfig:
    config = RECIPES["digits"].run
    return structs.replace(config, data=structs.replace(config.data, pixels=pixels))


@pytest.mark.parametrize("pixels", ["grey", "binarized"])
def test_nothing_encoded_costs_ln_2_a_pixel(pixels: str, digits: Dataset) -> None:
    metrics, latents, provenance = measure(Blind(), digits, run(pixels), seed=3)
    values = {metric.name: metric.value for metric in metrics}
    assert values == pytest.approx(
        {
            "neg_elbo": 784 * math.log(2),
            "reconstruction": 784 * math.log(2),
            "kl": 0,
            "active_units": 0,
        }
    )
    prior = Latent(kl_nats=0, mean=0, std=0, posterior_std=1, active=False)
    assert latents == (prior,) * 4
    for source in (*metrics, provenance):
        assert (source.split, source.samples, source.seed) == ("test", 200, 3)
    assert ("drawn once" in provenance.how) == (pixels == "binarized")


def test_a_uniform_density_costs_the_8_bits_of_256_levels(digits: Dataset) -> None:
    class Uniform(Blind):
        def decode(self, z: Tensor) -> ContinuousBernoulli:
            return ContinuousBernoulli(torch.zeros(len(z), 1, 28, 28))

    metrics, _, _ = measure(Uniform(), digits, RECIPES["fashion"].run, seed=0)
    values = {metric.name: metric.value for metric in metrics}
    assert values["neg_elbo"] == pytest.approx(0, abs=1e-3)
    assert values["bits_per_dim"] == pytest.approx(8)


def test_each_latent_is_measured_by_itself(digits: Dataset) -> None:
    metrics, latents, _ = measure(Scale(), digits, run("grey"), seed=0)
    values = {metric.name: metric.value for metric in metrics}
    ink = digits.splits["test"].stored.double().flatten(1).mean(1) / 255  # of each image

    def kl_nats(mean: Tensor, variance: float) -> float:
        return (0.5 * (mean**2 + variance - 1 - math.log(variance))).mean().item()

    constant = torch.tensor(1.5).double()
    mean_ink, spread = ink.mean().item(), ink.std().item()
    expected = [
        (kl_nats(20 * ink - 2, 0.01), 20 * mean_ink - 2, 20 * spread, 0.1, True),
        (kl_nats(constant, 0.25), 1.5, 0, 0.5, False),
        (0, 0, 0, 1, False),
        (kl_nats(0.1 * ink, 1), 0.1 * mean_ink, 0.1 * spread, 1, False),
    ]
    for latent, (kl, mean, std, posterior_std, active) in zip(latents, expected, strict=True):
        numbers = (latent.kl_nats, latent.mean, latent.std, latent.posterior_std)
        assert numbers == pytest.approx((kl, mean, std, posterior_std), abs=1e-5)
        assert latent.active is active
    assert values["active_units"] == 1
    assert values["kl"] == pytest.approx(sum(latent.kl_nats for latent in latents), abs=1e-5)
    assert values["reconstruction"] == pytest.approx(784 * math.log(2))
    assert values["neg_elbo"] == pytest.approx(values["reconstruction"] + values["kl"])


def test_measuring_again_gives_the_card(
    folder: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / CARD).read_bytes()
    assert main(["evaluate", str(folder), "--data", str(data)]) == 0
    assert (folder / CARD).read_bytes() == before
    assert "test, 200 examples, seed 5" in capsys.readouterr().out


@pytest.mark.parametrize(("recipe", "bits"), [("digits", 1), ("fashion", 1 + 8)])
def test_the_bound_of_a_blind_model_is_exact(recipe: str, bits: int, digits: Dataset) -> None:
    """Every code of it has the same weight, 2⁻⁷⁸⁴; a dequantised pixel is one of 256 levels."""
    config = RECIPES[recipe].run
    exact, per_dim = measure_likelihood(Blind(), digits, config, 5, 3)
    assert (exact.unit, per_dim.unit) == ("nats", "bits/dim")
    assert exact.value == pytest.approx(784 * math.log(2), abs=1e-4)
    assert per_dim.value == pytest.approx(bits)
    for metric in (exact, per_dim):
        assert "3 samples of q(z|x)" in metric.how
        assert PIXELS[config.data.pixels][1:] in metric.how


def test_the_bound_lies_below_the_negative_elbo(digits: Dataset, finished: Path) -> None:
    model, card = load(finished)
    elbo = next(metric for metric in card.metrics if metric.name == "neg_elbo")
    bounds = [
        measure_likelihood(model, digits, configuration(card, "x"), 5, k)[0].value
        for k in (1, 10, 100)
    ]
    assert bounds[0] == pytest.approx(elbo.value, rel=0.01)  # but for a sampled KL
    assert elbo.value > bounds[1] > bounds[2]


def test_the_bound_is_measured_where_it_is_asked_for(
    folder: Path, data: Path, digits: Dataset
) -> None:
    command = ["evaluate", str(folder), "--data", str(data), "--likelihood"]
    before = (folder / CARD).read_bytes()
    assert main([*command, "0"]) == 2
    assert (folder / CARD).read_bytes() == before
    assert main([*command, "2"]) == 0
    model, card = load(folder)
    expected = measure_likelihood(model, digits, configuration(card, "x"), 5, 2)
    assert [metric for metric in card.metrics if metric in expected] == list(expected)


def test_another_seed_changes_the_samples_only(folder: Path, data: Path) -> None:
    before = read_card(folder)
    assert main(["evaluate", str(folder), "--data", str(data), "--seed", "6"]) == 0
    after = read_card(folder)
    assert {metric.seed for metric in after.metrics} == {after.latents_provenance.seed} == {6}
    # What the prior's samples are like is compared with 50 other test images, not with all.
    values = [[metric.value for metric in card.metrics[:4]] for card in (before, after)]
    assert values[0] != values[1]
    assert values[0] == pytest.approx(values[1], rel=0.05)
    unchanged = ("files", "training", "data", "examples")
    assert all(getattr(before, name) == getattr(after, name) for name in unchanged)


def test_the_images_are_those_of_the_configuration(folder: Path, data: Path) -> None:
    card = read_card(folder)
    save_card(
        folder, structs.replace(card, data=structs.replace(card.data, name="by hand")), card.files
    )
    assert main(["evaluate", str(folder), "--data", str(data)]) == 0


def test_other_images_are_refused(
    folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = (folder / CARD).read_bytes()
    raw = Path(shutil.copytree(data / "MNIST", tmp_path / "other" / "MNIST")) / "raw"
    with (raw / "t10k-images-idx3-ubyte").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    assert main(["evaluate", str(folder), "--data", str(tmp_path / "other")]) == 2
    line = capsys.readouterr().err
    assert line.startswith("error: The digits images in ")
    assert "SHA-256 differs" in line
    assert (folder / CARD).read_bytes() == card
