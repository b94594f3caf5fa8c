"""Explicitness: Ridgeway & Mozer 2018 (F-statistic loss), Section 3."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from training.errors import MetricError
from training.metrics import Floats, checked_pair, varying


@dataclass(frozen=True, eq=False)
class Explicitness:
    """Mean area under the ROC curve, 0.5 at chance, 1 at best.

    Fields:
        explicitnesses: of each factor, (F,); NaN for one that takes a single value only in either
            sample, or has no value in both.
    """

    value: float
    explicitnesses: Floats
    samples: int
    protocol: str


def explicitness(
    codes_train: Any, factors_train: Any, codes_test: Any, factors_test: Any
) -> Explicitness:
    """How plainly the whole code tells the value of each factor.

    A multinomial logistic regression a factor, from the code scaled to unit variance; the
    probability that it gives to each value ranks the test codes, and the area under the ROC curve
    (this value against the rest) is averaged over values, then factors, as in Locatello et al.
    2019. Values that only one of the samples has are left out.

    Args:
        codes_train, codes_test: posterior means, float (N, D).
        factors_train, factors_test: integer (N, F).

    Raises:
        MetricError: if shapes or numbers are not these, or no factor varies, or no value of any
            factor can be told from another.
    """
    codes_train, factors_train, codes_test, factors_test = checked_pair(
        codes_train, factors_train, codes_test, factors_test
    )
    scaler = StandardScaler().fit(codes_train)
    train, test = scaler.transform(codes_train), scaler.transform(codes_test)
    explicitnesses = np.full(factors_test.shape[1], np.nan)
    for k in varying(factors_test):
        learned, wanted = factors_train[:, k], factors_test[:, k]
        if not np.isin(learned, wanted).any() or (learned == learned[0]).all():
            continue
        regression = LogisticRegression(max_iter=1000).fit(train, learned)
        probabilities = regression.predict_proba(test).T  # (values, N)
        explicitnesses[k] = np.mean(
            [
                roc_auc_score(wanted == value, probability)
                for value, probability in zip(regression.classes_, probabilities, strict=True)
                if (wanted == value).any()
            ]
        )
    measured = explicitnesses[np.isfinite(explicitnesses)]
    if not measured.size:
        raise MetricError(
            "No value of any factor can be learned: give a training sample in which factors vary "
            "over the values of the test sample."
        )
    protocol = (
        f"Explicitness (Ridgeway & Mozer 2018) as in Locatello et al. 2019: mean area under ROC "
        f"curves (chance 0.5) of multinomial logistic regressions, fitted to {len(codes_train):,} "
        f"posterior means and scored on {len(codes_test):,} others, for {len(measured)} factors."
    )
    value = float(measured.mean())
    return Explicitness(value, explicitnesses, len(codes_test), protocol)
