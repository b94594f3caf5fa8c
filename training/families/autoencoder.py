"""Autoencoders that give one point an image; PCA is the linear one in closed form."""

import torch
from torch import Tensor, nn

from training.contract.card import DECODER, ENCODER, Graph, Metric, Port
from training.contract.outputs import Output, Pixels
from training.contract.spaces import Continuous, Space
from training.export import EXAMPLES, Traced
from training.families import ImageShape, Measured
from training.models.autoencoder import Autoencoder
from training.objectives.squared_error import squared_error


def controls(latents: int) -> tuple[Space, ...]:
    """Codes of which nothing says how probable they are."""
    return (Continuous("z", latents, None),)


def output(image_shape: ImageShape) -> Output:
    """Images, with no density."""
    return Pixels(image_shape)


class _Decoder(nn.Module):
    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor) -> Tensor:
        return self.model.decode(z).clamp(0, 1)


class _Encoder(nn.Module):
    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model.encode(x)


def graphs(model: Autoencoder, image_shape: ImageShape) -> tuple[Traced, ...]:
    """Codes to an image, its grey levels cut off at black and white, and an image to its codes."""
    z = Port("z", "float32", ("batch", model.latents), "value", "z")
    image = Port("image", "float32", ("batch", *image_shape), "image")
    x = Port("x", "float32", ("batch", *image_shape), "image")
    codes, images = torch.randn(EXAMPLES, model.latents), torch.rand(EXAMPLES, *image_shape)
    return (
        Traced(Graph(DECODER, (z,), (image,)), _Decoder(model), (codes,)),
        Traced(Graph(ENCODER, (x,), (z,)), _Encoder(model), (images,)),
    )


@torch.no_grad()
def measure(model: Autoencoder, data: Measured) -> tuple[Metric, ...]:
    """The squared error, and the share of the variance that the codes keep."""
    x = torch.cat([batch.x for batch in data.batches])
    error = torch.cat(
        [squared_error(batch.x, model.decode(model.encode(batch.x))) for batch in data.batches]
    )
    lost = error.double().mean().item()
    variance = squared_error(x, x.mean(0)).double().mean().item()
    return (
        data.metric(
            *("squared_error", "Squared error", lost, "grey levels²"),
            "Squared difference of image and reconstruction, grey levels from 0 to 1, summed over "
            "pixels, mean over images",
        ),
        data.metric(
            *("variance_kept", "Variance kept", 100 * (1 - lost / variance), "%"),
            "1 − squared error / that of the mean image of the split, which is its variance",
        ),
    )
