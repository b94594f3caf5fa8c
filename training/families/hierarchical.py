"""Two stochastic layers: what is below is given what is above (Rezende et al. 2014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from training.contract.card import DECODER, ENCODER
from training.contract.fields import Count, Positive
from training.contract.graphs import Graph, Port
from training.contract.outputs import LikelihoodName, Pixels
from training.contract.spaces import Continuous
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
UPPER, LOWER = "z2", "z1"


class Hierarchical(Convolutions, frozen=True, tag="hierarchical"):
    """`upper` numbers of z2 over `lower` of z1, networks of `units` between them.

    The KL is let in over the first `annealing` steps, so that the upper layer is not switched off
    before there is anything for it to explain.
    """

    upper: Latents = 4
    lower: Latents = 12
    likelihood: LikelihoodName = "bernoulli"
    units: Positive = 128
    annealing: Count = 2_000

    loss_name: ClassVar[str] = "−ELBO"

    def check(self, config: RunConfig) -> None:
        """Refuse what only an objective of ours has, and a likelihood that the data do not fit."""
        refuse_no_density(self.likelihood, config)
        if config.train.optimizer != "adamw":
            raise ConfigError(
                f"train.optimizer is {config.train.optimizer}, but a model of two layers is "
                "trained by AdamW; leave it at adamw."
            )

    def words(self, config: RunConfig) -> str:
        """What it is, and how many latents."""
        return f"Two layers · {self.upper} latents over {self.lower}"

    def network(self, form: Form) -> nn.Module:
        """The two networks of images, and the two between the layers."""
        from training import build
        from training.models import hierarchical

        encoder, decoder = self.convolutions(form.image, 2 * self.lower, self.lower)
        return hierarchical.TwoLayers(
            self.upper,
            self.lower,
            encoder,
            self._between(self.lower, 2 * self.upper),
            self._between(self.upper, 2 * self.lower),
            decoder,
            build.likelihood(self.likelihood),
        )

    def _between(self, inputs: int, outputs: int) -> nn.Module:
        from torch import nn

        from training.models.layers import stack

        layers = stack(nn.Linear, [inputs, self.units, self.units], self.activation)
        return nn.Sequential(*layers, nn.Linear(self.units, outputs))

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The model under its ELBO."""
        from training.learners import OneLoss
        from training.objectives.two_layers import TwoLayerELBO
        from training.trainer.optimizers import Descent

        objective = cast(Any, TwoLayerELBO(self.annealing))
        return OneLoss(
            model, objective, Descent(model, config.train, device), config.train, precision
        )

    def controls(self, form: Form) -> tuple[Space, ...]:
        """z2 ~ N(0, I), and z1 given z2 in units of p(z1|z2): N(0, I) whatever z2 is."""
        return (
            Continuous(UPPER, self.upper, "standard_normal"),
            Continuous(LOWER, self.lower, "standard_normal"),
        )

    def output(self, model: Any, form: Form) -> Output:
        """Images."""
        from training.models.likelihoods import sigma

        return Pixels(form.image, self.likelihood, sigma(model))

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """z2 and z1 to an image, an image to the posterior of both."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced

        def decoded(model: Any, z2: Tensor, z1: Tensor) -> Tensor:
            image: Tensor = model.decode(torch.cat([z2, z1], 1)).mean
            return image

        def posterior(model: Any, x: Tensor) -> tuple[Tensor, ...]:
            found, sizes = model.encode(x), (self.upper, self.lower)
            means, variances = found.mean.split(sizes, 1), found.log_variance.split(sizes, 1)
            return means[0], variances[0], means[1], variances[1]

        sizes = {UPPER: self.upper, LOWER: self.lower}
        given = tuple(
            Port(name, "float32", ("batch", size), "value", name) for name, size in sizes.items()
        )
        found = tuple(
            Port(f"{name}_{role}", "float32", ("batch", size), cast(Any, role), name)
            for name, size in sizes.items()
            for role in ("mean", "log_variance")
        )
        image = Port("image", "float32", ("batch", *form.image), "image")
        x = Port("x", "float32", ("batch", *form.image), "image")
        codes = tuple(torch.randn(EXAMPLES, size) for size in sizes.values())
        return (
            Traced(Graph(DECODER, given, (image,)), Computed(model, decoded), codes),
            Traced(
                Graph(ENCODER, (x,), found),
                Computed(model, posterior),
                (torch.rand(EXAMPLES, *form.image),),
            ),
        )

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The posterior of z2 and of z1 given its mean."""
        return posterior_codes(model.encode(batch.x))

    def cost_nats(self, model: Any, batch: Batch, codes: Codes) -> Tensor:
        """−ln p(x|z1)."""
        return cost_nats(model.decode(codes.value), batch.x)

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The mean of p(x|z1) at the mean of q(z1|x)."""
        image: Tensor = model.write(model.read(batch.x).mean).mean
        return image

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """The ELBO and its three terms, what each latent carries, and the holes of the prior."""
        import torch

        from training.contract.measurements import Provenance
        from training.evaluation.elbo import of_latents
        from training.metrics.holes import holes
        from training.models.hierarchical import bound

        generator = torch.Generator().manual_seed(data.seed)
        misfit, nats, means, deviations, below = [], [], [], [], []
        with torch.no_grad():
            for x, *_ in data.batches:
                noise = torch.randn(len(x), self.upper + self.lower, generator=generator)
                found = bound(model, x, noise)
                misfit.append(found.reconstruction_nats.double())
                nats.append(torch.cat([found.upper_nats, found.lower_nats], 1).double())
                posterior = model.encode(x)
                means.append(posterior.mean.double())
                deviations.append(posterior.deviation.double())
                below.append(model.read(x).sample(generator))
            z = torch.randn(10 * len(data), self.upper + self.lower, generator=generator)
            above, epsilon = z.split([self.upper, self.lower], 1)
            drawn = model.down(above).sample(epsilon)
        thin = holes(torch.cat(below), drawn, data.seed)
        kl = torch.cat(nats).mean(0)
        reconstruction, upper = torch.cat(misfit).mean().item(), kl[: self.upper].sum().item()
        lower = kl[self.upper :].sum().item()
        metrics = (
            data.metric(
                *("neg_elbo", "−ELBO", reconstruction + upper + lower, "nats"),
                "Reconstruction plus the KL of both layers, one sample of q(z1|x) q(z2|z1)",
            ),
            data.metric(
                *("reconstruction", "Reconstruction", reconstruction, "nats"),
                "−ln p(x|z1), one sample of q(z1|x) per image",
            ),
            data.metric(
                *("kl", "KL", upper + lower, "nats"),
                "KL(q(z2|z1) ‖ N(0, I)) in closed form plus ln q(z1|x) − ln p(z1|z2), one sample "
                "per image",
            ),
            data.metric(
                *("kl_upper", "KL of the upper layer", upper, "nats"),
                "KL(q(z2|z1) ‖ N(0, I)) in closed form, one sample of z1 per image",
            ),
            data.metric(
                *("holes", "Holes of the prior", thin.percent, "% of draws"),
                f"{thin.protocol}; z is z1, which the decoder sees, drawn through z2",
            ),
        )
        provenance = Provenance(
            *("nats", data.split, len(data), data.seed),
            "KL per latent: of z2 closed form KL(q(z2|z1) ‖ N(0, I)), of z1 ln q(z1|x) − ln "
            f"p(z1|z2), one sample of each per image, mean over images; {data.reading}.",
        )
        latents = of_latents(kl, torch.cat(means), torch.cat(deviations))
        return Measurement(metrics, latents, provenance)

    def draw(self, model: Any, form: Form, count: int, generator: torch.Generator) -> Drawn:
        """The means of p(x|z1), z2 from the prior and z1 given z2."""
        import torch

        z = torch.randn(count, self.upper + self.lower, generator=generator)
        images = torch.cat([model.decode(some).mean for some in z.split(500)])
        return Drawn(images, "mean images of p(x|z1), z2 from the prior and z1 from p(z1|z2)")

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """What it draws."""
        import torch

        return self.draw(model, form, PREVIEWED, torch.Generator().manual_seed(0)).images

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """Where images and posterior means stay as they were."""
        import torch
        from torch import nn

        from training.checkpoints.half_precision import JUDGED, Part, round_parts, seen_and_judged

        seen, judged = seen_and_judged(dataset)
        generator = torch.Generator().manual_seed(seed)
        z = torch.randn(2 * JUDGED, self.upper + self.lower, generator=generator)
        posterior = model.encode(judged)
        parts = (
            Part.of_images(
                nn.ModuleList([model.downwards, model.decoder]),
                lambda: model.decode(z[:JUDGED]),
                lambda: model.decode(z[JUDGED:]).mean,
            ),
            Part.of_codes(
                nn.ModuleList([model.encoder, model.upwards]),
                lambda: model.encode(seen),
                lambda: model.encode(judged).mean,
                posterior.deviation,
            ),
        )
        what = (
            f"a decoded value in [0, 1] for {JUDGED:,} draws of the prior, and of a posterior "
            "mean, in its standard deviations"
        )
        return round_parts(model, parts, what, len(judged), seed)
