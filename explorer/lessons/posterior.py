"""The true posterior of a VAE of two latents, and ln p(x) with it, on a grid that is refined.

p(z|x) = p(x|z) p(z) / p(x), and in two dimensions the integral p(x) = ∫ p(x|z) p(z) dz is a sum
over cells. A posterior is often narrower than a cell of the coarse grid (σ is about 0.05), so every
cell that holds a share of the sum is cut into four, until the sum no longer changes. A grid that is
the same for all images finds every mode: the images of its cells are decoded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.lessons.opened import Opened, log_odds

Doubles = NDArray[np.float64]

# Codes of digits reach 6.4, where the prior has next to nothing.
REACH, CELLS = 6.6, 110
# A cell that holds less than e⁻⁹ of the sum is left as it is.
KEPT_NATS = 9.0
# A sum over cells of a bell curve is nearly exact once they are about as wide as its σ, when none
# holds more than a fifth, and each cut more than squares its error. So a sum that has hardly moved,
# and leans on no single cell, is good enough.
CLOSE_NATS, MOST_SHARE, MOST_LEVELS = 0.02, 0.2, 7


@dataclass(frozen=True, slots=True)
class Posterior:
    """Cells of the plane: centres (N, 2), ln p(x|z) and ln p(x, z) there, and areas (N,)."""

    z: Doubles
    log_likelihood: Doubles
    log_joint: Doubles
    area: Doubles

    @property
    def log_evidence(self) -> float:
        """ln p(x) in nats."""
        return float(logsumexp(self.log_joint + np.log(self.area)))

    @property
    def weights(self) -> Doubles:
        """The posterior mass of each cell; they sum to 1."""
        logs = self.log_joint + np.log(self.area)
        weights: Doubles = np.exp(logs - logsumexp(logs))
        return weights

    def moments(self) -> tuple[Doubles, Doubles]:
        """The mean (2,) and the covariance (2, 2)."""
        mean = self.weights @ self.z
        away = self.z - mean
        return mean, (self.weights[:, None] * away).T @ away


def logsumexp(values: Doubles, axis: int | None = None) -> Any:
    """ln Σ exp(values), whatever their size."""
    top = values.max(axis=axis, keepdims=True)
    total = np.log(np.exp(values - top).sum(axis=axis)) + np.squeeze(top, axis)
    return total if axis is not None else float(np.squeeze(total))


def log_prior(z: Doubles) -> Doubles:
    """ln N(z; 0, I) of points (N, 2)."""
    density: Doubles = -0.5 * (z**2).sum(1) - np.log(2 * np.pi)
    return density


class Plane:
    """The coarse grid of one model: its centres, and the logits that its images are made of."""

    def __init__(self, model: Opened) -> None:
        model.check_bernoulli()
        self.model = model
        self.side = 2 * REACH / CELLS
        line = -REACH + self.side * (np.arange(CELLS) + 0.5)
        self.z = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
        self._logits, self._rest = log_odds(model.decode(self.z))
        self.log_prior = log_prior(self.z)

    def log_likelihood(self, x: NDArray[np.float32]) -> Doubles:
        """ln p(x|z) of one image (P,) at every centre."""
        out: Doubles = (self._logits @ x + self._rest).astype(np.float64)
        return out

    def posterior(self, x: NDArray[np.float32]) -> Posterior:
        """Of one image (P,)."""
        z, side = self.z, np.full(len(self.z), self.side)
        likelihood = self.log_likelihood(x)
        joint = likelihood + self.log_prior
        total = logsumexp(joint + 2 * np.log(side))
        for level in range(MOST_LEVELS):
            split = joint + 2 * np.log(side) > total - KEPT_NATS
            if level == 0:  # a mode may lie between two centres
                split = _widened(split)
            finer, halves = cut(z[split], side[split])
            logits, rest = log_odds(self.model.decode(finer))
            found = (logits @ x + rest).astype(np.float64)
            z = np.concatenate([z[~split], finer])
            side = np.concatenate([side[~split], halves])
            likelihood = np.concatenate([likelihood[~split], found])
            joint = np.concatenate([joint[~split], found + log_prior(finer)])
            mass = joint + 2 * np.log(side)
            before, total = total, logsumexp(mass)
            if abs(total - before) < CLOSE_NATS and mass.max() < total + np.log(MOST_SHARE):
                break
        return Posterior(z, likelihood, joint, side**2)


def cut(z: Doubles, side: Doubles) -> tuple[Doubles, Doubles]:
    """Every square cell as four: their centres, and their sides."""
    steps = np.stack(np.meshgrid([-1, 1], [-1, 1], indexing="ij"), -1).reshape(4, 2) / 4
    return (z[:, None] + steps * side[:, None, None]).reshape(-1, 2), np.repeat(side / 2, 4)


def _widened(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The cells of the coarse grid that were chosen, and those around them."""
    square = np.pad(chosen.reshape(CELLS, CELLS), 1)
    wide = np.zeros((CELLS, CELLS), bool)
    for row in range(3):
        for column in range(3):
            wide |= square[row : row + CELLS, column : column + CELLS]
    return wide.reshape(-1)
