"""Conditional VAE: a label stands beside z (Sohn et al. 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from training.contract.card import DECODER, ENCODER
from training.contract.graphs import Graph, Port, Sizes
from training.contract.outputs import LikelihoodName, Pixels
from training.contract.spaces import Categorical, Continuous
from training.errors import ConfigError
from training.families.convolutions import Convolutions
from training.families.family import (
    Codes,
    Drawn,
    Form,
    Latents,
    Measurement,
)
from training.families.vae import cost_nats, posterior_codes, refuse_no_density

if TYPE_CHECKING:
    from collections.abc import Sequence

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

STYLES, LABELS = 4, 8  # of the preview: rows, and pictures in a row


class ConditionalVAE(Convolutions, frozen=True, tag="cvae"):
    """The convolutional network of a VAE, both of whose parts see the label."""

    latents: Latents
    likelihood: LikelihoodName = "bernoulli"

    takes_objective: ClassVar[bool] = True

    def check(self, config: RunConfig) -> None:
        """Refuse a likelihood that the data do not fit."""
        refuse_no_density(self.likelihood, config)

    def refuse(self, form: Form) -> None:
        """Refuse images without labels."""
        super().refuse(form)
        self._labels(form)

    def words(self, config: RunConfig) -> str:
        """The objective's, and what is moved."""
        assert config.objective is not None
        return f"Conditional {config.objective.words()} · {self.latents} latents and a label"

    def network(self, form: Form) -> nn.Module:
        """Two networks that see the label, and the likelihood."""
        from training import build
        from training.models import conditional_vae

        colours, height, width = form.image
        labels = len(self._labels(form))
        outputs = 2 * self.latents
        shape = (colours + labels, height, width)
        encoder, _ = self.convolutions(shape, outputs, self.latents)
        _, decoder = self.convolutions(form.image, outputs, self.latents + labels)
        return conditional_vae.ConditionalVAE(
            self.latents, labels, encoder, decoder, build.likelihood(self.likelihood)
        )

    def _labels(self, form: Form) -> tuple[str, ...]:
        if form.labels is None:
            raise ConfigError(
                "A conditional VAE needs a label, and these data have none; choose digits or "
                "fashion as data.name."
            )
        return form.labels

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The model under its objective, given the labels."""
        from training.learners import OneLoss
        from training.objectives.conditional import Conditional
        from training.trainer.optimizers import Descent

        assert config.objective is not None
        objective = Conditional(config.objective.build(self.latents, images, device))
        descent = Descent(model, config.train, device)
        return OneLoss(model, cast(Any, objective), descent, config.train, precision)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """z ~ N(0, I), whatever the label, and the label."""
        z = Continuous("z", self.latents, "standard_normal")
        return (z, Categorical("label", self._labels(form)))

    def output(self, model: Any, form: Form) -> Output:
        """Images."""
        import torch

        from training.models.likelihoods import sigma

        first = model.given(torch.zeros(1, dtype=torch.int64))
        return Pixels(form.image, self.likelihood, sigma(first))

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """z and a label to an image, an image and its label to the posterior."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced

        def posterior(model: Any, x: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
            found = model.encode(x, label)
            return found.mean, found.log_variance

        codes: Sizes = ("batch", self.latents)
        z = Port("z", "float32", codes, "value", "z")
        mean = Port("mean", "float32", codes, "mean", "z")
        log_variance = Port("log_variance", "float32", codes, "log_variance", "z")
        label = Port("label", "int64", ("batch",), "value", "label")
        image = Port("mean", "float32", ("batch", *form.image), "image")
        x = Port("x", "float32", ("batch", *form.image), "image")
        labels = torch.arange(EXAMPLES) % len(self._labels(form))
        decoder = Computed(model, lambda model, z, label: model.decode(z, label).mean)
        encoder = Computed(model, posterior)
        return (
            Traced(
                Graph(DECODER, (z, label), (image,)),
                decoder,
                (torch.randn(EXAMPLES, self.latents), labels),
            ),
            Traced(
                Graph(ENCODER, (x, label), (mean, log_variance)),
                encoder,
                (torch.rand(EXAMPLES, *form.image), labels),
            ),
        )

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The posterior given the label."""
        return posterior_codes(model.encode(batch.x, batch.targets))

    def cost_nats(self, model: Any, batch: Batch, codes: Codes) -> Tensor:
        """−ln p(x|z, y) under the image's own label."""
        return cost_nats(model.decode(codes.value, batch.targets), batch.x)

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The mean of p(x|z, y) at the posterior mean, under the image's own label."""
        given = model.given(batch.targets)
        image: Tensor = given.decode(given.encode(batch.x).mean).mean
        return image

    def measure(self, model: Any, dataset: Dataset, config: RunConfig, seed: int) -> Measurement:
        """The ELBO given the labels, what each latent carries, and what z tells of the label."""
        from training.evaluation.elbo import measure_elbo
        from training.evaluation.evaluate import measured

        found = measure_elbo(model.given, dataset, config, seed)
        known = measured(dataset, config, seed, "validation").batches
        leak = self.measure_leak(model, known, measured(dataset, config, seed))
        return found._replace(metrics=found.metrics + leak)

    def measure_leak(
        self, model: Any, known: Sequence[Batch], data: Measured
    ) -> tuple[Metric, ...]:
        """How well two classifiers tell the label from z, and how well one that never sees z.

        Args:
            known: what the classifiers learn from: images that `data` does not hold.
        """
        import torch

        from training.metrics.label_leak import label_leak

        generator = torch.Generator().manual_seed(data.seed)

        def sampled(batches: Sequence[Batch]) -> tuple[Any, Any]:
            """One sample of q(z|x, y) for each image, (N, D), and its label, (N,)."""
            codes, labels = [], []
            for batch in batches:
                assert batch.targets is not None
                codes.append(model.encode(batch.x, batch.targets).sample(generator))
                labels.append(batch.targets)
            return torch.cat(codes).numpy(), torch.cat(labels).numpy()

        with torch.no_grad():
            learned, asked = sampled(known), sampled(data.batches)
        accuracies = label_leak(learned, asked, data.seed)
        by = {
            "linear": "a logistic regression",
            "network": "a network with one hidden layer",
            "chance": "always the commonest label",
        }
        return tuple(
            data.metric(
                *(f"label_leak_{name}", f"Label read off z, {name}", 100 * accuracies[name], "%"),
                f"Share of images whose label is guessed right by {guesser} from one sample of "
                f"q(z|x, y), learned from {len(learned[1]):,} other images",
            )
            for name, guesser in by.items()
        )

    def draw(self, model: Any, form: Form, count: int, generator: torch.Generator) -> Drawn:
        """The means of p(x|z, y), z from the prior, every label as often as any other."""
        import torch

        z = torch.randn(count, self.latents, generator=generator)
        labels = torch.arange(count) % len(self._labels(form))
        pairs = zip(z.split(500), labels.split(500), strict=True)
        images = torch.cat([model.decode(*some).mean for some in pairs])
        how = "mean images of p(x|z, y), z from the prior, every label y equally often"
        return Drawn(images, how)

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """A row for each of four styles, from z = 0 on, under the first eight labels."""
        import torch

        from training.checkpoints.embed import PREVIEW_RANGE, strongest

        z = torch.zeros(STYLES, self.latents)
        for row, latent in zip(range(1, STYLES), strongest(latents), strict=False):
            z[row, latent] = PREVIEW_RANGE / 1.5
        labels = torch.arange(LABELS) % len(self._labels(form))
        images: Tensor = model.decode(
            z.repeat_interleave(LABELS, dim=0), labels.repeat(STYLES)
        ).mean
        return images

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """Where images and posterior means stay as they were, each under its label."""
        import torch

        from training.checkpoints.half_precision import round_weights

        def decode(z: Tensor) -> Any:
            return model.decode(z, torch.arange(len(z)) % model.labels)

        return round_weights(model, model.encode, decode, dataset, seed)
