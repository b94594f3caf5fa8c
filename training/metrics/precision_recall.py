"""Precision and recall of samples: Kynkäänniemi et al. 2019, Section 2, Eqs. 1 and 2."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.errors import MetricError

NEIGHBOURS = 3
ROWS = 1000  # of the matrix of distances, in memory at once
ROUNDING = 1e-12  # of the squared lengths, in float64


@dataclass(frozen=True)
class PrecisionRecall:
    """The share of samples that look like images, and of images that samples look like."""

    precision: float
    recall: float
    samples: int
    protocol: str


def precision_recall(images: Tensor, samples: Tensor, k: int = NEIGHBOURS) -> PrecisionRecall:
    """How much of either set lies on the manifold of the other.

    The manifold of a set is made of balls around its points, each as large as the distance to the
    k-th nearest other point of the set. Precision is the share of samples within a ball of an
    image, recall the share of images within a ball of a sample. Both grow with k, and shrink as
    there are more points, so they compare at equal counts only.

    Args:
        images, samples: features, (N, E) and (M, E).

    Raises:
        MetricError: if there are not more than k of either, their features differ in number, or
            some are NaN or infinite.
    """
    for name, features in {"images": images, "samples": samples}.items():
        if features.ndim != 2 or len(features) <= k:
            raise MetricError(
                f"The features of the {name} have shape {tuple(features.shape)}; give (N, E) for "
                f"more than {k}."
            )
        if not features.isfinite().all():
            raise MetricError(f"There are features of the {name} that are NaN or infinite.")
    if images.shape[1] != samples.shape[1]:
        raise MetricError(
            f"The images have {images.shape[1]} features, the samples {samples.shape[1]}; give "
            "both those of one network."
        )
    images, samples = images.double(), samples.double()
    protocol = (
        f"Kynkäänniemi et al. 2019 with k = {k}: {len(samples):,} samples and {len(images):,} "
        "images."
    )
    return PrecisionRecall(
        precision=_share_within(samples, images, k),
        recall=_share_within(images, samples, k),
        samples=len(samples),
        protocol=protocol,
    )


def _share_within(points: Tensor, others: Tensor, k: int) -> float:
    """The share of points (N, E) that lie in the ball of one of the others (M, E)."""
    # A point is its own nearest, so the k-th other one is the (k + 1)-th.
    radii = torch.cat(
        [_distances(some, others).kthvalue(k + 1).values for some in others.split(ROWS)]
    )
    within = [(_distances(some, others) <= radii).any(dim=1) for some in points.split(ROWS)]
    return float(torch.cat(within).double().mean())


def _distances(points: Tensor, others: Tensor) -> Tensor:
    """Squared distances by a matrix product, exactly 0 where two points are the same: (N, M)."""
    lengths = points.square().sum(1)[:, None] + others.square().sum(1)
    squared = lengths - 2 * points @ others.T
    return squared.where(squared > ROUNDING * lengths, 0.0)
