"""Black and white images as grids of tokens: each token is one pattern of a patch of pixels."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.errors import ConfigError


class PixelPatches(nn.Module):
    """Grey images, made smaller and black and white, as one of 2^(P²) tokens for each P×P patch.

    Args:
        image_shape: (1, H, W) of the images to be read.
        shrink: pixels a side of which one is made; it is white where their mean is over 1/2.
        patch: P, pixels of the smaller image a side.

    Fields:
        image_shape: (1, H / shrink, W / shrink).
        grid: patches high and wide.

    Raises:
        ConfigError: if the image is in colour, or cannot be cut into such patches.
    """

    bits: Tensor

    def __init__(self, image_shape: tuple[int, int, int], shrink: int, patch: int) -> None:
        super().__init__()
        colours, height, width = image_shape
        if colours != 1 or height % (shrink * patch) or width % (shrink * patch):
            raise ConfigError(
                f"A {height}×{width} image with {colours} colours cannot be read in patches of "
                f"{patch}×{patch} pixels, {shrink} times smaller (model.patch, model.shrink)."
            )
        self.shrink, self.patch = shrink, patch
        self.image_shape = (1, height // shrink, width // shrink)
        self.grid = (height // (shrink * patch), width // (shrink * patch))
        self.register_buffer("bits", 2 ** torch.arange(patch**2), persistent=False)

    @property
    def tokens(self) -> int:
        """K, how many patterns a patch may have."""
        return 1 << self.patch**2

    @property
    def length(self) -> int:
        """How many patches an image has."""
        return self.grid[0] * self.grid[1]

    def read(self, x: Tensor) -> Tensor:
        """Images (B, 1, H, W) in [0, 1] -> tokens (B, h, w), int64."""
        white = F.avg_pool2d(x, self.shrink) > 0.5
        cells = F.pixel_unshuffle(white.float(), self.patch).long()  # (B, P², h, w)
        return (cells * self.bits[:, None, None]).sum(1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, h, w) -> the smaller images (B, 1, h P, w P), 0 or 1."""
        cells = tokens[:, None] // self.bits[:, None, None] % 2
        return F.pixel_shuffle(cells.float(), self.patch)
