"""Where probes are measured: the shipped checkpoints and tables, each opened once a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from explorer.lessons.opened import Floats, Opened
from explorer.lessons.posterior import Plane, Posterior
from training.contract.errors import CheckpointError
from training.contract.table import Table, read_table
from training.contract.task import Task, read_task

DRAWS = 256
NODES = 16  # a side
MODELS = Path(__file__).resolve().parents[2] / "assets" / "models"
RESULTS = MODELS.with_name("results")
T = TypeVar("T")


class Bench:
    """Opened checkpoints below `models`, and what several probes need of them, computed once."""

    def __init__(self, models: Path = MODELS, results: Path = RESULTS) -> None:
        self.models, self._results = models, results
        self._kept: dict[tuple[str, ...], Any] = {}

    def once(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What `make` gives, made once."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    def model(self, id: str) -> Opened:
        """The checkpoint of that name.

        Raises:
            CheckpointError: if there is none, or it is not whole.
        """
        return self.once(("model", id), lambda: Opened(self.models / id))

    def table(self, name: str) -> Table:
        """The table of results of that name."""
        return self.once(("table", name), lambda: read_table(self._results / name))

    def task(self, name: str) -> Task:
        """The task of that name, as it was measured."""
        return self.once(("task", name), lambda: read_task(self._results / name))

    def plane(self, id: str) -> Plane:
        """The grid of a model of two latents."""
        if self.model(id).card.size != 2:
            raise CheckpointError(
                f"{id} does not have two latents, so its exact posterior cannot be computed."
            )
        return self.once(("plane", id), lambda: Plane(self.model(id)))

    def image(self, id: str, example: int) -> Floats:
        """One test image (P,)."""
        return self.model(id).images([example]).reshape(-1)

    def posterior(self, id: str, example: int) -> Posterior:
        """The true posterior of a test image, for two latents."""
        return self.once(
            ("posterior", id, str(example)),
            lambda: self.plane(id).posterior(self.image(id, example)),
        )

    def encoded(self, id: str, example: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The mean and σ of the encoder's q(z|x), each (D,)."""
        codes = self.model(id).codes
        if "log_variance" not in codes:
            raise CheckpointError(f"The encoder of {id} gives one point and no σ.")
        mean, log_variance = codes["mean"][example], codes["log_variance"][example]
        return mean.astype(np.float64), np.exp(log_variance.astype(np.float64) / 2)

    def expected(
        self, id: str, example: int, mean: NDArray[np.float64], std: NDArray[np.float64]
    ) -> float:
        """E_q[ln p(x|z)] for q = N(mean, std²): by quadrature in the plane, else by draws."""
        if len(mean) == 2:
            nodes, weights = _hermite()
        else:
            nodes = np.random.default_rng(0).standard_normal((DRAWS, len(mean)))
            weights = np.full(DRAWS, 1 / DRAWS)
        images = self.model(id).decode(mean + std * nodes)
        x = np.broadcast_to(self.image(id, example), images.shape)
        return float(weights @ self.model(id).log_likelihood(x, images))

    def kl(self, id: str, example: int) -> NDArray[np.float64]:
        """KL(q(z|x) ‖ N(0, I)) of each latent (D,), in closed form."""
        mean, std = self.encoded(id, example)
        nats: NDArray[np.float64] = 0.5 * (mean**2 + std**2 - 1) - np.log(std)
        return nats

    def elbo(self, id: str, example: int) -> float:
        """E_q[ln p(x|z)] − KL(q(z|x) ‖ p(z)) of the encoder's q."""
        reconstruction = self.expected(id, example, *self.encoded(id, example))
        return reconstruction - float(self.kl(id, example).sum())

    def evidence(self, id: str, example: int) -> float:
        """Return ln p(x), for two latents."""
        return self.posterior(id, example).log_evidence

    def drawn(self, id: str, example: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draws of q(z|x) (S, D), and ln p(x|z) of each (S,); seed 0."""

        def make() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            mean, std = self.encoded(id, example)
            noise = np.random.default_rng(0).standard_normal((DRAWS, len(mean)))
            z = mean + std * noise
            images = self.model(id).decode(z)
            x = np.broadcast_to(self.image(id, example), images.shape)
            return z, self.model(id).log_likelihood(x, images)

        return self.once(("drawn", id, str(example)), make)


@cache
def _hermite() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes (N, 2) and weights (N,) that integrate over N(0, I) in the plane."""
    line, weight = np.polynomial.hermite_e.hermegauss(NODES)
    nodes = np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
    weights = np.outer(weight, weight).reshape(-1)
    return nodes, weights / weights.sum()


_shipped: dict[tuple[int, ...], Bench] = {}


def shipped() -> Bench:
    """The bench of the checkpoints that come with the explorer, anew when one has changed."""
    cards = sorted(MODELS.glob("*/card.json"))
    state = tuple(card.stat().st_mtime_ns for card in cards)
    if state not in _shipped:
        _shipped.clear()
        _shipped[state] = Bench()
    return _shipped[state]


# One figure at a time is measured: a class that opens a lesson waits for one and the same.
measuring = threading.Lock()
