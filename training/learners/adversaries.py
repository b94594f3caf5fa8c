"""How a GAN learns: Goodfellow et al. 2014, Algorithm 1, with one step of each network."""

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.distributions import standard_normal
from training.learners.averaging import follow
from training.metrics.energy_distance import energy_distance
from training.models.gan import Discriminator, Generator
from training.objectives.adversarial import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
)
from training.trainer.devices import autocast
from training.trainer.optimizers import begun, descend, rate_factor

MOMENTA = (0.0, 0.99)  # of Adam: without inertia, which makes opponents circle (Mescheder 2018)
PENALISED_EVERY = 8  # steps, and so much the more then: Karras et al. 2020, Appendix B


class Adversaries:
    """The two networks; each step the discriminator learns first, then the generator.

    Both learn from the same generated images. What the discriminator learns from is detached. The
    model that is kept is an average of the generator over steps.

    Args:
        r1: γ of the penalty on the discriminator's gradient (Mescheder et al. 2018, Eq. 9).
        average: the share of the average that stays at every step.
        precision: in which the networks compute.
    """

    reports = ("generator_nats", "discriminator_nats", "energy_distance")

    def __init__(
        self,
        model: Generator,
        discriminator: Discriminator,
        plan: TrainConfig,
        r1: float,
        average: float,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.model, self.discriminator, self.plan = model, discriminator, plan
        self.generator = copy.deepcopy(model).train()
        self.model.eval()  # it is normalised by moving averages, as it is when it is shipped
        self.r1, self.average, self.precision = r1, average, precision
        self.modules: dict[str, nn.Module] = {
            "model": model,
            "generator": self.generator,
            "discriminator": discriminator,
        }
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            name: begun(torch.optim.Adam(module.parameters(), betas=MOMENTA))
            for name, module in (
                ("optimizer", self.generator),
                ("discriminator_optimizer", discriminator),
            )
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step of each on images (B, C, H, W); both losses, nats, and the distance."""
        rate = self.plan.learning_rate * rate_factor(self.plan, step)
        with autocast(batch.x.device, self.precision):
            generated = self.generator(
                standard_normal(len(batch.x), self.model.latents, batch.x.device, generator)
            )
            of_discriminator = discriminator_loss(
                self.discriminator(batch.x), self.discriminator(generated.detach())
            )
        penalty = penalty_at(step, self.r1, self.discriminator, batch.x)
        descend(self.optimizers["discriminator_optimizer"], of_discriminator + penalty, rate)
        with autocast(batch.x.device, self.precision):
            of_generator = generator_loss(self.discriminator(generated))
        descend(self.optimizers["optimizer"], of_generator, rate)
        follow(self.model, self.generator, self.average, step)
        distance = energy_distance(batch.x.flatten(1), generated.detach().flatten(1))
        of_both = torch.stack([of_generator, of_discriminator]).detach()
        return torch.cat([of_both, torch.tensor([distance]).to(of_both)])

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Both losses, and how far generated images are from those of the batch, pixel by pixel."""
        generated = self.model(
            standard_normal(len(batch.x), self.model.latents, batch.x.device, generator)
        )
        verdict = self.discriminator(generated)
        distance = energy_distance(batch.x.flatten(1), generated.flatten(1))
        return {
            "generator_nats": generator_loss(verdict),
            "discriminator_nats": discriminator_loss(self.discriminator(batch.x), verdict),
            "energy_distance": torch.tensor(distance),
        }

    def comparable(self, means: Mapping[str, float]) -> float:
        """The energy distance: the losses say who is ahead, not how good either is."""
        return means["energy_distance"]


def penalty_at(step: int, r1: float, discriminator: Discriminator, x: Tensor) -> Tensor:
    """γ/2 of the gradient penalty at images (B, C, H, W), every eighth step and eightfold."""
    if r1 == 0 or step % PENALISED_EVERY:
        return torch.zeros((), device=x.device)
    return r1 / 2 * PENALISED_EVERY * gradient_penalty(discriminator, x)
