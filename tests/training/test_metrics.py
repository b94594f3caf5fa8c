"""Scores of codes whose answer is known: MIG, DCI, SAP, modularity, explicitness, InfoMEC."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.metrics import mutual_info_score

from training.errors import MetricError
from training.metrics.active_units import active_units
from training.metrics.beta_vae import beta_vae_score
from training.metrics.dci import dci
from training.metrics.explicitness import explicitness
from training.metrics.factor_vae import factor_vae_score
from training.metrics.infomec import infomec
from training.metrics.mig import mig
from training.metrics.modularity import modularity
from training.metrics.overlap import overlap
from training.metrics.sap import sap

from .known_codes import FACTORS, IDENTITY, KEPT, ROTATED, VALUES, noisy, random


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
    varies_in_the_test_sample = factors.copy()
    varies_in_the_test_sample[0, 1] = 5
    for metric in (sap, explicitness):
        expected = metric(codes, FACTORS, codes, FACTORS).value
        for of_test in (factors, varies_in_the_test_sample):
            assert metric(codes, factors, codes, of_test).value == expected
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


# A latent of three levels, and a factor of whether it is at the middle one.
AT_THREE = np.arange(60) % 3
# Three of four values share a level: it leaves ¾ ln 3 of their ln 4 nats.
ONE_OF_FOUR = np.arange(40) % 4
TOLD = 1 - 0.75 * math.log(3) / math.log(4)
EVERY_LEVEL, EVERY_VALUE = np.divmod(np.arange(30), 5)
QUANTIZED = {
    # Which level stands for which value does not matter.
    "levels in no order": (AT_THREE[:, None], AT_THREE[:, None] == 1, 1, 1),
    "a latent that tells one value of four": (
        ONE_OF_FOUR[:, None] == 0,
        ONE_OF_FOUR[:, None],
        TOLD,
        TOLD,
    ),
    "every level with every value": (EVERY_LEVEL[:, None], EVERY_VALUE[:, None], 0, 0),
}


@pytest.mark.parametrize(
    ("codes", "factors", "told", "explicit"), QUANTIZED.values(), ids=list(QUANTIZED)
)
def test_infomec_counts_the_levels_of_quantized_codes(
    codes: np.ndarray, factors: np.ndarray, told: float, explicit: float
) -> None:
    measured = infomec(codes.astype(float), factors.astype(int), quantized=True)
    assert measured.information[0, 0] == pytest.approx(told)
    assert measured.explicitness == pytest.approx(explicit, abs=0.01)


def test_a_quantized_latent_is_active_if_it_takes_two_levels_however_close() -> None:
    beside = np.hstack([10 * IDENTITY[:, :1], 0.01 * IDENTITY[:, 1:], 0 * IDENTITY[:, :1] + 5])
    measured = infomec(beside, FACTORS, quantized=True)
    assert measured.active.tolist() == [True, True, False]
    assert (measured.modularity, measured.compactness) == pytest.approx((1, 1))


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
    with pytest.raises(MetricError, match="No value of any factor can be learned"):
        explicitness(*GOOD, GOOD[0], GOOD[1] + 3)
    for codes in (GOOD[0][:1], GOOD[0][0], NAN):
        with pytest.raises(MetricError):
            active_units(codes)
