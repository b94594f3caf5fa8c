"""Quantized autoencoder: every latent takes one of a few values (Hsu et al. 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from training.contract.card import DECODER, ENCODER
from training.contract.fields import Magnitude, Positive, Rate
from training.contract.graphs import Graph, Port
from training.contract.outputs import LikelihoodName, Pixels
from training.contract.spaces import MOST_LEVELS, Continuous
from training.errors import ConfigError
from training.families.convolutions import Convolutions
from training.families.family import (
    Codes,
    Form,
    Latents,
    Measurement,
)
from training.families.vae import cost_nats, refuse_no_density

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.checkpoints.export import Traced
    from training.config import RunConfig
    from training.contract.measurements import Latent, Rounding
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.datasets import Dataset
    from training.evaluation.evaluate import Measured
    from training.learners import Learner


class QLAE(Convolutions, frozen=True, tag="qlae"):
    """The networks of a VAE around latents of `levels` values, with much `train.weight_decay`.

    `styled` networks are as the paper's: codes scale and shift the decoder's channels, and nothing
    else. `quantization` and `commitment` are the paper's λ. With `gamma` above 0, total correlation
    of the codes is pressed as well, as Baykal et al. 2024 do in another model, by a discriminator
    of `layers` of `units`.
    """

    latents: Latents = 10
    likelihood: LikelihoodName = "bernoulli"
    name: Literal["conv", "patch", "styled"] = "conv"
    patch: Positive = 1
    levels: Annotated[int, Meta(ge=2, le=MOST_LEVELS)] = 12
    quantization: Magnitude = 0.01
    commitment: Magnitude = 0.01
    gamma: Magnitude = 0.0
    layers: Positive = 5
    units: Positive = 512
    discriminator_rate: Rate = 5e-4

    loss_unit: ClassVar[str] = "nats"

    def __post_init__(self) -> None:
        if self.patch > 1 and self.name == "conv":
            raise ConfigError(
                f"patch is {self.patch}, but {self.name} reads no patches; leave it at 1, or "
                "choose patch or styled as model.name."
            )

    def check(self, config: RunConfig) -> None:
        """Refuse a likelihood that the data do not fit."""
        refuse_no_density(self.likelihood, config)

    def words(self, config: RunConfig) -> str:
        """What it is, and how many latents of how many levels."""
        correlation = f" · TC γ {self.gamma:g}" if self.gamma else ""
        return (
            f"Quantized autoencoder · {self.latents} latents of {self.levels} levels{correlation}"
        )

    def network(self, form: Form) -> nn.Module:
        """Encoder, codebooks, decoder and likelihood."""
        from training import build
        from training.models.patches import patches
        from training.models.quantized import QuantizedAutoencoder, Quantizer
        from training.models.styled import styled

        latents = self.latents
        sizes = (self.patch, self.channels, self.hidden, self.activation)
        encoder: nn.Module
        decoder: nn.Module
        match self.name:
            case "patch":
                encoder, decoder = patches(form.image, latents, latents, *sizes)
            case "styled":
                encoder, decoder = styled(form.image, latents, latents, *sizes)
            case "conv":
                encoder, decoder = self.convolutions(form.image, latents, latents)
        quantizer = Quantizer(self.latents, self.levels)
        return QuantizedAutoencoder(encoder, quantizer, decoder, build.likelihood(self.likelihood))

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The model under its loss."""
        from training.learners import OneLoss
        from training.objectives.factor_vae import discriminator
        from training.objectives.latent_quantization import FactorQuantization, LatentQuantization
        from training.trainer.optimizers import Descent

        descent = Descent(model, config.train, device)
        loss = LatentQuantization(self.quantization, self.commitment)
        if self.gamma == 0:
            return OneLoss(model, loss, descent, config.train, precision)
        sizes = (self.latents, self.layers, self.units)
        part, adam = discriminator(*sizes, self.discriminator_rate, device)
        factored = FactorQuantization(loss, self.gamma, part, adam)
        return OneLoss(model, factored, descent, config.train, precision)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """Codes of which nothing says how probable they are; training chooses their levels."""
        return (Continuous("z", self.latents, None),)

    def trained_controls(self, model: Any, form: Form) -> tuple[Space, ...]:
        """With the levels that were learned."""
        return (Continuous("z", self.latents, None, model.quantizer.levels()),)

    def output(self, model: Any, form: Form) -> Output:
        """Images."""
        from training.models.likelihoods import sigma

        return Pixels(form.image, self.likelihood, sigma(model))

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """Codes to an image, an image to codes."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced

        z = Port("z", "float32", ("batch", self.latents), "value", "z")
        image = Port("mean", "float32", ("batch", *form.image), "image")
        x = Port("x", "float32", ("batch", *form.image), "image")
        codes = model.quantizer(torch.randn(EXAMPLES, self.latents)).detach()
        decoder = Computed(model, lambda model, z: model.decode(z).mean)
        encoder = Computed(model, lambda model, x: model.encode(x))
        return (
            Traced(Graph(DECODER, (z,), (image,)), decoder, (codes,)),
            Traced(Graph(ENCODER, (x,), (z,)), encoder, (torch.rand(EXAMPLES, *form.image),)),
        )

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The codes."""
        return Codes(model.encode(batch.x))

    def cost_nats(self, model: Any, batch: Batch, codes: Codes) -> Tensor:
        """−ln p(x|z)."""
        return cost_nats(model.decode(codes.value), batch.x)

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The mean of p(x|z) at the image's own code."""
        image: Tensor = model.decode(model.encode(batch.x)).mean
        return image

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """−ln p(x|z), how many levels are used, and how the codes lie."""
        import torch

        from training.contract.measurements import Latent, Provenance
        from training.metrics.active_units import VARIANCE

        with torch.no_grad():
            codes = [model.encode(batch.x) for batch in data.batches]
            costs = [
                cost_nats(model.decode(z), batch.x).double()
                for batch, z in zip(data.batches, codes, strict=True)
            ]
        z = torch.cat(codes).double()
        used = [len(column.unique()) for column in z.T]
        spread = model.quantizer.values.detach().double().std(1)  # (D,), of the levels
        # In units of the levels: the codes of a latent that nothing moves all lie on one of them.
        active = z.var(0, unbiased=False) > VARIANCE * spread.square()
        metrics = (
            data.metric(
                *("reconstruction", "Reconstruction", torch.cat(costs).mean().item(), "nats"),
                "−ln p(x|z) at the code of the image, summed over pixels, mean over images",
            ),
            data.metric(
                *("active_units", "Active units", float(active.sum()), "latents"),
                f"Latents whose code has a variance above {VARIANCE} of that of its levels",
            ),
            data.metric(
                *("levels_used", "Levels used", sum(used) / len(used), "of a latent"),
                f"Of {model.quantizer.values.shape[1]} levels, those that the code of any image "
                "takes; mean over latents",
            ),
        )
        latents = tuple(
            Latent(None, round(float(mean), 6), round(float(std), 6), None, bool(on))
            for mean, std, on in zip(z.mean(0), z.std(0, unbiased=False), active, strict=True)
        )
        how = (
            f"Mean and deviation of the codes of {len(data):,} images; active where their variance "
            f"is above {VARIANCE} of that of the levels; {data.reading}."
        )
        provenance = Provenance("as codes", data.split, len(data), data.seed, how)
        return Measurement(metrics, latents, provenance)

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """A row for each latent of widest codes, from its lowest to its highest level."""
        from training.checkpoints.embed import along_latents

        images: Tensor = model.decode(model.quantizer(along_latents(latents))).mean
        return images

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """Where images, and what becomes the codes, stay as they were."""
        import torch

        from training.checkpoints.half_precision import Part, round_parts, seen_and_judged

        seen, x = seen_and_judged(dataset)
        known, z = model.encode(seen), model.encode(x)
        values = model.quantizer.values
        steps = (values.amax(1) - values.amin(1)) / (self.levels - 1)
        steps = steps.clamp_min(torch.finfo(steps.dtype).tiny)  # where all levels are one
        parts = (
            Part.of_images(
                model.decoder, lambda: model.decode(known), lambda: model.decode(z).mean
            ),
            Part.of_codes(
                model.encoder,
                lambda: model.continuous(seen),
                lambda: model.continuous(x),
                steps,
            ),
        )
        what = (
            f"a decoded value in [0, 1] for {len(x):,} images, and of what the encoder gives for "
            "them, in steps from one level to the next"
        )
        return round_parts(model, parts, what, len(x), seed)
