"""Modularity: Ridgeway & Mozer 2018 (F-statistic loss), Section 3."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from training.metrics import Floats, checked, varying
from training.metrics.mig import BINS, discretized, mutual_information

ROUNDING = 1e-12  # nats; ratios of what is smaller would be noise


@dataclass(frozen=True, eq=False)
class Modularity:
    """The mean over latents, in [0, 1], 0 where no latent knows anything.

    Fields:
        modularities: of each latent, (D,).
        information_nats: I(z_j; v_k), (D, F).
    """

    value: float
    modularities: Floats
    information_nats: Floats
    samples: int
    protocol: str


def modularity(codes: Any, factors: Any) -> Modularity:
    """How nearly each latent informs about one factor only.

    The mean over latents of 1 − Σ_{k≠k*} m_k² / (m_k*² (F − 1)), with m_k the mutual information
    with factor k, and k* the factor of the largest. The information is that of codes in 20 bins of
    equal width. A latent that knows nothing has no such ratio and counts 0, as in Locatello et al.
    2019: the paper does not say. With a single factor a latent that knows anything counts 1.

    Args:
        codes: posterior means, float (N, D).
        factors: integer (N, F).

    Raises:
        MetricError: if shapes or numbers are not these, or no factor varies.
    """
    codes, factors = checked(codes, factors)
    columns = varying(factors)
    information = mutual_information(discretized(codes, BINS), factors)
    modularities = _modularities(information[:, columns])
    protocol = (
        f"Modularity (Ridgeway & Mozer 2018) from the mutual information of {len(codes):,} "
        f"posterior means in {BINS} bins of equal width with {len(columns)} factors."
    )
    value = float(modularities.mean())
    return Modularity(value, modularities, information, len(codes), protocol)


def _modularities(information: Floats) -> Floats:
    """1 − δ_j of each latent, from (D, F) with F ≥ 1: (D,)."""
    largest = information.max(axis=1)
    known = largest > ROUNDING
    ratios = information / np.where(known, largest, 1)[:, None]
    others = (ratios**2).sum(axis=1) - 1
    return np.where(known, 1 - others / max(1, information.shape[1] - 1), 0)
