"""The importance-weighted bound on the likelihood: Burda et al. 2016 (IWAE), Eq. 8."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from training.distributions import DiagonalGaussian
from training.errors import MetricError
from training.models import VAE


@dataclass(frozen=True)
class IWAEBound:
    """L_k ≤ ln p(x), mean over images.

    Fields:
        value_nats: the mean.
        standard_error_nats: of that mean over images; NaN for a single image.
        bits_per_dim: −L_k / (pixels · ln 2), plus log₂ of `levels`.
    """

    value_nats: float
    standard_error_nats: float
    bits_per_dim: float
    k: int
    samples: int
    seed: int
    protocol: str


@torch.no_grad()
def iwae_bound(
    model: VAE, x: Tensor, k: int = 5000, seed: int = 0, rows: int = 64, levels: int = 1
) -> IWAEBound:
    """L_k = E[ln 1/k Σ_i p(x, z_i) / q(z_i|x)], with z_i ~ q(z|x); k = 1 is the ELBO.

    The sum is streamed: whatever k is, `rows` decoded images are in memory at a time; so few stay
    in a CPU's cache, where the shipped decoders are faster by half than at 1,000. A seed draws
    other noise when `rows` changes.

    Args:
        model: in evaluation mode, on the device of x.
        x: images as the model sees them, (N, C, H, W).
        k: samples of q(z|x) an image.
        levels: 256 for dequantised pixels, whose density over [0, 1] is that of grey levels / 256;
            1 for pixels that are what they are.

    Raises:
        MetricError: if there is no image, or k, rows or levels are under one, or a weight is NaN.
    """
    if x.ndim != 4 or len(x) == 0:
        raise MetricError(f"The images have shape {tuple(x.shape)}; give (N, C, H, W), N ≥ 1.")
    for name, count in (("k", k), ("rows", rows), ("levels", levels)):
        if count < 1:
            raise MetricError(f"{name} is {count}; give at least 1.")
    bound = per_image(model, x, k, torch.Generator(x.device).manual_seed(seed), rows)
    if bound.isnan().any():
        raise MetricError("The bound is NaN: the model has diverged; measure another checkpoint.")
    value = bound.mean().item()
    error = bound.std().item() / math.sqrt(len(x)) if len(x) > 1 else math.nan
    bits = -value / (math.prod(x.shape[1:]) * math.log(2)) + math.log2(levels)
    protocol = (
        f"Importance-weighted bound (Burda et al. 2016, Eq. 8) with {k:,} samples of q(z|x) for "
        f"each of {len(x):,} images, seed {seed}."
    )
    return IWAEBound(value, error, bits, k, len(x), seed, protocol)


@torch.no_grad()
def per_image(model: VAE, x: Tensor, k: int, generator: torch.Generator, rows: int = 64) -> Tensor:
    """L_k of each image, in nats: (N,) float64."""
    chunk = min(k, rows)
    bounds = []
    for images in x.split(rows // chunk):
        posterior = model.encode(images)
        total = torch.full((len(images),), -math.inf, dtype=torch.float64, device=x.device)
        for done in range(0, k, chunk):
            log_weights = _log_weights(model, images, posterior, min(chunk, k - done), generator)
            total = torch.logaddexp(total, log_weights.logsumexp(dim=0))
        bounds.append(total - math.log(k))
    return torch.cat(bounds)


def _log_weights(
    model: VAE, x: Tensor, posterior: DiagonalGaussian, count: int, generator: torch.Generator
) -> Tensor:
    """ln p(x|z) + ln p(z) − ln q(z|x) for `count` samples of each image (B, …): (count, B)."""
    shape = (count, *posterior.mean.shape)
    repeated = DiagonalGaussian(posterior.mean.expand(shape), posterior.log_variance.expand(shape))
    z = repeated.sample(generator)  # (count, B, D)
    prior = DiagonalGaussian(torch.zeros_like(z), torch.zeros_like(z))
    likelihood = model.decode(z.flatten(0, 1))
    log_likelihood = likelihood.log_prob(x.repeat(count, 1, 1, 1)).flatten(1).double().sum(1)
    log_ratio = (prior.log_prob(z).double() - repeated.log_prob(z).double()).sum(2)
    return log_likelihood.view(count, len(x)) + log_ratio
