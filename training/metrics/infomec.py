"""InfoMEC: Hsu et al. 2023, "Disentanglement via Latent Quantization", Section 5.

Three scores in terms of information: modularity InfoM, explicitness InfoE, compactness InfoC.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from training.metrics import Floats, Integers, checked, varying
from training.metrics.mig import entropy

NEIGHBOURS = 10
RANGE = 1 / 20  # of the widest latent's
ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class InfoMEC:
    """The three scores, 1 at best and 0 at chance, and what they are made of.

    Fields:
        information: I(z_j; v_k) / H(v_k), (D, F); NaN for a factor that takes one value only.
        explicitnesses: of each factor, (F,); NaN likewise.
        active: which latents count in `modularity` and `compactness`, (D,).
    """

    modularity: float
    explicitness: float
    compactness: float
    information: Floats
    explicitnesses: Floats
    active: NDArray[np.bool_]
    samples: int
    seed: int
    protocol: str


def infomec(codes: Any, factors: Any, seed: int = 0, quantized: bool = False) -> InfoMEC:
    """InfoM, InfoE and InfoC, estimated as the authors' own code does.

    With N_jk = I(z_j; v_k) / H(v_k), over D active latents and F factors:
    InfoM = (mean_j max_k N_jk / Σ_k N_jk − 1/F) / (1 − 1/F), and
    InfoC = (mean_k max_j N_jk / Σ_j N_jk − 1/D) / (1 − 1/D).
    The information of a continuous code with a discrete factor is estimated from 10 nearest
    neighbours (Ross 2014); that of a quantized code is counted. A latent is active whose codes have
    a range above a twentieth of the widest latent's, or a quantized one that takes two levels.

    InfoE is the mean over factors of 1 − H_V(v_k | z) / H_V(v_k): the share of the predictive
    V-entropy (Xu et al. 2020) that the whole code removes, V being multinomial logistic regressions
    whose values all weigh the same, without a penalty. They are scored on the codes they are fitted
    to, and stopped after 100 iterations, because an ordered code can be told without error. They
    read a quantized code as one indicator a level, so that its order does not matter.

    What the paper leaves open: a latent that tells nothing has no preferred factor and counts 0 in
    InfoM, likewise a factor that no latent tells in InfoC; with one factor InfoM, and with one
    active latent InfoC, is 1 for what tells anything at all. Where nothing is active, both are 0.

    Args:
        codes: posterior means, or quantized codes, float (N, D).
        factors: integer (N, F).
        seed: of the noise that parts equal codes.
        quantized: whether each latent takes one of a few levels, which are told apart exactly.

    Raises:
        MetricError: if shapes or numbers are not these, or no factor varies.
    """
    codes, factors = checked(codes, factors)
    columns = varying(factors)
    if quantized:
        estimated, read = OrdinalEncoder(), OneHotEncoder(sparse_output=False)
        kind, narrowest, estimator, seeded = "quantized codes", 0.0, "counted by levels", ""
    else:
        estimated, read = StandardScaler(), StandardScaler()
        kind, narrowest = "posterior means", RANGE
        estimator, seeded = f"from {NEIGHBOURS} nearest neighbours", f", seed {seed}"
    told, features = estimated.fit_transform(codes), read.fit_transform(codes)
    information = np.full((codes.shape[1], factors.shape[1]), np.nan)
    explicitnesses = np.full(factors.shape[1], np.nan)
    for k in columns:
        nats = mutual_info_classif(
            told,
            factors[:, k],
            discrete_features=quantized,
            n_neighbors=NEIGHBOURS,
            random_state=seed,
        )
        information[:, k] = nats / entropy(factors[:, k])
        explicitnesses[k] = _explicitness(features, factors[:, k])
    ranges = codes.max(axis=0) - codes.min(axis=0)
    active = ranges > ranges.max() * narrowest
    known = information[np.ix_(active, columns)]
    protocol = (
        f"InfoMEC (Hsu et al. 2023) of {len(codes):,} {kind} and {len(columns)} factors: "
        f"information {estimator}, {active.sum()} of {codes.shape[1]} latents active; explicitness "
        f"by multinomial logistic regressions fitted to the same codes{seeded}."
    )
    return InfoMEC(
        modularity=_preference(known),
        explicitness=float(explicitnesses[columns].mean()),
        compactness=_preference(known.T),
        information=information,
        explicitnesses=explicitnesses,
        active=active,
        samples=len(codes),
        seed=seed,
        protocol=protocol,
    )


def _preference(information: Floats) -> float:
    """Over the rows of (m, n): the mean share of the largest entry, from 1/n … 1 to 0 … 1."""
    rows, options = information.shape
    if rows == 0 or options == 0:
        return 0.0
    total = information.sum(axis=1)
    informed = total > 0
    shares = np.where(informed, information.max(axis=1) / np.where(informed, total, 1), 1 / options)
    if options == 1:
        return float(informed.mean())
    return float((shares.mean() - 1 / options) / (1 - 1 / options))


def _explicitness(features: Floats, factor: Integers) -> float:
    """1 − H_V(v | z) / H_V(v) for features (N, E) of the codes and one factor (N,)."""
    regression = LogisticRegression(C=np.inf, class_weight="balanced", max_iter=ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(features, factor)
    conditional = log_loss(factor, regression.predict_proba(features))
    # Without a code, values that all weigh the same are equally probable.
    return float(1 - conditional / np.log(len(regression.classes_)))
