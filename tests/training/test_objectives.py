"""The objectives on models whose likelihood, KL or total correlation is known exactly."""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    kl_divergence,
)

from training.batch import Batch
from training.checkpoints import finish
from training.distributions import Bernoulli, DiagonalGaussian, Gaussian
from training.families.family import Form
from training.families.vae import VAE
from training.models.code_discriminator import Discriminator
from training.models.multiplier import Multiplier
from training.objectives.beta_tcvae import BetaTCVAE, BetaTCVAELoss
from training.objectives.beta_vae import BetaVAE
from training.objectives.capacity import Capacity
from training.objectives.dip_vae import DIPVAEI, DIPVAEII
from training.objectives.factor_vae import FactorVAE, FactorVAELoss, permute
from training.objectives.geco import GECO, PENALTY, GECOLoss
from training.objectives.iwae import IWAE
from training.objectives.kl_parts import kl_parts
from training.objectives.objective import LearningObjective, Objective
from training.overrides import override
from training.recipes import RECIPES

PIXELS, LATENTS = 6, 3
VARIANCE = 0.3


@dataclass(frozen=True)
class SigmaPoints(DiagonalGaussian):
    """Draws the 2 D points mean ± √D σ e_i instead of noise, for 2 D copies of each image.

    Their average of any quadratic function is its expectation under the Gaussian, exactly.
    """

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        corners = torch.cat([torch.eye(LATENTS), -torch.eye(LATENTS)]).double()
        points = math.sqrt(LATENTS) * corners.repeat(len(self.mean) // (2 * LATENTS), 1)
        return self.mean + (0.5 * self.log_variance).exp() * points


class LinearGaussian:
    """x = W z + b + noise, the columns of W orthogonal: the posterior is a diagonal Gaussian.

    `shift` and `stretch` move q(z|x) away from it.
    """

    latents = LATENTS

    def __init__(self, shift: float = 0, stretch: float = 1) -> None:
        generator = torch.Generator().manual_seed(0)
        draw = torch.randn(PIXELS, PIXELS, generator=generator, dtype=torch.float64)
        basis = torch.linalg.qr(draw).Q
        self.weights = basis[:, :LATENTS] * torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
        self.bias = basis[:, -1]
        self.shift, self.stretch = shift, stretch

    def posterior(self, x: Tensor) -> Normal:
        variance = 1 / (1 + self.weights.square().sum(0) / VARIANCE)
        mean = variance * ((x.flatten(1) - self.bias) @ self.weights) / VARIANCE
        return Normal(mean, variance.sqrt().expand_as(mean))

    def encode(self, x: Tensor) -> SigmaPoints:
        exact = self.posterior(x)
        return SigmaPoints(exact.mean + self.shift, (self.stretch * exact.variance).log())

    def decode(self, z: Tensor) -> Gaussian:
        location = (z @ self.weights.T + self.bias).view(-1, 1, 2, 3)
        return Gaussian(location, torch.tensor(VARIANCE, dtype=torch.float64).log())

    def log_evidence(self, x: Tensor) -> Tensor:
        """ln p(x) of each image, (B,)."""
        covariance = self.weights @ self.weights.T + VARIANCE * torch.eye(PIXELS)
        return MultivariateNormal(self.bias, covariance).log_prob(x.flatten(1))


class Sampled(LinearGaussian):
    """The same model with codes drawn at random; `shift` may be differentiated."""

    def encode(self, x: Tensor) -> DiagonalGaussian:
        points = super().encode(x)
        return DiagonalGaussian(points.mean, points.log_variance)


def images() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return 2 * torch.randn(20, 1, 2, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("shift", "stretch"), [(0, 1), (0.7, 1), (-0.2, 3), (0, 0.01), (1.5, 0.5)])
def test_elbo_is_the_evidence_less_the_gap(shift: float, stretch: float) -> None:
    """−ELBO = −ln p(x) + KL(q ‖ p(z|x)), to the last digits; with the exact posterior, no gap."""
    model, x = LinearGaussian(shift, stretch), images()
    copies = x.repeat_interleave(2 * LATENTS, dim=0)
    loss, metrics = BetaVAE(1)(model, Batch(copies), 0, torch.Generator())
    q, exact = model.encode(x), model.posterior(x)
    gap = kl_divergence(Normal(q.mean, (0.5 * q.log_variance).exp()), exact).sum(1)
    torch.testing.assert_close(loss, (gap - model.log_evidence(x)).mean())
    torch.testing.assert_close(metrics["loss"], loss)


def test_every_sample_of_the_exact_posterior_gives_the_evidence() -> None:
    """ln p(x|z) + ln p(z) − ln q(z|x) = ln p(x) whatever z is, for each image by itself."""
    model, x = LinearGaussian(), images()
    q = model.encode(x)
    prior = DiagonalGaussian(torch.zeros_like(q.mean), torch.zeros_like(q.mean))
    for seed in range(10):
        z = DiagonalGaussian.sample(q, torch.Generator().manual_seed(seed))
        log_joint = model.decode(z).log_prob(x).flatten(1).sum(1) + prior.log_prob(z).sum(1)
        torch.testing.assert_close(log_joint - q.log_prob(z).sum(1), model.log_evidence(x))


@pytest.mark.parametrize("beta", [0, 0.5, 1, 4])
def test_beta_weighs_kl_summed_over_latents_against_pixels_summed(beta: float) -> None:
    class Constant:
        """KL 2 D nats and ln 2 a pixel, whatever the image."""

        latents = 7

        def encode(self, x: Tensor) -> DiagonalGaussian:
            return DiagonalGaussian(torch.full((len(x), 7), 2.0), torch.zeros(len(x), 7))

        def decode(self, z: Tensor) -> Bernoulli:
            return Bernoulli(torch.zeros(len(z), 3, 4, 5))

    x = torch.ones(11, 3, 4, 5)
    loss, metrics = BetaVAE(beta)(Constant(), Batch(x), 0, torch.Generator())
    values = {name: value.item() for name, value in metrics.items()}
    expected = {
        "reconstruction_nats": 60 * math.log(2),
        "kl_nats": 14,
        "loss": 60 * math.log(2) + beta * 14,
    }
    assert values == pytest.approx(expected)
    assert loss.item() == values["loss"]


CONFIGS = [
    BetaVAE(beta=4),
    Capacity(),
    GECO(kappa=100),
    BetaTCVAE(estimator="mws"),
    BetaTCVAE(estimator="mss"),
    FactorVAE(units=50),
    DIPVAEI(),
    DIPVAEII(),
    IWAE(k=3),
]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def factor_vae(gamma: float, latents: int = LATENTS, rate: float = 1e-4) -> FactorVAELoss:
    torch.manual_seed(0)
    part = Discriminator(latents, layers=2, units=64).double()
    return FactorVAELoss(gamma, part, torch.optim.Adam(part.parameters(), rate, betas=(0.5, 0.9)))


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.words())
def test_gradients_are_finite_and_reports_are_kept(config: Any, precision: torch.dtype) -> None:
    """On the network of the sprites at a small size, as the loop calls it, for three steps."""
    torch.manual_seed(0)
    likelihood: Any = "bernoulli"
    model = VAE(5, likelihood, channels=(8, 8), hidden=(16,)).network(Form((1, 16, 16)))
    objective: Objective = config.build(5, 1000, torch.device("cpu"))
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    x = torch.rand(12, 1, 16, 16, generator=seeded(1)).round()
    for step in range(3):
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            loss, metrics = objective(model, Batch(x), step, seeded(step))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if isinstance(objective, LearningObjective):
            with torch.autocast("cpu", precision, enabled=precision != torch.float32):
                objective.learn(model, Batch(x), metrics, step, seeded(step))
        assert tuple(metrics) == objective.reports
        assert loss.dtype == torch.float32
        assert loss.item() == metrics["loss"].item()
        assert all(value.ndim == 0 and value.isfinite() for value in metrics.values())
        for parameter in model.parameters():
            assert parameter.grad is not None
            assert parameter.grad.isfinite().all()
    parts = {name: value.item() for name, value in metrics.items()}
    compared = objective.comparable(parts)
    assert math.isfinite(compared)
    is_bound = compared == pytest.approx(parts["reconstruction_nats"] + parts["kl_nats"])
    assert (config.loss_name == "−ELBO") == is_bound


@pytest.mark.parametrize(
    ("objective", "reference"),
    [
        (Capacity(4, 0, 0, 1), BetaVAE(4)),
        (Capacity(4, 0, 25, 100), BetaVAE(4)),
        (BetaTCVAELoss(1, 1, 1, "mws", 1000), BetaVAE(1)),
        (BetaTCVAELoss(1, 1, 1, "mss", 1000), BetaVAE(1)),
        (BetaTCVAELoss(6, 6, 6, "mss", 1000), BetaVAE(6)),
        (factor_vae(0), BetaVAE(1)),
        (DIPVAEI(0, 0), BetaVAE(1)),
        (DIPVAEII(0, 0), BetaVAE(1)),
        (GECOLoss(0, 0.99, 1e-4, Multiplier()), BetaVAE(1)),
    ],
)
def test_reduces_to_the_beta_vae(objective: Objective, reference: BetaVAE) -> None:
    """At step 0, C = 0 and λ = 1. Sigma points make the sampled KL of β-TCVAE exact, too."""
    model, copies = LinearGaussian(0.7, 1.5), images().repeat_interleave(2 * LATENTS, dim=0)
    loss, metrics = objective(model, Batch(copies), 0, torch.Generator())
    expected, parts = reference(model, Batch(copies), 0, torch.Generator())
    torch.testing.assert_close(loss, expected)
    for name in ("reconstruction_nats", "kl_nats"):
        torch.testing.assert_close(metrics[name], parts[name])


def test_capacity_rises_in_a_line_and_stays() -> None:
    objective = Capacity(gamma=1000, c_start=0.5, c_end=25, c_steps=100)
    capacities = [objective.capacity(step).item() for step in (0, 50, 100, 101, 10**6)]
    assert capacities == pytest.approx([0.5, 12.75, 25, 25, 25])


@pytest.mark.parametrize(("step", "sign"), [(0, 1), (100, -1)])
def test_capacity_pulls_the_kl_towards_c(step: int, sign: int) -> None:
    """From above, the KL is pressed down by γ nats a nat, from below it is lifted by as much."""
    shift = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    objective, model, x = Capacity(1000, 0, 1000, 100), Sampled(shift), images()  # type: ignore[arg-type]
    loss, metrics = objective(model, Batch(x), step, seeded(0))
    by_kl = torch.autograd.grad(loss - metrics["reconstruction_nats"], shift, retain_graph=True)
    kl = torch.autograd.grad(metrics["kl_nats"], shift)
    torch.testing.assert_close(by_kl[0], sign * 1000 * kl[0])


def gaussian_codes(count: int, correlation: float, variance: float) -> DiagonalGaussian:
    """Posteriors (count, 2) whose average is N(0, [[1, ρ], [ρ, 1]]) but for the sampled means."""
    covariance = torch.tensor([[1, correlation], [correlation, 1]], dtype=torch.float64)
    root = torch.linalg.cholesky(covariance - variance * torch.eye(2))
    means = torch.randn(count, 2, generator=seeded(0), dtype=torch.float64) @ root.T
    return DiagonalGaussian(means, torch.full_like(means, variance).log())


def test_parts_of_correlated_gaussian_codes() -> None:
    """All three have closed forms: TC −ln(1 − ρ²)/2, and no dimension-wise KL."""
    correlation, variance, count = 0.7, 0.2, 1500
    posterior = gaussian_codes(count, correlation, variance)
    z = posterior.sample(seeded(1))
    parts = kl_parts(posterior, z, count, "mss")
    total_correlation = -0.5 * math.log(1 - correlation**2)
    information = -total_correlation - math.log(variance)
    for part, expected in [
        (parts.total_correlation, total_correlation),
        (parts.mutual_information, information),
        (parts.dimension_wise_kl, 0),
    ]:
        error = part.std().item() / math.sqrt(count)
        assert part.mean().item() == pytest.approx(expected, abs=4 * error)
        assert error < 0.03


@pytest.mark.parametrize("estimator", ["mws", "mss"])
@pytest.mark.parametrize("count", [20, 10**6])
def test_parts_sum_to_the_sampled_kl(estimator: Any, count: int) -> None:
    model, x = Sampled(0.7, 2), images()
    posterior = model.encode(x)
    z = posterior.sample(seeded(0))
    parts = kl_parts(posterior, z, count, estimator)
    q = Independent(Normal(posterior.mean, (0.5 * posterior.log_variance).exp()), 1)
    prior = Independent(Normal(torch.zeros_like(z), torch.ones_like(z)), 1)
    total = parts.mutual_information + parts.total_correlation + parts.dimension_wise_kl
    torch.testing.assert_close(total, q.log_prob(z) - prior.log_prob(z))


def test_parts_are_exact_where_the_batch_is_the_data_set() -> None:
    """Against the mixture of all posteriors; minibatch weighting is then low by ln N."""
    posterior = Sampled(0.7, 2).encode(images())
    z, count = posterior.sample(seeded(0)), 20
    components = Normal(posterior.mean, (0.5 * posterior.log_variance).exp())
    uniform = Categorical(torch.ones(count, dtype=torch.float64))
    joint = MixtureSameFamily(uniform, Independent(components, 1)).log_prob(z)
    each = MixtureSameFamily(
        Categorical(torch.ones(LATENTS, count, dtype=torch.float64)),
        Normal(components.mean.T, components.stddev.T),
    ).log_prob(z)
    conditional = components.log_prob(z).sum(1)
    stratified = kl_parts(posterior, z, count, "mss")
    torch.testing.assert_close(stratified.mutual_information, conditional - joint)
    torch.testing.assert_close(stratified.total_correlation, joint - each.sum(1))
    weighted = kl_parts(posterior, z, count, "mws")
    offset = math.log(count)
    torch.testing.assert_close(weighted.mutual_information, stratified.mutual_information + offset)
    torch.testing.assert_close(
        weighted.total_correlation, stratified.total_correlation + (LATENTS - 1) * offset
    )


def test_stratified_sampling_is_unbiased() -> None:
    """q(z) of one image averaged over every batch of three that has it, of a data set of six."""
    posterior = Sampled(0.7, 2).encode(images()[:6])
    z = posterior.sample(seeded(0))
    exact = posterior.log_prob(z[:1]).sum(1).exp().mean()
    estimates = []
    for others in itertools.combinations(range(1, 6), 2):
        places = [0, *others]
        batch = DiagonalGaussian(posterior.mean[places], posterior.log_variance[places])
        parts = kl_parts(batch, z[places], 6, "mss")
        log_qz = batch.log_prob(z[places]).sum(1) - parts.mutual_information
        estimates.append(log_qz[0].exp())
    torch.testing.assert_close(torch.stack(estimates).mean(), exact)


@pytest.mark.parametrize("weight", range(3))
def test_each_part_has_its_weight(weight: int) -> None:
    weights = [1.0, 1.0, 1.0]
    weights[weight] = 6.0
    names = ("mutual_information_nats", "total_correlation_nats", "dimension_wise_kl_nats")
    model, x = Sampled(0.7, 2), images()
    plain, parts = BetaTCVAELoss(1, 1, 1, "mss", 1000)(model, Batch(x), 0, seeded(0))
    weighed, _ = BetaTCVAELoss(*weights, "mss", 1000)(model, Batch(x), 0, seeded(0))  # type: ignore[call-arg]
    torch.testing.assert_close(weighed - plain, 5 * parts[names[weight]])


def test_what_an_estimator_does_not_measure_is_not_reported() -> None:
    """Weighted sampling is off by the logarithm of the data set's size; stratified is not."""
    names = ("mutual_information_nats", "total_correlation_nats", "dimension_wise_kl_nats")
    model, x = Sampled(0.7, 2), images()
    losses = {}
    for estimator in ("mws", "mss"):
        objective = BetaTCVAELoss(1, 6, 1, estimator, 1000)  # type: ignore[arg-type]
        losses[estimator], metrics = objective(model, Batch(x), 0, seeded(0))
        assert all((name in metrics) == (estimator == "mss") for name in names)
        assert tuple(metrics) == objective.reports
    assert losses["mws"] != losses["mss"]


class Codes(nn.Module):
    """Reads x (B, 2, 1, 1) as posterior means, times a weight that can be learned."""

    latents = 2

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))

    def encode(self, x: Tensor) -> DiagonalGaussian:
        means = self.scale * x.flatten(1)
        return DiagonalGaussian(means, torch.full_like(means, 0.01).log())

    def decode(self, z: Tensor) -> Gaussian:
        return Gaussian(z.view(-1, 2, 1, 1), torch.zeros((), dtype=torch.float64))


def weights_of(module: nn.Module) -> list[Tensor]:
    return [tensor.clone() for tensor in module.state_dict().values()]


def same(before: list[Tensor], module: nn.Module) -> bool:
    return all(torch.equal(*pair) for pair in zip(before, weights_of(module), strict=True))


def test_the_discriminator_and_the_vae_learn_apart() -> None:
    objective, model = factor_vae(gamma=35, latents=2), Codes()
    optimizer = torch.optim.AdamW([*model.parameters()], 1e-2)
    x = gaussian_codes(64, 0.8, 0.01).mean.view(-1, 2, 1, 1)
    discriminator, vae = weights_of(objective.part), weights_of(model)

    loss, metrics = objective(model, Batch(x), 0, seeded(0))
    loss.backward()
    optimizer.step()
    assert all(parameter.grad is None for parameter in objective.part.parameters())
    assert same(discriminator, objective.part)
    assert not same(vae, model)

    vae, gradient = weights_of(model), model.scale.grad
    assert gradient is not None
    gradient = gradient.clone()
    objective.learn(model, Batch(x), metrics, 0, seeded(1))
    assert same(vae, model)
    assert model.scale.grad is not None
    assert torch.equal(model.scale.grad, gradient)
    assert not same(discriminator, objective.part)


def test_the_total_correlation_reaches_the_encoder() -> None:
    model, x = Codes(), gaussian_codes(64, 0.8, 0.01).mean.view(-1, 2, 1, 1)
    gradients = []
    for gamma in (0, 1, 2):
        loss, _ = factor_vae(gamma, latents=2)(model, Batch(x), 0, seeded(0))
        gradients.append(*torch.autograd.grad(loss, model.scale))
    first, second = gradients[1] - gradients[0], gradients[2] - gradients[1]
    assert first.abs() > 1e-6
    torch.testing.assert_close(first, second)


def test_the_discriminator_finds_the_total_correlation() -> None:
    """Of Gaussian codes: −ln(1 − ρ²)/2 nats."""
    correlation = 0.8
    objective, model = factor_vae(gamma=1, latents=2, rate=2e-3), Codes()
    x = gaussian_codes(4000, correlation, 0.01).mean.view(-1, 2, 1, 1)
    for step in range(600):
        batch = x[torch.randint(len(x), (256,), generator=seeded(step))]
        objective.learn(model, Batch(batch), {}, step, seeded(step))
    _, metrics = objective(model, Batch(x), 0, seeded(0))
    expected = -0.5 * math.log(1 - correlation**2)
    assert metrics["total_correlation_nats"].item() == pytest.approx(expected, abs=0.1)


def test_permuted_codes_keep_every_marginal_and_nothing_else() -> None:
    z = gaussian_codes(2000, 0.8, 0.01).mean
    shuffled = permute(z, seeded(1))
    assert torch.equal(shuffled.sort(0).values, z.sort(0).values)
    # Five standard errors of a correlation of nothing.
    assert abs(np.corrcoef(shuffled.T.numpy())[0, 1]) < 5 / math.sqrt(2000)
    assert torch.equal(shuffled, permute(z, seeded(1)))


@pytest.mark.parametrize(("kind", "spread"), [(DIPVAEI, 0.0), (DIPVAEII, 0.3)])
def test_dip_vae_penalises_what_numpy_finds_in_the_covariance(kind: Any, spread: float) -> None:
    """DIP-VAE-II adds the posteriors' own variance."""

    class Correlated(Codes):
        def encode(self, x: Tensor) -> DiagonalGaussian:
            return DiagonalGaussian(x.flatten(1), torch.full_like(x.flatten(1), 0.3).log())

    x = gaussian_codes(50, 0.8, 0.1).mean.view(-1, 2, 1, 1)
    covariance = np.cov(x.flatten(1).T.numpy(), bias=True) + spread * np.eye(2)
    off_diagonal = 2 * covariance[0, 1] ** 2
    diagonal = ((covariance.diagonal() - 1) ** 2).sum()
    for autocast in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss, metrics = kind(3.0, 7.0)(Correlated(), Batch(x), 0, seeded(0))
        penalty = metrics["covariance_penalty_nats"].item()
        assert penalty == pytest.approx(3 * off_diagonal + 7 * diagonal, rel=1e-6)
        elbo = metrics["reconstruction_nats"] + metrics["kl_nats"]
        assert (loss - elbo).item() == pytest.approx(penalty)


@pytest.mark.parametrize("k", [1, 7])
def test_iwae_with_the_exact_posterior_is_the_evidence(k: int) -> None:
    model, x = Sampled(), images()
    loss, _ = IWAE(k)(model, Batch(x), 0, seeded(0))
    torch.testing.assert_close(loss, -model.log_evidence(x).mean())


def test_iwae_falls_towards_the_evidence_as_k_grows() -> None:
    """K = 1 is −ELBO. Each figure stands five standard errors from the next."""
    model, x = Sampled(0.5, 1.5), images()[:1]
    many = x.repeat(2000, 1, 1, 1)
    means, errors = [], []
    for k in (1, 5, 50):
        losses = torch.stack(
            [IWAE(k)(model, Batch(part), 0, seeded(i))[0] for i, part in enumerate(many.split(20))]
        )
        means.append(losses.mean().item())
        errors.append(losses.std().item() / math.sqrt(len(losses)))
    sigma_points, _ = BetaVAE(1)(
        LinearGaussian(0.5, 1.5), Batch(x.repeat(2 * LATENTS, 1, 1, 1)), 0, seeded(0)
    )
    assert means[0] == pytest.approx(sigma_points.item(), abs=4 * errors[0])
    evidence = -model.log_evidence(x).item()
    for larger, smaller, error in zip(means, [*means[1:], evidence], errors, strict=True):
        assert larger > smaller + 5 * error


def test_iwae_weighs_every_gradient_by_its_share() -> None:
    """Burda et al. 2016, Eq. 14, with the four gradients taken one by one."""
    shift = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    model, x, k = Sampled(shift), images()[:1], 4  # type: ignore[arg-type]
    loss, _ = IWAE(k)(model, Batch(x), 0, seeded(0))
    gradient = torch.autograd.grad(loss, shift)[0]
    singles = [BetaTCVAELoss(1, 1, 1, "mws", 1)] * k
    noise, log_weights, gradients = seeded(0), [], []
    for single in singles:  # the noise of K samples is drawn at once, in this order
        negative, _ = single(model, Batch(x), 0, noise)
        log_weights.append(-negative.detach())
        gradients.append(torch.autograd.grad(negative, shift)[0])
    shares = torch.stack(log_weights).softmax(0)
    torch.testing.assert_close(gradient, (shares * torch.stack(gradients)).sum())


class OneCode:
    """One latent without noise: q = N(a, 1), x = 3, p(x|z) = N(z, 1). KL is a²/2."""

    latents = 1

    def __init__(self) -> None:
        self.a = torch.tensor(0.0, requires_grad=True)

    def encode(self, x: Tensor) -> DiagonalGaussian:
        class Sure(DiagonalGaussian):
            def sample(self, generator: torch.Generator | None = None) -> Tensor:
                return self.mean

        return Sure(self.a.expand(len(x), 1), torch.zeros(len(x), 1))

    def decode(self, z: Tensor) -> Gaussian:
        return Gaussian(z.view(-1, 1, 1, 1), torch.zeros(()))


def test_geco_finds_the_constrained_optimum_and_its_multiplier() -> None:
    """Reconstruction at κ needs a = 2; there a = λ (3 − a), so λ = 2."""
    kappa = 0.5 + 0.5 * math.log(2 * math.pi)
    model, objective = OneCode(), GECOLoss(kappa, 0.5, 0.02, Multiplier())
    optimizer = torch.optim.SGD([model.a], 0.1)
    x = torch.full((1, 1, 1, 1), 3.0)
    for step in range(600):
        loss, metrics = objective(model, Batch(x), step, torch.Generator())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        objective.learn(model, Batch(x), metrics, step, torch.Generator())
    assert model.a.item() == pytest.approx(2, abs=1e-3)
    assert objective.part.log_multiplier.exp().item() == pytest.approx(2, abs=1e-2)


@pytest.mark.parametrize("violation", [0.8, -0.8, 300.0, -300.0])
def test_geco_moves_its_multiplier_by_the_averaged_violation(violation: float) -> None:
    objective = GECOLoss(10, alpha=0.75, rate=0.01, part=Multiplier())
    part, nothing = objective.part, torch.Generator()
    for step, average in enumerate([violation, violation / 2 + violation / 4]):
        now = torch.tensor(violation if step == 0 else 0.0)
        before = part.log_multiplier.item()
        objective.learn(OneCode(), Batch(torch.zeros(1)), {"constraint_nats": now}, step, nothing)
        assert part.average_nats.item() == pytest.approx(average)
        step_of_log = 0.01 * min(max(average, -1), 1)
        assert part.log_multiplier.item() == pytest.approx(before + step_of_log)
        assert (part.log_multiplier.item() > 0) == (violation > 0)


def test_geco_stays_finite_where_no_model_reaches_kappa() -> None:
    objective = GECOLoss(10, 0.99, rate=1.0, part=Multiplier())
    for step in range(100):
        far = {"constraint_nats": torch.tensor(1e4)}
        objective.learn(OneCode(), Batch(torch.zeros(1)), far, step, torch.Generator())
    assert objective.part.log_multiplier.exp().isfinite()


def test_weights_are_chosen_by_what_does_not_move() -> None:
    """The same reconstruction and KL compare alike, whatever λ, C and the discriminator were."""
    means = {"loss": 1e9, "reconstruction_nats": 90.0, "kl_nats": 20.0}
    geco = GECOLoss(80, 0.99, 1e-4, Multiplier())
    assert geco.comparable(means) == 20 + PENALTY * 10
    assert geco.comparable(means | {"reconstruction_nats": 70.0}) == 20
    assert Capacity(1000, 0, 25, 10).comparable(means) == 90 + 1000 * 5
    assert factor_vae(35).comparable(means) == 110
    assert BetaTCVAELoss(1, 6, 1, "mws", 10).comparable(means) == 110
    for objective in (BetaVAE(4), DIPVAEI(1, 1), IWAE(5)):
        assert objective.comparable(means) == 1e9


def test_an_objective_without_a_part_does_not_learn() -> None:
    for config in CONFIGS:
        objective = config.build(3, 100, torch.device("cpu"))
        learns = isinstance(config, GECO | FactorVAE)
        assert isinstance(objective, LearningObjective) == learns


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        ({"name": "beta_vae", "beta": "1"}, "VAE · β 1 · 10 latents"),
        ({"beta": "0.5"}, "β-VAE · β 0.5 · 10 latents"),
        ({"name": "capacity"}, "Capacity VAE · C 0 to 25 nats · γ 1000 · 10 latents"),
        ({"name": "geco", "kappa": "80"}, "GECO · κ 80 nats · 10 latents"),
        ({"name": "beta_tcvae"}, "β-TCVAE · β 6 · 10 latents"),
        ({"name": "beta_tcvae", "alpha": "0"}, "β-TCVAE · β 6 · α 0 · γ 1 · 10 latents"),
        ({"name": "factor_vae"}, "FactorVAE · γ 35 · 10 latents"),
        ({"name": "dip_vae_i"}, "DIP-VAE-I · λ_od 10 · λ_d 100 · 10 latents"),
        ({"name": "dip_vae_ii"}, "DIP-VAE-II · λ_od 10 · λ_d 10 · 10 latents"),
        ({"name": "iwae", "k": "50"}, "IWAE · K 50 · 10 latents"),
    ],
)
def test_the_summary_names_the_objective(words: dict[str, str], summary: str) -> None:
    changes = {f"objective.{name}": text for name, text in words.items()}
    config = override(RECIPES["digits"].run, changes)
    assert config.model.words(config) == summary
    told = finish.intent(RECIPES["digits"], config)
    assert told == RECIPES["digits"].intent or all(f"objective.{name}" in told for name in words)
