"""A model that completes images learns from parts of them, drawn anew at every step."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.learners import OneLoss
from training.models import seen_parts
from training.trainer.processes import Processes


class Completing:
    """A loss whose targets are what is seen of each image, (B, 1, H, W), drawn before it."""

    def __init__(self, learner: OneLoss) -> None:
        self.learner = learner

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """The model."""
        return self.learner.modules

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """The model's."""
        return self.learner.optimizers

    @property
    def reports(self) -> tuple[str, ...]:
        """The objective's."""
        return self.learner.reports

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """Hide a part of every image, and learn to complete it."""
        return self.learner.step(_partly(batch, generator), step, generator)

    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The objective's parts, with a part of every image hidden."""
        return self.learner.validate(_partly(batch, generator), generator)

    def comparable(self, means: Mapping[str, float]) -> float:
        """The objective's."""
        return self.learner.comparable(means)

    def join(self, processes: Processes) -> None:
        """Take every step together with other processes."""
        self.learner.join(processes)


def _partly(batch: Batch, generator: torch.Generator) -> Batch:
    height, width = batch.x.shape[2:]
    seen = seen_parts.draw(len(batch.x), (height, width), generator)
    return Batch(batch.x, seen, batch.sharing)
