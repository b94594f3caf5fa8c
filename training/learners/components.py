"""How principal components are learned: by sums over batches, which are solved at the end."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.models.autoencoder import Autoencoder, Moments
from training.objectives.squared_error import squared_error


class Components:
    """PCA in closed form; each step sees more images, and nothing is descended."""

    reports = ("loss",)

    def __init__(self, model: Autoencoder, moments: Moments, plan: TrainConfig) -> None:
        self.model, self.moments, self.plan = model, moments, plan
        self.modules: dict[str, nn.Module] = {"model": model, "moments": moments}
        self.optimizers: dict[str, torch.optim.Optimizer] = {}

    @torch.no_grad()
    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """Add images (B, C, H, W) to the sums; solved before each validation.

        Returns:
            The squared error by the components as they were before, (1,).
        """
        error = squared_error(batch.x, self.model.decode(self.model.encode(batch.x))).mean()
        self.moments.add(batch.x)
        if (step + 1) % self.plan.validate_every == 0 or step + 1 == self.plan.steps:
            self.moments.solve(self.model)
        return error[None]

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The squared error."""
        x = batch.x
        return {"loss": squared_error(x, self.model.decode(self.model.encode(x))).mean()}

    def comparable(self, means: Mapping[str, float]) -> float:
        """The squared error."""
        return means["loss"]
