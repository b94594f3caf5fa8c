"""GAN: a generator learns from the verdict of a discriminator (Goodfellow et al. 2014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from training.contract.card import DECODER
from training.contract.fields import Magnitude
from training.contract.graphs import Graph, Port
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous
from training.families.family import (
    Drawn,
    Family,
    Form,
    Latents,
    Layers,
    Measurement,
    refuse_optimizer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor, nn

    from training.checkpoints.export import Traced
    from training.config import RunConfig
    from training.contract.measurements import Latent, Metric, Rounding
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.datasets import Dataset
    from training.evaluation.evaluate import Measured
    from training.learners import Learner

PREVIEWED = 32  # images


class GAN(Family, frozen=True, tag="gan"):
    """The networks: `channels` are the generator's, from the codes on; reversed in the other.

    `r1` is γ of the gradient penalty of Mescheder et al. 2018; of the weights' average over steps,
    the share `average` stays at every step.
    """

    latents: Latents = 10
    channels: Layers = (64, 32)
    r1: Magnitude = 0.0
    average: Annotated[float, Meta(ge=0, lt=1)] = 0.0

    loss_name: ClassVar[str] = "energy distance"
    loss_unit: ClassVar[str] = "grey levels"

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss."""
        refuse_optimizer(config, "a GAN")

    def words(self, config: RunConfig) -> str:
        """What it is, and how many latents."""
        return f"GAN · {self.latents} latents"

    def network(self, form: Form) -> nn.Module:
        """The generator, all that is kept."""
        from training.models.gan import Generator

        return Generator(self.latents, form.image, self.channels)

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The generator and its adversary."""
        from training.learners.adversaries import Adversaries
        from training.models.gan import Discriminator

        discriminator = Discriminator(form.image, tuple(reversed(self.channels))).to(device)
        settings = (config.train, self.r1, self.average, precision)
        return Adversaries(model, discriminator, *settings)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """z ~ N(0, I)."""
        return (Continuous("z", self.latents, "standard_normal"),)

    def output(self, model: Any, form: Form) -> Output:
        """Images, with no density."""
        return Pixels(form.image)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """The generator alone: the discriminator is for training, and nothing leads back to z."""
        import torch

        from training.checkpoints.export import EXAMPLES, Traced

        image = Port("image", "float32", ("batch", *form.image), "image")
        z = Port("z", "float32", ("batch", self.latents), "value", "z")
        codes = torch.randn(EXAMPLES, self.latents)
        return (Traced(Graph(DECODER, (z,), (image,)), model, (codes,)),)

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """The energy distance; a generator gives no bound on ln p(x)."""
        return Measurement((distance_metric(data, self.latents, model),))

    def draw(self, model: Any, form: Form, count: int, generator: torch.Generator) -> Drawn:
        """Generated images."""
        import torch

        z = torch.randn(count, self.latents, generator=generator)
        images = torch.cat([model(some) for some in z.split(500)])
        return Drawn(images, "generated images, z from N(0, I)")

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """What it makes of codes drawn from N(0, I)."""
        import torch

        return self.draw(model, form, PREVIEWED, torch.Generator().manual_seed(0)).images

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """Where generated images stay as they were."""
        import torch

        from training.checkpoints.half_precision import JUDGED, SEEN, Part, round_parts

        z = torch.randn(SEEN + JUDGED, self.latents, generator=torch.Generator().manual_seed(seed))
        part = Part.of_images(model, lambda: model(z[:SEEN]), lambda: model(z[SEEN:]))
        return round_parts(model, (part,), f"{JUDGED:,} samples of N(0, I)", JUDGED, seed)


def distance_metric(data: Measured, latents: int, decode: Callable[[Tensor], Tensor]) -> Metric:
    """The energy distance between images and what is decoded from N(0, I), pixel by pixel."""
    import torch

    from training.metrics.energy_distance import energy_distance

    noise = torch.Generator().manual_seed(data.seed)
    distance = 0.0
    with torch.no_grad():
        for batch in data.batches:
            z = torch.randn(len(batch.x), latents, generator=noise)
            apart = energy_distance(batch.x.flatten(1), decode(z).flatten(1))
            distance += apart * len(batch.x) / len(data)
    sizes = max(len(batch.x) for batch in data.batches)
    return data.metric(
        *("energy_distance", "Energy distance", distance, "grey levels"),
        "Székely & Rizzo 2013, 2 E|x − y| − E|x − x'| − E|y − y'| of images x and generated images "
        f"y as points of their pixels, without bias, mean over batches of {sizes}",
    )
