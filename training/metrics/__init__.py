"""The contract of a metric: codes and true factors go in, a frozen result comes out.

Codes are posterior means, float (N, D); factors are the indices of their values, integer (N, F). A
result holds its value or values, the matrices they were made of, and its protocol: one sentence
with the sample counts and the seed, so that a card can quote it. A factor that takes one value only
is left out of every score: nothing can be learned about it, and its entropy of zero is divided by.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.errors import MetricError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Result(Protocol):
    """What every metric returns, beside its values."""

    @property
    def samples(self) -> int:
        """How many images the score was taken over."""
        ...

    @property
    def protocol(self) -> str:
        """How it was measured, in one sentence."""
        ...


def checked(codes: Any, factors: Any) -> tuple[Floats, Integers]:
    """The codes (N, D) as float64 and the factors (N, F) as int64.

    Raises:
        MetricError: unless both are matrices of N ≥ 2 rows, finite and integer.
    """
    codes, factors = np.asarray(codes), np.asarray(factors)
    for name, array, shape in (("codes", codes, "(N, D)"), ("factors", factors, "(N, F)")):
        if array.ndim != 2 or array.shape[1] == 0:
            raise MetricError(f"The {name} have shape {array.shape}; give {shape}, a row an image.")
    if len(codes) != len(factors):
        raise MetricError(
            f"There are {len(codes)} codes but {len(factors)} rows of factors; give one row of "
            "factors for each code."
        )
    if len(codes) < 2:
        raise MetricError(f"There are {len(codes)} codes; give at least 2.")
    if not np.issubdtype(factors.dtype, np.integer):
        raise MetricError(f"The factors are {factors.dtype}; give integers, an index a value.")
    if not (np.issubdtype(codes.dtype, np.floating) or np.issubdtype(codes.dtype, np.integer)):
        raise MetricError(f"The codes are {codes.dtype}; give real numbers.")
    codes = codes.astype(np.float64)
    broken = np.flatnonzero(~np.isfinite(codes).all(axis=0))
    if broken.size:
        raise MetricError(
            f"Latent {broken[0]} has codes that are NaN or infinite; the encoder has diverged, so "
            "measure another checkpoint."
        )
    return codes, factors.astype(np.int64)


def checked_pair(
    codes_train: Any, factors_train: Any, codes_test: Any, factors_test: Any
) -> tuple[Floats, Integers, Floats, Integers]:
    """Two samples of the same latents and factors, each as `checked` returns it.

    Raises:
        MetricError: as `checked` does, and if the numbers of latents or factors differ.
    """
    train = checked(codes_train, factors_train)
    test = checked(codes_test, factors_test)
    for name, first, second in zip(("latents", "factors"), train, test, strict=True):
        if first.shape[1] != second.shape[1]:
            raise MetricError(
                f"The training sample has {first.shape[1]} {name}, the test sample "
                f"{second.shape[1]}; give both the same."
            )
    return *train, *test


def varying(factors: Integers) -> list[int]:
    """The columns of factors (N, F) that take more than one value.

    Raises:
        MetricError: if there is none.
    """
    columns = np.flatnonzero((factors != factors[:1]).any(axis=0))
    if columns.size == 0:
        raise MetricError(
            "Every factor takes a single value in this sample; give images whose factors vary."
        )
    return [int(column) for column in columns]
