"""What the families have in common whose images go through convolutions and dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from training.errors import ConfigError
from training.families.family import Activation, Family, ImageShape, Layers

if TYPE_CHECKING:
    from training.models.layers import Networks

WIDTHS = (16, 32, 32, 64, 64, 64)  # outputs of each convolution, from the image inwards
SMALLEST, LARGEST = 4, 15  # pixels a side where the convolutions end and dense layers begin


class Convolutions(Family, frozen=True, kw_only=True):
    """One stride-2 convolution per entry of `channels`, then the `hidden` layers, and back."""

    channels: Annotated[Layers, Meta(min_length=1)] = (32, 32)
    hidden: Annotated[Layers, Meta(min_length=1)] = (256,)
    activation: Activation = "silu"

    def convolutions(self, shape: ImageShape, outputs: int, latents: int) -> Networks:
        """An encoder of images (C, H, W) to `outputs` numbers, a decoder of `latents` to such."""
        from training.models.convolutional import convolutional

        return convolutional(shape, outputs, latents, self.channels, self.hidden, self.activation)


def channels(side: int) -> tuple[int, ...]:
    """The convolutions that bring an image down to 4 to 15 pixels a side.

    Raises:
        ConfigError: if it cannot be halved that often.
    """
    inner, depth = side, 0
    while inner % 2 == 0 and inner // 2 >= SMALLEST:
        inner, depth = inner // 2, depth + 1
    if inner > LARGEST:
        step = 16 if side > 120 else 8 if side > 60 else 4
        near = max(28, round(side / step) * step)
        raise ConfigError(
            f"data.side is {side}, which cannot be halved down to {LARGEST} pixels or fewer; take "
            f"{near}."
        )
    return WIDTHS[:depth]
