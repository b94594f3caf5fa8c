"""Probes that read what was measured before: on a card, in a table of results, in a task."""

from __future__ import annotations

import statistics

import msgspec
import numpy as np
from numpy.typing import NDArray

from explorer.lessons.bench import Bench
from explorer.lessons.probe import OfModel, Probe
from training.contract.errors import CheckpointError
from training.contract.fields import Identifier, Index, Seed, Short, Word


class OfCard(OfModel, frozen=True, kw_only=True, tag="metric"):
    """A metric that was measured when the model was finished, and stands on its card."""

    title = "Metric of the card"
    unit: Short = ""  # type: ignore[misc]  # each metric has its own
    how = "Measured on the test split when the model was trained; the model card says how."
    metric: Identifier

    def measure(self, bench: Bench) -> float:
        metrics = {metric.name: metric.value for metric in bench.model(self.model).card.metrics}
        if self.metric not in metrics:
            known = ", ".join(metrics)
            raise CheckpointError(f"{self.model} has no metric {self.metric!r}; known: {known}.")
        return metrics[self.metric]


class OfRow(Probe, frozen=True, kw_only=True, tag="row_metric"):
    """A metric of a run of a table of results."""

    title = "Metric of a run"
    unit: Short = ""  # type: ignore[misc]
    how = "Measured on the test split of that run, as the table of results says."
    table: Word
    recipe: Word
    seed: Seed = 0
    metric: Identifier

    def measure(self, bench: Bench) -> float:
        for run in bench.table(self.table).of(self.recipe):
            found = run.final.metric(self.metric)
            if run.seed == self.seed and found is not None:
                return found.value
        raise CheckpointError(
            f"The table {self.table} has no {self.metric} of {self.recipe}, seed {self.seed}."
        )


class OfTask(Probe, frozen=True, kw_only=True, tag="task"):
    """What a way of doing a task reached: the median over its seeds."""

    title = "Result of a task"
    unit: Short = ""  # type: ignore[misc]
    how = (
        "The median over seeds, on test images; the Results page says how, beside the other "
        "methods."
    )
    task: Word
    way: Word
    condition: Word
    measure_name: Word = msgspec.field(name="measure")

    def measure(self, bench: Bench) -> float:
        found = bench.task(self.task).values(self.way, self.condition, self.measure_name)
        if not found:
            raise CheckpointError(
                f"The task {self.task} has no {self.measure_name} of {self.way} under "
                f"{self.condition}."
            )
        return statistics.median(found)


class FactorShare(OfModel, frozen=True, kw_only=True, tag="factor_share"):
    """How much of a factor's entropy one latent tells: the best one, or the one named."""

    title = "Share of a factor that one latent tells"
    unit = "%"
    how = "I(z; factor) / H(factor), as the card has it."
    panel = "controls"
    factor: Word
    latent: Index | None = None

    def measure(self, bench: Bench) -> float:
        shares = factor_shares(bench, self.model, self.factor)
        return float(100 * (shares.max() if self.latent is None else shares[self.latent]))


class BestLatent(OfModel, frozen=True, kw_only=True, tag="best_latent"):
    """The index of the latent that tells most of a factor."""

    title = "The latent that tells most of it"
    unit = ""
    how = "The largest I(z; factor), as the card has it."
    panel = "controls"
    factor: Word

    def measure(self, bench: Bench) -> float:
        return float(factor_shares(bench, self.model, self.factor).argmax())


def factor_shares(bench: Bench, id: str, factor: str) -> NDArray[np.float64]:
    """What share of a factor's entropy each latent tells, from the card."""
    card = bench.model(id).card
    names = [known.name for known in card.data.factors or ()]
    if card.information is None or factor not in names:
        raise CheckpointError(f"{id} has no factor {factor!r}; known: {', '.join(names)}.")
    at = names.index(factor)
    nats = np.array([row[at] for row in card.information.nats])
    shares: NDArray[np.float64] = nats / card.information.entropies_nats[at]
    return shares
