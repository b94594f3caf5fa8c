"""How the KL of a VAE splits, measured on the codes of the test images.

E[KL(q(z|x) ‖ p(z))] = I(x; z) + KL(q(z) ‖ p(z)), with q(z) the mean of the q(z|x) of all images
(Hoffman & Johnson 2016, "ELBO surgery", eq. 9).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.lessons.posterior import logsumexp

DRAWS = 2000
Doubles = NDArray[np.float64]


def log_aggregate(z: Doubles, mean: Doubles, log_variance: Doubles) -> Doubles:
    """ln q(z) of points (S, D): the mean over N posteriors, each (N, D)."""
    precision = np.exp(-log_variance)
    constant = -0.5 * (log_variance + np.log(2 * np.pi)).sum(1)
    out = np.empty(len(z))
    for at in range(0, len(z), 100):
        some = z[at : at + 100]
        squares = (
            some**2 @ precision.T - 2 * some @ (mean * precision).T + (mean**2 * precision).sum(1)
        )
        out[at : at + 100] = logsumexp(constant - 0.5 * squares, axis=1)
    out -= np.log(len(mean))
    return out


def _gaussians(codes: dict[str, NDArray[Any]]) -> tuple[Doubles, Doubles]:
    return codes["mean"].astype(np.float64), codes["log_variance"].astype(np.float64)


def _drawn(codes: dict[str, NDArray[Any]]) -> tuple[Doubles, Doubles]:
    """Draws z of q(z) (S, D), and ln q(z|x) − ln q(z) of each with the x it came from."""
    mean, log_variance = _gaussians(codes)
    rng = np.random.default_rng(0)
    which = rng.integers(len(mean), size=DRAWS)
    noise = rng.standard_normal((DRAWS, mean.shape[1]))
    z = mean[which] + np.exp(log_variance[which] / 2) * noise
    own = -0.5 * (noise**2 + log_variance[which] + np.log(2 * np.pi)).sum(1)
    return z, own - log_aggregate(z, mean, log_variance)


def information(codes: dict[str, NDArray[Any]]) -> float:
    """I(x; z) in nats; at most ln N."""
    return float(_drawn(codes)[1].mean())


def marginal_kl(codes: dict[str, NDArray[Any]]) -> float:
    """KL(q(z) ‖ p(z)) in nats."""
    z, _ = _drawn(codes)
    prior = -0.5 * (z**2 + np.log(2 * np.pi)).sum(1)
    return float((log_aggregate(z, *_gaussians(codes)) - prior).mean())


def thin_share(codes: dict[str, NDArray[Any]]) -> float:
    """The share of 1,000 draws from the prior where q(z) < p(z) / 10."""
    mean, log_variance = _gaussians(codes)
    z = np.random.default_rng(0).standard_normal((1000, mean.shape[1]))
    prior = -0.5 * (z**2 + np.log(2 * np.pi)).sum(1)
    return float((log_aggregate(z, mean, log_variance) < prior - np.log(10)).mean())
