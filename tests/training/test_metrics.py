"""Metrics on codes whose scores are known: by construction, from theory, from another library."""

import itertools
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec import structs
from sklearn.metrics import mutual_info_score
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

from training import build
from training.__main__ import main
from training.contract.card import Factor, Metric
from training.contract.files import read_card, write_card
from training.contract.table import SHIPPED, read_table
from training.datasets import Dataset, Split
from training.distributions import Bernoulli, DiagonalGaussian, Gaussian
from training.errors import MetricError
from training.factors import DRAWN, measure_factors
from training.metrics.active_units import active_units
from training.metrics.beta_vae import beta_vae_score
from training.metrics.dci import dci
from training.metrics.encode import encode_random
from training.metrics.explicitness import explicitness
from training.metrics.factor_vae import factor_vae_score
from training.metrics.infomec import infomec
from training.metrics.iwae_bound import iwae_bound
from training.metrics.mig import mig
from training.metrics.modularity import modularity
from training.metrics.overlap import overlap
from training.metrics.sap import sap
from training.metrics.sharing import Sharing
from training.recipes import RECIPES

MODELS = Path(__file__).parents[2] / "assets" / "models"
VALUES, REPEATS = 8, 50
# Every combination of two factors equally often: independent in the sample, not just in the mean.
FACTORS = np.tile(list(itertools.product(range(VALUES), repeat=2)), (REPEATS, 1))
IDENTITY = FACTORS.astype(float)
ROTATED = IDENTITY @ np.array([[1, -1], [1, 1]]) / math.sqrt(2)
KEPT = 0.7  # the share of noisy codes that still hold the factor; the others are drawn at random


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noisy(seed: int) -> np.ndarray:
    kept = random(seed).random(FACTORS.shape) < KEPT
    return np.where(kept, FACTORS, random(seed + 1).integers(0, VALUES, FACTORS.shape)).astype(
        float
    )


def noisy_scores() -> dict[str, float]:
    """A symmetric channel: the code holds the factor's value with probability `right`."""
    right, wrong = KEPT + (1 - KEPT) / VALUES, (1 - KEPT) / VALUES
    lost = -right * math.log(right) - (VALUES - 1) * wrong * math.log(wrong)
    return {"mig": 1 - lost / math.log(VALUES), "informativeness": right}


def scores(codes: np.ndarray, codes_test: np.ndarray | None = None) -> dict[str, float]:
    codes_test = codes if codes_test is None else codes_test
    forests = dci(codes, FACTORS, codes_test, FACTORS)
    return {
        "mig": mig(codes, FACTORS).value,
        "disentanglement": forests.disentanglement,
        "completeness": forests.completeness,
        "informativeness": forests.informativeness,
        "modularity": modularity(codes, FACTORS).value,
    }


NAMES = ("mig", "disentanglement", "completeness", "informativeness", "modularity")
NOISE = random(5).standard_normal(FACTORS.shape)
CODES = {
    "identity": (IDENTITY, (1, 1, 1, 1, 1), 1e-9),
    "constant": (0 * IDENTITY + 3, (0, 0, 0, 1 / VALUES, 0), 1e-9),
    # Two latents share each factor evenly: 1 − ln 2 / ln 4.
    "duplicated": (np.hstack([IDENTITY, IDENTITY]), (0, 1, 0.5, 1, 1), 0.02),
    # Each latent knows as much of one factor as of the other.
    "rotated by 45°": (ROTATED, (0, 0, 0, 1, 0), 0.05),
    # The second best of each factor is the one latent that knows it not: 1 − 0.
    "with a constant latent": (
        np.hstack([IDENTITY, 0 * IDENTITY[:, :1]]),
        (1, 1, 1, 1, 2 / 3),
        1e-9,
    ),
    "noise": (NOISE, (0, 0, 0, None, None), 0.08),
    "beside noise": (np.hstack([IDENTITY, NOISE]), (1, 1, 1, 1, None), 0.08),
    "one factor only": (IDENTITY[:, :1], (0.5, None, 1, (1 + 1 / VALUES) / 2, 1), 0.01),
}


@pytest.mark.parametrize(("codes", "expected", "tolerance"), CODES.values(), ids=list(CODES))
def test_known_codes(
    codes: np.ndarray, expected: tuple[float | None, ...], tolerance: float
) -> None:
    measured = scores(codes)
    for name, value in zip(NAMES, expected, strict=True):
        if value is not None:
            assert measured[name] == pytest.approx(value, abs=tolerance), name


def test_noisy_codes_lose_what_theory_says() -> None:
    measured = scores(noisy(1), noisy(3))
    for name, value in noisy_scores().items():
        assert measured[name] == pytest.approx(value, abs=0.03), name


def test_noise_alone_is_predicted_at_chance() -> None:
    other = random(9).standard_normal(FACTORS.shape)
    assert scores(NOISE, other)["informativeness"] == pytest.approx(1 / VALUES, abs=0.03)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "permuted": lambda codes: codes[:, ::-1],
    "scaled": lambda codes: codes * [1e-3, 1e4],
    "shifted": lambda codes: codes + np.array([100, -7]),
    "single precision": lambda codes: codes.astype(np.float32),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_order_and_unit_of_latents_do_not_matter(
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    """Close to equal: a code may fall on the other side of a bin's edge, or two splits tie."""
    codes = 0.2 * NOISE + IDENTITY
    before, after = scores(codes), scores(change(codes))
    assert after == pytest.approx(before, abs=0.02)


def test_order_of_factors_does_not_matter() -> None:
    codes, swapped = noisy(1), FACTORS[:, ::-1]
    assert mig(codes, swapped).value == pytest.approx(mig(codes, FACTORS).value)
    for metric in (sap, explicitness):
        assert metric(codes, swapped, codes, swapped).value == pytest.approx(
            metric(codes, FACTORS, codes, FACTORS).value
        )
    assert dci(codes, swapped, codes, swapped).disentanglement == pytest.approx(
        dci(codes, FACTORS, codes, FACTORS).disentanglement
    )
    assert modularity(codes, swapped).value == pytest.approx(modularity(codes, FACTORS).value)
    informed = [infomec(codes, factors) for factors in (FACTORS, swapped)]
    for name in ("modularity", "explicitness", "compactness"):
        first, second = (getattr(scores, name) for scores in informed)
        assert first == pytest.approx(second, abs=1e-3), name


def test_a_factor_of_one_value_is_left_out() -> None:
    codes, factors = noisy(1), np.insert(FACTORS, 1, 4, axis=1)
    assert mig(codes, factors).value == mig(codes, FACTORS).value
    for metric in (sap, explicitness):
        assert (
            metric(codes, factors, codes, factors).value
            == metric(codes, FACTORS, codes, FACTORS).value
        )
    informed, without = infomec(codes, factors), infomec(codes, FACTORS)
    assert informed.modularity == pytest.approx(without.modularity, abs=1e-3)
    assert informed.explicitness == pytest.approx(without.explicitness)
    assert informed.compactness == pytest.approx(without.compactness, abs=1e-3)
    forests = dci(codes, factors, codes, factors)
    assert forests.disentanglement == dci(codes, FACTORS, codes, FACTORS).disentanglement
    assert modularity(codes, factors).value == scores(codes)["modularity"]
    for row in (
        mig(codes, factors).gaps,
        forests.accuracies,
        sap(codes, factors, codes, factors).gaps,
        explicitness(codes, factors, codes, factors).explicitnesses,
        informed.explicitnesses,
        informed.information[0],
    ):
        assert np.isnan(row).tolist() == [False, True, False]


def test_matrices_are_latents_by_factors() -> None:
    codes = np.hstack([IDENTITY, NOISE])[:, [2, 1, 0, 3]]  # noise, second, first, noise
    forests = dci(codes, FACTORS, codes, FACTORS)
    matrices = (
        mig(codes, FACTORS).information_nats,
        sap(codes, FACTORS, codes, FACTORS).accuracies,
        forests.importances,
        modularity(codes, FACTORS).information_nats,
        infomec(codes, FACTORS).information,
    )
    for matrix in matrices:
        assert matrix.shape == (4, 2)
        assert matrix.argmax(axis=0).tolist() == [2, 1]
    assert forests.importances.sum(axis=0) == pytest.approx(1)


def test_mutual_information_is_that_of_sklearn() -> None:
    codes = random().integers(0, 20, (500, 3)) * 1.0
    codes[:2] = [[0], [19]]  # so that 20 bins are the 20 values
    factors = (codes[:, :2] * random(1).random((500, 2))).astype(int)
    measured = mig(codes, factors)
    for j, k in np.ndindex(3, 2):
        reference = mutual_info_score(codes[:, j], factors[:, k])
        assert measured.information_nats[j, k] == pytest.approx(reference)
    entropies = [mutual_info_score(v, v) for v in factors.T]
    assert measured.entropies_nats == pytest.approx(entropies)


def test_information_is_bounded_by_both_entropies() -> None:
    codes, factors = random().standard_normal((300, 6)), random(1).integers(0, 40, (300, 4))
    measured = mig(codes, factors)
    assert (measured.information_nats >= 0).all()
    assert (measured.information_nats <= measured.entropies_nats + 1e-12).all()
    assert (measured.information_nats <= math.log(20)).all()


def test_twenty_bins_cannot_tell_forty_values() -> None:
    factors = np.array(list(itertools.product(range(40), range(2))))
    measured = mig(factors.astype(float), factors)
    assert measured.gaps == pytest.approx([math.log(20) / math.log(40), 1])
    assert measured.largest_shares == pytest.approx([math.log(20) / math.log(40), 1])


def test_the_share_of_a_factor_on_one_latent_is_what_its_best_latent_tells() -> None:
    """All of it, though another latent tells it too; half of it, two bits of four; nothing."""
    grid = np.array(list(itertools.product(range(16), range(16), range(4), range(1))))
    codes = np.stack([grid[:, 0], grid[:, 0], grid[:, 1] // 4, 0 * grid[:, 2]], axis=1)
    measured = mig(codes.astype(float), grid)
    assert measured.largest_shares[:3] == pytest.approx([1, 0.5, 0])
    assert math.isnan(measured.largest_shares[3])
    assert measured.gaps[:3] == pytest.approx([0, 0.5, 0])


def test_overlap_is_what_both_cover_of_what_either_covers() -> None:
    square, moved, black = torch.zeros(3, 1, 1, 8, 8)
    square[..., 2:6, 2:6] = 1
    moved[..., 2:6, 4:8] = 0.6  # half of it lies on the square: 8 of 24 pixels
    images = torch.cat([square, square, square, black, square])
    decoded = torch.cat([square, moved, 0.4 * square, black, torch.ones_like(square)])
    assert overlap(images, decoded).tolist() == pytest.approx([1, 1 / 3, 0, 1, 16 / 64])
    with pytest.raises(MetricError, match="a reconstruction for each"):
        overlap(images, decoded[:4])


BINARY = FACTORS // (VALUES // 2)
NOISE_OF_ITS_OWN = random(6).standard_normal(FACTORS.shape)


@pytest.mark.parametrize(
    ("codes", "factors", "expected", "tolerance"),
    [
        # Told for certain by one latent, at chance by the other.
        pytest.param(IDENTITY, BINARY, 0.5, 1e-9, id="two values"),
        pytest.param(0 * IDENTITY, BINARY, 0, 1e-9, id="constant"),
        pytest.param(np.hstack([IDENTITY, IDENTITY]), BINARY, 0, 1e-9, id="duplicated"),
        pytest.param(ROTATED, BINARY, 0, 1e-9, id="rotated by 45°"),
        pytest.param(NOISE, BINARY, 0, 0.05, id="noise"),
        pytest.param(IDENTITY[:, :1], BINARY[:, :1], 0.5, 1e-9, id="one latent"),
    ],
)
def test_sap_is_the_gap_between_accuracies(
    codes: np.ndarray, factors: np.ndarray, expected: float, tolerance: float
) -> None:
    measured = sap(codes, factors, codes, factors)
    assert measured.value == pytest.approx(expected, abs=tolerance)
    assert measured.accuracies.shape == (codes.shape[1], factors.shape[1])


def test_sap_takes_ordered_factors_for_categories() -> None:
    """A line a value can tell the ends of an order, hardly what lies between."""
    codes = (IDENTITY - 3.5) / 2.3
    measured = sap(codes, FACTORS, codes, FACTORS)
    best = measured.accuracies.diagonal()
    assert (best < 0.5).all()
    assert measured.value == pytest.approx(best.mean() - 1 / VALUES)
    # Fitted to one sample and scored on another: where that says the reverse, nothing is right.
    assert sap(IDENTITY, BINARY, IDENTITY, 1 - BINARY).accuracies.diagonal() == pytest.approx(0)


def test_a_latent_of_two_factors_is_half_modular() -> None:
    factors = np.array(list(itertools.product(range(4), repeat=3)) * 5)
    codes = np.stack([factors[:, 0] + factors[:, 1], factors[:, 2]], 1).astype(float)
    measured = modularity(codes, factors)
    assert measured.modularities == pytest.approx([0.5, 1])
    assert measured.value == pytest.approx(0.75)


EXPLICIT = {
    "identity": (IDENTITY, IDENTITY, BINARY, 1, 1e-9),
    "rotated by 45°": (ROTATED, ROTATED, BINARY, 1, 1e-9),
    "constant": (0 * IDENTITY, 0 * IDENTITY, BINARY, 0.5, 1e-9),
    "noise": (NOISE, NOISE_OF_ITS_OWN, BINARY, 0.5, 0.05),
    # Values in order are told by their odds; one line for each against the rest would not do.
    "eight values in order": (IDENTITY, IDENTITY, FACTORS, 1, 0.01),
}


@pytest.mark.parametrize(
    ("train", "test", "factors", "expected", "tolerance"), EXPLICIT.values(), ids=list(EXPLICIT)
)
def test_explicitness_is_a_multinomial_regressions(
    train: np.ndarray, test: np.ndarray, factors: np.ndarray, expected: float, tolerance: float
) -> None:
    measured = explicitness(train, factors, test, factors)
    assert measured.value == pytest.approx(expected, abs=tolerance)


# InfoM, InfoC, InfoE of the authors' definitions, for codes of two factors.
INFORMED = {
    "identity": (IDENTITY, (1, 1, 1), 0.02),
    # Each factor is told by two of four latents alike: (1/2 − 1/4) / (1 − 1/4).
    "duplicated": (np.hstack([IDENTITY, IDENTITY]), (1, 1 / 3, 1), 0.02),
    # Each latent tells of either factor alike; a linear reading sees no difference.
    "rotated by 45°": (ROTATED, (0, 0, 1), 0.02),
    "constant": (0 * IDENTITY + 3, (0, 0, 0), 1e-9),
    "noise": (NOISE, (None, None, 0), 0.02),
    # Not so wide as a twentieth of the others: it takes no part, so that the others decide.
    "beside a collapsed latent": (np.hstack([IDENTITY, 0.01 * NOISE[:, :1]]), (1, 1, 1), 0.02),
    "one factor only": (IDENTITY[:, :1], (1, 0.5, 0.5), 0.02),
}


@pytest.mark.parametrize(("codes", "expected", "tolerance"), INFORMED.values(), ids=list(INFORMED))
def test_infomec_of_known_codes(
    codes: np.ndarray, expected: tuple[float | None, ...], tolerance: float
) -> None:
    measured = infomec(codes, FACTORS)
    values = (measured.modularity, measured.compactness, measured.explicitness)
    for value, wanted in zip(values, expected, strict=True):
        if wanted is not None:
            assert value == pytest.approx(wanted, abs=tolerance)


def test_infomec_estimates_the_information_of_a_gaussian_mixture() -> None:
    """Two values, two bells a distance of 2 apart: I = h(z) − h(z|v), by quadrature."""
    v = np.arange(20_000) % 2
    z = random().standard_normal(len(v)) + 2 * v
    grid = np.linspace(-8, 10, 20_001)
    bell = np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi)
    other = np.exp(-((grid - 2) ** 2) / 2) / math.sqrt(2 * math.pi)
    mixed = (bell + other) / 2
    nats = float(-(mixed * np.log(mixed)).sum() * (grid[1] - grid[0]))
    nats -= 0.5 * math.log(2 * math.pi * math.e)
    measured = infomec(z[:, None], v[:, None])
    assert measured.information[0, 0] == pytest.approx(nats / math.log(2), abs=0.02)


def test_active_units_have_a_variance_above_a_hundredth() -> None:
    deviations = np.array([0, 0.05, 0.099, 0.101, 1, 30])
    codes = np.array([[-1], [1]]) * deviations / math.sqrt(2) + 5  # unbiased: exactly these
    measured = active_units(codes)
    assert measured.variances == pytest.approx(deviations**2)
    assert measured.active.tolist() == [False, False, False, True, True, True]
    assert measured.value == 3


GOOD = (np.ones((20, 2)), np.arange(40).reshape(20, 2) % 3)
NAN = np.array([[0.0, 0.0], [1, math.nan]] * 10)
SINGLE: list[Callable[..., object]] = [
    *(mig, modularity, infomec, factor_vae_score, beta_vae_score),
]
PAIRED: list[Callable[..., object]] = [dci, sap, explicitness]
BAD = {
    "codes of one dimension": (
        (GOOD[0][:, 0], GOOD[1]),
        r"codes have shape \(20,\); give \(N, D\)",
    ),
    "no latents": ((GOOD[0][:, :0], GOOD[1]), "codes have shape"),
    "factors of one dimension": ((GOOD[0], GOOD[1][:, 0]), r"give \(N, F\)"),
    "different lengths": ((GOOD[0], GOOD[1][1:]), "20 codes but 19 rows of factors"),
    "one image": ((GOOD[0][:1], GOOD[1][:1]), "There are 1 codes; give at least"),
    "no image": ((GOOD[0][:0], GOOD[1][:0]), "There are 0 codes; give at least"),
    "NaN": ((NAN, GOOD[1]), "Latent 1 has codes that are NaN"),
    "infinite": (
        (np.where(NAN == 1, math.inf, 0), GOOD[1]),
        "Latent 0 has codes that are NaN or infinite",
    ),
    "real factors": ((GOOD[0], GOOD[0]), "factors are float64; give integers"),
    "complex codes": ((GOOD[0] * 1j, GOOD[1]), "codes are complex128"),
    "nothing varies": ((GOOD[0], 0 * GOOD[1]), "Every factor takes a single value"),
}


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=list(BAD))
def test_what_cannot_be_measured_is_said(
    given: tuple[np.ndarray, np.ndarray], message: str
) -> None:
    for metric in SINGLE:
        with pytest.raises(MetricError, match=message):
            metric(*given)
    for metric in PAIRED:
        with pytest.raises(MetricError, match=message):
            metric(*given, *given)


def test_pairs_must_fit() -> None:
    for metric in PAIRED:
        with pytest.raises(MetricError, match="has 2 latents, the test sample 1"):
            metric(*GOOD, GOOD[0][:, :1], GOOD[1])
    with pytest.raises(MetricError, match="No value of factor 0 can be learned"):
        explicitness(*GOOD, GOOD[0], GOOD[1] + 3)
    for codes in (GOOD[0][:1], GOOD[0][0], NAN):
        with pytest.raises(MetricError):
            active_units(codes)


def toy(*sizes: int, count: int = 200) -> Dataset:
    """Images of one row, a pixel a factor, from 0 to 1."""
    highest = torch.tensor(sizes) - 1

    def at_factors(factors: Tensor) -> Tensor:
        return (factors / highest.clamp(min=1)).float()[:, None, None]

    splits = {}
    for seed, name in enumerate(("train", "validation", "test")):
        factors = torch.from_numpy(random(seed).integers(0, sizes, (count, len(sizes))))
        stored = (at_factors(factors) * 255).to(torch.uint8)
        splits[name] = Split(stored, factors.int(), lambda stored: stored.float() / 255)
    return Dataset(
        name="toy",
        source="here",
        licence="none",
        shape=(1, 1, len(sizes)),
        splits=splits,
        factors=tuple(Factor(f"v{number}", size, "ordered") for number, size in enumerate(sizes)),
        at_factors=at_factors,
    )


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
    # told by what the others do. The vote is for one of the two that are known.
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


class LinearGaussian:
    """z ~ N(0, I), x ~ N(Wz + b, σ²I): ln p(x) and p(z|x) are known.

    The columns of W are orthogonal, so the posterior is diagonal, and the encoder can be it; with
    `blur` it is broader and off.
    """

    latents = 2
    log_variance = math.log(0.3)

    def __init__(self, blur: float = 0) -> None:
        self.weight = torch.tensor([[1.0, 0.5], [1, -0.5], [1, 0.5], [1, -0.5]])
        self.bias = torch.tensor([0.1, 0.2, 0.3, 0.4])
        self.blur = blur

    def posterior(self, x: Tensor) -> DiagonalGaussian:
        variance = math.exp(self.log_variance)
        precision = 1 + self.weight.square().sum(0) / variance
        mean = (x.flatten(1) - self.bias) @ self.weight / variance / precision
        return DiagonalGaussian(mean, -precision.log().expand_as(mean))

    def encode(self, x: Tensor) -> DiagonalGaussian:
        exact = self.posterior(x)
        return DiagonalGaussian(exact.mean + 0.3 * self.blur, exact.log_variance + self.blur)

    def decode(self, z: Tensor) -> Gaussian:
        mean = (z @ self.weight.T + self.bias).view(-1, 1, 2, 2)
        return Gaussian(mean, torch.tensor(self.log_variance))

    def marginal(self) -> MultivariateNormal:
        noise = math.exp(self.log_variance) * torch.eye(4)
        return MultivariateNormal(self.bias, self.weight @ self.weight.T + noise)

    def images(self, count: int) -> Tensor:
        torch.manual_seed(0)
        return self.marginal().sample((count,)).view(count, 1, 2, 2)


@pytest.mark.parametrize(("k", "rows"), [(1, 64), (3, 64), (64, 10), (7, 3), (5, 1), (5000, 999)])
def test_the_exact_posterior_gives_the_exact_likelihood(k: int, rows: int) -> None:
    """Then every weight is p(x) itself, whatever was drawn."""
    model = LinearGaussian()
    x = model.images(6)
    log_likelihood = model.marginal().log_prob(x.flatten(1)).double()
    bound = iwae_bound(model, x, k, rows=rows)
    assert bound.value_nats == pytest.approx(log_likelihood.mean().item(), abs=1e-5)
    assert bound.standard_error_nats == pytest.approx(
        log_likelihood.std().item() / math.sqrt(6), abs=1e-5
    )
    assert bound.bits_per_dim == pytest.approx(-bound.value_nats / 4 / math.log(2))
    assert (bound.k, bound.samples) == (k, 6)
    levels = iwae_bound(model, x, k, rows=rows, levels=256)
    assert levels.bits_per_dim == pytest.approx(bound.bits_per_dim + 8)


def test_the_bound_rises_from_the_elbo_to_the_likelihood() -> None:
    model = LinearGaussian(blur=1)
    x = model.images(1000)
    log_likelihood = model.marginal().log_prob(x.flatten(1))
    q, p = (
        torch.distributions.Normal(g.mean, (0.5 * g.log_variance).exp())
        for g in (model.encode(x), model.posterior(x))
    )
    gaps = kl_divergence(q, p).sum(1)
    bounds = [iwae_bound(model, x, k, rows=2000).value_nats for k in (1, 4, 16, 64, 300)]
    exact = log_likelihood.mean().item()
    elbo = exact - gaps.mean().item()
    assert bounds[0] == pytest.approx(elbo, abs=0.15)
    assert bounds == sorted(bounds)
    assert bounds[-1] == pytest.approx(exact, abs=0.02)
    assert exact - bounds[0] > 0.5


def test_k_1_is_one_sample_of_the_elbo() -> None:
    model = LinearGaussian(blur=0.5)
    x = model.images(200)
    z = model.encode(x).sample(torch.Generator().manual_seed(4))
    prior = DiagonalGaussian(torch.zeros_like(z), torch.zeros_like(z))
    log_ratio = (prior.log_prob(z) - model.encode(x).log_prob(z)).sum(1)
    elbo = model.decode(z).log_prob(x).flatten(1).sum(1) + log_ratio
    assert iwae_bound(model, x, 1, seed=4).value_nats == pytest.approx(elbo.mean().item(), abs=1e-5)


def test_bounds_are_refused_where_there_are_none() -> None:
    model = LinearGaussian()
    x = model.images(3)
    assert math.isnan(iwae_bound(model, x[:1], 2).standard_error_nats)
    for arguments, message in (
        ((x[:0],), "N ≥ 1"),
        ((x[0],), r"give \(N, C, H, W\)"),
        ((x, 0), "k is 0"),
        ((x, 5, 0, 0), "rows is 0"),
        ((x * math.nan, 5), "The bound is NaN"),
    ):
        with pytest.raises(MetricError, match=message):
            iwae_bound(model, *arguments)


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


def sentence(metric: Metric) -> str:
    """How it was measured, whatever the counts."""
    return re.sub(r"[\d.,]*\d", "#", metric.how)


def test_what_ships_was_measured_by_the_protocols_of_today() -> None:
    config = RECIPES["sprites-beta4"].run
    today, _ = measure_factors(Identity(), toy(5, 5, 5, count=200), config, seed=0)
    sentences = {metric.name: sentence(metric) for metric in today}
    cards = [read_card(path.parent).metrics for path in sorted(MODELS.glob("*/card.json"))]
    tables = [read_table(path.parent) for path in sorted(SHIPPED.glob("*/table.json"))]
    stages = [stage.metrics for table in tables for run in table.runs for stage in run.stages]
    found = [metric for metrics in cards + stages for metric in metrics]
    assert {metric.name for metric in found} & sentences.keys()
    for metric in found:
        if metric.name in sentences:
            assert sentence(metric) == sentences[metric.name]


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
