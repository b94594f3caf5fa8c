"""Convolutional networks that read and write an image patch by patch.

The first layer turns each P×P patch into one vector, as a vision transformer does (Dosovitskiy et
al. 2021, Section 3.1); the last writes each patch by a pixel shuffle (Shi et al. 2016, Eq. 4). The
costly layers at full resolution are gone, so that a step takes less than half the time.
"""

from torch import nn

from training.errors import ConfigError
from training.models.convolutional import halving
from training.models.layers import Activation, Networks, nonlinearity, stack
from training.models.transposed_convolution import TransposedConvolution


def patches(
    image_shape: tuple[int, int, int],
    outputs: int,
    latents: int,
    patch: int,
    channels: tuple[int, ...],
    hidden: tuple[int, ...],
    activation: Activation,
) -> Networks:
    """Patches become vectors of `channels[0]`; stride-2 convolutions and dense layers follow.

    Args:
        image_shape: (C, H, W).
        outputs: of the encoder: 2 D for the mean and log-variance of D latents.
        latents: D, the inputs of the decoder.
        patch: P, pixels.
        channels: outputs of the patch layer, then of each convolution, from the image inwards.
        hidden: units of each dense layer, from the convolutions inwards.
        activation: after every layer but the last of encoder and decoder.

    Raises:
        ConfigError: if the image cannot be cut into such patches, or those halved that often.
    """
    colours = image_shape[0]
    inner = inner_of(image_shape, patch, channels)
    units = [inner[0] * inner[1] * inner[2], *hidden]
    encoder = nn.Sequential(
        nn.Conv2d(colours, channels[0], kernel_size=patch, stride=patch),
        nonlinearity(activation),
        *stack(halving, [*channels], activation),
        nn.Flatten(),
        *stack(nn.Linear, units, activation),
        nn.Linear(units[-1], outputs),
    )
    decoder = nn.Sequential(
        *stack(nn.Linear, [latents, *reversed(units)], activation),
        nn.Unflatten(1, inner),
        *stack(TransposedConvolution, [*reversed(channels)], activation),
        nn.Conv2d(channels[0], colours * patch**2, kernel_size=1),
        nn.PixelShuffle(patch),
    )
    return encoder, decoder


def inner_of(
    image_shape: tuple[int, int, int], patch: int, channels: tuple[int, ...]
) -> tuple[int, int, int]:
    """What the last convolution gives, (C, H, W).

    Raises:
        ConfigError: if the image cannot be cut into such patches, or those halved that often.
    """
    _, height, width = image_shape
    shrink = patch * 2 ** (len(channels) - 1)
    if height % shrink or width % shrink:
        raise ConfigError(
            f"model.patch is {patch} and model.channels has {len(channels)} entries, but a "
            f"{height}×{width} image cannot be cut into {patch}×{patch} patches and then halved "
            f"{len(channels) - 1} times."
        )
    return channels[-1], height // shrink, width // shrink
