"""Capacity annealing: Burgess et al. 2018, Eq. 8."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from training.batch import Batch
from training.distributions import Noise
from training.models import VAE


@dataclass(frozen=True)
class Capacity:
    """−E_q[ln p(x|z)] + γ |KL(q(z|x) ‖ p(z)) − C|, with one sample of q.

    C rises in a straight line from `c_start` to `c_end` nats over the first `c_steps` steps. The KL
    that is held at C is the mean over the batch: some images may need more than others.
    """

    gamma: float
    c_start: float
    c_end: float
    c_steps: int
    samples: ClassVar = 1
    reports: ClassVar = ("loss_nats", "reconstruction_nats", "kl_nats", "capacity_nats")

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats."""
        posterior = model.encode(batch.x)
        z = posterior.sample(noise)  # (B, D)
        reconstruction_nats = -model.decode(z).log_prob(batch.x).flatten(1).sum(1)  # (B,)
        kl_nats = posterior.kl_to_prior().sum(1)  # (B,)

        c_nats = self.capacity(step).to(kl_nats)
        loss_nats = (
            reconstruction_nats + self.gamma * (batch.sharing.whole(kl_nats).mean() - c_nats).abs()
        )
        return loss_nats.mean(), {
            "loss_nats": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.mean(),
            "capacity_nats": c_nats,
        }

    def capacity(self, step: int | Tensor) -> Tensor:
        """C at `step`, a scalar, nats."""
        risen = (torch.as_tensor(step) / self.c_steps).clamp(max=1)
        return self.c_start + (self.c_end - self.c_start) * risen

    def comparable(self, means: Mapping[str, float]) -> float:
        """The loss under the last C, whatever C was at the time."""
        return means["reconstruction_nats"] + self.gamma * abs(means["kl_nats"] - self.c_end)
