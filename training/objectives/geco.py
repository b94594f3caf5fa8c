"""GECO, an ELBO with a constraint: Rezende & Viola 2018, Eq. 3 and Algorithm 1.

The constrained form from which Higgins et al. 2017 derive the β-VAE, the other way about: they
bound the KL and fix its multiplier β, here the reconstruction is bounded and λ, its multiplier, is
found. Where it settles, λ = 1/β.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from training.contract.fields import Number, Rate
from training.objectives.objective import ObjectiveConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor

    from training.batch import Batch
    from training.distributions import Noise
    from training.models import VAE
    from training.models.multiplier import Multiplier

# A run begins hundreds of nats above κ; in proportion to that, λ would grow a thousandfold in the
# first steps and need longer than the run to come down.
LARGEST_VIOLATION_NATS = 1.0
# λ stays within e^±20: where no model reaches κ it would otherwise grow until it overflows.
LARGEST_LOG_MULTIPLIER = 20.0
# An exact penalty needs a weight above the multiplier at the solution; there λ = 1/β, so this one
# is enough for every κ that a β-VAE of β > 0.1 reaches.
PENALTY = 10.0


class GECO(ObjectiveConfig, frozen=True, tag="geco"):
    """The least KL whose reconstruction costs at most `kappa` nats.

    `kappa` has no default, for it depends on the images; where p(x|z) is a density, which can
    exceed one, it may be negative. `alpha` is the paper's. The paper leaves open how far λ moves in
    a step; `rate`, per nat of violation up to one nat, is ours.
    """

    kappa: Number
    alpha: Annotated[float, Meta(ge=0, lt=1)] = 0.99
    rate: Rate = 1e-3

    def words(self) -> str:
        """Such as `GECO · κ 80 nats`."""
        return f"GECO · κ {self.kappa:g} nats"

    def build(self, latents: int, images: int, device: torch.device) -> GECOLoss:
        """The loss, λ = 1 at first."""
        from training.models.multiplier import Multiplier

        return GECOLoss(self.kappa, self.alpha, self.rate, Multiplier().to(device))


@dataclass(frozen=True)
class GECOLoss:
    """KL(q(z|x) ‖ p(z)) + λ (−E_q[ln p(x|z)] − κ), with one sample of q.

    The reconstruction may cost κ nats. λ grows while it costs more and shrinks while it costs less,
    by a factor exp(rate · C) a step, where C is the moving average of the violation with decay α,
    within ±1 nat; the bound is ours. The paper adds the average to the loss behind a stopped
    gradient. It changes no gradient, so here it moves λ alone. At λ = 1 the gradient is the ELBO's.
    """

    kappa: float
    alpha: float
    rate: float
    part: Multiplier
    optimizer: ClassVar = None
    samples: ClassVar = 1
    reports: ClassVar = (
        *("loss", "reconstruction_nats", "kl_nats"),
        *("constraint_nats", "multiplier"),
    )

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats; λ has no unit."""
        posterior = model.encode(batch.x)
        z = posterior.sample(noise)  # (B, D)
        reconstruction_nats = -model.decode(z).log_prob(batch.x).flatten(1).sum(1)  # (B,)
        kl_nats = posterior.kl_to_prior().sum(1)  # (B,)

        multiplier = self.part.log_multiplier.exp()
        constraint_nats = reconstruction_nats - self.kappa  # (B,)
        loss_nats = multiplier * constraint_nats + kl_nats
        return loss_nats.mean(), {
            "loss": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.mean(),
            "constraint_nats": constraint_nats.mean(),
            "multiplier": multiplier,
        }

    def learn(
        self,
        model: VAE,
        batch: Batch,
        metrics: Mapping[str, Tensor],
        step: int,
        generator: torch.Generator,
    ) -> None:
        """Take this step's violation into the average, then move λ by it."""
        import torch

        with torch.no_grad():
            average, log_multiplier = self.part.average_nats, self.part.log_multiplier
            average.lerp_(
                metrics["constraint_nats"].to(average), 1 if step == 0 else 1 - self.alpha
            )
            violation = average.clamp(-LARGEST_VIOLATION_NATS, LARGEST_VIOLATION_NATS)
            log_multiplier.add_(self.rate * violation)
            log_multiplier.clamp_(-LARGEST_LOG_MULTIPLIER, LARGEST_LOG_MULTIPLIER)

    def comparable(self, means: Mapping[str, float]) -> float:
        """KL plus a fixed penalty on what the reconstruction costs above κ: λ itself moves."""
        return means["kl_nats"] + PENALTY * max(0.0, means["reconstruction_nats"] - self.kappa)
