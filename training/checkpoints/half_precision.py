"""Weights in half precision, where the model's images and codes stay as they were.

A weight that half precision holds exactly is stored in two bytes; models compute in float32 always.
`round_weights` moves weights to such values before a model is measured, exported and kept, so that
every number describes the weights that are kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from training.contract.measurements import Rounding
from training.datasets import Dataset, Split
from training.distributions import DiagonalGaussian, ImageDistribution

IMAGE_TOLERANCE = 1 / 512  # of a decoded value in [0, 1]: half a grey level of 256
PROBABILITY_TOLERANCE = 1 / 200  # of a code's probability
CODE_TOLERANCE = 1 / 20  # of a posterior's standard deviation: KL changes by 0.00125 nats at most
SMALLEST = (
    4096  # entries of a tensor: what is smaller takes little room, and adds much of the error
)
JUDGED, SEEN = 500, 2000  # images to compare with; images whose activations the rounding minds
DAMPING = 1e-4  # of the mean variance of a layer's inputs, so that silent ones do no harm


def narrowed(tensor: Tensor) -> Tensor:
    """A large float32 tensor in half precision, if that changes none of its values."""
    if tensor.dtype != torch.float32 or tensor.numel() < SMALLEST:
        return tensor
    half = tensor.half()
    return half if torch.equal(half.float(), tensor) else tensor


@torch.no_grad()
def round_weights(
    model: Any,
    encode: Callable[[Tensor, Tensor], DiagonalGaussian],
    decode: Callable[[Tensor], ImageDistribution],
    dataset: Dataset,
    seed: int,
) -> Rounding:
    """Round a VAE's weights in place, tensor by tensor, where images and codes stay as they were.

    Images are decoded from the posterior means of test images and from samples of the prior; codes
    are the posterior means of test images. A tensor whose rounding would move one of them by more
    than its tolerance stays in float32.

    Args:
        model: with the parts `encoder` and `decoder`.
        encode: images (B, C, H, W) and their targets (B, …) -> the posterior.
        decode: codes (B, D) -> a distribution over images.
    """
    generator = torch.Generator().manual_seed(seed)
    seen, x = seen_and_judged(dataset)
    known, targets = (dataset.splits[name].targets for name in ("validation", "test"))
    known, targets = known[: len(seen)], targets[: len(x)]
    prior = torch.randn(SEEN + JUDGED, model.latents, generator=generator)
    codes = torch.cat([encode(seen, known).sample(generator), prior[:SEEN]])
    posterior = encode(x, targets)
    z = torch.cat([posterior.mean, prior[SEEN:]])
    parts = (
        Part.of_images(model.decoder, lambda: decode(codes), lambda: decode(z).mean),
        Part.of_codes(
            model.encoder,
            lambda: encode(seen, known),
            lambda: encode(x, targets).mean,
            posterior.deviation,
        ),
    )
    what = (
        f"a decoded value in [0, 1] for {len(x):,} posterior means and {len(z) - len(x):,} samples "
        "of the prior, and of a posterior mean, in its standard deviations"
    )
    return round_parts(model, parts, what, len(x), seed)


def seen_and_judged(dataset: Dataset) -> tuple[Tensor, Tensor]:
    """The validation images that the rounding minds, and the test images that it is judged by."""

    def first(split: Split, most: int) -> Tensor:
        return split.images(torch.arange(min(most, len(split))))

    return first(dataset.splits["validation"], SEEN), first(dataset.splits["test"], JUDGED)


class Part(NamedTuple):
    """A network that is rounded, and what of it must stay as it was.

    Fields:
        feed: passes what is typical through it, for its layers to see.
        difference: by how much its outputs differ from those before, at most `tolerance`.
        what: that the outputs are.
    """

    network: nn.Module
    feed: Callable[[], object]
    difference: Callable[[], float]
    tolerance: float
    what: Literal["images", "codes", "probabilities"]

    @classmethod
    def of_images(
        cls, network: nn.Module, feed: Callable[[], object], images: Callable[[], Tensor]
    ) -> Part:
        """Judged by images with values in [0, 1], each of which may move by half a grey level."""
        difference = _largest_change(images, 1)
        return cls(network, feed, difference, IMAGE_TOLERANCE, "images")

    @classmethod
    def of_codes(
        cls,
        network: nn.Module,
        feed: Callable[[], object],
        codes: Callable[[], Tensor],
        units: Tensor,
    ) -> Part:
        """Judged by codes (B, D), in these `units`, one for all or (B, D)."""
        return cls(network, feed, _largest_change(codes, units), CODE_TOLERANCE, "codes")

    @classmethod
    def of_probabilities(
        cls, network: nn.Module, feed: Callable[[], object], probabilities: Callable[[], Tensor]
    ) -> Part:
        """Judged by the probabilities of what comes next."""
        difference = _largest_change(probabilities, 1)
        return cls(network, feed, difference, PROBABILITY_TOLERANCE, "probabilities")


def _largest_change(values: Callable[[], Tensor], units: Tensor | float) -> Callable[[], float]:
    before = values()
    return lambda: ((values() - before).abs() / units).max().item()


@torch.no_grad()
def round_parts(
    model: nn.Module, parts: Sequence[Part], what: str, samples: int, seed: int
) -> Rounding:
    """Round the weights in place, tensor by tensor, wherever all parts stay as they were.

    Args:
        what: of how many images or codes the largest changes are taken; for the card.
        samples: how many test images there are among them.
    """
    halved = sum(round_part(*part[:4]) for part in parts)
    found = {part.what: part.difference() for part in parts}
    return Rounding(
        weights=sum(parameter.numel() for parameter in model.parameters()),
        halved=halved,
        image_difference=found.get("images"),
        code_difference=found.get("codes"),
        probability_difference=found.get("probabilities"),
        split="test",
        samples=samples,
        seed=seed,
        how=f"Against the weights as trained: the largest change over {what}.",
    )


def round_part(
    network: nn.Module,
    feed: Callable[[], object],
    difference: Callable[[], float],
    tolerance: float,
) -> int:
    """Round what can be rounded of a network.

    Args:
        feed: passes what is typical through it, for its layers to see.
        difference: by how much its outputs differ from those before, at most `tolerance`.

    Returns:
        How many weights were rounded.
    """
    large = [weight for weight in network.parameters() if weight.numel() >= SMALLEST]
    dense = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    dense = [layer for layer in dense if layer.weight.numel() >= SMALLEST]
    kept = [layer.weight.clone() for layer in dense]
    with contextlib.ExitStack() as hooks:
        for layer in dense:
            hooks.callback(layer.register_forward_pre_hook(_round_layer).remove)
        feed()
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
