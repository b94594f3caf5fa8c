"""Convolutional networks with the layers of Burgess et al. 2018, Appendix A.

At 64×64 with four 32-channel convolutions and two 256-unit layers they are Burgess' own.
"""

from functools import partial

from torch import nn

from training.errors import ConfigError
from training.models.layers import Activation, Networks, stack
from training.models.transposed_convolution import TransposedConvolution

halving = partial(nn.Conv2d, kernel_size=4, stride=2, padding=1)


def convolutional(
    image_shape: tuple[int, int, int],
    outputs: int,
    latents: int,
    channels: tuple[int, ...],
    hidden: tuple[int, ...],
    activation: Activation,
) -> Networks:
    """Stride-2 4×4 convolutions halve the image once per entry of `channels`; dense layers follow.

    Args:
        image_shape: (C, H, W).
        outputs: of the encoder: 2 D for the mean and log-variance of D latents.
        latents: D, the inputs of the decoder.
        channels: outputs of each convolution, from the image inwards.
        hidden: units of each dense layer, from the convolutions inwards.
        activation: after every layer but the last of encoder and decoder.

    Raises:
        ConfigError: if the image cannot be halved that often.
    """
    colours = image_shape[0]
    inner = (channels[-1], *halved(image_shape, channels))
    units = [inner[0] * inner[1] * inner[2], *hidden]
    encoder = nn.Sequential(
        *stack(halving, [colours, *channels], activation),
        nn.Flatten(),
        *stack(nn.Linear, units, activation),
        nn.Linear(units[-1], outputs),
    )
    decoder = nn.Sequential(
        *stack(nn.Linear, [latents, *reversed(units)], activation),
        nn.Unflatten(1, inner),
        *stack(TransposedConvolution, [*reversed(channels), colours], activation)[:-1],
    )
    return encoder, decoder


def halved(image_shape: tuple[int, int, int], channels: tuple[int, ...]) -> tuple[int, int]:
    """Height and width of an image (C, H, W) after as many halvings as there are `channels`.

    Raises:
        ConfigError: if it cannot be halved that often.
    """
    _, height, width = image_shape
    shrink = 2 ** len(channels)
    if height % shrink or width % shrink:
        raise ConfigError(
            f"model.channels has {len(channels)} entries, but a {height}×{width} image "
            f"cannot be halved {len(channels)} times."
        )
    return height // shrink, width // shrink
