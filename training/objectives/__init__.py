"""The contract of an objective, and the one place where its reduction is stated.

Log-probabilities are summed over pixels, KL is summed over latents, and both are averaged over the
batch, in nats. With that reduction β weighs one nat of KL against one nat of likelihood, as in
Higgins et al. 2017; code that averages over pixels instead trains with another β of the same name.
"""

from typing import Protocol

import torch
from torch import Tensor

from training.models import VAE


class Objective(Protocol):
    """Called once a step with images (B, C, H, W)."""

    def __call__(
        self, model: VAE, x: Tensor, step: int, generator: torch.Generator
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend and its parts by name: scalars, nats."""
        ...
