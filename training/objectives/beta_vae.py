"""β-VAE: Higgins et al. 2017, Eq. 4. β = 1 is the VAE of Kingma & Welling 2014, Eq. 10."""

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


class BetaVAE(ObjectiveConfig, frozen=True, tag="beta_vae"):
    """−E_q[ln p(x|z)] + β KL(q(z|x) ‖ p(z)), with one sample of q; at β = 1, the default, a VAE."""

    beta: Magnitude = 1.0
    samples: ClassVar = 1
    reports: ClassVar = ("loss", "reconstruction_nats", "kl_nats")

    def words(self) -> str:
        """Such as `β-VAE · β 4`."""
        return f"{'VAE' if self.beta == 1 else 'β-VAE'} · β {self.beta:g}"

    @property
    def loss_name(self) -> str:
        """At β = 1 the loss is −ELBO itself."""
        return "−ELBO" if self.beta == 1 else "loss"

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats."""
        posterior = model.encode(batch.x)
        z = posterior.sample(noise)  # (B, D)
        reconstruction_nats = -model.decode(z).log_prob(batch.x).flatten(1).sum(1)  # (B,)
        kl_nats = posterior.kl_to_prior().sum(1)  # (B,)

        loss_nats = reconstruction_nats + self.beta * kl_nats
        return loss_nats.mean(), {
            "loss": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.mean(),
        }

    def comparable(self, means: Mapping[str, float]) -> float:
        """The loss itself."""
        return means["loss"]
