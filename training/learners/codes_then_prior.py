"""How a VQ-VAE and its prior learn: one after the other (van den Oord et al. 2017)."""

import math
from collections.abc import Mapping
from typing import cast

import torch
from msgspec.structs import replace
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.models.transformer import Transformer, code_nats
from training.models.vqvae import VQVAE, as_rows
from training.objectives.vector_quantised import VectorQuantised
from training.trainer.optimizers import begun, descend, rate_factor


class CodesThenPrior:
    """The VQ-VAE learns until step `prior_from`; from then on the prior learns over its codes.

    Until then a step counts all codes as equally likely, as the paper does while they are learned:
    −ln p(codes) is h w ln K.
    """

    reports = ("loss", "reconstruction_nats", "commitment", "code_nats")

    def __init__(
        self,
        model: nn.ModuleDict,
        objective: VectorQuantised,
        prior_from: int,
        plan: TrainConfig,
    ) -> None:
        self.vqvae, self.prior = cast(VQVAE, model["vqvae"]), cast(Transformer, model["prior"])
        self.objective = objective
        self.prior_from = prior_from
        self.turns = [replace(plan, steps=steps) for steps in (prior_from, plan.steps - prior_from)]
        self.modules: dict[str, nn.Module] = {"model": model}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            name: begun(torch.optim.AdamW(module.parameters(), weight_decay=plan.weight_decay))
            for name, module in (("optimizer", self.vqvae), ("prior_optimizer", self.prior))
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step of the one whose turn it is, on images (B, C, H, W).

        Of each turn the rate falls as that of a run of its own.
        """
        codes_turn = step < self.prior_from
        plan = self.turns[not codes_turn]
        rate = plan.learning_rate * rate_factor(plan, step - self.prior_from * (not codes_turn))
        with torch.set_grad_enabled(codes_turn):
            loss, parts, quantised = self.objective(self.vqvae, batch.x)
        if codes_turn:
            cells = quantised.codes[0].numel()
            of_codes = torch.full_like(loss, cells * math.log(self.prior.tokens))
            descend(self.optimizers["optimizer"], loss, rate)
            rows = as_rows(quantised.z.detach())
            self.vqvae.codebook.learn(rows, quantised.codes.flatten(), generator)
        else:
            of_codes = code_nats(self.prior, quantised.codes).mean()
            descend(self.optimizers["prior_optimizer"], of_codes, rate)
        return torch.stack([*self._parts(parts, of_codes).values()])

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """What `reports` names, means over the batch."""
        _, parts, quantised = self.objective(self.vqvae, batch.x)
        return self._parts(parts, code_nats(self.prior, quantised.codes).mean())

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ln p(x|codes) − ln p(codes), nats: at least −ln p(x), whose sum runs over all codes."""
        return means["reconstruction_nats"] + means["code_nats"]

    def _parts(self, parts: dict[str, Tensor], of_codes: Tensor) -> dict[str, Tensor]:
        detached = {name: part.detach() for name, part in parts.items()}
        loss_nats = detached["reconstruction_nats"] + of_codes.detach()
        return {"loss": loss_nats} | detached | {"code_nats": of_codes.detach()}
