"""A cure of the clinic, trained by the worker of `training.workers.live` while somebody watches."""

import threading
import time
from pathlib import Path
from typing import Any, Protocol

from training.clinic.patients import PATIENTS
from training.clinic.run import Record, train
from training.clinic.ward import seen
from training.contract.files import as_json, write_bytes
from training.contract.worker import Order
from training.datasets import Dataset

PERIOD_S = 1.0  # between two pictures of the run
KEPT = 2  # of them: a page that fetches the last but one still gets it


class Tell(Protocol):
    """Says what happened."""

    def __call__(self, what: Any, **facts: Any) -> None:
        """Say it."""
        ...


def treat(order: Order, dataset: Dataset, folder: Path, tell: Tell, stop: threading.Event) -> None:
    """Train a patient with a cure, from the beginning: it is short.

    It says `step` at every point of the curves, `snapshot` when the record so far has been written,
    and at last `trained` or `paused`.
    """
    job, began, written = order.job, time.perf_counter(), 0.0
    script = PATIENTS[order.patient - 1].treated(order.cure)

    def write(record: Record) -> None:
        nonlocal written
        name = f"live-{record.steps[-1]:07}"
        write_bytes(folder / f"{name}.json", as_json(seen(record)))
        tell("snapshot", job=job, step=record.steps[-1], name=name)
        for old in sorted(folder.glob("live-*.json"))[:-KEPT]:
            old.unlink()
        written = time.perf_counter()

    def at_point(record: Record, step: int, steps: int) -> bool:
        now = seen(record)
        tell(
            "step",
            job=job,
            step=step,
            seconds=round(time.perf_counter() - began, 1),
            train=now.reported[-1],
            validation=now.honest[-1],
        )
        # The last one has the figures on the test images too, under the same name.
        if step < steps and time.perf_counter() - written > PERIOD_S:
            write(record)
        return stop.is_set()

    for leftover in folder.glob("live-*.json"):  # of a worker that ended under it
        leftover.unlink()
    record = train(script, dataset, at_point)
    if record is None:
        tell("paused", job=job)
        return
    write(record)
    tell("trained", job=job)
