"""Which part of an image is seen: halves, what a brush left, pixels here and there."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Half = Literal["left", "right", "top", "bottom"]

HALVES: tuple[Half, ...] = ("left", "right", "top", "bottom")
# Of the parts that training draws: a half, patches as of a brush, single pixels; the rest sees
# nothing, so that the model can make an image of nothing, too.
SHARES = (0.5, 0.25, 0.15)
PATCH = 4  # pixels: a brush hides about so much at once


def half(name: Half, shape: tuple[int, int]) -> Tensor:
    """1 where that half of an (H, W) image is seen, (1, H, W)."""
    height, width = shape
    seen = torch.zeros(1, height, width)
    match name:
        case "left":
            seen[..., : width // 2] = 1
        case "right":
            seen[..., width // 2 :] = 1
        case "top":
            seen[..., : height // 2, :] = 1
        case "bottom":
            seen[..., height // 2 :, :] = 1
    return seen


def draw(count: int, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """What is seen of a number of (H, W) images in training, each of its own kind: (B, 1, H, W)."""
    height, width = shape
    device = generator.device

    def uniform(*sizes: int) -> Tensor:
        return torch.empty(sizes, device=device).uniform_(generator=generator)

    kind = uniform(count)
    halves = torch.stack([half(name, shape) for name in HALVES]).to(device)
    which = (uniform(count) * len(HALVES)).long().clamp(max=len(HALVES) - 1)
    shares = uniform(count, 1, 1, 1)
    tiles = (uniform(count, 1, -(-height // PATCH), -(-width // PATCH)) < shares).float()
    patches = F.interpolate(tiles, scale_factor=PATCH)[..., :height, :width]
    pixels = (uniform(count, 1, height, width) < shares).float()

    bounds = torch.tensor(SHARES).cumsum(0).tolist()
    seen = torch.zeros(count, 1, height, width, device=device)
    for below, above, part in (
        (0.0, bounds[0], halves[which]),
        (bounds[0], bounds[1], patches),
        (bounds[1], bounds[2], pixels),
    ):
        chosen = (kind >= below) & (kind < above)
        seen = torch.where(chosen[:, None, None, None], part, seen)
    return seen
