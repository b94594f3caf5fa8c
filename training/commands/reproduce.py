"""`reproduce`: make a table of results again, or what is missing from it; or do a task."""

import argparse
import sys
from pathlib import Path

from training import tasks
from training.commands.arguments import RUNS, add_data, add_device, seeds_in
from training.commands.report import INTERRUPTED
from training.contract import comparison, findings, task
from training.contract.table import SHIPPED as TABLES
from training.contract.table import Table
from training.errors import ConfigError
from training.results import tables

HELP = "make a table of results again, or what is missing from it; or measure a task"


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument(
        "table", nargs="?", help="its name, or a task's (default: list tables and tasks)"
    )
    parser.add_argument(
        "--only", nargs="+", metavar="RECIPE", help="the rows to make (default: all)"
    )
    parser.add_argument(
        "--seeds", metavar="SEED,…", help="the seeds to make (default: all that are planned)"
    )
    parser.add_argument(
        "--collect", action="store_true", help="measure the runs that are trained, and train none"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="measure again the runs whose weights the table keeps, or that ship",
    )
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="print the tables as docs/results.md has them, and stop",
    )
    parser.add_argument(
        "--runs", type=Path, default=RUNS, help=f"where runs are trained (default: {RUNS})"
    )
    parser.add_argument(
        "--out",
        type=lambda name: Path(name).resolve(),
        default=TABLES,
        help="folder of the tables; whole checkpoints go into `models` beside it "
        "(default: assets/results)",
    )
    add_device(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Make the runs that a table lacks, or say which these are."""
    if options.table is None or options.markdown:
        if options.only or options.seeds is not None or options.collect or options.again:
            raise ConfigError(
                "--only, --seeds, --collect and --again say what to make of a table: name it "
                "before them, and leave out --markdown."
            )
        print(listing(options))
        return 0
    if options.table in tasks.TASKS:
        return measure_task(options)
    from training.results import measuring
    from training.results import reproduce as making
    from training.trainer import devices

    plan = tables.plan(options.table)
    wanted = wanted_of(tables.current(plan, options.out), options)
    places = tables.Places(options.data, options.runs, options.out)
    device = devices.device(options.device)
    tables.refresh(plan, options.out)
    try:
        runs = (
            measuring.measure_again(plan, wanted, places)
            if options.again
            else making.make(plan, wanted, places, device, options.collect)
        )
        for made in runs:
            shown = [made.final.metric(name) for name in plan.table.metrics]
            numbers = (f"{metric.label} {metric.value:.3f}" for metric in shown if metric)
            print(f"{made.recipe}, seed {made.seed} · {', '.join(numbers)}")
    except KeyboardInterrupt:
        print("Stopped; the same command continues from here.", file=sys.stderr)
        return INTERRUPTED
    print("\n".join(tables.describe(tables.current(plan, options.out))))
    return 0


def listing(options: argparse.Namespace) -> str:
    """What tables and tasks there are and what they lack, or all of them as docs have them."""
    name = options.table
    plans = [plan for table, plan in tables.PLANS.items() if name in (None, table)]
    named = [one for one in tasks.TASKS if name in (None, one)]
    if not plans and not named:
        tables.plan(name)  # refuses it
    current = [tables.current(plan, options.out) for plan in plans]
    done = [tasks.current(one, options.out) for one in named]
    if options.markdown:
        made = [one for one in done if one.outcomes]
        found = findings.findings(current, made)
        printed = [*map(comparison.markdown, current), *map(task.markdown, made)]
        if found:
            title = "## Key findings"
            printed = [title, findings.markdown(found), "## The tables", *printed]
        return "\n\n".join(printed)
    lines = [line for table in current for line in tables.describe(table)]
    return "\n".join([*lines, *map(tasks.describe, done)])


def measure_task(options: argparse.Namespace) -> int:
    """Do a task with every seed that is asked for, and print it."""
    if options.only or options.collect or options.again:
        raise ConfigError(
            f"{options.table} is a task, which is measured as a whole on the models that ship: "
            "leave out --only, --collect and --again."
        )
    from training.tasks import run as doing

    seeds = tasks.seeds(options.table) if options.seeds is None else seeds_in(options.seeds)
    try:
        done = doing.make(options.table, options.data, options.out, seeds)
    except KeyboardInterrupt:
        print("Stopped; nothing was written.", file=sys.stderr)
        return INTERRUPTED
    print(task.markdown(done))
    return 0


def wanted_of(table: Table, options: argparse.Namespace) -> tuple[tuple[str, int], ...]:
    """Recipe and seed of the runs to make, or to measure again, of those that the options ask for.

    Raises:
        ConfigError: if a recipe or a seed is not planned.
    """
    recipes = [row.recipe for row in table.rows]
    planned = {seed for row in table.rows for seed in row.seeds}
    for recipe in options.only or ():
        if recipe not in recipes:
            raise ConfigError(
                f"The table {table.name} has no recipe {recipe!r:.60}; choose one of "
                f"{', '.join(recipes)}."
            )
    seeds = planned if options.seeds is None else set(seeds_in(options.seeds))
    for seed in sorted(seeds):
        if seed not in planned:
            raise ConfigError(
                f"The table {table.name} has no seed {seed}; choose one of "
                f"{', '.join(map(str, sorted(planned)))}."
            )
    made = tuple((run.recipe, run.seed) for run in table.runs)
    return tuple(
        (recipe, seed)
        for recipe, seed in (made if options.again else tables.missing(table))
        if recipe in (options.only or recipes) and seed in seeds
    )
