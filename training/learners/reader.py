"""How a transformer learns: by the probability of each patch, or each letter, in turn."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.models.transformer import Transformer
from training.trainer.optimizers import begun, descend, rate_factor


class Reader:
    """A transformer over sequences.

    Args:
        nats: −ln p(x) of examples (B, …) under the model: (B,).
    """

    reports = ("loss",)

    def __init__(
        self, model: Transformer, nats: Callable[[Tensor], Tensor], plan: TrainConfig
    ) -> None:
        self.model, self.nats, self.plan = model, nats, plan
        self.modules: dict[str, nn.Module] = {"model": model}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "optimizer": begun(
                torch.optim.AdamW(model.parameters(), weight_decay=plan.weight_decay)
            )
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step on examples (B, …); the loss, nats."""
        loss = self.nats(batch.x).mean()
        rate = self.plan.learning_rate * rate_factor(self.plan, step)
        descend(self.optimizers["optimizer"], loss, rate)
        return loss.detach()[None]

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """−ln p(x), nats: exact, no bound."""
        return {"loss": self.nats(batch.x).mean()}

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ln p(x)."""
        return means["loss"]
