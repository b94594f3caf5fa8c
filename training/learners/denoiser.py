"""How a denoising autoencoder learns: every image is seen under new noise whenever it comes."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.objectives.denoised import Denoised
from training.trainer.optimizers import begun, descend, rate_factor


class Denoiser:
    """An autoencoder that is shown noisy images and asked for clean ones."""

    reports = ("loss",)

    def __init__(self, model: Any, objective: Denoised, plan: TrainConfig) -> None:
        self.model, self.objective, self.plan = model, objective, plan
        self.modules: dict[str, nn.Module] = {"model": model}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "optimizer": begun(
                torch.optim.AdamW(model.parameters(), weight_decay=plan.weight_decay)
            )
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step on images (B, C, H, W); the loss, grey levels²."""
        loss = self.objective(self.model, batch.x, generator).mean()
        rate = self.plan.learning_rate * rate_factor(self.plan, step)
        descend(self.optimizers["optimizer"], loss, rate)
        return loss.detach()[None]

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The same of images that are not learned from, under noise of their own."""
        return {"loss": self.objective(self.model, batch.x, generator).mean()}

    def comparable(self, means: Mapping[str, float]) -> float:
        """The loss."""
        return means["loss"]
