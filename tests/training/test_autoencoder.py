"""Autoencoders: PCA against numpy's SVD, and the linear one against PCA."""

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from torch import Tensor

from training.models.autoencoder import Autoencoder, linear, pca
from training.objectives.squared_error import squared_error

SHAPE, LATENTS = (1, 3, 4), 3


def images() -> Tensor:
    """200 points near a three-dimensional plane that does not go through the origin."""
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(200, LATENTS, generator=generator) * torch.tensor([1.0, 0.7, 0.5])
    axes = torch.linalg.qr(torch.randn(12, 12, generator=generator)).Q[:LATENTS]
    noise = 0.1 * torch.randn(200, 12, generator=generator)
    return (0.5 + codes @ axes + noise).view(-1, *SHAPE)


def error(model: Autoencoder, x: Tensor) -> float:
    return squared_error(x, model.decode(model.encode(x))).mean().item()


def test_pca_is_the_singular_value_decomposition() -> None:
    x = images()
    model = pca(x.split(37), SHAPE, LATENTS)
    points = x.flatten(1).double().numpy()
    mean = points.mean(0)
    _, singular, axes = np.linalg.svd(points - mean, full_matrices=False)

    weight = model.encoder[1].weight.detach().numpy()  # type: ignore[index]
    signs = np.sign((weight * axes[:LATENTS]).sum(1, keepdims=True))
    np.testing.assert_allclose(weight, signs * axes[:LATENTS], atol=1e-5)
    np.testing.assert_allclose(
        model.encode(x).detach().numpy(), (points - mean) @ (signs * axes[:LATENTS]).T, atol=1e-5
    )
    # What is lost are the directions that are left out.
    assert error(model, x) == pytest.approx((singular[LATENTS:] ** 2).sum() / len(x), rel=1e-4)
    assert (weight[np.arange(LATENTS), np.abs(weight).argmax(1)] > 0).all()
    np.testing.assert_allclose(
        model.decode(torch.zeros(1, LATENTS)).detach().flatten(), mean, atol=1e-5
    )


def test_a_trained_linear_autoencoder_spans_the_principal_components() -> None:
    x = images()
    torch.manual_seed(1)
    trained = Autoencoder(LATENTS, *linear(SHAPE, LATENTS))
    steps = torch.optim.LBFGS(trained.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        steps.zero_grad()
        error = squared_error(x, trained.decode(trained.encode(x))).mean()
        error.backward()
        return error

    steps.step(loss)

    best = pca([x], SHAPE, LATENTS)
    assert error(best, x) <= error(trained, x) < 1.01 * error(best, x)
    ours, theirs = (model.decoder[0].weight.detach().numpy() for model in (trained, best))  # type: ignore[index]
    assert np.degrees(subspace_angles(ours, theirs)).max() < 5
    # The basis is another one: the codes themselves are not the principal components.
    assert abs(ours / np.linalg.norm(ours, axis=0) - theirs).max() > 0.1


def test_squared_error_by_hand() -> None:
    x, back = torch.tensor([[[[0.0, 1.0]]], [[[0.5, 0.5]]]]), torch.tensor([[[[0.0, 0.0]]]])
    torch.testing.assert_close(squared_error(x, back), torch.tensor([1.0, 0.5]))
