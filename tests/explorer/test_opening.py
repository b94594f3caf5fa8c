"""What a model opens on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from explorer import loading, opening
from training.contract.card import CODES
from training.contract.files import read_card
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous, Image

MODELS = Path(__file__).parents[2] / "assets" / "models"
SHIPPED = sorted(path.name for path in MODELS.iterdir())


def test_it_lies_among_its_own_and_is_reconstructed_as_most_are() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], 200)
    mean = rng.normal(size=(400, 3)) + 20 * label[:, None]
    error = np.linspace(50, 150, 400)
    rng.shuffle(error)
    # The one with the median error lies among the others.
    middle = int(np.argmin(np.abs(error - np.median(error))))
    mean[middle] = 20 * (1 - label[middle])
    found = opening.plainest(mean, label, error, 400)
    assert found != middle
    order = np.argsort(np.abs(error - np.median(error)), kind="stable")
    assert found == next(at for at in order if at != middle)


def test_of_images_that_lie_among_their_own_the_encoder_says_much_of_it() -> None:
    label = np.repeat([0, 1], 200)
    mean = np.random.default_rng(0).normal(size=(400, 3)) + 20 * label[:, None]
    error, kl = np.linspace(50, 150, 400), np.zeros(400)
    kl[[190, 0]] = 5, 9  # near the median, and too far from it to be a usual one
    assert opening.plainest(mean, label, error, 400, kl=kl) == 190
    # In closed form: one latent of mean 1 and variance e, another that says nothing.
    found = opening.kl_nats(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]]))
    assert found == pytest.approx([(1 + np.e - 1 - 1) / 2])


def test_it_is_one_that_a_link_can_lead_to() -> None:
    mean = np.linspace(0, 12, 200)[:, None]  # the one in the middle is at 6
    error = np.arange(200.0)
    found = opening.plainest(mean, None, error, 200, mean[:, 0] <= opening.FARTHEST)
    assert mean[found] <= opening.FARTHEST
    assert mean[opening.plainest(mean, None, error, 200, np.full(200, False))] > opening.FARTHEST


@pytest.mark.parametrize("name", SHIPPED)
def test_it_is_where_the_encoder_puts_it(name: str) -> None:
    card = read_card(MODELS / name)
    found = opening.choose(MODELS / name, card)
    if card.examples is None:
        with_prior = [one for one in card.controls if getattr(one, "prior", None)]
        names = {one.name for one in with_prior}
        assert set(found) == (names | {"draw"} if names else set())
        return
    tensors = safetensors.numpy.load_file(MODELS / name / CODES)
    at = int(found["example"])
    if any(isinstance(control, Image) for control in card.controls):
        assert set(found) == {"example"}, "the page asks the encoder, once it knows what is seen"
        return
    if "mean" in tensors:
        spaces = [one.name for one in card.controls if isinstance(one, Continuous)]
        z = [float(value) for name in spaces for value in found[name].split(",")]
        assert z == pytest.approx(tensors["mean"][at], abs=6e-4)
        if any(isinstance(one, Continuous) and one.prior for one in card.controls):
            length = np.linalg.norm(tensors["mean"], axis=1)
            assert (length < length[at]).mean() < 0.76, "it is not an unusual one"
    if "reconstruction" not in tensors:
        return
    below = (tensors["reconstruction"] < tensors["reconstruction"][at]).mean()
    if isinstance(card.output, Pixels):
        assert 0.45 < below < 0.55
        return
    assert below == 0
    letters = [ord(letter) - ord("a") + 1 for letter in found["word"]]
    assert letters == [token for token in tensors["word"][at] if token]


def test_a_file_that_cannot_be_read_opens_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is known is known by the hash that the card has: the true file's.
    monkeypatch.setattr(loading, "_openings", {})
    card = read_card(MODELS / "digits-2d")
    (tmp_path / CODES).write_bytes(b"no tensors")
    assert loading.opening(loading.Entry("broken", tmp_path, card, "")) == {}
