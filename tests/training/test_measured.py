"""What `evaluate` measures of a checkpoint, and puts into its card."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec import structs
from torch import Tensor

from training import build
from training.__main__ import main
from training.contract.card import Factor
from training.contract.comparison import without_numbers
from training.contract.files import read_card, write_card
from training.contract.table import SHIPPED, read_table
from training.datasets import Dataset
from training.distributions import Bernoulli, DiagonalGaussian
from training.evaluation.factors import DRAWN, measure_factors
from training.models.quantized import Quantizer
from training.overrides import override
from training.recipes import RECIPES

from .known_codes import toy

MODELS = Path(__file__).parents[2] / "assets" / "models"


class Identity:
    """Encodes a toy image as its own factors, five values each, in units of the prior."""

    latents = 3

    def encode(self, x: Tensor) -> DiagonalGaussian:
        return DiagonalGaussian((x.flatten(1) - 0.5) * math.sqrt(8), torch.zeros(len(x), 3))


SCORES = [
    *("mig", "dci_disentanglement", "dci_completeness", "dci_informativeness", "sap"),
    *("modularity", "explicitness", "info_modularity", "info_explicitness", "info_compactness"),
    *("share_v0", "share_v1", "share_v2"),
]
SHARES = {"share_v0", "share_v1", "share_v2"}


def test_a_card_says_how_each_was_measured() -> None:
    config = RECIPES["sprites-beta4"].run
    metrics, information = measure_factors(Identity(), toy(5, 5, 5, count=2000), config, seed=7)
    assert [metric.name for metric in metrics] == [*SCORES, "factor_vae_score", "beta_vae_score"]
    for metric in metrics:
        assert (metric.unit, metric.seed) == ("of 1", 7)
        assert metric.how.endswith(".")
        if metric.name in SCORES:
            assert (metric.split, metric.samples) == ("test", 2000)
        else:
            assert (metric.split, metric.samples) == ("all", DRAWN)
        best = 1 if metric.perfect is None else metric.perfect
        assert metric.value == pytest.approx(best, abs=0.05), metric.name
    assert {m.name for m in metrics if m.perfect} == {"mig", "sap", "explicitness"} | SHARES
    assert information is not None
    # Each latent is a factor: it tells all of that one's entropy, and of the others only what 2,000
    # images that are not quite a grid make of chance.
    entropies = np.array(information.entropies_nats)
    assert np.diag(information.nats) == pytest.approx(entropies, abs=1e-5)
    off = np.array(information.nats)[~np.eye(3, dtype=bool)]
    assert off.max() < 0.02
    assert (information.split, information.samples, information.seed) == ("test", 2000, 7)


class Blot(Identity):
    """Decodes the first pixel always white, and the others as they were."""

    def decode(self, z: Tensor) -> Bernoulli:
        logits = z.clone()
        logits[:, 0] = 1
        return Bernoulli(9 * logits[:, None, None])


def test_reconstructions_are_compared_for_each_value_of_a_categorical_factor() -> None:
    config, dataset = RECIPES["sprites-beta4"].run, toy(2, 2, 2, count=400)
    assert dataset.factors is not None
    kinds = Factor("kind", 2, "categorical", ("dark", "light grey")), *dataset.factors[1:]
    dataset = replace(dataset, factors=kinds)
    metrics, _ = measure_factors(Blot(), dataset, config, seed=7)
    found = {metric.name: metric for metric in metrics if metric.name.startswith("iou_")}
    truth = dataset.splits["test"].targets
    dark = truth[truth[:, 0] == 0]
    white = dark.sum(1)  # beside these, one pixel is white that should be black
    assert found["iou_dark"].value == pytest.approx((white / (white + 1)).mean().item())
    assert found["iou_light_grey"].value == 1
    assert found["iou_dark"].samples == len(dark)
    assert found["iou_light_grey"].samples == len(truth) - len(dark)
    for metric, value in zip(found.values(), ("dark", "light grey"), strict=True):
        assert (metric.split, metric.seed, metric.unit) == ("test", 7, "of 1")
        assert f"whose kind is {value}." in metric.how
    assert "share_kind" in {metric.name for metric in metrics}


def test_grey_images_have_no_overlap() -> None:
    config, dataset = RECIPES["sprites-beta4"].run, toy(3, 2, 2)
    assert dataset.factors is not None
    kinds = Factor("kind", 3, "categorical", ("a", "b", "c")), *dataset.factors[1:]
    metrics, _ = measure_factors(Blot(), replace(dataset, factors=kinds), config, seed=7)
    assert not [metric for metric in metrics if metric.name.startswith("iou_")]


class Levels:
    """The same codes, as a quantized autoencoder has them."""

    quantizer = Quantizer(3, 5)

    def encode(self, x: Tensor) -> Tensor:
        return Identity().encode(x).mean


def sentences(model: Identity | Levels, recipe: str) -> dict[str, str]:
    config = override(RECIPES[recipe].run, {"model.latents": "3"})
    today, _ = measure_factors(model, toy(5, 5, 5, count=200), config, seed=0)
    return {metric.name: without_numbers(metric.how) for metric in today}


def test_quantized_codes_are_not_called_posterior_means() -> None:
    said = sentences(Levels(), "sprites-qlae")
    assert not [how for how in said.values() if "posterior" in how]
    assert "information counted by levels" in said["info_modularity"]
    assert "quantized codes" in said["mig"]


def test_what_ships_was_measured_by_the_protocols_of_today() -> None:
    any_value = sentences(Identity(), "sprites-beta4")
    few_values = sentences(Levels(), "sprites-qlae")
    cards = [read_card(path.parent).metrics for path in sorted(MODELS.glob("*/card.json"))]
    tables = [read_table(path.parent) for path in sorted(SHIPPED.glob("*/table.json"))]
    stages = [stage.metrics for table in tables for run in table.runs for stage in run.stages]
    compared = set()
    for metrics in cards + stages:
        quantized = "levels_used" in {metric.name for metric in metrics}
        today = few_values if quantized else any_value
        for metric in metrics:
            if metric.name in today:
                assert without_numbers(metric.how) == today[metric.name]
                compared.add(quantized)
    assert compared == {False, True}


def test_data_without_factors_have_no_such_scores() -> None:
    dataset = replace(toy(5, 5, 5), factors=None)
    assert measure_factors(Identity(), dataset, RECIPES["digits"].run, seed=0) == ((), None)


@pytest.fixture
def digits_with_a_factor(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same images, their label read as a factor."""
    splits = {
        name: replace(split, targets=split.targets[:, None])
        for name, split in digits.splits.items()
    }
    factors = (Factor("digit", 10, "categorical"),)
    dataset = replace(digits, splits=splits, labels=None, factors=factors)
    monkeypatch.setattr(build, "dataset", lambda name, folder: dataset)


@pytest.mark.usefixtures("digits_with_a_factor")
def test_evaluate_puts_them_into_the_card(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = read_card(folder)
    data = structs.replace(card.data, labels=None, factors=(Factor("digit", 10, "categorical"),))
    before = write_card(folder, structs.replace(card, data=data))
    assert main(["evaluate", str(folder)]) == 0
    after = read_card(folder)
    assert after.metrics[: len(before.metrics)] == before.metrics
    names = [metric.name for metric in after.metrics[len(before.metrics) :]]
    assert names == [*(name for name in SCORES if name not in SHARES), "share_digit"]
    assert after.information is not None
    assert len(after.information.nats) == len(after.latents)
    assert "DCI informativeness" in capsys.readouterr().out
    assert main(["evaluate", str(folder)]) == 0
    assert read_card(folder) == after
