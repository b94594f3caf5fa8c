"""How a VAE of words learns, with its helps against collapse (Bowman et al. 2016)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.models.text_vae import TextVAE
from training.objectives.annealed_elbo import AnnealedELBO
from training.trainer.optimizers import begun, descend, rate_factor

PLAIN = AnnealedELBO(word_dropout=0, annealing=0)


class Writer:
    """A text VAE under the annealed ELBO; validated under the plain one."""

    reports = ("loss", "reconstruction_nats", "kl_nats")

    def __init__(self, model: TextVAE, objective: AnnealedELBO, plan: TrainConfig) -> None:
        self.model, self.objective, self.plan = model, objective, plan
        self.modules: dict[str, nn.Module] = {"model": model}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "optimizer": begun(
                torch.optim.AdamW(model.parameters(), weight_decay=plan.weight_decay)
            )
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step on words (B, L); the parts of the loss, nats."""
        loss, parts = self.objective(self.model, batch.x, step, generator)
        rate = self.plan.learning_rate * rate_factor(self.plan, step)
        descend(self.optimizers["optimizer"], loss, rate)
        return torch.stack([parts[name].detach() for name in self.reports])

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The parts of the plain ELBO, with every letter seen."""
        return PLAIN(self.model, batch.x, 0, generator)[1]

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ELBO."""
        return means["reconstruction_nats"] + means["kl_nats"]
