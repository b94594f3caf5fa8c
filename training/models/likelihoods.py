"""p(x|z): from decoder outputs (B, C, H, W) to a distribution over images.

The likelihood owns its distribution, so that no VAE branches on the kind of its data.
"""

import torch
from torch import Tensor, nn

from training.distributions import Bernoulli, ContinuousBernoulli, Gaussian, ImageDistribution
from training.models import VAE

SIGMA = 0.1  # where nothing else is said


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
    """One variance for all pixels: σ as given, or learned from there (Rybkin et al. 2021, σ-VAE).

    Times 2σ² and without its constant, −ELBO is the squared error plus 2σ² KL: σ is a β that does
    not bear the name.
    """

    def __init__(self, learned: bool, sigma: float = SIGMA) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.tensor(sigma**2).log(), requires_grad=learned)

    def forward(self, output: Tensor) -> ImageDistribution:
        """p(x|z), with decoder outputs read as means."""
        return Gaussian(location=output, log_variance=self.log_variance)


@torch.no_grad()
def sigma(model: VAE) -> float | None:
    """The deviation of a pixel where the likelihood is Gaussian, with one for all pixels."""
    likelihood = model.decode(torch.zeros(1, model.latents))
    if not isinstance(likelihood, Gaussian):
        return None
    return (0.5 * likelihood.log_variance).exp().item()
