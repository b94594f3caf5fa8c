"""The contract of an objective, and the one place where its reduction is stated.

Log-probabilities are summed over pixels, KL is summed over latents, and both are averaged over the
batch, in nats. With that reduction β weighs one nat of KL against one nat of likelihood, as in
Higgins et al. 2017; code that averages over pixels instead trains with another β of the same name.
"""

from collections.abc import Mapping
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from training.batch import UNSHARED, Batch, Sharing
from training.distributions import Noise
from training.models import VAE


class Objective(Protocol):
    """Called once a step with a batch of images."""

    @property
    def reports(self) -> tuple[str, ...]:
        """The names of the parts, in order; `loss_nats` is among them."""
        ...

    @property
    def samples(self) -> int:
        """How many codes it draws for each image, the first of every image before the second."""
        ...

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend and its parts by name: scalars, nats."""
        ...

    def comparable(self, means: Mapping[str, float]) -> float:
        """From the parts' means, a loss in nats that means the same at every step of a run.

        It chooses the best weights. A weight that moves during a run has no place in it, nor has
        the opinion of a discriminator.
        """
        ...


@runtime_checkable
class LearningObjective(Objective, Protocol):
    """An objective with a part of its own that learns beside the model, and resumes with it."""

    @property
    def part(self) -> nn.Module:
        """What learns; all that it knows is in its parameters and buffers."""
        ...

    @property
    def optimizer(self) -> torch.optim.Optimizer | None:
        """That of `part`; None where `learn` needs none."""
        ...

    def learn(
        self,
        model: VAE,
        batch: Batch,
        metrics: Mapping[str, Tensor],
        step: int,
        generator: torch.Generator,
    ) -> None:
        """Change `part`, and nothing else, after the model's own step on the same images.

        Args:
            model: read only, and never differentiated.
            metrics: as the objective returned them for this step.
        """
        ...


class Loss(nn.Module):
    """An objective of a model, as one module with the model's parameters."""

    def __init__(self, model: nn.Module, objective: Objective, sharing: Sharing = UNSHARED) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.sharing = sharing

    def forward(
        self, x: Tensor, targets: Tensor | None, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The objective's loss and its parts for images (B, C, H, W) and their targets (B, …)."""
        batch = Batch(x, targets, self.sharing)
        return self.objective(cast(VAE, self.model), batch, step, noise)
