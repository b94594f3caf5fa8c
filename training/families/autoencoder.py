"""Autoencoders: a network each way, or a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from training.errors import ConfigError
from training.families.family import Activation, Form, Layers, Measurement
from training.families.points import Points, point_measurement, shown

if TYPE_CHECKING:
    import torch
    from torch import nn

    from training.config import RunConfig
    from training.contract.measurements import Metric, Rounding
    from training.datasets import Dataset
    from training.evaluation.evaluate import Measured
    from training.learners import Learner


class Autoencoder(Points, frozen=True, tag="autoencoder"):
    """The networks of a VAE whose encoder gives one point; `linear` is a matrix each way.

    It minimises the squared error alone. `channels` and `hidden` are those of `conv`.
    """

    name: Literal["conv", "linear"] = "conv"
    channels: Layers = ()
    hidden: Layers = ()
    activation: Activation = "silu"

    def __post_init__(self) -> None:
        for field, sizes in {"channels": self.channels, "hidden": self.hidden}.items():
            if self.name == "linear" and sizes:
                raise ConfigError(
                    f"{field} is {list(sizes)}, but a linear autoencoder has no hidden layers; "
                    "leave it empty."
                )
            if self.name == "conv" and not sizes:
                raise ConfigError(f"{field} is empty; give at least one size.")

    def words(self, config: RunConfig) -> str:
        """What it is, and how many latents."""
        kind = "Linear autoencoder" if self.name == "linear" else "Autoencoder"
        return f"{kind} · {self.latents} latents"

    def network(self, form: Form) -> nn.Module:
        """Encoder and decoder."""
        from training.models import autoencoder
        from training.models.convolutional import convolutional

        if self.name == "linear":
            networks = autoencoder.linear(form.image, self.latents)
        else:
            sizes = (self.latents, self.latents, self.channels, self.hidden, self.activation)
            networks = convolutional(form.image, *sizes)
        return autoencoder.Autoencoder(self.latents, *networks)

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The model under the squared error."""
        from training.learners import OneLoss
        from training.objectives.squared_error import SquaredError
        from training.trainer.optimizers import Descent

        descent = Descent(model, config.train, device)
        return OneLoss(model, SquaredError(), descent, config.train, precision)

    def measure(self, model: Any, dataset: Dataset, config: RunConfig, seed: int) -> Measurement:
        """The squared error; of a linear one also how near it came to the closed form."""
        from training.evaluation.evaluate import measured

        data = measured(dataset, config, seed)
        found = point_measurement(model, data)
        if self.name == "conv":
            return found
        near = closed_form_distance(model, dataset, data)
        return found._replace(metrics=found.metrics + near)

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding | None:
        """Where images and codes stay as they were; a linear one is small as it is."""
        from training.checkpoints.half_precision import Part, round_parts, seen_and_judged

        if self.name == "linear":
            return None
        seen, x = seen_and_judged(dataset)
        known, z = model.encode(seen), model.encode(x)
        parts = (
            Part.of_images(
                model.decoder, lambda: model.decode(known), lambda: shown(model.decode(z))
            ),
            Part.of_codes(
                model.encoder, lambda: model.encode(seen), lambda: model.encode(x), z.std(0)
            ),
        )
        what = (
            f"a decoded value in [0, 1] for {len(x):,} images, and of their codes, in standard "
            "deviations over the images"
        )
        return round_parts(model, parts, what, len(x), seed)


def closed_form_distance(model: Any, dataset: Dataset, data: Measured) -> tuple[Metric, ...]:
    """How much more a linear autoencoder loses than PCA, and how far its subspace is from PCA's.

    Both are of the training split, and measured on `data`.
    """
    import torch

    from training.metrics.principal_angles import largest_angle
    from training.models.autoencoder import pca

    split = dataset.splits["train"]
    batches = (split.images(some) for some in torch.arange(len(split)).split(1000))
    shape = dataset.form.image
    best = pca(batches, shape, model.latents)
    errors = [
        next(one.value for one in point_measurement(either, data).metrics)
        for either in (model, best)
    ]
    subspaces = [either.decoder.get_parameter("0.weight").detach() for either in (model, best)]
    angle = largest_angle(*subspaces)
    fitted = f"PCA of the {len(split):,} training images"
    return (
        data.metric(
            *("excess_over_pca", "Error above PCA's", 100 * (errors[0] / errors[1] - 1), "%"),
            f"Squared error of this model / that of {fitted} − 1",
        ),
        data.metric(
            *("angle_to_pca", "Largest angle to PCA's subspace", angle, "degrees"),
            f"Largest principal angle (Björck & Golub 1973) between the columns of the decoder and "
            f"the components of {fitted}",
        ),
    )
