"""Probes of one test image: the terms of its ELBO, its posterior, the draws it takes."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from explorer.lessons.bench import Bench
from explorer.lessons.posterior import logsumexp
from explorer.lessons.probe import OfImage
from training.contract.fields import Index

Draws = Annotated[int, Meta(ge=1, le=100_000)]

MOVE = 1e-2  # of a σ, for a slope by differences


class Reconstruction(OfImage, frozen=True, kw_only=True, tag="reconstruction"):
    """−E_q[ln p(x|z)]."""

    title = "Reconstruction"
    how = (
        "−ln p(x|z) summed over pixels, mean over q(z|x): by 16 × 16 quadrature for two latents, "
        "otherwise over 256 draws, seed 0."
    )
    panel = "output"

    def measure(self, bench: Bench) -> float:
        return -bench.expected(self.model, self.example, *bench.encoded(self.model, self.example))


class Kl(OfImage, frozen=True, kw_only=True, tag="kl"):
    """KL(q(z|x) ‖ p(z)) of an image; of one latent where one is named."""

    title = "KL"
    how = "KL(q(z|x) ‖ N(0, I)) of this image in closed form."
    panel = "controls"
    latent: Index | None = None

    def measure(self, bench: Bench) -> float:
        each = bench.kl(self.model, self.example)
        return float(each.sum() if self.latent is None else each[self.latent])


class Elbo(OfImage, frozen=True, kw_only=True, tag="elbo"):
    """E_q[ln p(x|z)] − KL(q(z|x) ‖ p(z))."""

    title = "ELBO"
    how = (
        "The mean of ln p(x|z) over q(z|x), by 16 × 16 quadrature for two latents, otherwise over "
        "256 draws, seed 0; less the KL in closed form."
    )
    panel = "elbo"

    def measure(self, bench: Bench) -> float:
        return bench.elbo(self.model, self.example)


class Evidence(OfImage, frozen=True, kw_only=True, tag="evidence"):
    """ln p(x)."""

    title = "ln p(x)"
    how = "ln ∫ p(x|z) p(z) dz on a grid of the plane that is refined around every mode."
    panel = "map"

    def measure(self, bench: Bench) -> float:
        return bench.evidence(self.model, self.example)


class Gap(OfImage, frozen=True, kw_only=True, tag="gap"):
    """ln p(x) − ELBO, which is KL(q(z|x) ‖ p(z|x))."""

    title = "Gap"
    how = "ln p(x) on a refined grid, less the ELBO of the encoder's q(z|x)."
    panel = "map"

    def measure(self, bench: Bench) -> float:
        return bench.evidence(self.model, self.example) - bench.elbo(self.model, self.example)


class ApproximationGap(OfImage, frozen=True, kw_only=True, tag="approximation_gap"):
    """What the best Gaussian with independent latents still misses of ln p(x)."""

    title = "Approximation gap"
    how = (
        "ln p(x), less the best ELBO of any Gaussian with independent latents: from the true "
        "posterior's highest mode and from its mean, mean and σ are moved until the ELBO no longer "
        "rises (16 × 16 quadrature)."
    )
    panel = "evidence"

    def measure(self, bench: Bench) -> float:
        best = best_elbo(bench, self.model, self.example)
        return bench.evidence(self.model, self.example) - best


class AmortisationGap(OfImage, frozen=True, kw_only=True, tag="amortisation_gap"):
    """What the encoder's q misses that another q of the same kind would not."""

    title = "Amortisation gap"
    how = "The best ELBO of any Gaussian with independent latents, less the encoder's ELBO."
    panel = "evidence"

    def measure(self, bench: Bench) -> float:
        best = best_elbo(bench, self.model, self.example)
        return best - bench.elbo(self.model, self.example)


class IwaeMiss(OfImage, frozen=True, kw_only=True, tag="iwae_miss"):
    """How far the importance-weighted bound of `draws` draws stays below ln p(x)."""

    title = "IWAE's distance to ln p(x)"
    how = "ln p(x), less the mean of ln(mean weight of the draws) over 20 repeats, seed 0."
    panel = "evidence"
    draws: Draws

    def measure(self, bench: Bench) -> float:
        mean, std = bench.encoded(self.model, self.example)
        noise = np.random.default_rng(0).standard_normal((20 * self.draws, len(mean)))
        z = mean + std * noise
        model = bench.model(self.model)
        images = model.decode(z)
        x = np.broadcast_to(bench.image(self.model, self.example), images.shape)
        log_q = -0.5 * (noise**2).sum(1) - np.log(std).sum()
        logs = model.log_likelihood(x, images) - 0.5 * (z**2).sum(1) - log_q
        bound = logsumexp(logs.reshape(20, self.draws), axis=1) - np.log(self.draws)
        return bench.evidence(self.model, self.example) - float(bound.mean())


class PriorDraws(OfImage, frozen=True, kw_only=True, tag="prior_draws"):
    """How many draws from the prior an estimate of p(x) needs to be off by a factor of about 2."""

    title = "Draws from the prior needed"
    unit = "draws"
    how = (
        "Relative variance of p(x|z) under the prior, exact on the refined grid: with this "
        "many draws the estimate's standard error is as large as p(x) itself."
    )
    panel = "map"

    def measure(self, bench: Bench) -> float:
        found = bench.posterior(self.model, self.example)
        inside = np.log(found.area)
        second = logsumexp(found.log_joint + found.log_likelihood + inside)
        return float(np.exp(second - 2 * found.log_evidence) - 1)


class MillionDraws(OfImage, frozen=True, kw_only=True, tag="million_draws"):
    """About how many draws from the prior it takes until one lands where q(z|x) lies: e^KL."""

    title = "Draws from the prior until one lands in q"
    unit = "million draws"
    how = "e to the power of KL(q(z|x) ‖ N(0, I)), in millions."
    panel = "map"

    def measure(self, bench: Bench) -> float:
        return float(np.exp(bench.kl(self.model, self.example).sum()) / 1e6)


class Sigma(OfImage, frozen=True, kw_only=True, tag="sigma"):
    """The σ that the encoder gives one latent for an image."""

    title = "σ"
    unit = ""
    how = "The standard deviation of q(z|x) for this image."
    panel = "controls"
    latent: Index

    def measure(self, bench: Bench) -> float:
        return float(bench.encoded(self.model, self.example)[1][self.latent])


class VarianceRatio(OfImage, frozen=True, kw_only=True, tag="variance_ratio"):
    """Variance of the score-function gradient over the reparameterised one's."""

    title = "Variance ratio"
    unit = "times"
    how = (
        "Gradient of E_q[ln p(x|z)] with respect to the mean of q: variance over 256 single-draw "
        "estimates, summed over latents, score function over reparameterisation; slopes of the "
        "decoder by central differences; seed 0."
    )
    panel = "numbers"
    baseline: bool = False

    def measure(self, bench: Bench) -> float:
        mean, std = bench.encoded(self.model, self.example)
        z, log_p = bench.drawn(self.model, self.example)
        x, model = bench.image(self.model, self.example), bench.model(self.model)
        slopes = np.empty_like(z)
        for latent in range(len(mean)):
            step = np.zeros(len(mean))
            step[latent] = MOVE * std[latent]
            ends = [
                model.log_likelihood(
                    np.broadcast_to(x, (len(z), len(x))), model.decode(z + sign * step)
                )
                for sign in (1, -1)
            ]
            slopes[:, latent] = (ends[0] - ends[1]) / (2 * step[latent])
        reward = log_p - (log_p.mean() if self.baseline else 0)
        score = reward[:, None] * (z - mean) / std**2
        return float(score.var(0).sum() / slopes.var(0).sum())


def best_elbo(bench: Bench, id: str, example: int) -> float:
    """The largest ELBO of an image under any Gaussian q with independent latents."""

    def make() -> float:
        from scipy.optimize import minimize

        found = bench.posterior(id, example)

        def loss(at: NDArray[np.float64]) -> float:
            mean, log_std = at[:2], at[2:]
            kl = (0.5 * (mean**2 + np.exp(2 * log_std) - 1) - log_std).sum()
            return float(kl) - bench.expected(id, example, mean, np.exp(log_std))

        mean, covariance = found.moments()
        mode = found.z[found.log_joint.argmax()]
        spread = np.log(np.clip(np.sqrt(np.diag(covariance)), 0.02, 0.3))
        starts = [np.concatenate([mode, np.minimum(spread, -2.5)]), np.concatenate([mean, spread])]
        return -min(
            float(minimize(loss, start, method="Nelder-Mead", options={"maxfev": 120}).fun)
            for start in starts
        )

    return bench.once(("best", id, str(example)), make)
