"""What tasks measure, on tiny data and on models whose answers are known."""

from collections.abc import Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from training import tasks
from training.config import DataConfig
from training.contract.task import Outcome
from training.datasets import Split
from training.distributions import Bernoulli, DiagonalGaussian
from training.metrics import iwae_bound
from training.tasks import anomaly, features, foreign, imputation, shift

SIDE = 28


class Stored:
    """A bench of splits and models that are given by name."""

    def __init__(self, splits: dict[str, Split], models: dict[str, Any]) -> None:
        self.splits, self.models = splits, models

    def split(self, name: str, split: str) -> Split:
        return self.splits.get(f"{name} {split}") or self.splits[name]

    def model(self, name: str) -> Any:
        return self.models[name]

    def config(self, name: str) -> Any:
        return SimpleNamespace(data=DataConfig("digits"))


def of_images(x: Tensor, targets: Tensor) -> Split:
    return Split((x * 255).round().byte(), targets.int(), lambda some: some.float() / 255)


def striped(labels: Tensor) -> Tensor:
    """Label y: row y is white, (N, 1, 28, 28)."""
    x = torch.zeros(len(labels), 1, SIDE, SIDE)
    x[torch.arange(len(labels)), 0, labels] = 1
    return x


def values(outcomes: Iterator[Outcome]) -> dict[tuple[str, str], float]:
    return {(one.way, one.condition): one.value for one in outcomes}


def assert_whole(found: dict[tuple[str, str], float], name: str) -> None:
    plan = tasks.plan(name)
    assert set(found) == {(way.name, one.name) for way in plan.ways for one in plan.conditions}


class Rows:
    """Codes are which row is white; nothing else of an image comes back."""

    def encode(self, x: Tensor) -> Tensor:
        return x[:, 0, :10, 0]

    def decode(self, z: Tensor) -> Tensor:
        x = torch.zeros(len(z), 1, SIDE, SIDE)
        x[:, 0, :10] = z[:, :, None]
        return x


class Blank:
    """Every image has the same code, and comes back black."""

    def encode(self, x: Tensor) -> Tensor:
        return torch.zeros(len(x), 10)

    def decode(self, z: Tensor) -> Tensor:
        return torch.zeros(len(z), 1, SIDE, SIDE)


def test_labels_are_learned_from_codes_that_hold_them_and_from_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(features, "COUNTS", (100, 1_000))
    labels = torch.arange(1_000) % 10
    noise = torch.rand(1_000, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    seen = of_images(striped(labels), labels)
    models = {"digits": Rows(), "digits-ae": Blank(), "digits-pca": Blank()}
    found = values(features.measure(Stored({"digits": seen}, models), 0))  # type: ignore[arg-type]
    assert {found["vae_linear", "100"], found["vae_svm", "100"]} == {100}
    assert {found["ae_svm", "1000"], found["pca_linear", "1000"]} == {10}, "one label for all"
    assert found["pixels_linear", "100"] == 100
    splits = {"digits": of_images(noise, labels), "digits test": of_images(noise.flip(0), labels)}
    found = values(features.measure(Stored(splits, models), 0))  # type: ignore[arg-type]
    assert 5 < found["pixels_svm", "100"] < 15, "noise says nothing of the label"


def test_the_error_of_images_is_of_what_a_model_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "IMAGES", 40)
    labels = torch.arange(40) % 10
    splits = {
        "digits": of_images(striped(labels), labels),
        "fashion": of_images(striped(labels + 10), labels),
    }
    models = {"digits": Rows(), "digits-ae": Blank(), "digits-pca": Rows()}
    found = values(foreign.measure(Stored(splits, models), 0))  # type: ignore[arg-type]
    assert_whole(found, "foreign")
    assert (found["digits", "test"], found["digits", "fashion"]) == (0, SIDE)
    assert found["digits-ae", "train"] == SIDE, "the whole white row"
    # The mean has 0.1 in ten rows: 0.9² + 9 × 0.1² a column, and 10 × 0.1² + 1 of another row.
    assert found["mean", "train"] == pytest.approx(0.9 * SIDE, abs=0.2)
    assert found["mean", "fashion"] == pytest.approx(1.1 * SIDE, abs=0.2)


class Dark:
    """A VAE whose pixels are white with a chance of e⁻³: the more white, the less likely."""

    latents = 2

    def encode(self, x: Tensor) -> DiagonalGaussian:
        return DiagonalGaussian(torch.zeros(len(x), 2), torch.zeros(len(x), 2))

    def decode(self, z: Tensor) -> Bernoulli:
        return Bernoulli(torch.full((len(z), 1, SIDE, SIDE), -3.0))


def test_what_is_whiter_than_it_should_be_is_found_and_what_is_darker_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(anomaly, "IMAGES", 40)
    monkeypatch.setattr(anomaly, "FITTED", 60)
    labels = torch.arange(80) % 10
    speckle = torch.rand(80, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) / 10
    own = of_images((striped(labels) + speckle).clamp(0, 1), labels)
    splits = {"digits": own, "fashion": of_images(1 - striped(labels), labels)}
    models = {"digits": Dark(), "fashion": Dark()}
    found = values(anomaly.measure(Stored(splits, models), 0))  # type: ignore[arg-type]
    assert_whole(found, "anomaly")
    for way in ("bound", "reconstruction"):
        assert found[way, "garments"] == found[way, "inverted"] == found[way, "noise"] == 1
        assert found[way, "blank"] == 0, "blank images are likelier than all others"
        assert found[way, "foreign_digits"] == 0, "so are digits to a model of bright garments"
    assert {value for (way, _), value in found.items() if way == "kl"} == {0.5}, "it is constant"
    assert found["nearest", "garments"] == found["pca", "inverted"] == 1


def test_the_bound_of_the_anomaly_task_is_the_likelihood_where_that_is_known() -> None:
    x = torch.zeros(3, 1, SIDE, SIDE)
    found = iwae_bound.per_image(Dark(), x, 4, torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    white = torch.sigmoid(torch.tensor(-3.0)).item()
    expected = SIDE * SIDE * torch.tensor(1 - white).log().item()
    assert torch.allclose(found, torch.tensor(expected, dtype=found.dtype), rtol=1e-4)


FACTORS = ("object hue", "shape")


class Scenes(Stored):
    """Squares of a hue; shape y is a white row. Ten hues, four shapes, every pair ten times."""

    def __init__(self, model: Any, nats: list[list[float]]) -> None:
        place = torch.arange(400)
        targets = torch.stack([place % 10, place // 10 % 4], 1)
        x = (targets[:, 0, None, None, None] / 20).expand(-1, 3, SIDE, SIDE).clone()
        for row in range(4):
            x[targets[:, 1] == row, :, 4 * row : 4 * row + 4] = 1
        super().__init__(
            {"scenes": of_images(x, targets)}, dict.fromkeys(("scenes", "scenes-qlae"), model)
        )
        self.nats = nats

    def dataset(self, name: str) -> Any:
        return SimpleNamespace(factors=[SimpleNamespace(name=name) for name in FACTORS])

    def card(self, name: str) -> Any:
        return SimpleNamespace(information=SimpleNamespace(nats=self.nats))


class Factors:
    """Latents: the hue, and two bits that tell the shape alone."""

    def encode(self, x: Tensor) -> Tensor:
        hue = x[:, 0, -1, 0] * 20
        shape = x[:, 0, :16:4, 0].argmax(1).float()
        return torch.stack([hue, (shape == 1) + (shape > 2).float(), (shape > 1).float()], 1)


def test_codes_of_shape_alone_outlive_a_change_of_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shift, "TRAINED", 200)
    monkeypatch.setattr(shift, "IMAGES", 200)
    nats = [[2.3, 0.0], [0.0, 0.7], [0.0, 0.7]]
    found = values(shift.measure(Scenes(Factors(), nats), 0))  # type: ignore[arg-type]
    assert_whole(found, "shift")
    assert found["shape_codes", "same"] == found["shape_codes", "other"] == 100
    for way in ("codes", "quantized", "pixels", "grey"):
        assert found[way, "same"] == 100
    wrong = [[0.0, 0.7], [0.0, 0.7], [2.3, 0.0]]
    found = values(shift.measure(Scenes(Factors(), wrong), 0))  # type: ignore[arg-type]
    assert found["shape_codes", "other"] < 100, "where a card points to the latent of the hue"


class Coin:
    """Codes ignore the image, and decide how white all of the next one is."""

    def __init__(self) -> None:
        self.encoded: list[Tensor] = []

    def encode(self, x: Tensor) -> DiagonalGaussian:
        self.encoded.append(x)
        return DiagonalGaussian(torch.zeros(len(x), 1), torch.zeros(len(x), 1))

    def decode(self, z: Tensor) -> Bernoulli:
        return Bernoulli((2 * z)[:, :, None, None].expand(-1, 1, 2, 2))


def test_gibbs_sampling_puts_back_drawn_pixels_and_shows_their_chances() -> None:
    x = torch.full((500, 1, 2, 2), 0.3)
    mask = torch.tensor([[[[False, True], [True, True]]]]).expand(500, -1, -1, -1)
    coin = Coin()
    chain = imputation.draw(
        coin, x, mask, torch.zeros(1, 1, 2, 2), torch.Generator().manual_seed(0)
    )
    images = torch.stack([*islice(chain, 20)])
    assert (images[:, ~mask] == 0.3).all(), "what is visible stays"
    for image in coin.encoded[1:]:
        assert torch.equal(image[~mask], x[~mask])
        assert image[mask].unique().tolist() == [0, 1]
    chances = images[:, mask]
    assert chances.mean().item() == pytest.approx(0.5, abs=0.02), "of z ~ N(0, 1), by symmetry"
    assert chances.std().item() == pytest.approx(0.30, abs=0.03), "of σ(2 z)"
    assert not torch.equal(images[0], images[1])


def test_completing_is_measured_on_the_hidden_pixels_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imputation, "IMAGES", 20)
    labels = torch.arange(20) % 10
    splits = {"digits": of_images(striped(labels), labels)}
    models = {"digits": Dark(), "digits-ae": Blank(), "digits-pca": Rows()}
    found = values(imputation.measure(Stored(splits, models), 0))  # type: ignore[arg-type]
    assert_whole(found, "imputation")
    assert found["nearest", "left"] == 0, "every image is among those that were seen"
    assert found["ae_30", "left"] == pytest.approx(1 / SIDE), "one row of 28 is missed"
    assert found["ae_30", "lower"] == 0, "the lower half is black"
    white = torch.sigmoid(torch.tensor(-3.0)).item()
    expected = ((1 - white) ** 2 + 27 * white**2) / SIDE
    for way in ("vae_1", "vae_30", "vae_drawn", "vae_averaged"):
        assert found[way, "left"] == pytest.approx(expected, abs=1e-5)
