"""Active units: Burda et al. 2016 (IWAE), Section 5.2."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.errors import MetricError
from training.metrics import Floats

VARIANCE = 0.01


@dataclass(frozen=True, eq=False)
class ActiveUnits:
    """How many latents are active, which, (D,), and the variances that say so, (D,)."""

    value: int
    active: NDArray[np.bool_]
    variances: Floats
    samples: int
    protocol: str


def active_units(codes: Any) -> ActiveUnits:
    """Latents whose posterior mean varies over images: Var_x(E_q(z|x)[z]) > 0.01.

    Args:
        codes: posterior means, real (N, D).

    Raises:
        MetricError: unless there are two codes at least, all finite.
    """
    codes = np.asarray(codes, dtype=np.float64)
    if codes.ndim != 2 or len(codes) < 2:
        raise MetricError(
            f"The codes have shape {codes.shape}; give (N, D) for at least two images."
        )
    if not np.isfinite(codes).all():
        raise MetricError("There are codes that are NaN or infinite; measure another checkpoint.")
    variances = codes.var(axis=0, ddof=1)
    active = variances > VARIANCE
    protocol = (
        f"Latents whose posterior mean has a variance above {VARIANCE} over {len(codes):,} images "
        "(Burda et al. 2016)."
    )
    return ActiveUnits(int(active.sum()), active, variances, len(codes), protocol)
