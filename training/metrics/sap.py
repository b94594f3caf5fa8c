"""Separated attribute predictability: Kumar et al. 2018 (DIP-VAE), Section 3."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.svm import LinearSVC

from training.metrics import Floats, checked_pair, varying

C = 0.01  # the weight of the errors, as in Locatello et al. 2019


@dataclass(frozen=True, eq=False)
class SAP:
    """The mean gap over factors, in [0, 1], and what it is made of.

    Fields:
        gaps: (F,), NaN for a factor that takes one value only.
        accuracies: how well each latent alone predicts each factor, (D, F); NaN as for the gaps.
    """

    value: float
    gaps: Floats
    accuracies: Floats
    samples: int
    protocol: str


def sap(codes_train: Any, factors_train: Any, codes_test: Any, factors_test: Any) -> SAP:
    """Mean over factors of the gap between the two latents that predict the factor best.

    As in Locatello et al. 2019: every factor is taken for categorical. A linear support vector
    machine for each value against the rest (squared hinge loss, C = 0.01, values weighted to count
    the same) is fitted to one latent of the training codes; its accuracy is that on the test codes.
    One line a value can tell the first and the last of an ordered factor, but hardly those between:
    of V values in order on a latent, most are predicted wrongly, and even a perfect code gets far
    less than 1. The penalty makes the score depend on the unit of the codes.

    Args:
        codes_train, codes_test: posterior means, float (N, D). With a single latent the second
            best is taken to be constant.
        factors_train, factors_test: integer (N, F).

    Raises:
        MetricError: if shapes or numbers are not these, or no factor varies in training.
    """
    codes_train, factors_train, codes_test, factors_test = checked_pair(
        codes_train, factors_train, codes_test, factors_test
    )
    columns = varying(factors_train)
    latents = codes_train.shape[1]
    if latents == 1:
        codes_train, codes_test = (np.pad(z, ((0, 0), (0, 1))) for z in (codes_train, codes_test))
    accuracies = np.full((codes_train.shape[1], factors_train.shape[1]), np.nan)
    for k in columns:
        for j in range(codes_train.shape[1]):
            # The primal problem has the same solution as the dual, and is solved sooner.
            machine = LinearSVC(C=C, class_weight="balanced", dual=False)
            machine.fit(codes_train[:, [j]], factors_train[:, k])
            accuracies[j, k] = machine.score(codes_test[:, [j]], factors_test[:, k])
    second, best = np.sort(accuracies, axis=0)[-2:]
    gaps = best - second
    protocol = (
        f"Separated attribute predictability (Kumar et al. 2018) as in Locatello et al. 2019: "
        f"linear support vector machines (C = {C}) on one latent each, fitted to "
        f"{len(codes_train):,} posterior means and scored on {len(codes_test):,} others, for "
        f"{len(columns)} factors."
    )
    value = float(gaps[columns].mean())
    return SAP(value, gaps, accuracies[:latents], len(codes_test), protocol)
