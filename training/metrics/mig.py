"""Mutual information gap: Chen et al. 2018, "Isolating sources of disentanglement", Eq. 6.

Estimated as in Locatello et al. 2019: the mutual information of discretised posterior means, not
of samples of q(z|x). Scores of the two estimators are not comparable: a collapsed latent, whose
mean moves by thousandths, counts here with whatever those thousandths tell.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import entr, rel_entr

from training.metrics import Floats, Integers, checked, varying

BINS = 20


@dataclass(frozen=True, eq=False)
class MIG:
    """The mean gap over factors, in [0, 1], and what it is made of.

    Fields:
        gaps: (F,), NaN for a factor that takes one value only.
        information_nats: I(z_j; v_k), (D, F).
        entropies_nats: H(v_k), (F,).
        largest_shares: max_j I(z_j; v_k) / H(v_k), (F,): how much of a factor its best latent
            tells; NaN for a factor that takes one value only.
    """

    value: float
    gaps: Floats
    information_nats: Floats
    entropies_nats: Floats
    largest_shares: Floats
    samples: int
    protocol: str


def mig(codes: Any, factors: Any, bins: int = BINS) -> MIG:
    """1/K Σ_k (I(z_j(k); v_k) − max_{j≠j(k)} I(z_j; v_k)) / H(v_k), j(k) the best latent for v_k.

    With a single latent the second best is taken to know nothing. A plug-in estimate of mutual
    information from N samples is too high by about (bins − 1)(values − 1) / 2N nats, for each
    latent alike, so that gaps suffer less than the matrix does.

    Args:
        codes: posterior means, float (N, D); a constant latent knows nothing, 0 nats.
        factors: integer (N, F).
        bins: of equal width between the smallest and the largest code of each latent.

    Raises:
        MetricError: if shapes or numbers are not these, or no factor varies.
    """
    codes, factors = checked(codes, factors)
    columns = varying(factors)
    information = mutual_information(discretized(codes, bins), factors)  # (D, F)
    entropies = np.array([entropy(column) for column in factors.T])
    second, best = np.sort(np.pad(information, ((1, 0), (0, 0))), axis=0)[-2:]
    gaps, shares = np.full((2, factors.shape[1]), np.nan)
    gaps[columns] = (best - second)[columns] / entropies[columns]
    shares[columns] = best[columns] / entropies[columns]
    protocol = (
        f"Mutual information gap (Chen et al. 2018, Eq. 6) between {len(codes):,} posterior means "
        f"in {bins} bins of equal width and {len(columns)} factors, as in Locatello et al. 2019."
    )
    value = float(gaps[columns].mean())
    return MIG(value, gaps, information, entropies, shares, len(codes), protocol)


def discretized(codes: Floats, bins: int) -> Integers:
    """The bin of each code (N, D), from 0 to `bins` − 1; a constant latent is all in bin 0."""
    low, high = codes.min(axis=0), codes.max(axis=0)
    # Halved, because the difference of two large numbers can be infinite.
    width = np.where(high > low, high / 2 - low / 2, 1)
    places = (codes / 2 - low / 2) / width * bins
    bins_of: Integers = np.clip(places, 0, bins - 1).astype(np.int64)
    return bins_of


def mutual_information(codes: Integers, factors: Integers) -> Floats:
    """I(z_j; v_k) in nats between the columns of two integer matrices (N, D) and (N, F): (D, F)."""
    information = np.zeros((codes.shape[1], factors.shape[1]))
    for j, z in enumerate(codes.T):
        for k, v in enumerate(factors.T):
            joint = _joint(z, v) / len(z)
            if 1 in joint.shape:
                continue  # nothing is exactly nothing, whatever the rounding
            independent = np.outer(joint.sum(axis=1), joint.sum(axis=0))
            information[j, k] = max(0, rel_entr(joint, independent).sum())
    return information


def _joint(z: Integers, v: Integers) -> Integers:
    """How often each pair of values occurs: (values of z, values of v)."""
    rows, z = np.unique(z, return_inverse=True)
    columns, v = np.unique(v, return_inverse=True)
    counts = np.bincount(z * len(columns) + v, minlength=len(rows) * len(columns))
    return counts.reshape(len(rows), len(columns))


def entropy(v: Integers) -> float:
    """H(v) in nats of a column of integers (N,)."""
    return float(entr(np.unique(v, return_counts=True)[1] / len(v)).sum())
