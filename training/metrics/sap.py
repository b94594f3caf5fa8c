"""Separated attribute predictability: Kumar et al. 2018 (DIP-VAE), Section 3."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.errors import MetricError
from training.metrics import Floats, Integers, checked, varying


@dataclass(frozen=True, eq=False)
class SAP:
    """The mean gap over factors, in [0, 1], and what it is made of.

    Fields:
        gaps: (F,), NaN for a factor that takes one value only.
        predictability: how well each latent alone predicts each factor, (D, F).
    """

    value: float
    gaps: Floats
    predictability: Floats
    samples: int
    protocol: str


def sap(codes: Any, factors: Any, categorical: Sequence[int] = ()) -> SAP:
    """Mean over factors of the gap between the two latents that predict the factor best.

    What predicts is a line for an ordered factor, scored by R² = cov² / (var var), and thresholds
    for a categorical one, scored by balanced accuracy; both are fitted to the codes they are
    scored on, as in the paper. Chance is 0 for the former and 1/V for the latter, so V categories
    allow a gap of 1 − 1/V at most. Locatello et al. 2019 take every factor for categorical and
    fit linear support vector machines: their scores are not comparable.

    Args:
        codes: posterior means, float (N, D); a constant latent predicts no better than chance.
            With a single latent the second best is taken to predict at chance.
        factors: integer (N, F).
        categorical: columns of `factors` whose order means nothing.

    Raises:
        MetricError: if shapes or numbers are not these, or no factor varies.
    """
    codes, factors = checked(codes, factors)
    columns = varying(factors)
    for column in categorical:
        if not 0 <= column < factors.shape[1]:
            raise MetricError(
                f"Factor {column} is called categorical, but there are {factors.shape[1]}; count "
                "from 0."
            )
    predictability = np.zeros((codes.shape[1], factors.shape[1]))
    chance = np.zeros((1, factors.shape[1]))
    for k in columns:
        if k in categorical:
            values, labels = np.unique(factors[:, k], return_inverse=True)
            chance[0, k] = 1 / len(values)
            predictability[:, k] = [_balanced_accuracy(z, labels) for z in codes.T]
        else:
            predictability[:, k] = _squared_correlation(codes, factors[:, k])
    second, best = np.sort(np.vstack([chance, predictability]), axis=0)[-2:]
    gaps = np.full(factors.shape[1], np.nan)
    gaps[columns] = (best - second)[columns]
    protocol = (
        f"Separated attribute predictability (Kumar et al. 2018) of {len(columns)} factors from "
        f"{len(codes):,} posterior means: R² of a line, and the balanced accuracy of thresholds "
        f"for the {len(set(categorical) & set(columns))} categorical."
    )
    return SAP(float(gaps[columns].mean()), gaps, predictability, len(codes), protocol)


def _squared_correlation(codes: Floats, v: Integers) -> Floats:
    """Between each latent (N, D) and a factor (N,) that varies: (D,), 0 for a constant latent."""
    z = codes - codes.mean(axis=0)
    largest = np.abs(z).max(axis=0)
    constant = codes.max(axis=0) == codes.min(axis=0)
    z = z / np.where(constant | (largest == 0), 1, largest)  # squares must not vanish or overflow
    y = v - v.mean()
    squared = (y @ z) ** 2 / np.where(constant, 1, (z**2).sum(axis=0) * (y**2).sum())
    return np.where(constant, 0, squared)


def _balanced_accuracy(z: Floats, labels: Integers) -> float:
    """The best that V − 1 thresholds on z (N,) can do to tell V labels (N,) apart, in [1/V, 1].

    Exact, by dynamic programming over intervals from left to right: the best score of the first i
    codes is that of the first j plus what one label is worth on the codes between them. A code's
    worth is 1 / (V · its label's count), so that all labels weigh the same.
    """
    order = np.argsort(z, kind="stable")
    counts = np.bincount(labels)
    worth = np.zeros((len(z) + 1, len(counts)))
    worth[np.arange(1, len(z) + 1), labels[order]] = 1 / (len(counts) * counts[labels[order]])
    ends = np.flatnonzero(np.diff(z[order], prepend=-np.inf, append=np.inf))  # never between equals
    total = worth.cumsum(axis=0)[ends]  # (cuts, V)
    best = np.where(np.arange(len(total)) == 0, 0, -np.inf)
    for _ in counts:
        best = (total + np.maximum.accumulate(best[:, None] - total, axis=0)).max(axis=1)
    return float(best[-1])
