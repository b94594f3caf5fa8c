"""VAE-GAN: reconstructions are compared in the features of a discriminator (Larsen et al. 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from training.contract.card import DECODER, ENCODER
from training.contract.fields import Magnitude
from training.contract.graphs import Graph, Port, Sizes
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous
from training.families.convolutions import Convolutions
from training.families.family import (
    Codes,
    Drawn,
    Form,
    Latents,
    Layers,
    Measurement,
    refuse_optimizer,
)
from training.families.gan import distance_metric
from training.families.vae import posterior_codes

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.checkpoints.export import Traced
    from training.config import RunConfig
    from training.contract.measurements import Latent, Metric, Rounding
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.datasets import Dataset
    from training.evaluation.evaluate import Measured
    from training.learners import Learner


class VAEGAN(Convolutions, frozen=True, tag="vaegan"):
    """The encoder of a VAE, the generator and the discriminator of a GAN.

    `channels` and `hidden` are the encoder's, `generator` the generator's, from the codes on, and
    reversed the discriminator's. `gamma` is the paper's γ; `r1` and `average` are a GAN's.
    """

    latents: Latents = 10
    generator: Layers = (64, 32)
    gamma: Magnitude = 0.1
    r1: Magnitude = 1.0
    average: Annotated[float, Meta(ge=0, lt=1)] = 0.999

    loss_name: ClassVar[str] = "energy distance"
    loss_unit: ClassVar[str] = "grey levels"

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss."""
        refuse_optimizer(config, "a VAE-GAN")

    def words(self, config: RunConfig) -> str:
        """What it is, and how many latents."""
        return f"VAE-GAN · {self.latents} latents"

    def network(self, form: Form) -> nn.Module:
        """Encoder and generator, all that is kept."""
        from training.models.gan import Generator
        from training.models.vaegan import VAEGAN as Network

        encoder, _ = self.convolutions(form.image, 2 * self.latents, self.latents)
        return Network(encoder, Generator(self.latents, form.image, self.generator))

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """Encoder, generator and discriminator."""
        from training.learners.three_opponents import ThreeOpponents
        from training.models.gan import Discriminator

        discriminator = Discriminator(form.image, tuple(reversed(self.generator))).to(device)
        settings = (config.train, self.gamma, self.r1, self.average, precision)
        return ThreeOpponents(model, discriminator, *settings)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """z ~ N(0, I)."""
        return (Continuous("z", self.latents, "standard_normal"),)

    def output(self, model: Any, form: Form) -> Output:
        """Images, with no density: the only one there is, is of features."""
        return Pixels(form.image)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """z to an image, an image to the posterior."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced

        def posterior(model: Any, x: Tensor) -> tuple[Tensor, Tensor]:
            found = model.encode(x)
            return found.mean, found.log_variance

        sizes: Sizes = ("batch", self.latents)
        pixels: Sizes = ("batch", *form.image)
        z = Port("z", "float32", sizes, "value", "z")
        image, x = (Port(name, "float32", pixels, "image") for name in ("image", "x"))
        of_posterior = (
            Port("mean", "float32", sizes, "mean", "z"),
            Port("log_variance", "float32", sizes, "log_variance", "z"),
        )
        codes, images = torch.randn(EXAMPLES, self.latents), torch.rand(EXAMPLES, *form.image)
        decoder = Computed(model, lambda model, z: model.decode(z))
        return (
            Traced(Graph(DECODER, (z,), (image,)), decoder, (codes,)),
            Traced(Graph(ENCODER, (x,), of_posterior), Computed(model, posterior), (images,)),
        )

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The posterior."""
        return posterior_codes(model.encode(batch.x))

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The image of the posterior mean."""
        image: Tensor = model.decode(model.encode(batch.x).mean)
        return image

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """The energy distance of what it draws, the KL, and the latents."""
        import torch

        from training.contract.measurements import Provenance
        from training.evaluation.elbo import of_latents

        with torch.no_grad():
            posteriors = [model.encode(batch.x) for batch in data.batches]
            kl_nats = torch.cat([one.kl_to_prior().double() for one in posteriors]).mean(0)
            means = torch.cat([one.mean.double() for one in posteriors])
            sigmas = torch.cat([one.deviation.double() for one in posteriors])
        latents = of_latents(kl_nats, means, sigmas)
        closed = "closed form KL(q(z|x) ‖ N(0, I)), mean over images"
        metrics: tuple[Metric, ...] = (
            distance_metric(data, self.latents, model.decode),
            data.metric(
                *("kl", "KL", kl_nats.sum().item(), "nats"),
                f"Sum over latents of the {closed}",
            ),
            data.metric(
                *("active_units", "Active units", float(sum(one.active for one in latents))),
                *("latents", "Latents whose posterior mean varies over images (Burda et al. 2016)"),
            ),
        )
        how = f"KL per latent: {closed}; {data.reading}."
        provenance = Provenance("nats", data.split, len(data), data.seed, how)
        return Measurement(metrics, latents, provenance)

    def draw(self, model: Any, form: Form, count: int, generator: torch.Generator) -> Drawn:
        """Generated images."""
        import torch

        z = torch.randn(count, self.latents, generator=generator)
        images = torch.cat([model.decode(some) for some in z.split(500)])
        return Drawn(images, "generated images, z from N(0, I)")

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """A row for each latent of highest KL, from −2.5 to 2.5 around z = 0."""
        from training.checkpoints.embed import along_latents

        images: Tensor = model.decode(along_latents(latents))
        return images

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """Where images and posterior means stay as they were."""
        import torch

        from training.checkpoints.half_precision import JUDGED, Part, round_parts, seen_and_judged

        generator = torch.Generator().manual_seed(seed)
        seen, x = seen_and_judged(dataset)
        known = model.encode(seen).sample(generator)
        posterior = model.encode(x)
        z = torch.cat([posterior.mean, torch.randn(JUDGED, self.latents, generator=generator)])
        parts = (
            Part.of_images(model.decoder, lambda: model.decode(known), lambda: model.decode(z)),
            Part.of_codes(
                model.encoder,
                lambda: model.encode(seen),
                lambda: model.encode(x).mean,
                posterior.deviation,
            ),
        )
        what = (
            f"a decoded value in [0, 1] for {len(x):,} posterior means and {JUDGED:,} samples of "
            "the prior, and of a posterior mean, in its standard deviations"
        )
        return round_parts(model, parts, what, len(x), seed)
