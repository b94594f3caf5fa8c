"""Probes of a whole model, over its test images or its prior."""

from __future__ import annotations

import numpy as np

from explorer.lessons.bench import Bench
from explorer.lessons.information import information, marginal_kl, thin_share
from explorer.lessons.opened import log_likelihood
from explorer.lessons.probe import OfModel
from training.contract.errors import CheckpointError
from training.contract.fields import Index

IMAGES = 2000


class MeanKl(OfModel, frozen=True, kw_only=True, tag="mean_kl"):
    """The KL's mean over the test images; of one latent where one is named."""

    title = "Mean KL"
    how = "KL(q(z|x) ‖ N(0, I)) in closed form, mean over the test images."
    panel = "controls"
    latent: Index | None = None

    def measure(self, bench: Bench) -> float:
        codes = bench.model(self.model).codes
        mean = codes["mean"].astype(np.float64)
        log_variance = codes["log_variance"].astype(np.float64)
        each = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).mean(0)
        return float(each.sum() if self.latent is None else each[self.latent])


class Unused(OfModel, frozen=True, kw_only=True, tag="unused"):
    """How many latents the data do not move."""

    title = "Unused latents"
    unit = "latents"
    how = "Latents whose posterior mean varies by less than 0.01 over the test images."
    panel = "controls"

    def measure(self, bench: Bench) -> float:
        variances = bench.model(self.model).codes["mean"].astype(np.float64).var(0)
        return float((variances < 0.01).sum())


class SquaredError(OfModel, frozen=True, kw_only=True, tag="squared_error"):
    """The squared error of the reconstruction."""

    title = "Squared error"
    unit = "an image"
    how = (
        "Σ (x − x̂)² over pixels, mean over the first 2,000 test images, or as many as there are, "
        "decoded from the code."
    )
    panel = "output"

    def measure(self, bench: Bench) -> float:
        model = bench.model(self.model)
        some = range(min(IMAGES, model.examples))
        away = model.images(some).astype(np.float64) - model.reconstruct(some)
        return float((away**2).sum(1).mean())


class VoidShare(OfModel, frozen=True, kw_only=True, tag="void_share"):
    """Of a thousand draws, how many land where no code lies."""

    title = "Draws in a void"
    unit = "of 1,000 draws"
    how = (
        "4,000 draws, seed 0, of the prior; if there is none, of a Gaussian with the codes' mean "
        "and covariance. A draw is in a void if its nearest code is farther away than that of 99 % "
        "of held-out images."
    )
    panel = "map"

    def measure(self, bench: Bench) -> float:
        model = bench.model(self.model)
        found = model.card.map
        if found is None:
            raise CheckpointError(f"{self.model} has no map, so a void is not defined.")
        codes = model.codes["mean"][:, list(found.latents)].astype(np.float64)
        rng = np.random.default_rng(0)
        if model.card.controls[0].prior is None:  # type: ignore[union-attr]
            draws = rng.multivariate_normal(codes.mean(0), np.cov(codes.T), 4000)
        else:
            draws = rng.standard_normal((4000, codes.shape[1]))
        from scipy.spatial import cKDTree

        distances, _ = cKDTree(codes).query(draws)
        return float(1000 * (distances > found.nearest.p99).mean())


class ThinShare(OfModel, frozen=True, kw_only=True, tag="thin_share"):
    """Of a hundred draws from the prior, how many lie where q(z) < p(z) / 10."""

    title = "Draws from the prior where codes are rare"
    unit = "%"
    how = (
        "Share of 1,000 draws from the prior, seed 0, where q(z), the mean of the test images' "
        "q(z|x), is below p(z)/10."
    )
    panel = "map"

    def measure(self, bench: Bench) -> float:
        return 100 * thin_share(bench.model(self.model).codes)


class Mutual(OfModel, frozen=True, kw_only=True, tag="information"):
    """I(x; z): how well a code tells which image it belongs to."""

    title = "Information"
    how = "E[ln q(z|x) − ln q(z)], q(z) the mean over the test images' q(z|x); 2,000 draws, seed 0."
    panel = "controls"

    def measure(self, bench: Bench) -> float:
        return information(bench.model(self.model).codes)


class MarginalKl(OfModel, frozen=True, kw_only=True, tag="marginal_kl"):
    """KL(q(z) ‖ p(z)): how far the codes of all images together are from the prior."""

    title = "KL(q(z) ‖ p(z))"
    how = "E[ln q(z) − ln p(z)] over 2,000 draws from q(z), seed 0."
    panel = "map"

    def measure(self, bench: Bench) -> float:
        return marginal_kl(bench.model(self.model).codes)


class Pixels(OfModel, frozen=True, kw_only=True, tag="pixels"):
    """How many values an image has."""

    title = "Pixels"
    unit = "pixels"
    how = "Channels × height × width, from the card."
    panel = "output"

    def measure(self, bench: Bench) -> float:
        return float(np.prod(bench.model(self.model).shape))


class Units(OfModel, frozen=True, kw_only=True, tag="units"):
    """How many numbers a code has."""

    title = "Hidden units"
    unit = "units"
    how = "The size of the model's continuous controls, from the card."
    panel = "controls"

    def measure(self, bench: Bench) -> float:
        return float(bench.model(self.model).card.size)


class SigmoidTwice(OfModel, frozen=True, kw_only=True, tag="sigmoid_twice"):
    """The lowest reconstruction loss that is possible with a sigmoid before BCE-with-logits."""

    title = "Floor of the loss with a sigmoid too many"
    how = (
        "The loss takes the network's output in [0, 1] for a logit. The best output of that range "
        "for every pixel, each drawn black or white with its grey level as the probability; mean "
        "over the first 2,000 test images."
    )
    panel = "output"

    def measure(self, bench: Bench) -> float:
        x = bench.model(self.model).images(range(IMAGES)).astype(np.float64)
        with np.errstate(divide="ignore"):
            best = np.clip(np.log(x) - np.log1p(-x), 0, 1)
        return float((np.logaddexp(0, best) - x * best).sum(1).mean())


class Floor(OfModel, frozen=True, kw_only=True, tag="floor"):
    """The lowest reconstruction loss that is possible at all: the entropy of the pixels."""

    title = "Floor of the loss"
    how = (
        "The entropy of pixels drawn with their grey level; mean over the first 2,000 test images."
    )
    panel = "output"

    def measure(self, bench: Bench) -> float:
        x = bench.model(self.model).images(range(IMAGES)).astype(np.float64)
        return float(log_likelihood(x.astype(np.float32), x.astype(np.float32)).mean() * -1)


class MeanReconstruction(OfModel, frozen=True, kw_only=True, tag="mean_reconstruction"):
    """−ln p(x|z) at the posterior means, over many images; per pixel where that is asked."""

    title = "Mean reconstruction"
    how = "−ln p(x|z) at the mean of q(z|x), mean over the first 2,000 test images."
    panel = "output"
    per_pixel: bool = False

    def measure(self, bench: Bench) -> float:
        model, some = bench.model(self.model), range(IMAGES)
        nats = -float(model.log_likelihood(model.images(some), model.reconstruct(some)).mean())
        return nats / float(np.prod(model.shape)) if self.per_pixel else nats
