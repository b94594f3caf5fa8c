"""Generator and discriminator in the manner of DCGAN (Radford et al. 2016), for small images."""

import itertools
import math

from torch import Tensor, nn

from training.models.convolutional import halved, halving
from training.models.transposed_convolution import TransposedConvolution


class Generator(nn.Module):
    """z ~ N(0, I) becomes an image. There is no density of images, and no way back.

    Transposed convolutions double the image once per entry of `channels`; each layer but the last
    is batch-normalised and rectified, and a sigmoid gives grey levels.

    Args:
        latents: D.
        image_shape: (C, H, W).
        channels: inputs of each transposed convolution, from the codes to the image.

    Raises:
        ConfigError: if the image cannot be halved that often.
    """

    def __init__(
        self, latents: int, image_shape: tuple[int, int, int], channels: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.latents = latents
        height, width = halved(image_shape, channels)
        layers: list[nn.Module] = [
            nn.Linear(latents, channels[0] * height * width, bias=False),
            nn.Unflatten(1, (channels[0], height, width)),
        ]
        for inputs, outputs in itertools.pairwise([*channels, image_shape[0]]):
            layers += [nn.BatchNorm2d(inputs), nn.ReLU(), TransposedConvolution(inputs, outputs)]
        self.layers = nn.Sequential(*layers, nn.Sigmoid())

    def forward(self, z: Tensor) -> Tensor:
        """Images (B, C, H, W) in [0, 1] of codes (B, D)."""
        x: Tensor = self.layers(z)
        return x.float()


class Discriminator(nn.Module):
    """The log-odds that an image is real: (B, C, H, W) -> (B,).

    Stride-2 convolutions halve the image once per entry of `channels`. It has no batch
    normalisation, so that its verdict on one image does not depend on the others.
    """

    def __init__(self, image_shape: tuple[int, int, int], channels: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise([image_shape[0], *channels]):
            layers += [halving(inputs, outputs), nn.LeakyReLU(0.2)]
        units = channels[-1] * math.prod(halved(image_shape, channels))
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(units, 1))

    def forward(self, x: Tensor) -> Tensor:
        """ln D(x) / (1 − D(x)) of images (B, C, H, W): (B,)."""
        return self.judge(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """What the last layer judges images (B, C, H, W) by: (B, F)."""
        features: Tensor = self.layers[:-1](x)
        return features

    def judge(self, features: Tensor) -> Tensor:
        """ln D(x) / (1 − D(x)) of features (B, F): (B,)."""
        logits: Tensor = self.layers[-1](features)
        return logits.float().squeeze(1)
