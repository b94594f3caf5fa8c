"""Layers with a nonlinearity after each: what every network here is made of."""

import itertools
from collections.abc import Callable
from typing import Literal

from torch import nn

Activation = Literal["relu", "silu", "tanh"]
Networks = tuple[nn.Sequential, nn.Sequential]  # an encoder, and the decoder that mirrors it


def stack(
    layer: Callable[[int, int], nn.Module], sizes: list[int], activation: Activation
) -> list[nn.Module]:
    """Layers from each size to the next, and the activation after every one."""
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [layer(inputs, outputs), nonlinearity(activation)]
    return layers


def nonlinearity(name: Activation) -> nn.Module:
    """An activation by name."""
    match name:
        case "relu":
            return nn.ReLU(inplace=True)
        case "silu":
            return nn.SiLU()
        case "tanh":
            return nn.Tanh()
