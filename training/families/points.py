"""What the families have in common whose encoder gives one point: no posterior, no prior, no KL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from training.contract.card import DECODER, ENCODER
from training.contract.graphs import Graph, Port
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous
from training.families.family import (
    Codes,
    Family,
    Form,
    Latents,
    Measurement,
)

if TYPE_CHECKING:
    from torch import Tensor

    from training.batch import Batch
    from training.checkpoints.export import Traced
    from training.contract.measurements import Latent, Metric
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.evaluation.evaluate import Measured


class Points(Family, frozen=True):
    """A family of models that turn images into points and back, under the squared error."""

    latents: Latents

    loss_unit: ClassVar[str] = "grey levels²"

    def controls(self, form: Form) -> tuple[Space, ...]:
        """Codes of which nothing says how probable they are."""
        return (Continuous("z", self.latents, None),)

    def output(self, model: Any, form: Form) -> Output:
        """Images, with no density."""
        return Pixels(form.image)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """Codes to an image, its grey levels cut off at black and white, and an image to codes."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced

        z = Port("z", "float32", ("batch", model.latents), "value", "z")
        image = Port("image", "float32", ("batch", *form.image), "image")
        x = Port("x", "float32", ("batch", *form.image), "image")
        codes, images = torch.randn(EXAMPLES, model.latents), torch.rand(EXAMPLES, *form.image)
        decoder = Computed(model, lambda model, z: shown(model.decode(z)))
        encoder = Computed(model, lambda model, x: model.encode(x))
        return (
            Traced(Graph(DECODER, (z,), (image,)), decoder, (codes,)),
            Traced(Graph(ENCODER, (x,), (z,)), encoder, (images,)),
        )

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The codes."""
        return Codes(model.encode(batch.x))

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The image at its own code."""
        return shown(model.decode(model.encode(batch.x)))

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """The squared error, and the share of the variance that the codes keep."""
        return point_measurement(model, data)

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """A row for each latent of widest codes, 2.5 deviations to either side of their mean."""
        from training.checkpoints.embed import along_latents

        return shown(model.decode(along_latents(latents)))


def shown(x: Tensor) -> Tensor:
    """Decoded images with their grey levels cut off at black and white."""
    return x.clamp(0, 1)


def point_measurement(model: Any, data: Measured) -> Measurement:
    """The squared error, the variance that the codes keep, and how the codes lie."""
    import torch

    from training.contract.measurements import Latent, Provenance
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
        # It has neither a KL nor a posterior.
        Latent(None, round(float(mean), 6), round(float(std), 6), None, bool(active))
        for mean, std, active in zip(codes.mean(0), codes.std(0), units.active, strict=True)
    )
    how = (
        f"Mean and deviation of the codes of {len(data):,} images; active where their variance is "
        f"above {VARIANCE}"
    )
    provenance = Provenance("as codes", data.split, len(data), data.seed, f"{how}; {data.reading}.")
    return Measurement(metrics, latents, provenance)
