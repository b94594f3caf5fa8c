"""Every figure a lesson may show: the closed list of probes, and how each is measured.

A probe names a quantity and what it is measured on; its value comes from the checkpoint and from
nothing else. `band` is where the value must lie for the lesson's text to be true. All randomness is
seeded, so a value changes only with the model.
"""

from __future__ import annotations

import statistics
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from explorer.lessons.bench import Bench
from explorer.lessons.information import information, marginal_kl, thin_share
from explorer.lessons.opened import log_likelihood
from explorer.lessons.posterior import logsumexp
from training.contract.errors import CheckpointError
from training.contract.fields import Identifier, Index, Number, Record, Seed, Word

Example = Annotated[int, Meta(ge=0, lt=100_000)]
Draws = Annotated[int, Meta(ge=1, le=100_000)]
Decimals = Annotated[int, Meta(ge=0, le=4)]

IMAGES = 2000
MOVE = 1e-2  # of a σ, for a slope by differences


class Probe(Record, frozen=True, kw_only=True, tag_field="probe"):
    """One figure of a lesson: what is measured, the band it must fall in, and how it is written."""

    unit: ClassVar[str] = "nats"
    title: ClassVar[str]
    how: ClassVar[str]
    # The panel of the instrument that shows it, which lights with its term in a formula.
    panel: ClassVar[str] = ""
    band: tuple[Number, Number]
    decimals: Decimals = 1

    def __post_init__(self) -> None:
        low, high = self.band
        if not low < high:
            raise ValueError(f"band goes from {low:g} to {high:g}; the lower end comes first.")

    def measure(self, bench: Bench) -> float:
        """The value."""
        raise NotImplementedError


class OfImage(Probe, frozen=True, kw_only=True):
    """Of one test image of one model."""

    model: Word
    example: Example


class OfModel(Probe, frozen=True, kw_only=True):
    """Of one model."""

    model: Word


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

    def measure(self, bench: Bench) -> float:
        best = best_elbo(bench, self.model, self.example)
        return bench.evidence(self.model, self.example) - best


class AmortisationGap(OfImage, frozen=True, kw_only=True, tag="amortisation_gap"):
    """What the encoder's q misses that another q of the same kind would not."""

    title = "Amortisation gap"
    how = "The best ELBO of any Gaussian with independent latents, less the encoder's ELBO."

    def measure(self, bench: Bench) -> float:
        best = best_elbo(bench, self.model, self.example)
        return best - bench.elbo(self.model, self.example)


class IwaeMiss(OfImage, frozen=True, kw_only=True, tag="iwae_miss"):
    """How far the importance-weighted bound of `draws` draws stays below ln p(x)."""

    title = "IWAE's distance to ln p(x)"
    how = "ln p(x), less the mean of ln(mean weight of the draws) over 20 repeats, seed 0."
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
    """How many draws of the prior an estimate of p(x) needs to be off by a factor of about 2."""

    title = "Draws of the prior needed"
    unit = "draws"
    how = (
        "Relative variance of p(x|z) under the prior, exact on the refined grid: with so many "
        "draws the estimate's standard error is as large as p(x) itself."
    )

    def measure(self, bench: Bench) -> float:
        found = bench.posterior(self.model, self.example)
        inside = np.log(found.area)
        second = logsumexp(found.log_joint + found.log_likelihood + inside)
        return float(np.exp(second - 2 * found.log_evidence) - 1)


class MillionDraws(OfImage, frozen=True, kw_only=True, tag="million_draws"):
    """About how many draws of the prior it takes until one lands where q(z|x) lies: e^KL."""

    title = "Draws of the prior until one lands in q"
    unit = "million draws"
    how = "e to the power of KL(q(z|x) ‖ N(0, I)), in millions."

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
    how = "Σ (x − x̂)² over pixels, mean over the first 2,000 test images, decoded from the code."
    panel = "output"

    def measure(self, bench: Bench) -> float:
        model = bench.model(self.model)
        some = range(IMAGES)
        away = model.images(some).astype(np.float64) - model.reconstruct(some)
        return float((away**2).sum(1).mean())


class VoidShare(OfModel, frozen=True, kw_only=True, tag="void_share"):
    """Of a thousand draws, how many land where no code lies."""

    title = "Draws in a void"
    unit = "of 1,000 draws"
    how = (
        "4,000 draws, seed 0, of the prior, or where there is none of a Gaussian with the codes' "
        "mean and covariance: in a void if the nearest code is farther than 99 % of held-out "
        "images lie from theirs."
    )
    panel = "map"

    def measure(self, bench: Bench) -> float:
        model = bench.model(self.model)
        found = model.card.map
        if found is None:
            raise CheckpointError(f"{self.model} has no map, so nothing says what a void is.")
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
    """Of a hundred draws of the prior, how many lie where q(z) < p(z) / 10."""

    title = "Prior draws that the data hardly reach"
    unit = "%"
    how = (
        "Share of 1,000 draws of the prior, seed 0, where q(z), the mean of the test images' "
        "q(z|x), is below p(z)/10."
    )

    def measure(self, bench: Bench) -> float:
        return 100 * thin_share(bench.model(self.model).codes)


class Mutual(OfModel, frozen=True, kw_only=True, tag="information"):
    """I(x; z): what a code tells about which image it is of."""

    title = "Information"
    how = "E[ln q(z|x) − ln q(z)], q(z) the mean over the test images' q(z|x); 2,000 draws, seed 0."

    def measure(self, bench: Bench) -> float:
        return information(bench.model(self.model).codes)


class MarginalKl(OfModel, frozen=True, kw_only=True, tag="marginal_kl"):
    """KL(q(z) ‖ p(z)): how far the codes of all images together are from the prior."""

    title = "KL(q(z) ‖ p(z))"
    how = "E[ln q(z) − ln p(z)] over 2,000 draws of q(z), seed 0."

    def measure(self, bench: Bench) -> float:
        return marginal_kl(bench.model(self.model).codes)


class Pixels(OfModel, frozen=True, kw_only=True, tag="pixels"):
    """How many values an image has."""

    title = "Pixels"
    unit = "pixels"
    how = "Channels × height × width, from the card."

    def measure(self, bench: Bench) -> float:
        return float(np.prod(bench.model(self.model).shape))


class SigmoidTwice(OfModel, frozen=True, kw_only=True, tag="sigmoid_twice"):
    """The lowest reconstruction loss that is possible with a sigmoid before BCE-with-logits."""

    title = "Floor of the loss with a sigmoid too many"
    how = (
        "The loss takes the network's output in [0, 1] for a logit. The best output of that range "
        "for every pixel, each drawn black or white with its grey level as the probability; mean "
        "over the first 2,000 test images."
    )

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


class OfCard(OfModel, frozen=True, kw_only=True, tag="metric"):
    """A metric that was measured when the model was finished, and stands on its card."""

    title = "Metric of the card"
    unit = ""
    how = "Measured on the test split when the model was trained; the model card says how."
    metric: Identifier

    def measure(self, bench: Bench) -> float:
        metrics = {metric.name: metric.value for metric in bench.model(self.model).card.metrics}
        if self.metric not in metrics:
            known = ", ".join(metrics)
            raise CheckpointError(f"{self.model} has no metric {self.metric!r}; known: {known}.")
        return metrics[self.metric]


class OfRow(Probe, frozen=True, kw_only=True, tag="row_metric"):
    """A metric of a run of a table of results."""

    title = "Metric of a run"
    unit = ""
    how = "Measured on the test split of that run, as the table of results says."
    table: Word
    recipe: Word
    seed: Seed = 0
    metric: Identifier

    def measure(self, bench: Bench) -> float:
        for run in bench.table(self.table).of(self.recipe):
            found = run.final.metric(self.metric)
            if run.seed == self.seed and found is not None:
                return found.value
        raise CheckpointError(
            f"The table {self.table} has no {self.metric} of {self.recipe}, seed {self.seed}."
        )


class OfTask(Probe, frozen=True, kw_only=True, tag="task"):
    """What a way of doing a task reached: the median over its seeds."""

    title = "Result of a task"
    unit = ""
    how = "The median over seeds, on test images; the page of results says how, beside the peers."
    task: Word
    way: Word
    condition: Word
    measure_name: Word = msgspec.field(name="measure")

    def measure(self, bench: Bench) -> float:
        found = bench.task(self.task).values(self.way, self.condition, self.measure_name)
        if not found:
            raise CheckpointError(
                f"The task {self.task} has no {self.measure_name} of {self.way} under "
                f"{self.condition}."
            )
        return statistics.median(found)


class FactorShare(OfModel, frozen=True, kw_only=True, tag="factor_share"):
    """How much of a factor's entropy one latent tells: the best one, or the one named."""

    title = "Share of a factor that one latent tells"
    unit = "%"
    how = "I(z; factor) / H(factor), as the card has it."
    factor: Word
    latent: Index | None = None

    def measure(self, bench: Bench) -> float:
        shares = factor_shares(bench, self.model, self.factor)
        return float(100 * (shares.max() if self.latent is None else shares[self.latent]))


class BestLatent(OfModel, frozen=True, kw_only=True, tag="best_latent"):
    """The index of the latent that tells most of a factor."""

    title = "The latent that tells most of it"
    unit = ""
    how = "The largest I(z; factor), as the card has it."
    factor: Word

    def measure(self, bench: Bench) -> float:
        return float(factor_shares(bench, self.model, self.factor).argmax())


class Ratio(Probe, frozen=True, kw_only=True, tag="ratio"):
    """One figure of the lesson over another; measured by whoever has both."""

    title = "Ratio"
    unit = "times"
    how = "One of the figures above, over another."
    of: Identifier
    over: Identifier


class Difference(Probe, frozen=True, kw_only=True, tag="difference"):
    """One figure of the lesson less another; measured by whoever has both."""

    title = "Difference"
    how = "One of the figures above, less another."
    of: Identifier
    less: Identifier


PROBES = (
    Reconstruction | Kl | Elbo | Evidence | Gap | ApproximationGap | AmortisationGap | IwaeMiss
    | PriorDraws | MillionDraws | Sigma | VarianceRatio | MeanKl | Unused | SquaredError
    | VoidShare | ThinShare | Mutual | MarginalKl | Pixels | SigmoidTwice | Floor
    | MeanReconstruction | OfCard | OfRow | OfTask | FactorShare | BestLatent | Ratio | Difference
)  # fmt: skip


def factor_shares(bench: Bench, id: str, factor: str) -> NDArray[np.float64]:
    """What share of a factor's entropy each latent tells, from the card."""
    card = bench.model(id).card
    names = [known.name for known in card.data.factors or ()]
    if card.information is None or factor not in names:
        raise CheckpointError(f"{id} has no factor {factor!r}; known: {', '.join(names)}.")
    at = names.index(factor)
    nats = np.array([row[at] for row in card.information.nats])
    shares: NDArray[np.float64] = nats / card.information.entropies_nats[at]
    return shares


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
