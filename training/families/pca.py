"""PCA: the linear autoencoder of least squared error, in closed form (Pearson 1901)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training.families.family import Form, refuse_settings
from training.families.points import Points

if TYPE_CHECKING:
    import torch
    from torch import nn

    from training.config import RunConfig
    from training.learners import Learner


class PCA(Points, frozen=True, tag="pca"):
    """So many principal components of the images that the run's batches hold.

    Nothing is descended: a step adds a batch to the sums, and the last one solves them. With
    `train.steps` batches of one epoch these are the components of all training images.
    """

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss."""
        refuse_settings(config, "PCA")

    def words(self, config: RunConfig) -> str:
        """What it is, and how many components."""
        return f"PCA · {self.latents} components"

    def network(self, form: Form) -> nn.Module:
        """One matrix and a bias each way."""
        from training.models.autoencoder import Autoencoder, linear

        return Autoencoder(self.latents, *linear(form.image, self.latents))

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The sums that the closed form needs."""
        from training.learners.components import Components
        from training.models.autoencoder import Moments

        return Components(model, Moments(form.image).to(device), config.train)
