"""p(x|z): from decoder outputs (B, C, H, W) to a distribution over images.

The likelihood owns its distribution, so that no VAE branches on the kind of its data.
"""

import torch
from torch import Tensor, nn

from training.distributions import Bernoulli, ContinuousBernoulli, Gaussian, ImageDistribution


class BernoulliLikelihood(nn.Module):
    """Binary pixels, or grey levels read as probabilities."""

    def forward(self, output: Tensor) -> ImageDistribution:
        """p(x|z), with decoder outputs read as logits."""
        return Bernoulli(logits=output)


class ContinuousBernoulliLikelihood(nn.Module):
    """Grey levels in [0, 1], with a density that integrates to one over them."""

    def forward(self, output: Tensor) -> ImageDistribution:
        """p(x|z), with decoder outputs read as logits."""
        return ContinuousBernoulli(logits=output)


class GaussianLikelihood(nn.Module):
    """One variance for all pixels: σ = 0.1, or learned (Rybkin et al. 2021, σ-VAE)."""

    def __init__(self, learned: bool) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.tensor(0.01).log(), requires_grad=learned)

    def forward(self, output: Tensor) -> ImageDistribution:
        """p(x|z), with decoder outputs read as means."""
        return Gaussian(location=output, log_variance=self.log_variance)
