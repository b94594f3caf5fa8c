"""VAE: a posterior over latents, and a likelihood of images (Kingma & Welling 2014)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from training.contract.fields import Positive
from training.contract.outputs import LikelihoodName, Pixels
from training.contract.spaces import Continuous
from training.contract.version1 import vae_graphs
from training.errors import ConfigError
from training.families.convolutions import channels
from training.families.family import (
    Activation,
    Codes,
    Drawn,
    Family,
    Form,
    Latents,
    Layers,
    Measurement,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.checkpoints.export import Traced
    from training.config import RunConfig
    from training.contract.measurements import Latent, Metric, Rounding
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.datasets import Dataset
    from training.distributions import DiagonalGaussian, ImageDistribution
    from training.learners import Learner

Sigma = Annotated[float, Meta(gt=0, le=100)]


class VAE(Family, frozen=True, tag="vae"):
    """The network: one stride-2 convolution per entry of `channels`, then the `hidden` layers.

    In a `patch_vae` the first of `channels` is that of `patch`×`patch` patches, which are read and
    written at once. `mlp_vae` has dense layers alone, and so no channels. `sigma` is that of a
    Gaussian likelihood, in grey levels, or where a learned one begins.
    """

    latents: Latents
    likelihood: LikelihoodName
    name: Literal["conv_vae", "patch_vae", "mlp_vae"] = "conv_vae"
    channels: Layers = (32, 32, 32, 32)
    hidden: Annotated[Layers, Meta(min_length=1)] = (256, 256)
    activation: Activation = "relu"
    patch: Positive = 1
    sigma: Sigma = 0.1

    takes_objective: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.sigma != 0.1 and not self.likelihood.startswith("gaussian"):
            raise ConfigError(
                f"sigma is {self.sigma:g}, but the likelihood is {self.likelihood}, which has "
                "none; leave it out, or choose gaussian or gaussian_learned."
            )
        if self.patch > 1 and self.name != "patch_vae":
            raise ConfigError(
                f"patch is {self.patch}, but {self.name} reads no patches; leave it at 1, or "
                "choose patch_vae as model.name."
            )
        if self.name == "mlp_vae" and self.channels:
            raise ConfigError(
                f"channels is {list(self.channels)}, but {self.name} has only dense layers; "
                "leave it empty."
            )
        if self.name != "mlp_vae" and not self.channels:
            raise ConfigError("channels is empty; give at least one size.")

    def check(self, config: RunConfig) -> None:
        """Refuse a likelihood that the data do not fit."""
        refuse_no_density(self.likelihood, config)

    def suited(self, side: int, binary: bool, given: Collection[str]) -> dict[str, Any]:
        """The likelihood, and as many convolutions as halve the image enough."""
        chosen: dict[str, Any] = {}
        if "--model.likelihood" not in given:
            chosen["likelihood"] = "bernoulli" if binary else "gaussian_learned"
        if self.name == "conv_vae" and "--model.channels" not in given:
            chosen["channels"] = channels(side)
        return chosen

    def words(self, config: RunConfig) -> str:
        """The objective's, and how many latents."""
        assert config.objective is not None
        given = f" · σ {self.sigma:.2g} for every pixel" if self.likelihood == "gaussian" else ""
        return f"{config.objective.words()} · {self.latents} latents{given}"

    def network(self, form: Form) -> nn.Module:
        """Encoder, decoder and likelihood."""
        from training import build
        from training.models.convolutional import convolutional
        from training.models.dense import dense
        from training.models.gaussian_vae import GaussianVAE
        from training.models.patches import patches

        shape, outputs, latents = form.image, 2 * self.latents, self.latents
        channels, hidden, activation = self.channels, self.hidden, self.activation
        match self.name:
            case "conv_vae":
                networks = convolutional(shape, outputs, latents, channels, hidden, activation)
            case "patch_vae":
                networks = patches(
                    shape, outputs, latents, self.patch, channels, hidden, activation
                )
            case "mlp_vae":
                networks = dense(shape, outputs, latents, hidden, activation)
        return GaussianVAE(self.latents, *networks, build.likelihood(self.likelihood, self.sigma))

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The model under its objective."""
        from training.learners import OneLoss
        from training.trainer.optimizers import Descent

        assert config.objective is not None
        objective = config.objective.build(self.latents, images, device)
        descent = Descent(model, config.train, device)
        return OneLoss(model, objective, descent, config.train, precision)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """z ~ N(0, I)."""
        return (Continuous("z", self.latents, "standard_normal"),)

    def output(self, model: Any, form: Form) -> Output:
        """Images."""
        from training.models.likelihoods import sigma

        return Pixels(form.image, self.likelihood, sigma(model))

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """z to an image, an image to the posterior."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced

        def posterior(model: Any, x: Tensor) -> tuple[Tensor, Tensor]:
            found = model.encode(x)
            return found.mean, found.log_variance

        graphs = vae_graphs(self.latents, form.image)
        assert graphs.decode is not None
        assert graphs.encode is not None
        z, x = torch.randn(EXAMPLES, self.latents), torch.rand(EXAMPLES, *form.image)
        decoder = Computed(model, lambda model, z: model.decode(z).mean)
        return (
            Traced(graphs.decode, decoder, (z,)),
            Traced(graphs.encode, Computed(model, posterior), (x,)),
        )

    def encode(self, model: Any, batch: Batch) -> Codes:
        """The posterior."""
        return posterior_codes(model.encode(batch.x))

    def cost_nats(self, model: Any, batch: Batch, codes: Codes) -> Tensor:
        """−ln p(x|z)."""
        return cost_nats(model.decode(codes.value), batch.x)

    def reconstruct(self, model: Any, batch: Batch) -> Tensor:
        """The mean of p(x|z) at the posterior mean."""
        image: Tensor = model.decode(model.encode(batch.x).mean).mean
        return image

    def measure(self, model: Any, dataset: Dataset, config: RunConfig, seed: int) -> Measurement:
        """The ELBO, its two terms, and what each latent carries."""
        from training.evaluation.elbo import measure_elbo

        return measure_elbo(lambda targets: model, dataset, config, seed)

    def bound(
        self, model: Any, dataset: Dataset, config: RunConfig, seed: int, samples: int
    ) -> tuple[Metric, ...]:
        """By samples of q(z|x)."""
        from training.evaluation.elbo import measure_likelihood

        return measure_likelihood(model, dataset, config, seed, samples)

    def draw(self, model: Any, form: Form, count: int, generator: torch.Generator) -> Drawn:
        """The means of p(x|z), z from the prior."""
        import torch

        z = torch.randn(count, self.latents, generator=generator)
        images = torch.cat([model.decode(some).mean for some in z.split(500)])
        return Drawn(images, "mean images of p(x|z), z from the prior")

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """A row for each latent of highest KL, from −2.5 to 2.5 around z = 0."""
        from training.checkpoints.embed import along_latents

        images: Tensor = model.decode(along_latents(latents)).mean
        return images

    def round(self, model: Any, dataset: Dataset, seed: int) -> Rounding:
        """Where images and posterior means stay as they were."""
        from training.checkpoints.half_precision import round_weights

        return round_weights(model, lambda x, targets: model.encode(x), model.decode, dataset, seed)


def posterior_codes(posterior: DiagonalGaussian) -> Codes:
    """The mean and log-variance of a posterior."""
    return Codes(posterior.mean, posterior.log_variance)


def cost_nats(decoded: ImageDistribution, x: Tensor) -> Tensor:
    """−ln p(x|z) of images (B, C, H, W): (B,)."""
    return -decoded.log_prob(x).flatten(1).double().sum(1).float()


def refuse_no_density(likelihood: LikelihoodName, config: RunConfig) -> None:
    """Refuse a likelihood that is not a density over what the pixels are read as.

    Raises:
        ConfigError: naming the field.
    """
    if config.data.pixels == "dequantized" and likelihood == "bernoulli":
        raise ConfigError(
            "model.likelihood is bernoulli, which is not a density over the grey levels "
            "that data.pixels = dequantized gives; take continuous_bernoulli or gaussian."
        )
