"""VAE of images given a part of them: a half goes in, several whole ones come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from training.contract.card import DECODER, ENCODER
from training.contract.fields import Positive
from training.contract.graphs import Graph, Port, Sizes
from training.contract.outputs import LikelihoodName, Pixels
from training.contract.spaces import Continuous, Image
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

PREVIEWED = 32  # images
DRAWS = 16  # completions of each test image that are averaged
CONDITION = "condition"


class ImageCVAE(Convolutions, frozen=True, tag="image_cvae"):
    """The convolutional network of a VAE, both of whose parts see a part of the image.

    `features` numbers are read off the condition, for the decoder. `seen` is the part that is seen
    where a figure is measured; in training it is drawn anew at every step.
    """

    latents: Latents
    seen: Literal["left", "right", "top", "bottom"] = "left"
    likelihood: LikelihoodName = "bernoulli"
    features: Positive = 128

    takes_objective: ClassVar[bool] = True

    def check(self, config: RunConfig) -> None:
        """Refuse a likelihood that the data do not fit."""
        refuse_no_density(self.likelihood, config)

    def words(self, config: RunConfig) -> str:
        """The objective's, and what is moved."""
        assert config.objective is not None
        return f"{config.objective.words()} of what is hidden · {self.latents} latents"

    def network(self, form: Form) -> nn.Module:
        """Two networks that see the condition, what reads it, and the likelihood."""
        from training import build
        from training.models import image_cvae

        colours, height, width = form.image

        def reader(planes: int, outputs: int) -> nn.Module:
            return self.convolutions((planes, height, width), outputs, outputs)[0]

        encoder = reader(2 * colours + 1, 2 * self.latents)
        condition = reader(colours + 1, self.features)
        _, decoder = self.convolutions(form.image, 1, self.latents + self.features)
        return image_cvae.ImageCVAE(
            self.latents, encoder, condition, decoder, build.likelihood(self.likelihood)
        )

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The model under its objective, given a part of each image that is drawn at every step."""
        from training.learners import OneLoss
        from training.learners.completing import Completing
        from training.objectives.conditional import Conditional
        from training.trainer.optimizers import Descent

        assert config.objective is not None
        objective = Conditional(config.objective.build(self.latents, images, device))
        descent = Descent(model, config.train, device)
        return Completing(OneLoss(model, cast(Any, objective), descent, config.train, precision))

    def controls(self, form: Form) -> tuple[Space, ...]:
        """z ~ N(0, I), whatever is seen, and the image of which a part is seen."""
        z = Continuous("z", self.latents, "standard_normal")
        return (z, Image(CONDITION, form.image, self.seen))

    def output(self, model: Any, form: Form) -> Output:
        """Images."""
        return Pixels(form.image, self.likelihood)

    def _seen(self, count: int, form: Form) -> Tensor:
        from training.models.seen_parts import half

        _, height, width = form.image
        return half(self.seen, (height, width)).expand(count, -1, -1, -1)

    def _given(self, model: Any, x: Tensor) -> Any:
        """The VAE of images (B, C, H, W) whose part `seen` is seen."""
        return model.given(self._seen(len(x), Form(tuple(x.shape[1:]))))

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """z and a condition to an image, an image and a condition to the posterior."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced
        from training.models.image_cvae import shown

        def posterior(model: Any, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
            found = model.encode(x, condition)
            return found.mean, found.log_variance

        colours, height, width = form.image
        codes: Sizes = ("batch", self.latents)
        z = Port("z", "float32", codes, "value", "z")
        mean = Port("mean", "float32", codes, "mean", "z")
        log_variance = Port("log_variance", "float32", codes, "log_variance", "z")
        condition = Port(
            *(CONDITION, "float32", ("batch", colours + 1, height, width), "value", CONDITION)
        )
        image = Port("image", "float32", ("batch", *form.image), "image")
        x = Port("x", "float32", ("batch", *form.image), "image")
        images = torch.rand(EXAMPLES, *form.image)
        shows = shown(images, self._seen(EXAMPLES, form))
        decoder = Computed(model, lambda model, z, condition: model.decode(z, condition).mean)
        return (
            Traced(
                Graph(DECODER, (z, condition), (image,)),
                decoder,
                (torch.randn(EXAMPLES, self.latents), shows),
            ),
            Traced(
                Graph(ENCODER, (x, condition), (mean, log_variance)),
                Computed(model, posterior),
                (images, shows),
            ),
        )

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The posterior given the part `seen`."""
        return posterior_codes(self._given(model, batch.x).encode(batch.x))

    def cost_nats(self, model: Any, batch: Batch, codes: Codes) -> Tensor:
        """−ln p(hidden|z, seen)."""
        given = self._given(model, batch.x)
        given.encode(batch.x)
        return cost_nats(given.decode(codes.value), batch.x)

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The part `seen`, and the mean of the rest at the posterior mean."""
        given = self._given(model, batch.x)
        image: Tensor = given.decode(given.encode(batch.x).mean).mean
        return image

    def measure(self, model: Any, dataset: Dataset, config: RunConfig, seed: int) -> Measurement:
        """The ELBO of the hidden part, what each latent carries, and how close completions come."""
        import torch

        from training.evaluation.elbo import measure_elbo
        from training.evaluation.evaluate import measured

        def given(targets: Tensor) -> Any:
            return model.given(self._seen(len(targets), dataset.form))

        found = measure_elbo(given, dataset, config, seed)
        train = dataset.splits["train"]
        parts = torch.arange(len(train)).split(5_000)
        sums = [train.images(some).double().sum(0, keepdim=True) for some in parts]
        mean = (torch.stack(sums).sum(0) / len(train)).float()
        closeness = self.measure_completions(model, mean, measured(dataset, config, seed))
        # Bits per pixel are left out: they would count what is seen, which costs nothing.
        of_hidden = tuple(one for one in found.metrics if one.name != "bits_per_dim")
        return found._replace(metrics=of_hidden + closeness)

    def measure_completions(self, model: Any, mean: Tensor, data: Measured) -> tuple[Metric, ...]:
        """Squared error of the hidden pixels: one draw, the mean of 16, and the mean image.

        Args:
            mean: of the training images, (1, C, H, W).
        """
        import torch

        generator = torch.Generator().manual_seed(data.seed)
        totals, hidden = torch.zeros(3, dtype=torch.float64), 0.0
        with torch.no_grad():
            for x, *_ in data.batches:
                seen = self._seen(len(x), Form(tuple(x.shape[1:])))
                given = model.given(seen)
                given.encode(x)
                z = torch.randn(DRAWS * len(x), self.latents, generator=generator)
                draws = given.decode(z).mean.view(DRAWS, *x.shape)
                for at, guess in enumerate((draws[0], draws.mean(0), mean)):
                    totals[at] += (((guess - x) ** 2) * (1 - seen)).double().sum()
                hidden += float((1 - seen).sum()) * x.shape[1]
        where = f"Over the hidden pixels, the {self.seen} half being seen; a value is in [0, 1]"
        how = {
            "one": ("One completion", "one draw of z from N(0, I)"),
            "mean": (f"Mean of {DRAWS} completions", f"the mean of {DRAWS} draws of z"),
            "filling": ("Mean image instead", "the mean training image in their place"),
        }
        return tuple(
            data.metric(
                *(f"completion_{name}", f"Squared error: {label.lower()}", float(total) / hidden),
                *("a pixel", f"{where}; {said}"),
            )
            for (name, (label, said)), total in zip(how.items(), totals, strict=True)
        )

    def draw(self, model: Any, form: Form, count: int, generator: torch.Generator) -> Drawn:
        """The means of p(x|z) where nothing is seen, z from the prior."""
        import torch

        colours, height, width = form.image
        z = torch.randn(count, self.latents, generator=generator)
        nothing = torch.zeros(count, colours + 1, height, width)
        pairs = zip(z.split(500), nothing.split(500), strict=True)
        images = torch.cat([model.decode(*some).mean for some in pairs])
        return Drawn(images, "mean images of p(x|z) where nothing is seen, z from the prior")

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """What it makes of nothing seen."""
        import torch

        return self.draw(model, form, PREVIEWED, torch.Generator().manual_seed(0)).images

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """Where completions and posterior means stay as they were."""
        import torch
        from torch import nn

        from training.checkpoints.half_precision import Part, round_parts, seen_and_judged
        from training.models.image_cvae import shown

        generator = torch.Generator().manual_seed(seed)

        def given(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            """Images, the part of them that is seen, and codes of the prior."""
            z = torch.randn(len(x), self.latents, generator=generator)
            return x, shown(x, self._seen(len(x), dataset.form)), z

        seen, (x, condition, z) = map(given, seen_and_judged(dataset))
        posterior = model.encode(x, condition)
        parts = (
            Part.of_images(
                nn.ModuleList([model.condition, model.decoder]),
                lambda: model.decode(seen[2], seen[1]),
                lambda: model.decode(z, condition).mean,
            ),
            Part.of_codes(
                model.encoder,
                lambda: model.encode(*seen[:2]),
                lambda: model.encode(x, condition).mean,
                posterior.deviation,
            ),
        )
        what = (
            f"a decoded value in [0, 1] for {len(x):,} completions, and of a posterior mean, in "
            "its standard deviations"
        )
        return round_parts(model, parts, what, len(x), seed)
