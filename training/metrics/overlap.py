"""How much an image and its reconstruction overlap, where images are black and white."""

import torch
from torch import Tensor

from training.errors import MetricError

CUT = 0.5  # what is above it is white


def overlap(images: Tensor, decoded: Tensor) -> Tensor:
    """Intersection over union of what is white in each image and in its reconstruction, (B,).

    It is 1 where both are black all over.

    Args:
        images, decoded: (B, C, H, W) in [0, 1].

    Raises:
        MetricError: if their shapes differ.
    """
    if images.shape != decoded.shape:
        raise MetricError(
            f"The images have shape {tuple(images.shape)}, their reconstructions "
            f"{tuple(decoded.shape)}; give a reconstruction for each image."
        )
    white, drawn = (images > CUT).flatten(1), (decoded > CUT).flatten(1)
    shared, either = (white & drawn).sum(1), (white | drawn).sum(1)
    return torch.where(either > 0, shared / either.clamp(min=1), 1.0)


def is_black_and_white(images: Tensor) -> bool:
    """Whether every value is 0 or 1."""
    return bool(((images == 0) | (images == 1)).all())
