"""How a transformer over patches of images learns: by the probability of each patch in turn."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.models.pixel_patches import PixelPatches
from training.models.transformer import Transformer, code_nats
from training.trainer.optimizers import begun, descend, rate_factor


class Reader:
    """A transformer over the patches of black and white images."""

    reports = ("loss",)

    def __init__(self, patches: PixelPatches, model: Transformer, plan: TrainConfig) -> None:
        self.patches, self.model, self.plan = patches, model, plan
        self.modules: dict[str, nn.Module] = {"model": model}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "optimizer": begun(
                torch.optim.AdamW(model.parameters(), weight_decay=plan.weight_decay)
            )
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step on images (B, C, H, W); the loss, nats."""
        loss = code_nats(self.model, self.patches.read(batch.x)).mean()
        rate = self.plan.learning_rate * rate_factor(self.plan, step)
        descend(self.optimizers["optimizer"], loss, rate)
        return loss.detach()[None]

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """−ln p(x), nats: exact, no bound."""
        return {"loss": code_nats(self.model, self.patches.read(batch.x)).mean()}

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ln p(x)."""
        return means["loss"]
