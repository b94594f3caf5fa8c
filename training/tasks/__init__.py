"""What models are good for: a task a file, each measured by `python -m training reproduce NAME`.

A task's file holds `PLAN`, what is compared and how, and `measure`, which does it with one seed.
Its imports of torch and scikit-learn stand inside, so that the tasks can be listed without them.
"""

import importlib
from pathlib import Path
from types import ModuleType

from msgspec.structs import replace

from training.contract.task import TASK, Task, read_task

TASKS = (
    "features",
    "foreign",
    "imputation",
    "anomaly",
    "shift",
    "classifier",
    "prior",
    "augmentation",
    "few_labels",
    "textbook",
)
SEEDS = (0, 1, 2)


def module(name: str) -> ModuleType:
    """The task's file."""
    return importlib.import_module(f"training.tasks.{name}")


def seeds(name: str) -> tuple[int, ...]:
    """Those that the task is measured with."""
    planned: tuple[int, ...] = getattr(module(name), "SEEDS", SEEDS)
    return planned


def plan(name: str) -> Task:
    """The task as it is planned, without outcomes."""
    planned: Task = module(name).PLAN
    return planned


def current(name: str, tables: Path) -> Task:
    """The task in today's words, with the outcomes that were measured as it is planned now.

    Raises:
        CheckpointError: if there is one that cannot be read.
    """
    planned, folder = plan(name), tables / name
    if not (folder / TASK).exists():
        return planned
    made = read_task(folder)
    what = ("measures", "ways", "conditions")
    if any(_names(made, kind) != _names(planned, kind) for kind in what):
        return planned
    return replace(
        planned,
        outcomes=made.outcomes,
        checkpoints=made.checkpoints,
        seconds=made.seconds,
        hardware=made.hardware,
    )


def describe(task: Task) -> str:
    """A line for the list: what it asks, and how to measure it where it was not."""
    seeds = len({one.seed for one in task.outcomes})
    return f"{task.name}: {task.title}\n  " + (
        f"{seeds} seeds, {task.seconds / 60:.0f} min" if seeds else f"`{task.command}` measures it."
    )


def _names(task: Task, kind: str) -> list[str]:
    return [one.name for one in getattr(task, kind)]
