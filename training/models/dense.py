"""Networks of dense layers alone, as in Burda et al. 2016, Section 5.

At 28×28 with two 200-unit tanh layers and 50 latents they are those of one stochastic layer there.
"""

import math

from torch import nn

from training.models.layers import Activation, Networks, stack


def dense(
    image_shape: tuple[int, int, int],
    outputs: int,
    latents: int,
    hidden: tuple[int, ...],
    activation: Activation,
) -> Networks:
    """Every pixel is an input of the first of the `hidden` layers; the decoder is the mirror image.

    Args:
        image_shape: (C, H, W).
        outputs: of the encoder: 2 D for the mean and log-variance of D latents.
        latents: D, the inputs of the decoder.
        hidden: units of each layer, from the image inwards.
        activation: after every layer but the last of encoder and decoder.
    """
    pixels = math.prod(image_shape)
    encoder = nn.Sequential(
        nn.Flatten(),
        *stack(nn.Linear, [pixels, *hidden], activation),
        nn.Linear(hidden[-1], outputs),
    )
    decoder = nn.Sequential(
        *stack(nn.Linear, [latents, *reversed(hidden)], activation),
        nn.Linear(hidden[0], pixels),
        nn.Unflatten(1, image_shape),
    )
    return encoder, decoder
