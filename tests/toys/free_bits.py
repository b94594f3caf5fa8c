"""Free bits: Kingma et al. 2016, Eq. 15 (https://arxiv.org/abs/1606.04934)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from training.contract.fields import Magnitude
from training.objectives.objective import ObjectiveConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from training.batch import Batch
    from training.distributions import Noise
    from training.models import VAE


class FreeBits(ObjectiveConfig, frozen=True, tag="free_bits"):
    """−E_q[ln p(x|z)] + Σ_d max(λ, KL(q(z_d|x) ‖ p(z_d))), with one sample of q.

    The KL of each latent, its mean over the batch, costs nothing below λ nats. 0.5 is our choice.
    """

    free: Magnitude = 0.5
    samples: ClassVar = 1
    reports: ClassVar = ("loss", "reconstruction_nats", "kl_nats")

    def words(self) -> str:
        """Such as `Free bits · λ 0.5 nats`."""
        return f"Free bits · λ {self.free:g} nats"

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats."""
        posterior = model.encode(batch.x)
        z = posterior.sample(noise)  # (B, D)
        reconstruction_nats = -model.decode(z).log_prob(batch.x).flatten(1).sum(1)  # (B,)
        kl_nats = batch.sharing.whole(posterior.kl_to_prior()).mean(0)  # (D,)

        loss_nats = reconstruction_nats.mean() + kl_nats.clamp(min=self.free).sum()
        return loss_nats, {
            "loss": loss_nats,
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.sum(),
        }

    def comparable(self, means: Mapping[str, float]) -> float:
        """The loss itself."""
        return means["loss"]
