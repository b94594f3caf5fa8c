"""FactorVAE: Kim & Mnih 2018, Eq. 2 and 3, Algorithm 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from training.contract.fields import Magnitude, Positive, Rate
from training.objectives.objective import ObjectiveConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor

    from training.batch import Batch
    from training.distributions import Noise
    from training.models import VAE
    from training.models.code_discriminator import Discriminator

JOINT, FACTORISED = 0, 1


class FactorVAE(ObjectiveConfig, frozen=True, tag="factor_vae"):
    """KL + γ TC, TC by a discriminator; γ = 35 is the paper's for dSprites.

    The discriminator has `layers` hidden layers of `units` and learns at `discriminator_rate`.
    """

    gamma: Magnitude = 35.0
    layers: Positive = 6
    units: Positive = 1000
    discriminator_rate: Rate = 1e-4

    def words(self) -> str:
        """Such as `FactorVAE · γ 35`."""
        return f"FactorVAE · γ {self.gamma:g}"

    @property
    def loss_name(self) -> str:
        """Total correlation is left out."""
        return "−ELBO"

    def build(self, latents: int, images: int, device: torch.device) -> FactorVAELoss:
        """The loss with an untrained discriminator."""
        sizes = (latents, self.layers, self.units)
        return FactorVAELoss(self.gamma, *discriminator(*sizes, self.discriminator_rate, device))


@dataclass(frozen=True)
class FactorVAELoss:
    """−E_q[ln p(x|z)] + KL(q(z|x) ‖ p(z)) + γ TC(z), with one sample of q.

    TC(z) ≈ E_q[ln D(z) / (1 − D(z))], where the discriminator D tells codes from permuted codes.
    The loss differentiates z but holds D; `learn` differentiates D but holds z.
    """

    gamma: float
    part: Discriminator
    optimizer: torch.optim.Optimizer
    samples: ClassVar = 1
    reports: ClassVar = ("loss", "reconstruction_nats", "kl_nats", "total_correlation_nats")

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats."""
        posterior = model.encode(batch.x)
        z = posterior.sample(noise)  # (B, D)
        reconstruction_nats = -model.decode(z).log_prob(batch.x).flatten(1).sum(1)  # (B,)
        kl_nats = posterior.kl_to_prior().sum(1)  # (B,)

        correlation_nats = total_correlation_nats(self.part, z)  # (B,)
        loss_nats = reconstruction_nats + kl_nats + self.gamma * correlation_nats
        return loss_nats.mean(), {
            "loss": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.mean(),
            "total_correlation_nats": correlation_nats.mean(),
        }

    def learn(
        self,
        model: VAE,
        batch: Batch,
        metrics: Mapping[str, Tensor],
        step: int,
        generator: torch.Generator,
    ) -> None:
        """One step of D on codes and on the same codes permuted.

        The paper permutes the codes of a second batch; one batch serves both here. Where processes
        share it, each takes the whole step, so that D stays the same in all of them.
        """
        import torch

        from training.distributions import DiagonalGaussian

        with torch.no_grad():
            posterior = model.encode(batch.x)
            means = batch.sharing.whole(posterior.mean)
            log_variances = batch.sharing.whole(posterior.log_variance)
            z = DiagonalGaussian(means, log_variances).sample(generator)
        learn_to_tell(self.part, self.optimizer, z, generator)

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ELBO: what the discriminator thinks of the same codes differs from step to step."""
        return means["reconstruction_nats"] + means["kl_nats"]


def discriminator(
    latents: int, layers: int, units: int, rate: float, device: torch.device
) -> tuple[Discriminator, torch.optim.Optimizer]:
    """What tells codes from permuted codes, untrained, with its optimizer."""
    import torch

    from training.models.code_discriminator import Discriminator
    from training.trainer.optimizers import begun

    part = Discriminator(latents, layers, units).to(device)
    adam = torch.optim.Adam(  # the paper's settings, Appendix A
        part.parameters(), lr=rate, betas=(0.5, 0.9), fused=device.type != "mps"
    )
    return part, begun(adam)


def total_correlation_nats(part: Discriminator, z: Tensor) -> Tensor:
    """ln D(z) / (1 − D(z)) of codes (B, D), which alone get a gradient: (B,)."""
    from torch.func import functional_call

    held = {name: parameter.detach() for name, parameter in part.named_parameters()}
    logits: Tensor = functional_call(part, held, (z,)).float()  # (B, 2)
    return logits[:, JOINT] - logits[:, FACTORISED]


def learn_to_tell(
    part: Discriminator, optimizer: torch.optim.Optimizer, z: Tensor, generator: torch.Generator
) -> None:
    """One step of the discriminator on codes (B, D) and on the same codes permuted."""
    import torch
    from torch.nn import functional as F

    codes = torch.cat([z, permute(z, generator)])  # (2 B, D)
    truth = torch.full((len(codes),), FACTORISED, device=z.device)
    truth[: len(z)] = JOINT
    loss = F.cross_entropy(part(codes).float(), truth)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def permute(z: Tensor, generator: torch.Generator) -> Tensor:
    """Codes (B, D) with every latent shuffled over the batch by itself (Algorithm 1)."""
    import torch

    order = torch.empty_like(z).uniform_(generator=generator).argsort(0)
    return z.gather(0, order)
