"""Weights in half precision, where the model's images and codes stay as they were.

A weight that half precision holds exactly is stored in two bytes; models compute in float32 always.
`round_weights` moves weights to such values before a model is measured, exported and kept, so that
every number describes the weights that are kept.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from training.contract.card import Rounding
from training.datasets import Dataset, Split
from training.models.gaussian_vae import GaussianVAE

IMAGE_TOLERANCE = 1 / 512  # of a decoded value in [0, 1]: half a grey level of 256
CODE_TOLERANCE = 1 / 20  # of a posterior's standard deviation: KL changes by 0.00125 nats at most
SMALLEST = (
    4096  # entries of a tensor: what is smaller takes little room, and adds much of the error
)
JUDGED, SEEN = 500, 2000  # images to compare with; images whose activations the rounding minds
DAMPING = 1e-4  # of the mean variance of a layer's inputs, so that silent ones are no trouble


def narrowed(tensor: Tensor) -> Tensor:
    """A large float32 tensor in half precision, if that changes none of its values."""
    if tensor.dtype != torch.float32 or tensor.numel() < SMALLEST:
        return tensor
    half = tensor.half()
    return half if torch.equal(half.float(), tensor) else tensor


@torch.no_grad()
def round_weights(model: GaussianVAE, dataset: Dataset, seed: int) -> Rounding:
    """Round the weights in place, tensor by tensor, wherever images and codes stay as they were.

    Images are decoded from the posterior means of test images and from samples of the prior; codes
    are the posterior means of test images. A tensor whose rounding would move one of them by more
    than its tolerance stays in float32.
    """
    generator = torch.Generator().manual_seed(seed)
    seen, x = _first(dataset.splits["validation"], SEEN), _first(dataset.splits["test"], JUDGED)
    prior = torch.randn(SEEN + JUDGED, model.latents, generator=generator)
    codes = torch.cat([model.encode(seen).sample(generator), prior[:SEEN]])
    posterior = model.encode(x)
    z = torch.cat([posterior.mean, prior[SEEN:]])
    deviations, images = (0.5 * posterior.log_variance).exp(), model.decode(z).mean

    def image_difference() -> float:
        return (model.decode(z).mean - images).abs().max().item()

    def code_difference() -> float:
        shift = model.encode(x).mean - posterior.mean
        return (shift.abs() / deviations).max().item()

    halved = _round(model.decoder, codes, image_difference, IMAGE_TOLERANCE)
    halved += _round(model.encoder, seen, code_difference, CODE_TOLERANCE)
    return Rounding(
        weights=sum(parameter.numel() for parameter in model.parameters()),
        halved=halved,
        image_difference=image_difference(),
        code_difference=code_difference(),
        split="test",
        samples=len(x),
        seed=seed,
        how=f"Against the weights as trained: the largest change of a decoded value in [0, 1] over "
        f"{len(x):,} posterior means and {len(z) - len(x):,} samples of the prior, and of a "
        "posterior mean, in its standard deviations.",
    )


def _first(split: Split, count: int) -> Tensor:
    return split.images(torch.arange(min(count, len(split))))


def _round(
    network: nn.Module, inputs: Tensor, difference: Callable[[], float], tolerance: float
) -> int:
    """Round what can be rounded of a network; returns how many weights were."""
    large = [weight for weight in network.parameters() if weight.numel() >= SMALLEST]
    dense = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    dense = [layer for layer in dense if layer.weight.numel() >= SMALLEST]
    kept = [layer.weight.clone() for layer in dense]
    with contextlib.ExitStack() as hooks:
        for layer in dense:
            hooks.callback(layer.register_forward_pre_hook(_round_layer).remove)
        network(inputs)
    rounded = {id(layer.weight) for layer in dense}
    if not difference() <= tolerance:
        rounded = set()
        for layer, weight in zip(dense, kept, strict=True):
            layer.weight.copy_(weight)
    for weight in sorted(large, key=torch.numel, reverse=True):
        if id(weight) in rounded:
            continue
        before = weight.clone()
        weight.copy_(weight.half())
        if difference() <= tolerance:
            rounded.add(id(weight))
        else:
            weight.copy_(before)
    return sum(weight.numel() for weight in large if id(weight) in rounded)


def _round_layer(layer: nn.Module, arguments: tuple[Any, ...]) -> None:
    """Round a dense layer for the inputs that it is about to receive.

    Column by column; what the rounding of one changes in the outputs, the columns to its right make
    good as far as their inputs are correlated (Frantar et al. 2023, GPTQ, Section 3.3).
    """
    assert isinstance(layer, nn.Linear)
    x = arguments[0].flatten(0, -2).double()  # (B, I)
    products = x.T @ x / len(x)  # (I, I)
    products.diagonal().add_(DAMPING * products.diagonal().mean() + torch.finfo(torch.float32).tiny)
    lower, failed = torch.linalg.cholesky_ex(products)
    weight = layer.weight.double()  # (O, I)
    if not failed and products.isfinite().all():
        upper = torch.linalg.cholesky(torch.cholesky_inverse(lower), upper=True)
        for column in range(weight.shape[1]):
            half = weight[:, column].half().double()
            error = (weight[:, column] - half) / upper[column, column]
            weight[:, column + 1 :] -= error[:, None] * upper[column, column + 1 :]
            weight[:, column] = half
    layer.weight.copy_(weight.half())
