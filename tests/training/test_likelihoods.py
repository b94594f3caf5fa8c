"""Likelihoods: what a mean squared error and a cross-entropy stand for, and what σ weighs."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training import build
from training.batch import Batch
from training.errors import ConfigError
from training.families.vae import VAE
from training.models.gaussian_vae import GaussianVAE
from training.models.likelihoods import BernoulliLikelihood, GaussianLikelihood
from training.objectives.beta_vae import BetaVAE

SHAPE = (1, 2, 4)
PIXELS, LATENTS = 8, 2


def linear_vae(likelihood: nn.Module) -> GaussianVAE:
    """One matrix each way; the posterior's variances are matrices of x too."""
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, 2 * LATENTS))
    decoder = nn.Sequential(nn.Linear(LATENTS, PIXELS), nn.Unflatten(1, SHAPE))
    return GaussianVAE(LATENTS, encoder, decoder, likelihood).double()


def parts(model: GaussianVAE, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Decoder outputs, squared errors and KL of a batch, by PyTorch's own functions."""
    mean, log_variance = model.encoder(x).chunk(2, 1)
    output = model.decoder(mean + (log_variance / 2).exp() * noise)
    q = torch.distributions.Normal(mean, (log_variance / 2).exp())
    prior = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    kl_nats = torch.distributions.kl_divergence(q, prior).sum(1)
    squared = functional.mse_loss(output, x, reduction="none").flatten(1).sum(1)
    return output, squared, kl_nats


@pytest.fixture
def batch() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.rand(50, *SHAPE).double(), torch.randn(50, LATENTS).double()


@pytest.mark.parametrize("sigma", [0.1, 0.5**0.5, 1.0, 20.0])
def test_sigma_is_a_beta_in_disguise(batch: tuple[Tensor, Tensor], sigma: float) -> None:
    """−ELBO · 2σ², without its constant, is the squared error plus 2σ² KL; so are the gradients."""
    x, noise = batch
    model = linear_vae(GaussianLikelihood(learned=False, sigma=sigma))
    beta = 2 * sigma**2
    constant = PIXELS * (math.log(sigma) + math.log(2 * math.pi) / 2)

    loss_nats, _ = BetaVAE()(model, Batch(x), 0, noise)
    _, squared, kl_nats = parts(model, x, noise)
    weighed = (squared + beta * kl_nats).mean()
    assert (beta * (loss_nats - constant)).item() == pytest.approx(weighed.item(), rel=1e-6)

    weights = [*model.encoder.parameters(), *model.decoder.parameters()]
    ours = torch.autograd.grad(beta * loss_nats, weights)
    theirs = torch.autograd.grad(weighed, weights)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


def test_squared_error_plus_kl_is_a_gaussian_of_sigma_one_over_root_two(
    batch: tuple[Tensor, Tensor],
) -> None:
    """And its mean over pixels, as `mse_loss` gives it, one of variance P/2: nothing to learn."""
    x, noise = batch
    for reduction, sigma in {"sum": math.sqrt(0.5), "mean": math.sqrt(PIXELS / 2)}.items():
        model = linear_vae(GaussianLikelihood(learned=False, sigma=sigma))
        loss_nats, _ = BetaVAE()(model, Batch(x), 0, noise)
        output, _, kl_nats = parts(model, x, noise)
        error = functional.mse_loss(output, x, reduction=reduction)
        textbook = kl_nats.mean() + (error / len(x) if reduction == "sum" else error)
        constant = PIXELS * (math.log(sigma) + math.log(2 * math.pi) / 2)
        assert (loss_nats - constant).item() == pytest.approx(textbook.item(), rel=1e-6)


def test_cross_entropy_is_a_log_likelihood_too(batch: tuple[Tensor, Tensor]) -> None:
    x, noise = batch
    model = linear_vae(BernoulliLikelihood())
    loss_nats, _ = BetaVAE()(model, Batch(x), 0, noise)
    output, _, kl_nats = parts(model, x, noise)
    error = functional.binary_cross_entropy(output.sigmoid(), x, reduction="sum") / len(x)
    assert loss_nats.item() == pytest.approx((error + kl_nats.mean()).item(), rel=1e-6)


def data() -> Tensor:
    """150 points of which two directions are wide, and all others as wide as noise."""
    generator = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(PIXELS, PIXELS, generator=generator)).Q[:LATENTS]
    codes = torch.randn(150, LATENTS, generator=generator) * torch.tensor([1.0, 0.6])
    points: Tensor = 0.5 + codes @ axes + 0.2 * torch.randn(150, PIXELS, generator=generator)
    return points.double().view(-1, *SHAPE)


def likelihood_of_ppca(points: NDArray[np.float64]) -> tuple[float, float]:
    """The greatest mean ln p(x) of probabilistic PCA, and the σ² that gives it.

    Tipping & Bishop 1999, Eqs. 6 to 8: σ² is the mean of the eigenvalues that are left out.
    """
    covariance = np.cov(points.T, bias=True)
    values = np.linalg.eigvalsh(covariance)[::-1]
    noise = values[LATENTS:].mean()
    log_determinant = np.log(values[:LATENTS]).sum() + (PIXELS - LATENTS) * np.log(noise)
    return -0.5 * (PIXELS * math.log(2 * math.pi) + log_determinant + PIXELS), float(noise)


def test_a_linear_vae_with_learned_sigma_is_probabilistic_pca() -> None:
    """Its ELBO reaches the greatest likelihood there is, and its σ² what the components leave out.

    Under a linear decoder the loss is quadratic in the noise, so that its mean over 2 D points
    ±√D e_i is its mean over N(0, I), exactly.
    """
    x = data()
    torch.manual_seed(1)
    model = linear_vae(GaussianLikelihood(learned=True))
    points = math.sqrt(LATENTS) * torch.eye(LATENTS).double()
    noise = torch.cat([points, -points]).repeat_interleave(len(x), 0)
    repeated = Batch(x.repeat(2 * LATENTS, 1, 1, 1))
    steps = torch.optim.LBFGS(
        model.parameters(), max_iter=300, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        steps.zero_grad()
        found, _ = BetaVAE()(model, repeated, 0, noise)
        found.backward()
        return found

    steps.step(loss)
    best, noise_variance = likelihood_of_ppca(x.flatten(1).numpy())
    assert -loss().item() == pytest.approx(best, abs=1e-3)
    assert -loss().item() < best + 1e-9
    learned = model.likelihood.get_parameter("log_variance").exp().item()
    assert learned == pytest.approx(noise_variance, rel=1e-3)


def test_sigma_is_a_gaussians() -> None:
    assert isinstance(build.likelihood("gaussian", 2.0), GaussianLikelihood)
    likelihood = build.likelihood("gaussian", 2.0)
    assert likelihood.get_parameter("log_variance").item() == pytest.approx(math.log(4))
    with pytest.raises(ConfigError, match=r"sigma is 0\.5, but the likelihood is bernoulli"):
        VAE(2, "bernoulli", sigma=0.5)


def test_two_optimizers_are_one_for_both_networks() -> None:
    """θ is the decoder's and φ the encoder's, whether one optimizer moves both or each has its own.

    That one letter often stands for both changes nothing that is computed; what the bound needs is
    that the gradient goes through z into the encoder.
    """
    torch.manual_seed(0)
    x = torch.rand(20, *SHAPE).double()
    models = [linear_vae(GaussianLikelihood(learned=False, sigma=math.sqrt(0.5))) for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    one = [torch.optim.Adam([*models[0].decoder.parameters(), *models[0].encoder.parameters()])]
    two = [torch.optim.Adam(part.parameters()) for part in (models[1].encoder, models[1].decoder)]
    for step in range(5):
        noise = torch.randn(20, LATENTS, generator=torch.Generator().manual_seed(step)).double()
        for model, optimizers in zip(models, (one, two), strict=True):
            model.zero_grad()
            BetaVAE()(model, Batch(x), step, noise)[0].backward()
            for optimizer in optimizers:
                optimizer.step()
    states = [model.state_dict() for model in models]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
