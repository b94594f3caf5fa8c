"""Peak signal-to-noise ratio: how near an image is to another, on a scale of factors."""

import math

from torch import Tensor


def psnr(x: Tensor, other: Tensor) -> float:
    """10 log₁₀(1 / MSE) in dB, of the squared difference's mean over all grey levels in [0, 1].

    Ten times the squared difference is 10 dB less; none at all is infinite.
    """
    error = (x.double() - other.double()).square().mean().item()
    return -10 * math.log10(error) if error > 0 else math.inf
