"""IWAE: Burda et al. 2016, Eq. 8, with the gradient of Eq. 14."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from training.contract.fields import Positive
from training.objectives.objective import ObjectiveConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from training.batch import Batch
    from training.distributions import Noise
    from training.models import VAE


class IWAE(ObjectiveConfig, frozen=True, tag="iwae"):
    """−E_q[ln 1/K Σ_k w_k], w_k = p(x|z_k) p(z_k) / q(z_k|x), with K samples of q.

    Differentiating the logarithm of the mean weighs every sample by its share of Σ_k w_k. K = 1 is
    −ELBO with a sampled KL. The paper takes 1, 5 and 50.
    """

    k: Positive = 5
    reports: ClassVar = ("loss", "reconstruction_nats", "kl_nats")

    @property
    def samples(self) -> int:
        """K."""
        return self.k

    def words(self) -> str:
        """Such as `IWAE · K 50`."""
        return f"IWAE · K {self.k}"

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats.

        The parts are the ELBO's, with K samples; they add up to more than the loss.
        """
        import torch

        from training.distributions import DiagonalGaussian

        x = batch.x
        once = model.encode(x)
        copies = x.expand(self.k, *x.shape).flatten(0, 1)  # (K B, C, H, W), z_1 of each image first
        posterior = DiagonalGaussian(
            once.mean.repeat(self.k, 1), once.log_variance.repeat(self.k, 1)
        )
        z = posterior.sample(noise)  # (K B, D)
        reconstruction_nats = -model.decode(z).log_prob(copies).flatten(1).sum(1)  # (K B,)
        prior = DiagonalGaussian(torch.zeros_like(z), torch.zeros_like(z))
        sampled_kl_nats = (posterior.log_prob(z) - prior.log_prob(z)).sum(1)  # (K B,)

        log_weights = -(reconstruction_nats + sampled_kl_nats).view(self.k, len(x))  # (K, B)
        loss_nats = math.log(self.k) - log_weights.logsumexp(0)  # (B,)
        return loss_nats.mean(), {
            "loss": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": once.kl_to_prior().sum(1).mean(),
        }

    def comparable(self, means: Mapping[str, float]) -> float:
        """The loss itself."""
        return means["loss"]
