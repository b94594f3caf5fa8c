"""Noise that is laid on images, of which an autoencoder learns to free them (Vincent et al. 2010).

`web/engine/corruption.js` draws the same in a browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Noise = Literal["gaussian", "masking", "salt_and_pepper"]
NOISES: tuple[Noise, ...] = ("gaussian", "masking", "salt_and_pepper")
Level = Annotated[float, Meta(ge=0, le=1)]


def corrupted(x: Tensor, noise: Noise, level: float, generator: torch.Generator) -> Tensor:
    """Images (B, C, H, W) in [0, 1] with noise on them, again in [0, 1].

    Args:
        noise: `gaussian` adds N(0, level²) to every grey level, and cuts off at black and white;
            `masking` makes each with the probability `level` black, `salt_and_pepper` black or
            white, one as likely as the other.
    """
    import torch

    if noise == "gaussian":
        added = torch.empty_like(x).normal_(generator=generator)
        return (x + level * added).clamp(0, 1)
    drawn = torch.empty_like(x).uniform_(generator=generator)
    if noise == "masking":
        return x.masked_fill(drawn < level, 0)
    # Below the level, half are below half of it.
    return x.masked_fill(drawn < level, 0).masked_fill(drawn < level / 2, 1)
