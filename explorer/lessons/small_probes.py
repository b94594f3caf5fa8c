"""Probes of small distributions: of no model, but of numbers that stand in the lesson."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from explorer.lessons.bench import Bench
from explorer.lessons.probe import Probe
from training.contract.fields import Count, Index, Number

Chance = Annotated[float, Meta(ge=0, le=1)]
Width = Annotated[float, Meta(ge=0.01, le=100)]
Point = tuple[Number, Number]

GRID = np.linspace(-15, 15, 6001)  # that an integral is summed on
STEPS, RATE = 2_000, 0.05


class SoftmaxShare(Probe, frozen=True, kw_only=True, tag="softmax_share"):
    """The share that softmax gives one of several logits, when `plus` is added to them all."""

    title = "Share of one possibility"
    unit = "%"
    how = "e to its logit, over the sum of e to each logit."
    panel = "categorical"
    logits: Annotated[tuple[Number, ...], Meta(min_length=1, max_length=100)]
    of: Index
    plus: Number = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.of >= len(self.logits):
            raise ValueError(f"of is {self.of}; there are {len(self.logits)} logits, from 0.")

    def measure(self, bench: Bench) -> float:
        logits = np.array(self.logits, dtype=np.float64) + self.plus
        weights = np.exp(logits - logits.max())
        return float(100 * weights[self.of] / weights.sum())


class Coins(Probe, frozen=True, kw_only=True, tag="coins"):
    """In how many draws of an image no pixel is anything but its likelier colour.

    Fields:
        chances: of white, for each kind of pixel, with how many there are: [[0.9, 2], [0.5, 12]].
    """

    title = "Draws that equal the likeliest image"
    unit = "of a million"
    how = "The product over the pixels of the chance of the likelier colour."
    panel = "bernoulli"
    chances: Annotated[tuple[tuple[Chance, Count], ...], Meta(min_length=1, max_length=20)]

    def measure(self, bench: Bench) -> float:
        return float(1e6 * math.prod(max(p, 1 - p) ** count for p, count in self.chances))


class Slope(Probe, frozen=True, kw_only=True, tag="slope"):
    """The slope of the line with the least squared error through points (x, y)."""

    title = "Slope of the best line"
    unit = ""
    how = "Least squares, in closed form."
    panel = "line"
    points: Annotated[tuple[Point, ...], Meta(min_length=2, max_length=100)]

    def measure(self, bench: Bench) -> float:
        x, y = np.array(self.points, dtype=np.float64).T
        return float(np.polyfit(x, y, 1)[0])


class Humps(Probe, frozen=True, kw_only=True):
    """One Gaussian q that runs down a KL from two humps p, or to them.

    Fields:
        humps: mean, σ and share of each hump of p; the shares sum to 1.
        start: the mean and the σ that q begins with.
        descends: the KL that q runs down: forward is KL(p ‖ q), reverse is KL(q ‖ p).
    """

    panel = "humps"
    humps: Annotated[tuple[tuple[Number, Width, Chance], ...], Meta(min_length=1, max_length=5)]
    start: tuple[Number, Width]
    descends: Literal["forward", "reverse"]

    def rest(self) -> tuple[float, float]:
        """The mean and the σ that q comes to rest with."""
        mean, log_sigma = float(self.start[0]), math.log(self.start[1])
        log_p = self._log_p(GRID)
        p = np.exp(log_p)
        for _ in range(STEPS):
            sigma = math.exp(log_sigma)
            away = (GRID - mean) / sigma
            if self.descends == "forward":
                # −∂/∂θ E_p[ln q]
                slope = -float(p @ away / p.sum()) / sigma
                wider = 1 - float(p @ away**2 / p.sum())
            else:
                # E_q[(ln q − ln p) ∂ ln q/∂θ]
                log_q = _log_normal(GRID, mean, sigma)
                weighed = np.exp(log_q) * (log_q - log_p) * (GRID[1] - GRID[0])
                slope = float(weighed @ away) / sigma
                wider = float(weighed @ (away**2 - 1))
            step = RATE * min(1.0, sigma**2)
            mean, log_sigma = mean - step * slope, log_sigma - step * wider
        return mean, math.exp(log_sigma)

    def _log_p(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        terms = [math.log(share) + _log_normal(x, mean, sigma) for mean, sigma, share in self.humps]
        total: NDArray[np.float64] = np.logaddexp.reduce(terms)
        return total


class HumpsKl(Humps, frozen=True, kw_only=True, tag="humps_kl"):
    """A KL between q and p, once q has come to rest."""

    title = "KL between one Gaussian and two humps"
    how = "Gradient descent in the mean and ln σ of q; the KL is summed on a fine grid."
    reads: Literal["forward", "reverse"]

    def measure(self, bench: Bench) -> float:
        log_p, log_q = self._log_p(GRID), _log_normal(GRID, *self.rest())
        first, second = (log_p, log_q) if self.reads == "forward" else (log_q, log_p)
        return float(np.exp(first) @ (first - second) * (GRID[1] - GRID[0]))


class HumpsRest(Humps, frozen=True, kw_only=True, tag="humps_rest"):
    """Where q comes to rest: its mean, or its σ."""

    title = "Where one Gaussian comes to rest"
    unit = ""
    how = "Gradient descent in the mean and ln σ of q."
    reads: Literal["mean", "sigma"]

    def measure(self, bench: Bench) -> float:
        mean, sigma = self.rest()
        return mean if self.reads == "mean" else sigma


def _log_normal(x: NDArray[np.float64], mean: float, sigma: float) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = (
        -0.5 * ((x - mean) / sigma) ** 2 - math.log(sigma) - 0.5 * math.log(2 * math.pi)
    )
    return logs
