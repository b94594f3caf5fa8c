"""`train`: train a recipe into a checkpoint folder."""

import argparse
import contextlib
import json
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from training.checkpoints.locking import writing_to
from training.commands.arguments import (
    DATA,
    RUNS,
    add_data,
    add_device,
    add_no_map,
    add_seed,
    seeds_in,
)
from training.commands.report import INTERRUPTED, report, report_map
from training.config import RunConfig, to_json, with_seed
from training.contract.card import CARD
from training.contract.files import PART
from training.errors import CheckpointError, ConfigError
from training.overrides import options as options_of
from training.overrides import override
from training.recipes import RECIPES, Recipe

if TYPE_CHECKING:
    from training.checkpoints.checkpoint import Progress
    from training.datasets import Dataset

HELP = "train a recipe into a checkpoint folder"


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments; the typed overrides beside them are what the parser leaves over."""
    names = ", ".join(f"--{path}" for path in options_of(RECIPES["digits"].run))
    parser.epilog = f"Any field of the configuration can be set: {names}."
    parser.add_argument("recipe", help="a name from `list`")
    parser.add_argument("--out", type=Path, help=f"checkpoint folder (default: {RUNS}/RECIPE)")
    parser.add_argument(
        "--seeds",
        metavar="SEED,…",
        help="one run for each of these seeds, seed 3 into OUT-s3; on a CUDA device all at once",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue an interrupted run, or a finished one for more steps",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the configuration and stop")
    add_no_map(parser)
    add_device(parser)
    add_seed(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Train, then measure and export; interrupted runs go on with --resume."""
    recipe, config = configure(options, options.overrides)
    if config.data.name == "own":
        from training.commands.own_images import fitted

        recipe, config = fitted(recipe, config, options)
    runs = runs_of(options, config)
    if options.dry_run:
        for folder, config in runs.items():
            print(json.dumps({"out": str(folder)} | to_json(config), indent=2))
        return 0
    from training.trainer.processes import is_first, several

    if several() and options.seeds is not None:
        raise ConfigError("torchrun trains one run; give it --seed, not --seeds.")
    if not is_first():
        trained_with_others(runs, None, options)
        return 0
    with contextlib.ExitStack() as opened:
        for folder in runs:
            if folder.exists() and not folder.is_dir():
                raise CheckpointError(f"{folder} is not a folder; choose another with --out.")
            folder.mkdir(parents=True, exist_ok=True)
            opened.callback(remove_if_empty, folder)
            opened.enter_context(writing_to(folder, "wait for it, or choose another --out"))
        return train_into(runs, recipe, options)


def configure(options: argparse.Namespace, overrides: list[str]) -> tuple[Recipe, RunConfig]:
    """The recipe and its configuration with every override applied."""
    if options.recipe not in RECIPES:
        raise ConfigError(
            f"There is no recipe {options.recipe!r}; choose one of {', '.join(RECIPES)}."
        )
    recipe = RECIPES[options.recipe]
    words = [
        part
        for word in overrides
        for part in (word.split("=", 1) if word.startswith("--") else [word])
    ]
    switches = ("--data.strict", "--data.download")
    for place in [at for at, word in enumerate(words) if word in switches][::-1]:
        if words[place + 1 : place + 2] not in (["true"], ["false"]):
            words.insert(place + 1, "true")  # alone, as a switch
    if options.seed is not None:
        words += ["--seed", str(options.seed)]
    changes = {}
    for name, value in zip(words[::2], [*words[1::2], None], strict=False):
        if not name.startswith("--") or value is None:
            raise ConfigError(f"{name!r} is not understood; set a field as in --objective.beta 8.")
        changes[name.removeprefix("--")] = value
    return recipe, override(recipe.run, changes)


def runs_of(options: argparse.Namespace, config: RunConfig) -> dict[Path, RunConfig]:
    """The folder and the configuration of each run that is asked for."""
    out: Path = options.out or RUNS / options.recipe
    if options.seeds is None:
        return {out: config}
    if options.seed is not None:
        raise ConfigError("Give --seed for one run or --seeds for several, not both.")
    if out.name in ("", ".."):
        raise ConfigError(
            f"--out {out} does not end in a name to which -s0 can be added; choose another --out."
        )
    return {
        out.with_name(f"{out.name}-s{seed}"): with_seed(config, seed)
        for seed in seeds_in(options.seeds)
    }


def unfinished(runs: dict[Path, RunConfig], options: argparse.Namespace) -> list[Path]:
    """The folders in which there is a run to begin or to go on with.

    Raises:
        CheckpointError: if a folder holds anything else; with --resume, one seed of several may be
            finished.
    """
    from training.contract.absence import RESUME

    folders = []
    for folder, config in runs.items():
        begun = (folder / RESUME).exists()
        if (folder / CARD).exists():
            if begun and options.resume and becomes_longer(folder, config):
                folders.append(folder)
                continue
            if options.seeds is None or not options.resume:
                raise CheckpointError(
                    f"{folder} holds a finished checkpoint; choose another folder with --out"
                    + (", or go on with --resume and more --train.steps." if begun else ".")
                )
            print(f"{folder} holds a finished checkpoint already.", file=sys.stderr)
            continue
        if begun and not options.resume:
            raise CheckpointError(
                f"{folder} holds a run; add --resume to continue it, or choose another --out."
            )
        if not begun and any(not item.name.startswith(".") for item in folder.iterdir()):
            raise CheckpointError(
                f"{folder} holds files but no run; choose another folder with --out."
            )
        if options.resume and not begun:
            print(f"{folder} holds no run yet, so a new one begins.", file=sys.stderr)
        folders.append(folder)
    return folders


def becomes_longer(folder: Path, config: RunConfig) -> bool:
    """Whether a finished run is given more steps; says so where that makes it another run.

    Raises:
        CheckpointError: if anything else of its configuration differs.
    """
    from training.checkpoints.checkpoint import read_resume
    from training.trainer.optimizers import rate_factor

    progress, _ = read_resume(folder, config, longer=True)
    if not progress.step < config.train.steps:
        return False
    steps = config.train.steps
    print(f"{folder} continues from step {progress.step:,} to {steps:,}.", file=sys.stderr)
    if config.train.schedule != "constant":
        print(
            f"Its learning rate fell to 0 over {progress.step:,} steps, and now goes on at "
            f"{rate_factor(config.train, progress.step):.0%} of its start: this is not the run "
            f"that {steps:,} steps from the beginning would be.",
            file=sys.stderr,
        )
    return True


def train_into(
    runs: dict[Path, RunConfig],
    recipe: Recipe,
    options: argparse.Namespace,
) -> int:
    """The rest of `train`, while nobody else writes to the folders."""
    from training import build
    from training.checkpoints import finish
    from training.trainer import devices, ensemble, processes

    left = {folder: runs[folder] for folder in unfinished(runs, options)}
    dataset = build.data(next(iter(runs.values())).data, options.data)
    try:
        trained: Iterable[tuple[Path, Progress]]
        if processes.several():
            trained = trained_with_others(left, dataset, options)
        else:
            device = devices.device(options.device)
            trained = ensemble.train_each(left, dataset, device, options.resume)
        for folder, progress in trained:
            config = runs[folder]
            seed = options.seed if options.seeds is None else config.seed
            command = command_line(options, seed, progress.finished_at)
            with_map = not options.no_map
            card = finish.finish(recipe, config, command, dataset, folder, progress, with_map)
            for leftover in folder.glob(f".*{PART}"):
                if leftover.is_file():
                    leftover.unlink(missing_ok=True)
            report(folder, card)
            report_map(folder, card)
    except KeyboardInterrupt:
        command = command_line(options, options.seed)
        places = {
            "--seeds": options.seeds,
            "--out": options.out,
            "--data": options.data,
            "--device": options.device,
        }
        given = [
            f" {name} {shlex.quote(str(value))}"
            for name, value in places.items()
            if value not in (None, DATA, "auto")
        ]
        print(
            f"Stopped; `{command}{''.join(given)} --resume` continues from here.", file=sys.stderr
        )
        return INTERRUPTED
    return 0


def trained_with_others(
    runs: dict[Path, RunConfig], dataset: "Dataset | None", options: argparse.Namespace
) -> list[tuple[Path, "Progress"]]:
    """The run, trained by all processes that torchrun has started, of which this is one.

    Args:
        dataset: loaded already by the first process; the others wait for it, as it may have to
            download it.
    """
    from training import build
    from training.trainer import loop
    from training.trainer.processes import Torchrun

    ((folder, config),) = runs.items()
    with contextlib.closing(Torchrun(config, options.device)) as processes:
        if dataset is None:
            dataset = build.data(config.data, options.data)
        resume, device = options.resume, processes.device
        return [(folder, loop.train(config, dataset, folder, device, resume, (), processes))]


def command_line(
    options: argparse.Namespace, seed: int | None, finished_at: tuple[int, ...] = ()
) -> str:
    """The command that makes this run again, from a fresh folder.

    Of a run that was made longer, one for each of its lengths.
    """
    words = ["python", "-m", "training", "train", options.recipe, *options.overrides]
    if seed is not None:
        words += ["--seed", str(seed)]
    if options.no_map:
        words.append("--no-map")
    lengths = [[*words, "--train.steps", str(steps)] for steps in finished_at]
    first, *longer = [*lengths, words]
    return " && ".join(map(shlex.join, [first, *([*line, "--resume"] for line in longer)]))


def remove_if_empty(folder: Path) -> None:
    """Leave nothing behind where nothing was written."""
    with contextlib.suppress(OSError):
        folder.rmdir()
