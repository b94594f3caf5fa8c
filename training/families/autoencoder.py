"""Autoencoders that give one point an image: no posterior, no prior, no KL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from training.contract.card import DECODER, ENCODER, Graph, Port
from training.contract.fields import MOST_LATENTS
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous
from training.errors import ConfigError
from training.families.family import (
    Activation,
    Codes,
    Family,
    Form,
    ImageShape,
    Layers,
    Measurement,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.config import RunConfig
    from training.contract.card import Latent, Metric, Provenance, Rounding
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.datasets import Dataset
    from training.evaluate import Measured
    from training.export import Traced
    from training.learners import Learner


class Autoencoder(Family, frozen=True, tag="autoencoder"):
    """The networks of a VAE whose encoder gives one point; `linear` is a matrix each way.

    It minimises the squared error alone. `channels` and `hidden` are those of `conv`.
    """

    latents: Annotated[int, Meta(ge=1, le=MOST_LATENTS)]
    name: Literal["conv", "linear"] = "conv"
    channels: Layers = ()
    hidden: Layers = ()
    activation: Activation = "silu"

    loss_unit: ClassVar[str] = "grey levels²"

    def __post_init__(self) -> None:
        for field, sizes in {"channels": self.channels, "hidden": self.hidden}.items():
            if self.name == "linear" and sizes:
                raise ConfigError(
                    f"{field} is {list(sizes)}, but a linear autoencoder has no layers between; "
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
        from training.optimizers import Descent

        descent = Descent(model, config.train, device)
        return OneLoss(model, SquaredError(), descent, config.train, precision)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """Codes of which nothing says how probable they are."""
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
        """The squared error; of a linear one also how near it came to the closed form."""
        from training.evaluate import measured

        data = measured(dataset, config, seed)
        found = point_measurement(model, data)
        if self.name == "conv":
            return found
        near = closed_form_distance(model, dataset, data)
        return found._replace(metrics=found.metrics + near)

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """A row for each latent of widest codes."""
        return point_preview(model, latents)

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding | None:
        """Where images and codes stay as they were; a linear one is small as it is."""
        import torch

        from training.half_precision import JUDGED, SEEN, Part, round_parts

        if self.name == "linear":
            return None
        seen = dataset.splits["validation"].images(
            torch.arange(min(SEEN, len(dataset.splits["validation"])))
        )
        x = dataset.splits["test"].images(torch.arange(min(JUDGED, len(dataset.splits["test"]))))
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


def shown(x: Tensor) -> Tensor:
    """Decoded images with their grey levels cut off at black and white."""
    return x.clamp(0, 1)


def point_controls(latents: int) -> tuple[Space, ...]:
    """Numbers without a prior."""
    return (Continuous("z", latents, None),)


def point_graphs(model: Any, image_shape: ImageShape) -> tuple[Traced, ...]:
    """Codes to an image, its grey levels cut off at black and white, and an image to its codes."""
    import torch

    from training.export import EXAMPLES, Computed, Traced

    z = Port("z", "float32", ("batch", model.latents), "value", "z")
    image = Port("image", "float32", ("batch", *image_shape), "image")
    x = Port("x", "float32", ("batch", *image_shape), "image")
    codes, images = torch.randn(EXAMPLES, model.latents), torch.rand(EXAMPLES, *image_shape)
    decoder = Computed(model, lambda model, z: shown(model.decode(z)))
    encoder = Computed(model, lambda model, x: model.encode(x))
    return (
        Traced(Graph(DECODER, (z,), (image,)), decoder, (codes,)),
        Traced(Graph(ENCODER, (x,), (z,)), encoder, (images,)),
    )


def point_preview(model: Any, latents: tuple[Latent, ...]) -> Tensor:
    """A row for each latent of widest codes, 2.5 deviations to either side of their mean."""
    from training.embed import along_latents

    return shown(model.decode(along_latents(latents)))


def point_measurement(model: Any, data: Measured) -> Measurement:
    """The squared error, the variance that the codes keep, and how the codes lie."""
    import torch

    from training.metrics.active_units import VARIANCE, active_units
    from training.objectives.squared_error import squared_error

    with torch.no_grad():
        x = torch.cat([batch.x for batch in data.batches])
        z = torch.cat([model.encode(batch.x) for batch in data.batches])
        lost = torch.cat(
            [
                squared_error(batch.x, model.decode(some))
                for batch, some in zip(
                    data.batches, z.split([len(batch.x) for batch in data.batches]), strict=True
                )
            ]
        )
    error = lost.double().mean().item()
    variance = squared_error(x, x.mean(0)).double().mean().item()
    metrics: tuple[Metric, ...] = (
        data.metric(
            *("squared_error", "Squared error", error, "grey levels²"),
            "Squared difference of image and reconstruction, grey levels from 0 to 1, summed over "
            "pixels, mean over images",
        ),
        data.metric(
            *("variance_kept", "Variance kept", 100 * (1 - error / variance), "%"),
            "1 − squared error / that of the mean image of the split, which is its variance",
        ),
    )
    codes = z.double().numpy()
    units = active_units(codes)
    latents = tuple(
        point_latent(float(mean), float(std), bool(active))
        for mean, std, active in zip(codes.mean(0), codes.std(0), units.active, strict=True)
    )
    how = (
        f"Mean and deviation of the codes of {len(data):,} images; active where their variance is "
        f"above {VARIANCE}"
    )
    return Measurement(metrics, latents, provenance_of(data, how))


def point_latent(mean: float, std: float, active: bool) -> Latent:
    """A latent that has neither KL nor posterior."""
    from training.contract.card import Latent

    return Latent(None, round(mean, 6), round(std, 6), None, active)


def provenance_of(data: Measured, how: str) -> Provenance:
    """How the codes were looked at."""
    from training.contract.card import Provenance

    return Provenance("as codes", data.split, len(data), data.seed, f"{how}; {data.reading}.")


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
