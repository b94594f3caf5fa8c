"""DIP-VAE I and II: Kumar et al. 2018, Eq. 6 and 7."""

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

REPORTS = ("loss", "reconstruction_nats", "kl_nats", "covariance_penalty_nats")


class DIPVAEI(ObjectiveConfig, frozen=True, tag="dip_vae_i"):
    """−ELBO + λ_od Σ_{i≠j} Cov[μ]²_ij + λ_d Σ_i (Cov[μ]_ii − 1)², with one sample of q.

    Cov[μ] is that of posterior means over the batch. λ_d is ten times λ_od, as in the paper, which
    tunes their size to the data: 10 is our choice.
    """

    lambda_od: Magnitude = 10.0
    lambda_d: Magnitude = 100.0
    samples: ClassVar = 1
    reports: ClassVar = REPORTS

    def words(self) -> str:
        """Such as `DIP-VAE-I · λ_od 10 · λ_d 100`."""
        return f"DIP-VAE-I · λ_od {self.lambda_od:g} · λ_d {self.lambda_d:g}"

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats."""
        posterior = model.encode(batch.x)
        z = posterior.sample(noise)  # (B, D)
        reconstruction_nats = -model.decode(z).log_prob(batch.x).flatten(1).sum(1)  # (B,)
        kl_nats = posterior.kl_to_prior().sum(1)  # (B,)

        covariance = _covariance(batch.sharing.whole(posterior.mean))  # (D, D)
        penalty_nats = _penalty(covariance, self.lambda_od, self.lambda_d)
        loss_nats = reconstruction_nats + kl_nats + penalty_nats
        return loss_nats.mean(), {
            "loss": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.mean(),
            "covariance_penalty_nats": penalty_nats,
        }

    def comparable(self, means: Mapping[str, float]) -> float:
        """The loss itself."""
        return means["loss"]


class DIPVAEII(ObjectiveConfig, frozen=True, tag="dip_vae_ii"):
    """−ELBO + λ_od Σ_{i≠j} Cov[z]²_ij + λ_d Σ_i (Cov[z]_ii − 1)², with one sample of q.

    Cov[z] is that of codes, Cov[μ] + E[diag σ²], over the batch. λ_d equals λ_od, as in the paper,
    which tunes their size to the data: 10 is our choice.
    """

    lambda_od: Magnitude = 10.0
    lambda_d: Magnitude = 10.0
    samples: ClassVar = 1
    reports: ClassVar = REPORTS

    def words(self) -> str:
        """Such as `DIP-VAE-II · λ_od 10 · λ_d 10`."""
        return f"DIP-VAE-II · λ_od {self.lambda_od:g} · λ_d {self.lambda_d:g}"

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats."""
        posterior = model.encode(batch.x)
        z = posterior.sample(noise)  # (B, D)
        reconstruction_nats = -model.decode(z).log_prob(batch.x).flatten(1).sum(1)  # (B,)
        kl_nats = posterior.kl_to_prior().sum(1)  # (B,)

        means, log_variances = (
            batch.sharing.whole(of_each) for of_each in (posterior.mean, posterior.log_variance)
        )
        covariance = _covariance(means) + log_variances.exp().mean(0).diag()
        penalty_nats = _penalty(covariance, self.lambda_od, self.lambda_d)
        loss_nats = reconstruction_nats + kl_nats + penalty_nats
        return loss_nats.mean(), {
            "loss": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.mean(),
            "covariance_penalty_nats": penalty_nats,
        }

    def comparable(self, means: Mapping[str, float]) -> float:
        """The loss itself."""
        return means["loss"]


def _covariance(means: Tensor) -> Tensor:
    """E[μ μᵀ] − E[μ] E[μ]ᵀ over the batch, (B, D) -> (D, D).

    Without a matrix product, which autocast would compute in bfloat16.
    """
    centred = means - means.mean(0)
    return (centred.unsqueeze(2) * centred.unsqueeze(1)).mean(0)


def _penalty(covariance: Tensor, lambda_od: float, lambda_d: float) -> Tensor:
    diagonal = covariance.diagonal()
    off_diagonal = covariance - diagonal.diag()
    return lambda_od * off_diagonal.square().sum() + lambda_d * (diagonal - 1).square().sum()
