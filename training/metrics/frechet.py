"""Fréchet distance between two sets of features: Heusel et al. 2017 (TTUR), Eq. 6."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.errors import MetricError


@dataclass(frozen=True)
class FrechetDistance:
    """The squared distance, in squared units of the features; 0 for equal normal distributions."""

    value: float
    samples: int
    protocol: str


def frechet_distance(images: Tensor, samples: Tensor) -> FrechetDistance:
    """‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½) between normal distributions fitted to features.

    Called FID where the features are Inception's; numbers of other features do not compare.

    Args:
        images, samples: features, (N, E) and (M, E).

    Raises:
        MetricError: unless both are matrices of two rows at least, as wide, and finite.
    """
    for name, features in {"images": images, "samples": samples}.items():
        if features.ndim != 2 or len(features) < 2 or features.shape[1] != images.shape[1]:
            raise MetricError(
                f"The features of the {name} have shape {tuple(features.shape)}; give (N, E) for "
                "two at least, of one network."
            )
        if not features.isfinite().all():
            raise MetricError(f"There are features of the {name} that are NaN or infinite.")
    (mean, covariance), (other_mean, other) = map(_moments, (images, samples))
    root = _root(covariance)
    # The eigenvalues of C₁C₂ are those of the symmetric C₁^½ C₂ C₁^½.
    trace = torch.linalg.eigvalsh(root @ other @ root).clamp(min=0).sqrt().sum()
    value = (mean - other_mean).square().sum() + covariance.trace() + other.trace() - 2 * trace
    protocol = (
        f"Fréchet distance (Heusel et al. 2017) between {len(samples):,} samples and "
        f"{len(images):,} images."
    )
    return FrechetDistance(max(0.0, value.item()), len(samples), protocol)


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    features = features.double()
    return features.mean(dim=0), features.T.cov().reshape(features.shape[1], features.shape[1])


def _root(covariance: Tensor) -> Tensor:
    """The symmetric square root of a covariance matrix."""
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root
