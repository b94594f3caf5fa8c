"""Modularity and explicitness: Ridgeway & Mozer 2018 (F-statistic loss), Section 3."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from training.errors import MetricError
from training.metrics import Floats, checked_pair, varying
from training.metrics.mig import BINS, discretized, mutual_information

ROUNDING = 1e-12  # nats; ratios of what is smaller would be noise


@dataclass(frozen=True, eq=False)
class ModularityExplicitness:
    """Both scores and what they are made of.

    Fields:
        modularity: in [0, 1], 0 where no latent knows anything.
        explicitness: mean area under the ROC curve, 0.5 at chance, 1 at best.
        modularities: of each latent, (D,).
        explicitnesses: of each factor, (F,); NaN for one that takes a single value only.
        information_nats: I(z_j; v_k) on the test codes, (D, F).
    """

    modularity: float
    explicitness: float
    modularities: Floats
    explicitnesses: Floats
    information_nats: Floats
    samples: int
    protocol: str


def modularity_explicitness(
    codes_train: Any, factors_train: Any, codes_test: Any, factors_test: Any
) -> ModularityExplicitness:
    """How nearly each latent informs about one factor, and how plainly the code tells values.

    Modularity: the mean over latents of 1 − Σ_{k≠k*} m_k² / (m_k*² (F − 1)), with m_k the mutual
    information with factor k, and k* the factor of the largest. The information is that of test
    codes in 20 bins of equal width. A latent that knows nothing has no such ratio and counts 0, as
    in Locatello et al. 2019: the paper does not say. With a single factor a latent that knows
    anything counts 1.

    Explicitness: a logistic regression of one value against the rest, for each value of each
    factor, from the whole code (scaled to unit variance); its area under the ROC curve on the test
    codes, averaged over values, then factors. It is linear: of a code that holds an ordered factor
    itself, it can tell the first and the last value, but hardly those between. Values that only
    one of the samples has are left out.

    Args:
        codes_train, codes_test: posterior means, float (N, D).
        factors_train, factors_test: integer (N, F).

    Raises:
        MetricError: if shapes or numbers are not these, or no factor varies, or no value of a
            factor occurs in both samples.
    """
    codes_train, factors_train, codes_test, factors_test = checked_pair(
        codes_train, factors_train, codes_test, factors_test
    )
    columns = varying(factors_test)
    information = mutual_information(discretized(codes_test, BINS), factors_test)
    modularities = _modularities(information[:, columns])

    scaler = StandardScaler().fit(codes_train)
    train, test = scaler.transform(codes_train), scaler.transform(codes_test)
    explicitnesses = np.full(factors_test.shape[1], np.nan)
    for k in columns:
        areas = []
        for value in np.unique(factors_test[:, k]):
            wanted, found = factors_train[:, k] == value, factors_test[:, k] == value
            if wanted.any() and not wanted.all():
                scores = (
                    LogisticRegression(max_iter=1000).fit(train, wanted).decision_function(test)
                )
                areas.append(roc_auc_score(found, scores))
        if not areas:
            raise MetricError(
                f"No value of factor {k} can be learned: give a training sample in which it varies "
                "over the values of the test sample."
            )
        explicitnesses[k] = np.mean(areas)
    protocol = (
        f"Ridgeway & Mozer 2018: modularity from the mutual information of {len(codes_test):,} "
        f"posterior means in {BINS} bins with {len(columns)} factors; explicitness as the mean "
        f"area under ROC curves (chance 0.5) of logistic regressions fitted to "
        f"{len(codes_train):,} others."
    )
    return ModularityExplicitness(
        float(modularities.mean()),
        float(explicitnesses[columns].mean()),
        modularities,
        explicitnesses,
        information,
        len(codes_test),
        protocol,
    )


def _modularities(information: Floats) -> Floats:
    """1 − δ_j of each latent, from (D, F) with F ≥ 1: (D,)."""
    largest = information.max(axis=1)
    known = largest > ROUNDING
    ratios = information / np.where(known, largest, 1)[:, None]
    others = (ratios**2).sum(axis=1) - 1
    return np.where(known, 1 - others / max(1, information.shape[1] - 1), 0)
