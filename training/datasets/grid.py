"""A grid of factors: its images numbered from 0, the last factor changing fastest."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def checked(sizes: Mapping[str, int], factors: Any) -> NDArray[np.int64]:
    """Factors (N, F), refused where they are not on the grid with these `sizes`.

    Raises:
        ValueError: naming the shape, the type or the factor that is wrong.
    """
    factors = np.asarray(factors)
    if factors.ndim != 2 or factors.shape[1] != len(sizes):
        raise ValueError(
            f"factors have shape {factors.shape}; give (N, {len(sizes)}): {', '.join(sizes)} for "
            "each image."
        )
    if not np.issubdtype(factors.dtype, np.integer):
        raise ValueError(f"factors are {factors.dtype}; give integers, each an index on the grid.")
    for column, (name, size) in zip(factors.T, sizes.items(), strict=True):
        if column.size and not 0 <= column.min() <= column.max() < size:
            raise ValueError(
                f"{name} runs from {column.min()} to {column.max()}; "
                f"the grid has 0 to {size - 1} only."
            )
    whole: NDArray[np.int64] = factors.astype(np.int64)
    return whole


def index_to_factors(sizes: Mapping[str, int], indices: Any) -> NDArray[np.int64]:
    """Factors (N, F) of the images at these places (N,) of the grid.

    Raises:
        ValueError: where they are not places of the grid.
    """
    indices = np.asarray(indices)
    if indices.ndim != 1 or not np.issubdtype(indices.dtype, np.integer):
        raise ValueError(f"indices are {indices.dtype} {indices.shape}; give integers (N,).")
    shape = tuple(sizes.values())
    count = np.prod(shape)
    if indices.size and not 0 <= indices.min() <= indices.max() < count:
        raise ValueError(f"indices must lie in 0 to {count - 1}, the images of the grid.")
    return np.stack(np.unravel_index(indices, shape), axis=1).astype(np.int64)


def factors_to_index(sizes: Mapping[str, int], factors: Any) -> NDArray[np.int64]:
    """Places (N,) on the grid of the images with these factors (N, F).

    Raises:
        ValueError: naming the shape, the type or the factor that is wrong.
    """
    places = tuple(checked(sizes, factors).T)
    indices: NDArray[np.int64] = np.ravel_multi_index(places, tuple(sizes.values()))
    return indices
