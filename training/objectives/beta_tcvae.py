"""β-TCVAE: Chen et al. 2018, Eq. 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from training.contract.fields import Magnitude
from training.objectives.objective import ObjectiveConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor

    from training.batch import Batch
    from training.distributions import Noise
    from training.models import VAE

KLEstimator = Literal["mws", "mss"]
REPORTS = ("loss", "reconstruction_nats", "kl_nats")
PARTS = ("mutual_information_nats", "total_correlation_nats", "dimension_wise_kl_nats")


class BetaTCVAE(ObjectiveConfig, frozen=True, tag="beta_tcvae"):
    """The weights of the KL's three parts; β = 6 is the paper's for dSprites.

    `estimator` of ln q(z): minibatch-weighted sampling (mws), as in the paper's experiments, or
    minibatch-stratified sampling (mss).
    """

    alpha: Magnitude = 1.0
    beta: Magnitude = 6.0
    gamma: Magnitude = 1.0
    estimator: KLEstimator = "mws"

    def words(self) -> str:
        """Such as `β-TCVAE · β 6`."""
        plain = self.alpha == self.gamma == 1
        others = "" if plain else f" · α {self.alpha:g} · γ {self.gamma:g}"
        return f"β-TCVAE · β {self.beta:g}{others}"

    @property
    def loss_name(self) -> str:
        """The parts without their weights."""
        return "−ELBO"

    def build(self, latents: int, images: int, device: torch.device) -> BetaTCVAELoss:
        """The loss on a data set of that size."""
        return BetaTCVAELoss(self.alpha, self.beta, self.gamma, self.estimator, images)


@dataclass(frozen=True)
class BetaTCVAELoss:
    """−E_q[ln p(x|z)] + α I(z; n) + β TC(z) + γ Σ_d KL(q(z_d) ‖ p(z_d)), with one sample of q.

    With α = β = γ it is the β-VAE's, but for the KL, which is sampled here. The KL's three parts
    are reported where their estimator measures them; minibatch-weighted sampling is off by a
    constant that is larger than they are, see `kl_parts`.

    Fields:
        images: N, the size of the data set that batches are drawn from.
    """

    alpha: float
    beta: float
    gamma: float
    estimator: KLEstimator
    images: int
    samples: ClassVar = 1

    @property
    def reports(self) -> tuple[str, ...]:
        """Those of the ELBO, and under `mss` those of the KL."""
        return REPORTS if self.estimator == "mws" else (*REPORTS, *PARTS)

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats; see `kl_parts`."""
        from training.distributions import DiagonalGaussian
        from training.objectives.kl_parts import kl_parts

        posterior = model.encode(batch.x)
        z = posterior.sample(noise)  # (B, D)
        reconstruction_nats = -model.decode(z).log_prob(batch.x).flatten(1).sum(1)  # (B,)
        whole, own = batch.sharing.whole, batch.sharing.own
        posteriors = DiagonalGaussian(whole(posterior.mean), whole(posterior.log_variance))
        parts = kl_parts(posteriors, whole(z), self.images, self.estimator)
        mutual_information = own(parts.mutual_information)  # (B,)
        total_correlation = own(parts.total_correlation)  # (B,)
        dimension_wise_kl = own(parts.dimension_wise_kl)  # (B,)

        loss_nats = (
            reconstruction_nats
            + self.alpha * mutual_information
            + self.beta * total_correlation
            + self.gamma * dimension_wise_kl
        )
        metrics = {
            "loss": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": posterior.kl_to_prior().sum(1).mean(),
            "mutual_information_nats": mutual_information.mean(),
            "total_correlation_nats": total_correlation.mean(),
            "dimension_wise_kl_nats": dimension_wise_kl.mean(),
        }
        return loss_nats.mean(), {name: metrics[name] for name in self.reports}

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ELBO: the loss itself contains the constant by which its estimator is off."""
        return means["reconstruction_nats"] + means["kl_nats"]
