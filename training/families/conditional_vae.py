"""Conditional VAE: a label stands beside z (Sohn et al. 2015)."""

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.batch import Batch
from training.contract.card import DECODER, ENCODER, Graph, Metric, Port, Sizes
from training.contract.outputs import LikelihoodName, Output, Pixels
from training.contract.spaces import Categorical, Continuous, Space
from training.export import EXAMPLES, Traced
from training.families import ImageShape, Measured
from training.metrics.label_leak import label_leak
from training.models.conditional_vae import ConditionalVAE


def controls(latents: int, labels: tuple[str, ...]) -> tuple[Space, ...]:
    """z ~ N(0, I), whatever the label, and the label."""
    return (Continuous("z", latents, "standard_normal"), Categorical("label", labels))


def output(likelihood: LikelihoodName, image_shape: ImageShape) -> Output:
    """Images."""
    return Pixels(image_shape, likelihood)


class _Decoder(nn.Module):
    def __init__(self, model: ConditionalVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        return self.model.decode(z, label).mean


class _Encoder(nn.Module):
    def __init__(self, model: ConditionalVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        posterior = self.model.encode(x, label)
        return posterior.mean, posterior.log_variance


def graphs(model: ConditionalVAE, image_shape: ImageShape) -> tuple[Traced, ...]:
    """z and a label to an image, an image and its label to the posterior."""
    codes: Sizes = ("batch", model.latents)
    z = Port("z", "float32", codes, "value", "z")
    mean = Port("mean", "float32", codes, "mean", "z")
    log_variance = Port("log_variance", "float32", codes, "log_variance", "z")
    label = Port("label", "int64", ("batch",), "value", "label")
    image = Port("mean", "float32", ("batch", *image_shape), "image")
    x = Port("x", "float32", ("batch", *image_shape), "image")
    z_examples = torch.randn(EXAMPLES, model.latents)
    labels = torch.arange(EXAMPLES) % model.labels
    images = torch.rand(EXAMPLES, *image_shape)
    return (
        Traced(Graph(DECODER, (z, label), (image,)), _Decoder(model), (z_examples, labels)),
        Traced(Graph(ENCODER, (x, label), (mean, log_variance)), _Encoder(model), (images, labels)),
    )


Codes = tuple[NDArray[Any], NDArray[Any]]


@torch.no_grad()
def measure_leak(
    model: ConditionalVAE, known: Sequence[Batch], data: Measured
) -> tuple[Metric, ...]:
    """How well two classifiers tell the label from z, and how well one that never sees z.

    Args:
        known: what the classifiers learn from: images that `data` does not hold.
    """
    generator = torch.Generator().manual_seed(data.seed)
    learned, asked = _codes(model, known, generator), _codes(model, data.batches, generator)
    accuracies = label_leak(learned, asked, data.seed)
    by = {
        "linear": "a logistic regression",
        "network": "a network with one hidden layer",
        "chance": "always the commonest label",
    }
    return tuple(
        data.metric(
            *(f"label_leak_{name}", f"Label read off z, {name}", 100 * accuracies[name], "%"),
            f"Share of images whose label is guessed right by {guesser} from one sample of "
            f"q(z|x, y), learned from {len(learned[1]):,} other images",
        )
        for name, guesser in by.items()
    )


def _codes(model: ConditionalVAE, batches: Sequence[Batch], generator: torch.Generator) -> Codes:
    """One sample of q(z|x, y) for each image, (N, D), and its label, (N,)."""
    codes, labels = [], []
    for batch in batches:
        assert batch.targets is not None
        codes.append(model.encode(batch.x, batch.targets).sample(generator))
        labels.append(batch.targets)
    return torch.cat(codes).numpy(), torch.cat(labels).numpy()
