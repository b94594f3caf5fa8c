"""What an objective is: its entry in a configuration, and the loss that this becomes.

A file of an objective imports torch only where it computes: a configuration is read, and refused,
without waiting for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from training.contract.fields import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.distributions import Noise
    from training.models import VAE


class Objective(Protocol):
    """A loss, called once a step with a batch of images."""

    @property
    def reports(self) -> tuple[str, ...]:
        """The names of the parts, in order; `loss` is among them."""
        ...

    @property
    def samples(self) -> int:
        """How many codes it draws for each image, the first of every image before the second."""
        ...

    def __call__(
        self, model: VAE, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to descend and its parts by name: scalars, nats."""
        ...

    def comparable(self, means: Mapping[str, float]) -> float:
        """From the parts' means, a loss in nats that means the same at every step of a run.

        It chooses the best weights. A weight that moves during a run has no place in it, nor has
        the opinion of a discriminator.
        """
        ...


@runtime_checkable
class LearningObjective(Objective, Protocol):
    """An objective with a part of its own that learns beside the model, and resumes with it."""

    @property
    def part(self) -> nn.Module:
        """What learns; all that it knows is in its parameters and buffers."""
        ...

    @property
    def optimizer(self) -> torch.optim.Optimizer | None:
        """That of `part`; None where `learn` needs none."""
        ...

    def learn(
        self,
        model: VAE,
        batch: Batch,
        metrics: Mapping[str, Tensor],
        step: int,
        generator: torch.Generator,
    ) -> None:
        """Change `part`, and nothing else, after the model's own step on the same images.

        Args:
            model: read only, and never differentiated.
            metrics: as the objective returned them for this step.
        """
        ...


class ObjectiveConfig(Record, frozen=True, tag_field="name"):
    """The settings of an objective, chosen in a configuration by its `name`.

    Fields bear the paper's symbols; defaults are the paper's unless the docstring says otherwise.
    Where nothing but these settings is needed, the same class is the loss.
    """

    @property
    def loss_name(self) -> str:
        """What `Objective.comparable` returns, in words."""
        return "loss"

    def words(self) -> str:
        """What the model picker says of it, such as `β-VAE · β 4`."""
        raise NotImplementedError

    def build(self, latents: int, images: int, device: torch.device) -> Objective:
        """The loss for a model of this number of latents.

        Args:
            images: how many the training split has.
            device: where parts that learn are put.
        """
        return cast(Objective, self)
