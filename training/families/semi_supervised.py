"""Semi-supervised VAE: few labels, many images (Kingma et al. 2014, M1 + M2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from training.contract.card import DECODER, ENCODER
from training.contract.fields import Magnitude, Positive
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
    refuse_settings,
)
from training.families.vae import cost_nats, posterior_codes, refuse_no_density

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

STYLES, LABELS = 4, 8  # of the preview: rows, and pictures in a row
LABEL = "label"


class SemiSupervised(Convolutions, frozen=True, tag="semi_supervised"):
    """M1 has `features` latents, M2 `latents` and a label; `alpha` is 0.1 N over the paper's sums.

    Of all labels, `labelled` are looked at. M1 learns until step `m2_from`, then M2: three networks
    of `units`.
    """

    latents: Latents = 10
    features: Latents = 32
    labelled: Annotated[int, Meta(ge=1, le=100_000)] = 100
    alpha: Magnitude = 0.1
    likelihood: LikelihoodName = "bernoulli"
    units: Positive = 128
    m2_from: Positive = 4_000

    loss_name: ClassVar[str] = "−ELBO"

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss, and turns that there is no time for."""
        refuse_settings(config, "M1 + M2")
        refuse_no_density(self.likelihood, config)
        if self.m2_from >= config.train.steps:
            raise ConfigError(
                f"model.m2_from is {self.m2_from}; it must be below train.steps, "
                f"{config.train.steps}, so that both M1 and M2 learn."
            )

    def refuse(self, form: Form) -> None:
        """Refuse images without labels, or more labelled ones than each label has images for."""
        super().refuse(form)
        self._labels(form)

    def words(self, config: RunConfig) -> str:
        """What it is, and of how many labels."""
        return f"M1 + M2 · {self.labelled:,} labels · {self.latents} latents and a label"

    def _labels(self, form: Form) -> tuple[str, ...]:
        if form.labels is None:
            raise ConfigError(
                "A semi-supervised VAE needs some labels, and these data have none; choose digits "
                "or fashion as data.name."
            )
        if self.labelled % len(form.labels):
            raise ConfigError(
                f"model.labelled is {self.labelled}; it must be a multiple of the "
                f"{len(form.labels)} labels, for as many images of each."
            )
        return form.labels

    def network(self, form: Form) -> nn.Module:
        """M1 and M2."""
        from training import build
        from training.models import semi_supervised
        from training.models.gaussian_vae import GaussianVAE

        networks = self.convolutions(form.image, 2 * self.features, self.features)
        m1 = GaussianVAE(self.features, *networks, build.likelihood(self.likelihood))
        labels = len(self._labels(form))
        m2 = semi_supervised.M2(self.features, self.latents, labels, self.units)
        return semi_supervised.SemiSupervised(m1, m2)

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
        from training.learners.m1_then_m2 import Known, M1ThenM2
        from training.objectives.semi_supervised import FewLabels

        known = Known(self.labelled, len(self._labels(form)), form.image).to(device)
        if self.labelled > images:
            raise ConfigError(
                f"model.labelled is {self.labelled}, but there are {images:,} images to train on."
            )
        few = FewLabels(self.alpha, self.labelled / images)
        return M1ThenM2(model, known, few, self.m2_from, config.train)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """z ~ N(0, I), whatever the label, and the label."""
        z = Continuous("z", self.latents, "standard_normal")
        return (z, Categorical(LABEL, self._labels(form)))

    def output(self, model: Any, form: Form) -> Output:
        """Images."""
        from training.models.likelihoods import sigma

        return Pixels(form.image, self.likelihood, sigma(model.m1))

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """z and a label to an image; an image to ln q(y|x), its likeliest label, and z given it."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced

        def encoded(model: Any, x: Tensor) -> tuple[Tensor, ...]:
            log_q = model.classify(x)
            label = log_q.argmax(1)
            found = model.encode(x, label)
            return found.mean, found.log_variance, label, log_q

        labels = len(self._labels(form))
        codes: Sizes = ("batch", self.latents)
        z = Port("z", "float32", codes, "value", "z")
        mean = Port("mean", "float32", codes, "mean", "z")
        log_variance = Port("log_variance", "float32", codes, "log_variance", "z")
        label = Port("label", "int64", ("batch",), "value", LABEL)
        log_q = Port("log_q", "float32", ("batch", labels), "logits", LABEL)
        image = Port("image", "float32", ("batch", *form.image), "image")
        x = Port("x", "float32", ("batch", *form.image), "image")
        decoder = Computed(model, lambda model, z, label: model.decode(z, label).mean)
        return (
            Traced(
                Graph(DECODER, (z, label), (image,)),
                decoder,
                (torch.randn(EXAMPLES, self.latents), torch.arange(EXAMPLES) % labels),
            ),
            Traced(
                Graph(ENCODER, (x,), (mean, log_variance, label, log_q)),
                Computed(model, encoded),
                (torch.rand(EXAMPLES, *form.image),),
            ),
        )

    def _guess(self, model: Any, x: Tensor) -> Tensor:
        """The likeliest label of images: (B,)."""
        guess: Tensor = model.classify(x).argmax(1)
        return guess

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The posterior given the likeliest label."""
        return posterior_codes(model.encode(batch.x, self._guess(model, batch.x)))

    def cost_nats(self, model: Any, batch: Batch, codes: Codes) -> Tensor:
        """−ln p(x|f) at the mean of p(f|z, y), y being the likeliest label."""
        return cost_nats(model.decode(codes.value, self._guess(model, batch.x)), batch.x)

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The mean image at the posterior mean, under the likeliest label."""
        guess = self._guess(model, batch.x)
        image: Tensor = model.decode(model.encode(batch.x, guess).mean, guess).mean
        return image

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """The bound, how often q(y|x) errs, and what each latent carries."""
        import torch

        from training.contract.measurements import Provenance
        from training.evaluation.elbo import of_latents
        from training.learners.m1_then_m2 import bound

        generator = torch.Generator().manual_seed(data.seed)
        right, reconstruction, code, kl, means, deviations = [], [], [], [], [], []
        with torch.no_grad():
            for x, targets, *_ in data.batches:
                assert targets is not None
                right.append(self._guess(model, x) == targets)
                misfit, of_code = bound(model, x, generator)
                reconstruction.append(misfit.double())
                code.append(of_code.double())
                posterior = model.encode(x, self._guess(model, x))
                kl.append(posterior.kl_to_prior().double())
                means.append(posterior.mean.double())
                deviations.append(posterior.deviation.double())
        reconstruction_nats = torch.cat(reconstruction).mean().item()
        code_nats = torch.cat(code).mean().item()
        error = 100 * (1 - torch.cat(right).double().mean().item())
        metrics = (
            data.metric(
                *("neg_elbo", "−ELBO", reconstruction_nats + code_nats, "nats"),
                "M1's, M2 being the prior of its codes f: −ln p(x|f) + ln q(f|x) + U(f), one "
                "sample of f and of z for each label, the sum over labels as q(y|f) weighs them",
            ),
            data.metric(
                *("m1_reconstruction", "Reconstruction by M1", reconstruction_nats, "nats"),
                "−ln p(x|f) of M1, one sample of q(f|x) per image",
            ),
            data.metric(
                *("code_nats", "Codes", code_nats, "nats"),
                "U(f) + ln q(f|x): what f costs under M2 beyond what q(f|x) spends",
            ),
            data.metric(
                *("label_error", "Label guessed wrong", error, "%"),
                f"Share of images whose likeliest label under q(y|x) is another than theirs; "
                f"{self.labelled:,} labels were seen in training",
            ),
        )
        provenance = Provenance(
            *("nats", data.split, len(data), data.seed),
            "KL per latent: closed form KL(q(z|f, y) ‖ N(0, I)) at the mean of q(f|x) and the "
            f"likeliest label, mean over images; {data.reading}.",
        )
        latents = of_latents(torch.cat(kl).mean(0), torch.cat(means), torch.cat(deviations))
        return Measurement(metrics, latents, provenance)

    def draw(self, model: Any, form: Form, count: int, generator: torch.Generator) -> Drawn:
        """The mean images of z from the prior, every label as often as any other."""
        import torch

        z = torch.randn(count, self.latents, generator=generator)
        y = torch.arange(count) % len(self._labels(form))
        pairs = zip(z.split(500), y.split(500), strict=True)
        images = torch.cat([model.decode(*some).mean for some in pairs])
        how = "mean images at the mean of p(f|z, y), z from the prior, every label y equally often"
        return Drawn(images, how)

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """A row for each of four styles, from z = 0 on, under the first eight labels."""
        import torch

        from training.checkpoints.embed import PREVIEW_RANGE, strongest

        z = torch.zeros(STYLES, self.latents)
        for row, latent in zip(range(1, STYLES), strongest(latents), strict=False):
            z[row, latent] = PREVIEW_RANGE / 1.5
        y = torch.arange(LABELS) % len(self._labels(form))
        images: Tensor = model.decode(z.repeat_interleave(LABELS, dim=0), y.repeat(STYLES)).mean
        return images

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """Where images, posterior means and guesses stay as they were."""
        import torch
        from torch import nn

        from training.checkpoints.half_precision import Part, round_parts, seen_and_judged

        generator = torch.Generator().manual_seed(seed)

        def drawn(count: int) -> tuple[Tensor, Tensor]:
            """Codes of the prior, and a label for each."""
            z = torch.randn(count, self.latents, generator=generator)
            return z, torch.arange(count) % model.m2.labels

        seen, judged = seen_and_judged(dataset)
        (of_seen, labels), (z, y) = drawn(len(seen)), drawn(len(judged))
        posterior = model.encode(judged, y)
        parts = (
            Part.of_images(
                nn.ModuleList([model.m2.decoder, model.m1.decoder]),
                lambda: model.decode(of_seen, labels),
                lambda: model.decode(z, y).mean,
            ),
            Part.of_codes(
                nn.ModuleList([model.m2.encoder, model.m1.encoder]),
                lambda: model.encode(seen, labels),
                lambda: model.encode(judged, y).mean,
                posterior.deviation,
            ),
            Part.of_probabilities(
                model.m2.classifier,
                lambda: model.classify(seen),
                lambda: model.classify(judged).exp(),
            ),
        )
        what = (
            f"a decoded value in [0, 1] for {len(z):,} samples of the prior, of a posterior mean, "
            "in its standard deviations, and of the probability of a label"
        )
        return round_parts(model, parts, what, len(judged), seed)
