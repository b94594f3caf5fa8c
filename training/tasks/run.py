"""Do a task: every seed of it, written at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from training import tasks
from training.contract.card import MODEL
from training.contract.files import describe_files
from training.contract.task import Task, write_task
from training.tasks.bench import Bench
from training.trainer.devices import hardware


def make(name: str, data: Path, tables: Path, seeds: Iterable[int]) -> Task:
    """Measure a task with every seed, and write it into a folder of `tables`.

    The models are those that ship, in `models` beside `tables`.

    Raises:
        CheckpointError, DataError: if a model or a data set cannot be read.
    """
    import torch

    models = tables.parent / "models"
    plan, measure = tasks.plan(name), tasks.module(name).measure
    bench = Bench(data, models)
    started = time.monotonic()
    outcomes = []
    for seed in seeds:
        print(f"Measuring {name} with seed {seed}.", file=sys.stderr)
        outcomes += measure(bench, seed)
    task = replace(
        plan,
        outcomes=tuple(outcomes),
        checkpoints={
            model: describe_files(models / model, (MODEL,))[MODEL].sha256
            for model in plan.checkpoints
        },
        seconds=round(time.monotonic() - started, 1),
        hardware=hardware(torch.device("cpu")),
    )
    write_task(tables / name, task)
    return task
