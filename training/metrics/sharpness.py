"""How sharp images are: Tolstikhin et al. 2018 (Wasserstein auto-encoders), Section 4."""

import torch
from torch import Tensor
from torch.nn import functional as F

from training.errors import MetricError

LAPLACE = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))


def sharpness(images: Tensor) -> float:
    """The variance of the Laplace filter over the pixels of an image, mean over images.

    0 where grey levels lie on a slope, 16 on a chessboard of black and white pixels. Noise is sharp
    too: the figure to reach is that of the data, not the largest.

    Args:
        images: (N, C, H, W) in [0, 1], of which colours are averaged.

    Raises:
        MetricError: if they are smaller than the filter.
    """
    if images.ndim != 4 or min(images.shape[2:]) < len(LAPLACE) or not len(images):
        raise MetricError(
            f"The images have shape {tuple(images.shape)}; give (N, C, H, W) of 3×3 pixels at "
            "least."
        )
    grey = images.double().mean(1, keepdim=True)
    edges = F.conv2d(grey, torch.tensor(LAPLACE, dtype=grey.dtype)[None, None])
    return edges.flatten(1).var(1, unbiased=False).mean().item()
