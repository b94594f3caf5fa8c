"""How a GAN learns: Goodfellow et al. 2014, Algorithm 1, with one step of each network."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.errors import ConfigError
from training.metrics.energy_distance import energy_distance
from training.models.gan import Discriminator, Generator
from training.objectives.adversarial import discriminator_loss, generator_loss
from training.optimizers import begun, descend, rate_factor
from training.processes import Processes

MOMENTA = (0.5, 0.999)  # of Adam, as in Radford et al. 2016


class Adversaries:
    """The two networks; each step the discriminator learns first, then the generator.

    Both learn from the same generated images. What the discriminator learns from is detached.
    """

    reports = ("generator_nats", "discriminator_nats", "energy_distance")

    def __init__(
        self, generator: Generator, discriminator: Discriminator, plan: TrainConfig
    ) -> None:
        self.generator, self.discriminator, self.plan = generator, discriminator, plan
        self.modules: dict[str, nn.Module] = {"model": generator, "discriminator": discriminator}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            name: begun(torch.optim.Adam(module.parameters(), betas=MOMENTA))
            for name, module in (
                ("optimizer", generator),
                ("discriminator_optimizer", discriminator),
            )
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step of each on images (B, C, H, W); both losses, nats, and the distance."""
        generated = self.generator(self._draw(batch.x, generator))
        of_discriminator = discriminator_loss(
            self.discriminator(batch.x), self.discriminator(generated.detach())
        )
        rate = self.plan.learning_rate * rate_factor(self.plan, step)
        descend(self.optimizers["discriminator_optimizer"], of_discriminator, rate)
        of_generator = generator_loss(self.discriminator(generated))
        descend(self.optimizers["optimizer"], of_generator, rate)
        distance = energy_distance(batch.x.flatten(1), generated.detach().flatten(1))
        of_both = torch.stack([of_generator, of_discriminator]).detach()
        return torch.cat([of_both, torch.tensor([distance]).to(of_both)])

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """Both losses, and how far generated images are from those of the batch, pixel by pixel."""
        self.generator.eval()  # as it is shipped: normalised by moving averages, which stay
        generated = self.generator(self._draw(batch.x, generator))
        self.generator.train()
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

    def _draw(self, x: Tensor, generator: torch.Generator) -> Tensor:
        z = torch.empty(len(x), self.generator.latents, device=x.device)
        return z.normal_(generator=generator)

    def join(self, processes: Processes) -> None:
        """Refuse.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("A GAN is trained in one process; start it without torchrun.")
