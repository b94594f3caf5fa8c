"""Capacity annealing: Burgess et al. 2018, Eq. 8."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from training.contract.fields import Magnitude, Positive
from training.objectives.objective import ObjectiveConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from training.batch import Batch
    from training.distributions import Noise
    from training.models import VAE


class Capacity(ObjectiveConfig, frozen=True, tag="capacity"):
    """−E_q[ln p(x|z)] + γ |KL(q(z|x) ‖ p(z)) − C|, with one sample of q.

    C rises in a straight line from `c_start` to `c_end` nats over the first `c_steps` steps. The KL
    that is held at C is the mean over the batch: some images may need more than others. The
    defaults are the paper's for dSprites.
    """

    gamma: Magnitude = 1000.0
    c_start: Magnitude = 0.0
    c_end: Magnitude = 25.0
    c_steps: Positive = 100_000
    samples: ClassVar = 1
    reports: ClassVar = ("loss", "reconstruction_nats", "kl_nats", "capacity_nats")

    def words(self) -> str:
        """Such as `Capacity VAE · C 0 to 25 nats · γ 1000`."""
        return f"Capacity VAE · C {self.c_start:g} to {self.c_end:g} nats · γ {self.gamma:g}"

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
            "loss": loss_nats.mean(),
            "reconstruction_nats": reconstruction_nats.mean(),
            "kl_nats": kl_nats.mean(),
            "capacity_nats": c_nats,
        }

    def capacity(self, step: int | Tensor) -> Tensor:
        """C at `step`, a scalar, nats."""
        import torch

        risen = (torch.as_tensor(step) / self.c_steps).clamp(max=1)
        return self.c_start + (self.c_end - self.c_start) * risen

    def comparable(self, means: Mapping[str, float]) -> float:
        """The loss under the last C, whatever C was at the time."""
        return means["reconstruction_nats"] + self.gamma * abs(means["kl_nats"] - self.c_end)
