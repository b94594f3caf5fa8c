"""The scores of β-VAE and FactorVAE, which see images whose factor is held fixed."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from training.datasets import Dataset
from training.errors import MetricError
from training.metrics.beta_vae import beta_vae_score
from training.metrics.dci import dci
from training.metrics.encode import encode_random
from training.metrics.factor_vae import factor_vae_score
from training.metrics.sharing import Sharing

from .known_codes import FACTORS, noisy, random, toy


def linear(matrix: list[list[float]]) -> Callable[[Tensor], Tensor]:
    """An encoder whose posterior mean is a matrix (D, F) times the factors."""
    return lambda x: x.flatten(1) @ torch.tensor(matrix, dtype=torch.float32).T


EYE = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
# What to expect of the FactorVAE score and of the β-VAE score, with three factors.
ENCODERS = {
    "identity": (EYE, 1, 1),
    "permuted and scaled": ([[0, 0, 5], [1, 0, 0], [0, 2, 0]], 1, 1),
    "negative": ([[-1, 0, 0], [0, -1, 0], [0, 0, -1]], 1, 1),
    "duplicated": (EYE + EYE, 1, 1),
    "beside collapsed latents": ([*EYE, [1e-3, 1e-3, 0], [0, 0, 0]], 1, 1),
    "constant": ([[0, 0, 0], [0, 0, 0]], 0, 1 / 3),
    # The classifier's penalty is in the unit of the codes.
    "collapsed": ([[1e-3, 0, 0], [0, 1e-3, 0], [0, 0, 1e-3]], 0, 1 / 3),
    # The failure of the β-VAE score that Kim & Mnih found: a factor that no latent knows is still
    # known by what the others do. The vote is for one of the two that are known.
    "one factor unknown": ([[1, 0, 0], [0, 1, 0]], 2 / 3, 1),
    # Of two factors turned by 45°, no latent tells one from the other.
    "two of three turned": ([[1, 1, 0], [1, -1, 0], [0, 0, 1]], 2 / 3, 2 / 3),
}


@pytest.mark.parametrize(("matrix", "vote", "shared"), ENCODERS.values(), ids=list(ENCODERS))
def test_known_encoders(matrix: list[list[float]], vote: float, shared: float) -> None:
    assert_scores(linear(matrix), vote, shared)


@pytest.mark.parametrize(
    ("matrix", "share"),
    [
        pytest.param([[0, 0, 0]], 1 / 3, id="noise alone is at chance"),
        pytest.param(EYE, 1, id="noise beside the factors is never the stillest"),
    ],
)
def test_encoders_with_noise(matrix: list[list[float]], share: float) -> None:
    generator = torch.Generator().manual_seed(0)

    def encoder(x: Tensor) -> Tensor:
        return torch.cat([linear(matrix)(x), torch.randn(len(x), 3, generator=generator)], 1)

    assert_scores(encoder, share, share)


def drawn(encoder: Callable[[Tensor], Tensor], dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    return encode_random(encoder, dataset, 4000, seed=0)


def assert_scores(encoder: Callable[[Tensor], Tensor], vote: float, shared: float) -> None:
    codes = drawn(encoder, toy(5, 5, 5))
    votes = factor_vae_score(*codes, train_votes=1000, test_votes=600, batch=32)
    points = beta_vae_score(*codes, train_points=1000, test_points=600, batch=32)
    # Three standard errors of a share of 600; certain ones have none.
    for score, expected in ((votes, vote), (points, shared)):
        error = 3 * math.sqrt(expected * (1 - expected) / 600)
        assert score.value == pytest.approx(expected, abs=error + 0.01)


def test_a_factor_of_one_value_is_never_fixed() -> None:
    codes = drawn(linear(EYE), toy(4, 1, 6))
    votes = factor_vae_score(*codes, train_votes=50, test_votes=50, batch=16)
    assert votes.value == 1
    assert votes.votes.sum(axis=0)[1] == 0
    assert not votes.taking_part[1]
    assert beta_vae_score(*codes, train_points=200, test_points=50).value == 1


def test_latents_vote_from_a_deviation_of_a_twentieth() -> None:
    factors = random().integers(0, 5, (4000, 3))
    scaled = (factors - factors.mean(axis=0)) / factors.std(axis=0) * [1, 0.051, 0.049]
    measured = factor_vae_score(scaled, factors, train_votes=300, test_votes=300)
    assert measured.taking_part.tolist() == [True, True, False]
    assert measured.votes.sum(axis=1)[2] == 0


def test_codes_that_share_a_factor_are_drawn_evenly() -> None:
    factors = np.array([[0, 5], [1, 5], [0, 6], [2, 5], [0, 5]])
    sharing = Sharing.of(np.arange(5.0)[:, None], factors)
    rows = np.repeat(np.arange(5), 3000)
    for factor, same in enumerate(
        [[{0, 2, 4}, {1}, {0, 2, 4}, {3}, {0, 2, 4}], [{0, 1, 3, 4}] * 5]
    ):
        partners = sharing.partners(rows, np.array(factor), random())
        for row in range(5):
            found, counts = np.unique(partners[rows == row], return_counts=True)
            wanted = {2} if (factor, row) == (1, 2) else same[row]
            assert set(found) == wanted
            assert counts / 3000 == pytest.approx(1 / len(wanted), abs=0.04)


def test_seeds_decide_the_draws() -> None:
    codes = drawn(linear([[1, 1, 0], [1, -1, 0], [0, 0, 1]]), toy(5, 5, 5))
    votes = [factor_vae_score(*codes, seed, 90, 90).value for seed in (1, 1, 2, 3)]
    points = [beta_vae_score(*codes, seed, 90, 90).value for seed in (1, 1, 2, 3)]
    for values in (votes, points):
        assert values[0] == values[1]
        assert len(set(values)) > 1
    forests = [dci(noisy(1), FACTORS, noisy(3), FACTORS, seed) for seed in (1, 1, 2)]
    assert np.array_equal(forests[0].importances, forests[1].importances)
    assert not np.array_equal(forests[0].importances, forests[2].importances)


def test_images_at_random_factors_need_a_data_set_that_has_them() -> None:
    dataset = toy(3, 4)
    with pytest.raises(MetricError, match="no images at chosen factors"):
        encode_random(linear(EYE[:2]), replace(dataset, at_factors=None), 10, 0)
    for score in (factor_vae_score, beta_vae_score):
        with pytest.raises(MetricError, match="batch is 0"):
            score(*drawn(lambda x: x.flatten(1), dataset), batch=0)
    codes, factors = drawn(lambda x: x.flatten(1), dataset)
    assert codes == pytest.approx(factors / [2, 3])
    assert [len(np.unique(column)) for column in factors.T] == [3, 4]
