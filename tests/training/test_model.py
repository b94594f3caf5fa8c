"""The models: shapes, the networks of Burgess et al. and Burda et al., and what is refused."""

from typing import Literal

import pytest
import torch
from torch import nn

from training.contract.outputs import LikelihoodName
from training.distributions import Bernoulli, ContinuousBernoulli, Gaussian
from training.errors import ConfigError
from training.families.family import Form
from training.families.vae import VAE
from training.models.transposed_convolution import TransposedConvolution
from training.recipes import RECIPES

SMALL = ((32, 64), (256,))
BURGESS = ((32, 32, 32, 32), (256, 256))


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        ((1, 28, 28), SMALL),
        ((1, 64, 64), BURGESS),
        ((3, 64, 64), BURGESS),
        ((3, 32, 48), ((4, 8, 4), (16, 8, 4))),
        ((1, 2, 2), ((4,), (8,))),
    ],
)
@pytest.mark.parametrize("latents", [1, 10])
@pytest.mark.parametrize("activation", ["relu", "silu", "tanh"])
def test_shapes(
    shape: tuple[int, int, int],
    layers: tuple[tuple[int, ...], tuple[int, ...]],
    latents: int,
    activation: Literal["relu", "silu", "tanh"],
) -> None:
    channels, hidden = layers
    config = VAE(latents, "bernoulli", channels=channels, hidden=hidden, activation=activation)
    model = config.network(Form(shape))
    for batch in (1, 5):
        posterior = model.encode(torch.rand(batch, *shape))
        assert posterior.mean.shape == posterior.log_variance.shape == (batch, latents)
        assert model.decode(posterior.sample()).mean.shape == (batch, *shape)


def test_burgess_network_by_hand() -> None:
    model = VAE(latents=10, likelihood="bernoulli").network(Form((1, 64, 64)))
    kernel = 4 * 4
    encoder = [
        1 * 32 * kernel + 32,  # 64×64 → 32×32
        *[32 * 32 * kernel + 32] * 3,  # → 16×16 → 8×8 → 4×4
        32 * 4 * 4 * 256 + 256,
        256 * 256 + 256,
        256 * 20 + 20,  # mean and log-variance of 10 latents
    ]
    decoder = [
        10 * 256 + 256,
        256 * 256 + 256,
        256 * 32 * 4 * 4 + 32 * 4 * 4,
        *[32 * 32 * kernel + 32] * 3,
        32 * 1 * kernel + 1,
    ]
    counts = [
        sum(p.numel() for p in part.parameters()) for part in (model.encoder, model.decoder, model)
    ]
    assert counts == [sum(encoder), sum(decoder), 502_005]


def test_the_network_of_burda_et_al_by_hand() -> None:
    model = RECIPES["burda-iwae"].run.model.network(Form((1, 28, 28)))
    encoder = [784 * 200 + 200, 200 * 200 + 200, 200 * 100 + 100]  # mean and log-variance of 50
    decoder = [50 * 200 + 200, 200 * 200 + 200, 200 * 784 + 784]
    counts = [sum(p.numel() for p in part.parameters()) for part in (model.encoder, model.decoder)]
    assert counts == [sum(encoder), sum(decoder)]
    layers = [type(layer) for layer in model.decoder]
    assert layers == [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear, nn.Unflatten]
    for batch in (1, 5):
        posterior = model.encode(torch.rand(batch, 1, 28, 28))
        assert posterior.mean.shape == posterior.log_variance.shape == (batch, 50)
        assert model.decode(posterior.mean).mean.shape == (batch, 1, 28, 28)


def test_patches_by_hand() -> None:
    config = VAE(10, "bernoulli", name="patch_vae", channels=(32, 64, 64), hidden=(128,), patch=4)
    model = config.network(Form((3, 64, 64)))
    pixels, kernel = 3 * 4 * 4, 4 * 4
    encoder = [
        pixels * 32 + 32,  # 64×64 → 16×16
        32 * 64 * kernel + 64,  # → 8×8
        64 * 64 * kernel + 64,  # → 4×4
        64 * 4 * 4 * 128 + 128,
        128 * 20 + 20,
    ]
    decoder = [
        10 * 128 + 128,
        128 * 64 * 4 * 4 + 64 * 4 * 4,
        64 * 64 * kernel + 64,
        64 * 32 * kernel + 32,
        32 * pixels + pixels,
    ]
    counts = [sum(p.numel() for p in part.parameters()) for part in (model.encoder, model.decoder)]
    assert counts == [sum(encoder), sum(decoder)]
    for batch in (1, 5):
        posterior = model.encode(torch.rand(batch, 3, 64, 64))
        assert posterior.mean.shape == (batch, 10)
        assert model.decode(posterior.mean).mean.shape == (batch, 3, 64, 64)


def test_a_patch_is_written_from_its_own_vector() -> None:
    config = VAE(2, "bernoulli", name="patch_vae", channels=(5,), hidden=(8,), patch=4)
    model = config.network(Form((1, 8, 12)))
    vectors = torch.zeros(1, 5, 2, 3)
    before = model.decoder[-2:](vectors)
    vectors[0, :, 1, 2] = 1
    changed = (model.decoder[-2:](vectors) != before)[0, 0]
    assert changed[4:, 8:].all()
    assert not changed[:4].any()
    assert not changed[:, :8].any()


def test_dense_layers_read_colour_images_in_any_memory_order() -> None:
    config = VAE(3, "bernoulli", name="mlp_vae", channels=(), hidden=(8,))
    model = config.network(Form((3, 4, 6)))
    x = torch.rand(2, 3, 4, 6)
    other = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(model.encode(x).mean, model.encode(other).mean)
    assert model.decode(torch.zeros(2, 3)).mean.shape == x.shape


@pytest.mark.parametrize(
    ("name", "kind", "learned"),
    [
        ("bernoulli", Bernoulli, None),
        ("continuous_bernoulli", ContinuousBernoulli, None),
        ("gaussian", Gaussian, False),
        ("gaussian_learned", Gaussian, True),
    ],
)
def test_likelihoods(name: LikelihoodName, kind: type, learned: bool | None) -> None:
    config = VAE(2, name, channels=(4,), hidden=(8,))
    model = config.network(Form((1, 4, 4)))
    x = torch.rand(3, 1, 4, 4)
    likelihood = model.decode(model.encode(x).sample())
    assert isinstance(likelihood, kind)
    assert likelihood.log_prob(x).shape == x.shape
    assert 0 <= likelihood.mean.min() <= likelihood.mean.max() <= 1

    likelihood.log_prob(x).sum().backward()
    without = {n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    assert without == ({"likelihood.log_variance"} if learned is False else set())
    if learned is not None:
        assert model.state_dict()["likelihood.log_variance"].exp().item() == pytest.approx(0.1**2)


@pytest.mark.parametrize(
    ("shape", "channels"),
    [((1, 28, 28), (4, 4, 4)), ((1, 64, 28), (4, 4, 4)), ((1, 30, 64), (4, 4)), ((1, 5, 5), (4,))],
)
def test_images_that_cannot_be_halved(
    shape: tuple[int, int, int], channels: tuple[int, ...]
) -> None:
    config = VAE(2, "bernoulli", channels=channels, hidden=(8,))
    with pytest.raises(ConfigError, match=rf"{shape[1]}×{shape[2]} image cannot be halved"):
        config.network(Form(shape))


@pytest.mark.parametrize(
    ("shape", "patch", "channels"),
    [((1, 28, 28), 8, (4,)), ((1, 28, 28), 4, (4, 4)), ((1, 64, 30), 4, (4,))],
)
def test_images_that_cannot_be_cut_into_patches(
    shape: tuple[int, int, int], patch: int, channels: tuple[int, ...]
) -> None:
    config = VAE(2, "bernoulli", name="patch_vae", channels=channels, hidden=(8,), patch=patch)
    with pytest.raises(ConfigError, match=rf"{patch}×{patch} patches"):
        config.network(Form(shape))


@pytest.mark.parametrize(("inputs", "outputs", "side"), [(3, 5, 4), (2, 1, 7)])
def test_fast_gradients_are_the_gradients(inputs: int, outputs: int, side: int) -> None:
    torch.manual_seed(0)
    ours = TransposedConvolution(inputs, outputs).double()
    theirs = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, inputs, side, side, dtype=torch.float64)
    towards = torch.randn(2, outputs, 2 * side, 2 * side, dtype=torch.float64)
    gradients = []
    for layer in (ours, theirs):
        leaf = x.clone().requires_grad_()
        y = layer(leaf)
        y.backward(towards)
        gradients.append([y.detach(), leaf.grad, *(p.grad for p in layer.parameters())])
    for mine, reference in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-12, atol=1e-12)
