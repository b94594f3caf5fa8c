"""The ELBO of two stochastic layers, its KL let in slowly: Sønderby et al. 2016, Section 2.3."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from training.batch import Batch
from training.distributions import Noise, standard_normal
from training.models.hierarchical import TwoLayers, bound


@dataclass(frozen=True)
class TwoLayerELBO:
    """−E_q[ln p(x|z1)] + w (KL of z2 + ln q(z1|x) − ln p(z1|z2)).

    w rises in a straight line from 0 to 1 over the first `annealing` steps: without that the upper
    layer is switched off before there is anything below that it could explain.
    """

    annealing: int
    samples: ClassVar[int] = 1
    reports: ClassVar[tuple[str, ...]] = ("loss", "reconstruction_nats", "upper_nats", "lower_nats")

    def __call__(
        self, model: TwoLayers, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend and its parts by name: scalars, nats."""
        if isinstance(noise, torch.Generator):
            noise = standard_normal(len(batch.x), model.latents, batch.x.device, noise)
        found = bound(model, batch.x, noise)
        upper, lower = found.upper_nats.sum(1), found.lower_nats.sum(1)
        # Not by float(step): a captured step reads its number where it is.
        weight = (torch.as_tensor(step) / self.annealing).clamp(max=1) if self.annealing else 1.0
        loss = (found.reconstruction_nats + weight * (upper + lower)).mean()
        return loss, {
            "loss": loss,
            "reconstruction_nats": found.reconstruction_nats.mean(),
            "upper_nats": upper.mean(),
            "lower_nats": lower.mean(),
        }

    def comparable(self, means: Mapping[str, float]) -> float:
        """The bound, whatever w was."""
        return sum(means[name] for name in self.reports[1:])
