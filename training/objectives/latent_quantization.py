"""The quantized autoencoder's loss (Hsu et al. 2023, Section 4), also with total correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor

    from training.batch import Batch
    from training.distributions import Noise
    from training.models.code_discriminator import Discriminator


@dataclass(frozen=True)
class LatentQuantization:
    """−ln p(x|z) + P/D (λ_q ‖sg(c) − z‖² + λ_c ‖c − sg(z)‖²): z are the codes nearest to c.

    The encoder gives c; the gradient at z goes on to c as it is ("straight through"). The paper's
    losses are means over P pixels and D latents; nats are sums over pixels, so the others weigh
    P/D.
    """

    quantization: float
    commitment: float
    samples: ClassVar = 0
    reports: ClassVar = ("loss", "reconstruction_nats", "quantization")

    def __call__(
        self, model: Any, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars; nats, and the squared distance of c and z."""
        loss, parts, _ = self.parts(model, batch)
        return loss, parts

    def parts(self, model: Any, batch: Batch) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """The same, and codes (B, D) whose gradient goes straight through."""
        continuous = model.continuous(batch.x)  # (B, D)
        codes = model.quantizer(continuous)
        through = continuous + (codes - continuous).detach()
        reconstruction_nats = -model.decode(through).log_prob(batch.x).flatten(1).sum(1).mean()
        weight = batch.x[0].numel() / continuous.shape[1]
        moved = (continuous.detach() - codes).square().sum(1).mean()
        held = (continuous - codes.detach()).square().sum(1).mean()
        loss = reconstruction_nats + weight * (self.quantization * moved + self.commitment * held)
        parts = {
            "loss": loss,
            "reconstruction_nats": reconstruction_nats,
            "quantization": held,
        }
        return loss, parts, through

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ln p(x|z): how far the encoder is from its codes is not compared."""
        return means["reconstruction_nats"]


@dataclass(frozen=True)
class FactorQuantization:
    """The same, and γ times the total correlation of the codes.

    A discriminator finds it, as FactorVAE's does (Kim & Mnih 2018). The term is that of Baykal et
    al. 2024, "Disentanglement with factor quantized VAEs", in another model: theirs has one
    codebook for all latents and draws the codes (Gumbel-softmax), here each latent has its own and
    the nearest value is taken.
    """

    quantized: LatentQuantization
    gamma: float
    part: Discriminator
    optimizer: torch.optim.Optimizer
    samples: ClassVar = 0
    reports: ClassVar = (*LatentQuantization.reports, "total_correlation_nats")

    def __call__(
        self, model: Any, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars."""
        from training.objectives.factor_vae import total_correlation_nats

        loss, parts, codes = self.quantized.parts(model, batch)
        correlation_nats = total_correlation_nats(self.part, codes).mean()
        loss = loss + self.gamma * correlation_nats
        return loss, parts | {"loss": loss, "total_correlation_nats": correlation_nats}

    def learn(
        self,
        model: Any,
        batch: Batch,
        metrics: Mapping[str, Tensor],
        step: int,
        generator: torch.Generator,
    ) -> None:
        """One step of the discriminator on codes and on the same codes permuted."""
        import torch

        from training.objectives.factor_vae import learn_to_tell

        with torch.no_grad():
            codes = batch.sharing.whole(model.encode(batch.x))
        learn_to_tell(self.part, self.optimizer, codes, generator)

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ln p(x|z)."""
        return self.quantized.comparable(means)
