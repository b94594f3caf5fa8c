"""Any objective of a VAE for one that sees the labels: Sohn et al. 2015, Eq. 4."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from training.batch import Batch
from training.distributions import Noise
from training.models.conditional_vae import ConditionalVAE
from training.objectives.objective import Objective


@dataclass(frozen=True)
class Conditional:
    """The objective of q(z|x, y) and p(x|z, y), y being the targets of the batch.

    With β-VAE's at β = 1 it is −E_q[ln p(x|z, y)] + KL(q(z|x, y) ‖ p(z)).
    """

    objective: Objective

    @property
    def samples(self) -> int:
        """As the objective."""
        return self.objective.samples

    @property
    def reports(self) -> tuple[str, ...]:
        """As the objective."""
        return self.objective.reports

    def __call__(
        self, model: ConditionalVAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and its parts: scalars, nats."""
        assert batch.targets is not None
        return self.objective(model.given(batch.targets), batch, step, noise)

    def comparable(self, means: Mapping[str, float]) -> float:
        """As the objective."""
        return self.objective.comparable(means)
