"""PCA: the linear autoencoder of least squared error, in closed form (Pearson 1901)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from training.contract.fields import MOST_LATENTS
from training.contract.outputs import Pixels
from training.families.autoencoder import (
    point_controls,
    point_graphs,
    point_measurement,
    point_preview,
    shown,
)
from training.families.family import Codes, Family, Form, Measurement, refuse_settings

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.config import RunConfig
    from training.contract.card import Latent
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.datasets import Dataset
    from training.export import Traced
    from training.learners import Learner


class PCA(Family, frozen=True, tag="pca"):
    """So many principal components of the images that the run's batches hold.

    Nothing is descended: a step adds a batch to the sums, and the last one solves them. With
    `train.steps` batches of one epoch these are the components of all training images.
    """

    latents: Annotated[int, Meta(ge=1, le=MOST_LATENTS)]

    loss_unit: ClassVar[str] = "grey levels²"

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

    def controls(self, form: Form) -> tuple[Space, ...]:
        """Coordinates along the components."""
        return point_controls(self.latents)

    def output(self, model: Any, form: Form) -> Output:
        """Images, with no density."""
        return Pixels(form.image)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """Codes to an image, and an image to its codes."""
        return point_graphs(model, form.image)

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The codes."""
        return Codes(model.encode(batch.x))

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The image at its own code."""
        return shown(model.decode(model.encode(batch.x)))

    def measure(self, model: Any, dataset: Dataset, config: RunConfig, seed: int) -> Measurement:
        """The squared error, and the share of the variance that the components keep."""
        from training.evaluate import measured

        return point_measurement(model, measured(dataset, config, seed))

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """A row for each of the first components."""
        return point_preview(model, latents)
