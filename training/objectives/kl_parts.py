"""The KL's three parts: index-code mutual information, total correlation, dimension-wise KL.

Chen et al. 2018, Eq. 2, with q(z) the average of q(z|x) over the N images n of a data set:

    E_n KL(q(z|n) ‖ p(z)) = I(z; n) + KL(q(z) ‖ Π_d q(z_d)) + Σ_d KL(q(z_d) ‖ p(z_d))
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from training.distributions import DiagonalGaussian
from training.objectives.beta_tcvae import KLEstimator


@dataclass(frozen=True)
class KLParts:
    """One sample each: (B,), nats. Their sum is ln q(z|x) − ln p(z), whatever the estimator."""

    mutual_information: Tensor
    total_correlation: Tensor
    dimension_wise_kl: Tensor


def kl_parts(
    posterior: DiagonalGaussian, z: Tensor, images: int, estimator: KLEstimator
) -> KLParts:
    """The parts at `z`, one sample (B, D) of `posterior`, (B, D), with q(z) from the batch alone.

    Args:
        images: N, how many images the batch was drawn from.
        estimator: of ln q(z). `mws`, minibatch-weighted sampling (Section 4.1), is too low by ln N
            where all posteriors are alike, for every single latent too. A constant has no gradient,
            but such parts are not measurements. `mss`, minibatch-stratified sampling (Appendix
            C.2), estimates q(z) without bias.
    """
    pairs = posterior.log_prob(z.unsqueeze(1))  # ln q(z_i|x_j) per latent, (B, B, D)
    log_weights = _log_weights(z, images, estimator)  # (B, B)
    log_qz_given_x = posterior.log_prob(z).sum(1)  # (B,)
    log_qz = (log_weights + pairs.sum(2)).logsumexp(1)  # (B,)
    log_qz_each = (log_weights.unsqueeze(2) + pairs).logsumexp(1).sum(1)  # (B,)
    log_pz = DiagonalGaussian(torch.zeros_like(z), torch.zeros_like(z)).log_prob(z).sum(1)  # (B,)
    return KLParts(log_qz_given_x - log_qz, log_qz - log_qz_each, log_qz_each - log_pz)


def _log_weights(z: Tensor, images: int, estimator: KLEstimator) -> Tensor:
    """ln w with q(z_i) ≈ Σ_j w_ij q(z_i|x_j) for codes (B, D): (B, B).

    Stratified: the image that z_i came from counts for itself, 1/N, and all others for the rest.
    The paper gives one of them a weight of its own; this is its estimator averaged over which one,
    with the same expectation, less variance, and exact where the batch is the whole data set.
    """
    batch = len(z)
    if estimator == "mws":
        return z.new_full((batch, batch), -math.log(images * batch))
    others = max(images - 1, 1) / (images * max(batch - 1, 1))
    return z.new_full((batch, batch), math.log(others)).fill_diagonal_(-math.log(images))
