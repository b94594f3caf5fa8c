"""The maps of a checkpoint's codes, and how faithful they are."""

from typing import Annotated

from msgspec import Meta

from training.contract.fields import (
    MOST_LATENTS,
    Count,
    Index,
    Magnitude,
    Number,
    Protocol,
    Record,
    Word,
)
from training.contract.measurements import Metrics, Row


class Pca(Record, frozen=True):
    """Principal axes of the posterior means over all latents: map = (z − mean) · axes.

    `axes` are two rows of D, orthonormal; `explained` is the share of the variance on each.
    """

    mean: Row
    axes: tuple[Row, Row]
    explained: tuple[Number, Number]


class NearestCodes(Record, frozen=True):
    """Distances from held-out codes to the nearest code of the map, over the map's latents."""

    median: Magnitude
    p95: Magnitude
    p99: Magnitude
    split: Word
    samples: Count
    how: Protocol

    def __post_init__(self) -> None:
        if not self.median <= self.p95 <= self.p99:
            raise ValueError("does not rise from 0 over median, p95, p99.")


class Umap(Record, frozen=True):
    """What umap-learn was called with."""

    n_neighbors: Magnitude
    min_dist: Magnitude
    seed: Magnitude


class Map(Record, frozen=True):
    """Two-dimensional maps of the codes in codes.safetensors, and how faithful they are.

    Distances are Euclidean over `latents` alone: the active ones, or all where none is.
    """

    latents: Annotated[tuple[Index, ...], Meta(min_length=1, max_length=MOST_LATENTS)]
    umap: Umap
    pca: Pca
    nearest: NearestCodes
    metrics: Metrics

    def check(self, latents: int) -> None:
        """Refuse a map that does not fit a model of this number of latents.

        Raises:
            ValueError: naming the field.
        """
        if list(self.latents) != sorted({index for index in self.latents if index < latents}):
            raise ValueError(
                f"map.latents is {self.latents!s:.60}, not rising indices below {latents}."
            )
        lengths = {"mean": self.pca.mean, "axes[0]": self.pca.axes[0], "axes[1]": self.pca.axes[1]}
        for name, numbers in lengths.items():
            if len(numbers) != latents:
                raise ValueError(f"map.pca.{name} has {len(numbers)} entries; it takes {latents}.")
