"""What the families have in common whose images go through convolutions and dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from training.families.family import Activation, Family, ImageShape, Layers

if TYPE_CHECKING:
    from training.models.layers import Networks


class Convolutions(Family, frozen=True, kw_only=True):
    """One stride-2 convolution per entry of `channels`, then the `hidden` layers, and back."""

    channels: Annotated[Layers, Meta(min_length=1)] = (32, 32)
    hidden: Annotated[Layers, Meta(min_length=1)] = (256,)
    activation: Activation = "silu"

    def convolutions(self, shape: ImageShape, outputs: int, latents: int) -> Networks:
        """An encoder of images (C, H, W) to `outputs` numbers, a decoder of `latents` to such."""
        from training.models.convolutional import convolutional

        return convolutional(shape, outputs, latents, self.channels, self.hidden, self.activation)
