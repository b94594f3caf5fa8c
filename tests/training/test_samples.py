"""Prior samples against images: known sets, and the classifier in whose features they lie."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import scipy.linalg
import torch
from torch import Tensor

from training.__main__ import main
from training.checkpoints.checkpoint import read_tensors
from training.datasets import Dataset
from training.distributions import Bernoulli, DiagonalGaussian
from training.errors import CheckpointError, DataError, MetricError
from training.evaluation import classifiers
from training.evaluation.reconstructions import measure_reconstructions
from training.evaluation.samples import SCORES, measure_samples
from training.families.gan import GAN
from training.families.vae import VAE
from training.metrics.frechet import frechet_distance
from training.metrics.precision_recall import precision_recall
from training.metrics.sharpness import sharpness


def normal(count: int, seed: int = 0, width: int = 5) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


# Four clusters of width 1, far from each other.
MODES = 100 * torch.eye(5)[:4].repeat_interleave(50, 0) + normal(200)
SETS = {
    "the same": (normal(60), normal(60), 1, 1),
    "the same, with doubles": (normal(30).repeat(5, 1), normal(30).repeat(5, 1), 1, 1),
    "far apart": (normal(60), normal(60, 1) + 100, 0, 0),
    "one mode of four": (MODES, MODES[50:100], 1, 0.25),
    "one mode, and three that are not there": (MODES[50:100], MODES, 0.25, 1),
}


@pytest.mark.parametrize(("images", "samples", "precision", "recall"), SETS.values(), ids=[*SETS])
def test_precision_and_recall_of_known_sets(
    images: Tensor, samples: Tensor, precision: float, recall: float
) -> None:
    measured = precision_recall(images, samples)
    assert measured.precision == pytest.approx(precision)
    assert measured.recall == pytest.approx(recall)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall_are_those_of_the_definition(k: int) -> None:
    images, samples = normal(40, 1, 2), 1.5 * normal(30, 2, 2)

    def share(points: Tensor, others: Tensor) -> float:
        radii = [
            sorted(math.dist(a, b) for j, b in enumerate(others) if j != i)[k - 1]
            for i, a in enumerate(others)
        ]
        within = [
            any(math.dist(p, o) <= r for o, r in zip(others, radii, strict=True)) for p in points
        ]
        return sum(within) / len(within)

    measured = precision_recall(images, samples, k)
    assert measured.precision == pytest.approx(share(samples, images))
    assert measured.recall == pytest.approx(share(images, samples))
    assert 0 < measured.precision < 1


def test_many_rows_are_measured_in_parts() -> None:
    """Points on a line, 1 apart: the third nearest is 2 away, and 3 at the ends."""
    line = torch.arange(2500.0)[:, None]
    measured = precision_recall(line, line + 0.5)
    assert (measured.precision, measured.recall) == (1, 1)
    assert precision_recall(line, line + 2502.1).precision == 0


def test_the_frechet_distance_is_that_of_the_closed_form() -> None:
    images = normal(500)
    shift = torch.tensor([1.0, -2, 0, 0.5, 3])
    assert frechet_distance(images, images).value == pytest.approx(0, abs=1e-9)
    shifted = frechet_distance(images, images + shift).value
    assert shifted == pytest.approx(shift.square().sum().item(), rel=1e-6)
    # Scaled around its mean, a set keeps (s − 1)² of its variance as distance.
    mean = images.mean(0)
    scaled = frechet_distance(images, mean + 3 * (images - mean)).value
    assert scaled == pytest.approx(4 * images.var(0).sum().item(), rel=1e-5)


def test_the_frechet_distance_is_that_of_scipys_root() -> None:
    images, samples = normal(300), normal(200, 1) @ normal(5, 2)
    first, second = (np.cov(x.double().numpy().T) for x in (images, samples))
    root = scipy.linalg.sqrtm(first @ second).real
    apart = (images.double().mean(0) - samples.double().mean(0)).square().sum().item()
    expected = apart + np.trace(first + second - 2 * root)
    assert frechet_distance(images, samples).value == pytest.approx(expected)


def test_the_sharpness_of_known_images() -> None:
    rows, columns = torch.meshgrid(torch.arange(9.0), torch.arange(6.0), indexing="ij")
    chessboard = ((rows + columns) % 2)[None, None]
    assert sharpness(chessboard) == pytest.approx(16)  # the filter gives 4 and −4, as often
    assert sharpness((rows / 9 + columns / 90)[None, None]) == pytest.approx(0, abs=1e-12)
    assert sharpness(torch.cat([chessboard, 0.5 * chessboard])) == pytest.approx((16 + 4) / 2)
    with pytest.raises(MetricError, match="3×3 pixels"):
        sharpness(torch.zeros(4, 1, 2, 9))


@pytest.mark.parametrize("metric", [precision_recall, frechet_distance])
def test_features_that_cannot_be_compared_are_refused(metric: object) -> None:
    assert callable(metric)
    good, broken = normal(20), normal(20).index_fill(0, torch.tensor([3]), math.nan)
    for images, samples, message in (
        (good, broken, "features of the samples that are NaN"),
        (broken, good, "features of the images that are NaN"),
        (good[:1], good, r"features of the images have shape \(1, 5\)"),
        (good, good[:, 0], r"features of the samples have shape \(20,\)"),
        (good, good[:, :3], "of one network"),
    ):
        with pytest.raises(MetricError, match=message):
            metric(images, samples)


@pytest.fixture(scope="module")
def trained(digits: Dataset) -> classifiers.Trained:
    """A classifier of the few digits that the tests have."""
    return classifiers.train(digits, epochs=8)


def test_a_classifier_learns_and_is_read_as_it_was(
    trained: classifiers.Trained, digits: Dataset, tmp_path: Path
) -> None:
    assert trained.accuracy > 0.6  # chance is a tenth
    path = tmp_path / "new" / "digits.safetensors"
    classifiers.write(trained, digits, 0, path)
    again = classifiers.read(path)
    assert again.accuracy == pytest.approx(trained.accuracy, abs=1e-4)
    x = digits.splits["test"].images(torch.arange(50))
    with torch.no_grad():
        assert torch.equal(again.network(x), trained.network(x))
        assert again.network.features(x).shape == (50, 128)
    assert read_tensors(path)[1]["data_sha256"] == digits.sha256()


def test_a_seed_makes_the_same_classifier(digits: Dataset) -> None:
    first, same, other = (classifiers.train(digits, seed, epochs=1).network for seed in (1, 1, 2))
    assert torch.equal(first.head.weight, same.head.weight)
    assert not torch.equal(first.head.weight, other.head.weight)


def test_what_is_no_classifier_is_refused(digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="digits does not have; name digits or fashion"):
        classifiers.train(replace(digits, labels=None))
    path = tmp_path / "x.safetensors"
    safetensors.torch.save_file({"a": torch.ones(1)}, path, {"labels": "many"})
    with pytest.raises(CheckpointError, match="does not say what it classifies"):
        classifiers.read(path)


def test_the_command_makes_one(
    digits: Dataset, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.safetensors"
    assert main(["classifier", "digits", "--data", str(data), "--out", str(path)]) == 0
    made = classifiers.read(path)
    assert f"{made.accuracy:.2%} of the test images" in capsys.readouterr().out
    test = digits.splits["test"]
    assert made.network.accuracy(
        test.images(torch.arange(len(test))), test.targets
    ) == pytest.approx(made.accuracy, abs=1e-4)


@pytest.mark.parametrize(("name", "least"), [("digits", 0.985), ("fashion", 0.89)])
def test_shipped_classifiers_are_small_and_right(name: str, least: float, data: Path) -> None:
    from training import build

    dataset = build.dataset(name, data)
    shipped = classifiers.of(dataset)
    assert shipped is not None
    assert shipped.accuracy >= least
    assert sum(weights.numel() for weights in shipped.network.parameters()) < 200_000
    test = dataset.splits["test"]
    accuracy = shipped.network.accuracy(test.images(torch.arange(len(test))), test.targets)
    error = math.sqrt(least * (1 - least) / len(test))
    assert accuracy == pytest.approx(shipped.accuracy, abs=4 * error)


class Copies:
    """Decodes every code to one of some images."""

    latents = 2

    def __init__(self, images: Tensor) -> None:
        self.images = itertools.cycle(images)

    def decode(self, z: Tensor) -> Bernoulli:
        chosen = torch.stack([next(self.images) for _ in z])
        return Bernoulli(logits=torch.logit(chosen, 1e-7))


def test_a_model_that_decodes_to_the_images_is_perfect(digits: Dataset) -> None:
    images = digits.splits["test"].images(torch.arange(200))
    values = {
        m.name: m for m in measure_samples(VAE(2, "bernoulli"), Copies(images), digits, seed=4)
    }
    few = {
        m.name: m for m in measure_samples(VAE(2, "bernoulli"), Copies(images[:1]), digits, seed=4)
    }
    assert {*values} == SCORES
    count = len(digits.splits["validation"])
    assert {(m.split, m.samples, m.seed) for m in values.values()} == {("test", count, 4)}
    assert values["precision"].value > 0.85
    assert values["recall"].value > 0.8
    # A digit that is a test image, again and again: its ball has no size, and holds itself at most.
    assert few["recall"].value <= 1 / count
    assert few["frechet_distance"].value > 3 * values["frechet_distance"].value
    assert values["sharpness"].value == pytest.approx(sharpness(images[:count]), rel=1e-3)
    for metric in values.values():
        assert metric.perfect is not None
        assert ("not Inception's" in metric.how) == (metric.name != "sharpness")
    assert 0.3 < (values["precision"].perfect or 0) <= 1


def test_data_without_a_classifier_have_no_such_scores(digits: Dataset) -> None:
    other = replace(digits, name="other")
    copies = Copies(torch.zeros(1, 1, 28, 28))
    assert measure_samples(VAE(2, "bernoulli"), copies, other, seed=0) == ()


class Halves(Copies):
    """Gives every image back at half its ink."""

    def encode(self, x: Tensor) -> DiagonalGaussian:
        self.x = x
        return DiagonalGaussian(torch.zeros(len(x), 2), torch.zeros(len(x), 2))

    def decode(self, z: Tensor) -> Bernoulli:
        return Bernoulli(torch.logit(self.x / 2, 1e-7))


def test_the_reconstruction_error_is_that_of_the_image_as_it_is_shown(digits: Dataset) -> None:
    test = digits.splits["test"]
    images = test.images(torch.arange(len(test)))
    (metric,) = measure_reconstructions(VAE(2, "bernoulli"), Halves(images), digits, seed=0)
    quarter = images.square().sum((1, 2, 3)).mean().item() / 4
    assert metric.value == pytest.approx(quarter, rel=1e-4)
    assert (metric.name, metric.samples) == ("reconstruction_error", len(test))
    assert measure_reconstructions(GAN(), None, digits, seed=0) == ()
