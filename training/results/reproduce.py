"""Make a planned table: train what is missing, measure it, and put every run into it at once.

A run lives in a folder of its own, from which its training resumes. What is in the table is not
made again, and a run whose training is complete is only measured.
"""

import contextlib
import itertools
import operator
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import torch

from training import build
from training.checkpoints.checkpoint import read_resume
from training.checkpoints.locking import writing_to
from training.config import RunConfig
from training.contract.absence import RESUME
from training.contract.table import Run
from training.datasets import Dataset
from training.recipes import RECIPES
from training.results.measuring import measure_run
from training.results.tables import Places, Plan, config_of, put
from training.trainer import ensemble

HALVINGS = 9  # of a replayed run's length: a snapshot at each, and one of the untrained weights


def make(
    plan: Plan,
    wanted: Iterable[tuple[str, int]],
    places: Places,
    device: torch.device,
    collect: bool,
) -> Iterator[Run]:
    """Make the wanted runs; each is in the table before it is yielded.

    Args:
        collect: leave out those whose training is not complete.

    Raises:
        Interrupted: after Ctrl-C or SIGTERM; the same call goes on from there.
        CheckpointError: if a run's folder holds another run.
    """
    datasets: dict[str, Dataset] = {}
    for recipe, seeds in groups(wanted, device):
        runs = {
            places.run(plan.table.name, recipe, seed): config_of(recipe, seed) for seed in seeds
        }
        if collect:
            runs = {folder: config for folder, config in runs.items() if is_trained(folder, config)}
        if not runs:
            continue
        name = RECIPES[recipe].run.data.name
        if name not in datasets:
            datasets[name] = build.dataset(name, places.data)
        replayed = any((recipe, seed) in plan.replays for seed in seeds)
        # If this fails, it fails before hours of training.
        (places.tables / plan.table.name).mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as opened:
            for folder in runs:
                folder.mkdir(parents=True, exist_ok=True)
                opened.enter_context(writing_to(folder, "wait for it"))
            train(runs, datasets[name], device, replayed)
            for folder, config in runs.items():
                run = measure_run(plan, recipe, config, datasets[name], folder, places)
                put(plan, run, places.tables)
                yield run


def groups(
    wanted: Iterable[tuple[str, int]], device: torch.device
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A recipe and those of its seeds that are trained at once: all of them, on a GPU."""
    for recipe, runs in itertools.groupby(wanted, key=operator.itemgetter(0)):
        seeds = tuple(seed for _, seed in runs)
        yield from [(recipe, seeds)] if device.type == "cuda" else [(recipe, (s,)) for s in seeds]


def is_trained(folder: Path, config: RunConfig) -> bool:
    """Whether a run's folder holds its last step.

    Raises:
        CheckpointError: if the folder holds a run of another configuration.
    """
    if not (folder / RESUME).exists():
        return False
    return read_resume(folder, config)[0].step == config.train.steps


def train(
    runs: Mapping[Path, RunConfig], dataset: Dataset, device: torch.device, replayed: bool
) -> None:
    """Train what is left of runs that differ in their seeds alone; it may be nothing."""
    left = {folder: config for folder, config in runs.items() if not is_trained(folder, config)}
    if not left:
        return
    print(f"Training into {', '.join(map(str, left))}.", file=sys.stderr)
    kept = snapshots(next(iter(left.values()))) if replayed else ()
    for _ in ensemble.train_each(left, dataset, device, resume=True, snapshots=kept):
        pass


def snapshots(config: RunConfig) -> tuple[int, ...]:
    """The steps at which a replayed run keeps its weights: closest together at the beginning."""
    return (0, *sorted({config.train.steps >> times for times in range(HALVINGS)} - {0}))
