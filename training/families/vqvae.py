"""VQ-VAE and, over its codes, an autoregressive prior (van den Oord et al. 2017)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from training.contract.card import DECODER, ENCODER
from training.contract.fields import Magnitude, Positive
from training.contract.graphs import Graph, Port
from training.contract.outputs import LikelihoodName, Pixels
from training.contract.spaces import MOST_CODES, CodeGrid
from training.errors import ConfigError
from training.families.family import (
    Activation,
    Codes,
    Drawn,
    Family,
    Form,
    Layers,
    Measurement,
    refuse_settings,
)
from training.families.transformer import refuse_heads, step_graph
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

PREVIEWED = 32  # images


class VQVAE(Family, frozen=True, tag="vqvae"):
    """The paper's symbols where it has them: K `codes` of d `dimensions`, β, and the decay γ.

    One stride-2 convolution per entry of `channels`. The VQ-VAE learns until step
    `prior_from`, then the prior: a transformer of `prior_layers` of `prior_width`.
    """

    likelihood: LikelihoodName = "bernoulli"
    channels: Annotated[Layers, Meta(min_length=1)] = (32, 64)
    activation: Activation = "silu"
    codes: Annotated[int, Meta(ge=2, le=MOST_CODES)] = 64
    dimensions: Positive = 16
    beta: Magnitude = 0.25
    decay: Annotated[float, Meta(ge=0, lt=1)] = 0.99
    prior_from: Positive = 8000
    prior_width: Positive = 128
    prior_layers: Positive = 2
    prior_heads: Positive = 4

    loss_name: ClassVar[str] = "−ELBO"

    def __post_init__(self) -> None:
        refuse_heads(self.prior_width, self.prior_heads)

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss, and turns that there is no time for."""
        refuse_settings(config, "a VQ-VAE")
        refuse_no_density(self.likelihood, config)
        if self.prior_from >= config.train.steps:
            raise ConfigError(
                f"model.prior_from is {self.prior_from}; it must be below train.steps, "
                f"{config.train.steps}, so that both the codes and their prior learn."
            )

    def words(self, config: RunConfig) -> str:
        """What it is, and how many codes."""
        return f"VQ-VAE · {self.codes} codes · prior: a transformer"

    def grid(self, form: Form) -> tuple[int, int]:
        """How many cells high and wide the codes of an image are."""
        shrink = 2 ** len(self.channels)
        return form.image[1] // shrink, form.image[2] // shrink

    def network(self, form: Form) -> nn.Module:
        """The VQ-VAE and the prior."""
        from torch import nn

        from training import build
        from training.models import vqvae
        from training.models.transformer import Transformer

        encoder, decoder = vqvae.grid_networks(
            form.image, self.dimensions, self.channels, self.activation
        )
        codebook = vqvae.Codebook(self.codes, self.dimensions, self.decay)
        model = vqvae.VQVAE(encoder, codebook, decoder, build.likelihood(self.likelihood))
        sizes = (self.prior_width, self.prior_layers, self.prior_heads)
        prior = Transformer(self.codes, math.prod(self.grid(form)), *sizes)
        return nn.ModuleDict({"vqvae": model, "prior": prior})

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """One after the other."""
        from training.learners.codes_then_prior import CodesThenPrior
        from training.objectives.vector_quantised import VectorQuantised

        return CodesThenPrior(model, VectorQuantised(self.beta), self.prior_from, config.train)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """The grid of codes."""
        return (CodeGrid("codes", *self.grid(form), self.codes),)

    def output(self, model: Any, form: Form) -> Output:
        """Images."""
        return Pixels(form.image, self.likelihood)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """Codes to an image, an image to codes, and the prior a code at a time."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced

        grid = self.grid(form)
        codes = Port("codes", "int64", ("batch", *grid), "value", "codes")
        image = Port("mean", "float32", ("batch", *form.image), "image")
        x = Port("x", "float32", ("batch", *form.image), "image")
        drawn = torch.randint(self.codes, (EXAMPLES, *grid))
        decoder = Computed(model["vqvae"], lambda model, codes: model.decode(codes).mean)
        encoder = Computed(model["vqvae"], lambda model, x: model.encode(x))
        return (
            Traced(Graph(DECODER, (codes,), (image,)), decoder, (drawn,)),
            Traced(Graph(ENCODER, (x,), (codes,)), encoder, (torch.rand(EXAMPLES, *form.image),)),
            step_graph(model["prior"], "codes"),
        )

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The grid of codes, (B, h, w)."""
        return Codes(model["vqvae"].encode(batch.x))

    def cost_nats(self, model: Any, batch: Batch, codes: Codes) -> Tensor:
        """−ln p(x|codes)."""
        return cost_nats(model["vqvae"].decode(codes.value), batch.x)

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The mean of p(x|codes) at the image's own codes."""
        image: Tensor = model["vqvae"].decode(model["vqvae"].encode(batch.x)).mean
        return image

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """What an image costs, in codes and given them, and how the codebook is used."""
        import torch

        from training.metrics.codebook_usage import usage
        from training.models.transformer import code_nats

        vqvae, prior = model["vqvae"], model["prior"]
        with torch.no_grad():
            codes = [vqvae.encode(batch.x) for batch in data.batches]
            reconstructions = [
                cost_nats(vqvae.decode(of_batch), batch.x).double()
                for batch, of_batch in zip(data.batches, codes, strict=True)
            ]
            priors = [code_nats(prior, of_batch).double() for of_batch in codes]
        reconstruction_nats = torch.cat(reconstructions).mean().item()
        prior_nats = torch.cat(priors).mean().item()
        used = usage(torch.cat(codes), self.codes)
        uniform = codes[0][0].numel() * math.log(self.codes)
        given = "−ln p(x|codes), summed over pixels, mean over images"
        of_codes = (
            "−ln p(codes) by the transformer, mean over images; were all codes equally likely, it "
            f"would be {uniform:.1f} nats"
        )
        metrics = (
            data.metric(
                *("neg_elbo", "−ELBO", reconstruction_nats + prior_nats, "nats"),
                "−ln p(x|codes) − ln p(codes) at the codes of the image, summed over pixels and "
                "codes, mean over images",
            ),
            data.metric("reconstruction", "Reconstruction", reconstruction_nats, "nats", given),
            data.metric("code_nats", "Codes", prior_nats, "nats", of_codes),
            data.metric(
                *("perplexity", "Perplexity", used.perplexity, "codes"),
                "e to the entropy of how often each code is used, over all cells of all images",
            ),
            data.metric(
                *("dead_codes", "Dead codes", float(used.dead), "codes"),
                f"Of {len(used.shares)} codes, those that no cell of any image holds",
            ),
        )
        return Measurement(metrics)

    def draw(self, model: Any, form: Form, count: int, generator: torch.Generator) -> Drawn:
        """The means of p(x|codes), codes from the prior."""
        import torch

        from training.models.transformer import drawn

        images = []
        for start in range(0, count, 500):
            tokens = drawn(model["prior"], min(500, count - start), generator)
            codes = tokens.view(-1, *self.grid(form))
            images.append(model["vqvae"].decode(codes).mean)
        how = "mean images of p(x|codes), codes from the transformer, one after the other"
        return Drawn(torch.cat(images), how)

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """What it makes of codes that the prior draws."""
        import torch

        return self.draw(model, form, PREVIEWED, torch.Generator().manual_seed(0)).images

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """The prior's weights, where the probabilities of the codes stay as they were."""
        from training.checkpoints.half_precision import Part, round_parts, seen_and_judged

        prior = model["prior"]
        seen, judged = (model["vqvae"].encode(x).flatten(1) for x in seen_and_judged(dataset))
        part = Part.of_probabilities(prior, lambda: prior(seen), lambda: prior(judged).softmax(-1))
        what = f"the probabilities of the codes of {len(judged):,} images by the prior"
        return round_parts(model, (part,), what, len(judged), seed)
