"""python -m training list | train RECIPE | evaluate, embed, export FOLDER | reproduce [TABLE]."""

import argparse
import contextlib
import dataclasses
import errno
import io
import json
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from training import tables
from training.card import (
    CARD,
    DECODER,
    ENCODER,
    MODEL,
    PART,
    PREVIEW,
    Card,
    Metric,
    read_card,
    write_card,
)
from training.comparison import markdown
from training.config import RunConfig, override, to_json
from training.config import options as options_of
from training.errors import CheckpointError, ConfigError, UserError
from training.locking import writing_to
from training.recipes import RECIPES, Recipe
from training.results import SHIPPED as TABLES
from training.results import Table

if TYPE_CHECKING:
    from training.checkpoint import Progress
    from training.datasets import Dataset

RUNS = Path("runs")
DATA = Path("data")
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors are one sentence on standard error."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a redirected Windows console has no β
    options, rest = parser().parse_known_args(arguments)
    try:
        if rest and options.command != "train":
            raise ConfigError(f"{rest[0]} is no option of `{options.command}`.")
        match options.command:
            case "list":
                return list_recipes()
            case "train":
                return train(options, rest)
            case "evaluate":
                return evaluate(options)
            case "embed":
                return embed(options)
            case "export":
                return export(options)
            case _:
                return reproduce(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        again = "go on with --resume" if options.command == "train" else "run this again"
        then = f"; free some space, then {again}" if error.errno == errno.ENOSPC else ""
        print(f"error: {where}{error.strerror or error}{then}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """The command line, without the typed overrides that `train` takes beside it."""
    root = argparse.ArgumentParser(
        prog="python -m training", description="Train and measure VAEs.", allow_abbrev=False
    )
    commands = root.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the recipes, and what each is for")

    names = ", ".join(f"--{path}" for path in options_of(RECIPES["digits"].run))
    train = commands.add_parser(
        "train",
        allow_abbrev=False,
        help="train a recipe into a checkpoint folder",
        epilog=f"Any field of the configuration can be set: {names}.",
    )
    train.add_argument("recipe", help="a name from `list`")
    train.add_argument("--out", type=Path, help=f"checkpoint folder (default: {RUNS}/RECIPE)")
    train.add_argument(
        "--seeds",
        metavar="SEED,…",
        help="a run for each of these seeds, seed 3 into OUT-s3; on a CUDA device all at once",
    )
    train.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    train.add_argument("--dry-run", action="store_true", help="print the configuration and stop")
    evaluate = commands.add_parser("evaluate", help="measure a checkpoint on the test split again")
    embed = commands.add_parser(
        "embed", help="encode images again: codes, thumbnails, and the maps of a checkpoint"
    )
    embed.add_argument("--split", default="test", help="train, validation or test (the default)")
    embed.add_argument(
        "--count", type=int, help="how many images of it (default: all, 10,000 or 48 MiB at most)"
    )
    for command in (train, embed):
        command.add_argument("--no-map", action="store_true", help="leave out UMAP and PCA")
    export = commands.add_parser("export", help="write the ONNX files of a checkpoint again")
    reproduce = commands.add_parser(
        "reproduce", help="make a table of results again, or what is missing of it"
    )
    reproduce.add_argument("table", nargs="?", help="its name (default: list the tables)")
    reproduce.add_argument(
        "--only", nargs="+", metavar="RECIPE", help="the rows to make (default: all)"
    )
    reproduce.add_argument(
        "--seeds", metavar="SEED,…", help="the seeds to make (default: all that are planned)"
    )
    reproduce.add_argument(
        "--collect", action="store_true", help="measure the runs that are trained, and train none"
    )
    reproduce.add_argument(
        "--markdown", action="store_true", help="print the tables as README shows them, and stop"
    )
    reproduce.add_argument(
        "--runs", type=Path, default=RUNS, help=f"where runs are trained (default: {RUNS})"
    )
    reproduce.add_argument(
        "--out",
        type=lambda name: Path(name).resolve(),
        default=TABLES,
        help="folder of the tables; whole checkpoints go into `models` beside it "
        "(default: assets/results)",
    )
    for command in (train, reproduce):
        command.add_argument("--device", choices=["auto", "cpu", "cuda", "mps"], default="auto")
    for command in (evaluate, embed, export):
        command.add_argument(
            "folder", type=lambda name: Path(name).resolve(), help="a checkpoint folder"
        )
    for command in (train, evaluate, embed):
        command.add_argument("--seed", type=int, help="seed of every random number")
    for command in (train, evaluate, embed, reproduce):
        command.add_argument(
            "--data",
            type=Path,
            default=DATA,
            help="folder of the data sets (default: data)",
        )
    return root


def list_recipes() -> int:
    """Print a row a recipe."""
    for recipe in RECIPES.values():
        print(f"{recipe.name:16} {recipe.cost:>6} on two cores   {recipe.intent}")
    return 0


def train(options: argparse.Namespace, overrides: list[str]) -> int:
    """Train, then measure and export; interrupted runs go on with --resume."""
    recipe, config = configure(options, overrides)
    runs = runs_of(options, config)
    if options.dry_run:
        for folder, config in runs.items():
            print(json.dumps({"out": str(folder)} | to_json(config), indent=2))
        return 0
    from training.processes import is_first, several

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
        return train_into(runs, recipe, options, overrides)


def runs_of(options: argparse.Namespace, config: RunConfig) -> dict[Path, RunConfig]:
    """The folder and the configuration of each run that is asked for."""
    out: Path = options.out or RUNS / options.recipe
    if options.seeds is None:
        return {out: config}
    if options.seed is not None:
        raise ConfigError("Give --seed for one run or --seeds for several, not both.")
    if out.name in ("", ".."):
        raise ConfigError(f"--out {out} has no name that -s0 could follow; give it one.")
    return {
        out.with_name(f"{out.name}-s{seed}"): dataclasses.replace(config, seed=seed)
        for seed in seeds_in(options.seeds)
    }


def seeds_in(text: str) -> list[int]:
    """What `--seeds` lists.

    Raises:
        ConfigError: if these are no whole numbers.
    """
    try:
        return [int(word) for word in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            f"--seeds got {text!r:.60}; it takes whole numbers with commas."
        ) from error


def remove_if_empty(folder: Path) -> None:
    """Leave nothing behind where nothing was written."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def train_into(
    runs: dict[Path, RunConfig],
    recipe: Recipe,
    options: argparse.Namespace,
    overrides: list[str],
) -> int:
    """The rest of `train`, while nobody else writes to the folders."""
    from training import build, checkpoint, ensemble, finish, processes

    left = {folder: runs[folder] for folder in unfinished(runs, options)}
    dataset = build.dataset(next(iter(runs.values())).data.name, options.data)
    try:
        trained: Iterable[tuple[Path, Progress]]
        if processes.several():
            trained = trained_with_others(left, dataset, options)
        else:
            device = build.device(options.device)
            trained = ensemble.train_each(left, dataset, device, options.resume)
        for folder, progress in trained:
            config = runs[folder]
            seed = options.seed if options.seeds is None else config.seed
            command = command_line(options, overrides, seed)
            with_map = not options.no_map
            card = finish.finish(recipe, config, command, dataset, folder, progress, with_map)
            for leftover in (folder / checkpoint.RESUME, *folder.glob(f".*{PART}")):
                leftover.unlink(missing_ok=True)
            report(folder, card)
            report_map(folder, card)
    except KeyboardInterrupt:
        command = command_line(options, overrides, options.seed)
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
        print(f"Stopped; `{command}{''.join(given)} --resume` goes on from here.", file=sys.stderr)
        return INTERRUPTED
    return 0


def trained_with_others(
    runs: dict[Path, RunConfig], dataset: "Dataset | None", options: argparse.Namespace
) -> list[tuple[Path, "Progress"]]:
    """The run, trained by all processes that torchrun has started, of which this is one.

    Args:
        dataset: the first process brings it; the others wait for that one, which may have to
            download it.
    """
    from training import build, loop
    from training.processes import Torchrun

    ((folder, config),) = runs.items()
    with contextlib.closing(Torchrun(config, options.device)) as processes:
        if dataset is None:
            dataset = build.dataset(config.data.name, options.data)
        resume, device = options.resume, processes.device
        return [(folder, loop.train(config, dataset, folder, device, resume, (), processes))]


def unfinished(runs: dict[Path, RunConfig], options: argparse.Namespace) -> list[Path]:
    """The folders in which there is a run to begin or to go on with.

    Raises:
        CheckpointError: if a folder holds anything else; with --resume, one seed of several may be
            finished.
    """
    from training.checkpoint import RESUME

    folders = []
    for folder in runs:
        begun = (folder / RESUME).exists()
        if (folder / CARD).exists():
            if options.seeds is None or not options.resume:
                raise CheckpointError(
                    f"{folder} holds a finished checkpoint; choose another folder with --out."
                )
            print(f"{folder} holds a finished checkpoint already.", file=sys.stderr)
            continue
        if begun and not options.resume:
            raise CheckpointError(
                f"{folder} holds a run; add --resume to go on with it, or choose another --out."
            )
        if not begun and any(not item.name.startswith(".") for item in folder.iterdir()):
            raise CheckpointError(
                f"{folder} holds files but no run; choose another folder with --out."
            )
        if options.resume and not begun:
            print(f"{folder} holds no run yet; beginning one.", file=sys.stderr)
        folders.append(folder)
    return folders


def evaluate(options: argparse.Namespace) -> int:
    """Measure again and put the numbers into the card."""
    from training import checkpoint
    from training.evaluate import measure
    from training.factors import measure_factors

    model, card = checkpoint.load(options.folder)
    seed = seed_of(options, card)
    dataset = data_of(options, card)
    metrics, latents, provenance = measure(model, dataset, card.config, seed)
    of_factors, information = measure_factors(model, dataset, card.config, seed)
    card = dataclasses.replace(
        card,
        metrics=metrics + of_factors,
        latents=latents,
        latents_provenance=provenance,
        information=information,
    )
    report(options.folder, write_card(options.folder, card))
    return 0


def embed(options: argparse.Namespace) -> int:
    """Encode images again and draw their maps; the checkpoint changes only when all is done."""
    from training import checkpoint, staging
    from training.embed import Plan, sigma
    from training.embed import embed as embed_into
    from training.finish import MAP_PACKAGE, versions

    folder: Path = options.folder
    if not folder.is_dir():
        read_card(folder)  # refuses it
    with writing_to(folder, "wait for it"):
        staging.recover(folder)
        # Codes and thumbnails are made anew; the new card will vouch for all the others.
        card = read_card(folder, check=(MODEL, DECODER, ENCODER, PREVIEW))
        model = checkpoint.new_model(card.config, card.image.shape, folder, card.files[MODEL].bytes)
        checkpoint.load_weights(model.eval(), folder / MODEL)
        plan = Plan(options.split, options.count, not options.no_map, seed_of(options, card))
        dataset = data_of(options, card)

        def write(into: Path) -> Card:
            examples, map_card = embed_into(model, dataset, card.latents, plan, into)
            made_with = {name: made for name, made in card.versions.items() if name != MAP_PACKAGE}
            if map_card is not None:
                made_with[MAP_PACKAGE] = versions(True)[MAP_PACKAGE]
            return dataclasses.replace(
                card,
                image=dataclasses.replace(card.image, sigma=sigma(model)),
                examples=examples,
                versions=made_with,
                map=map_card,
            )

        try:
            card = staging.replace_files(folder, write)
        except KeyboardInterrupt:
            print(f"Stopped; {folder} is as it was.", file=sys.stderr)
            return INTERRUPTED
    report_map(folder, card)
    return 0


def reproduce(options: argparse.Namespace) -> int:
    """Make the runs that a table lacks, or say which these are."""
    if options.table is None or options.markdown:
        if options.only or options.seeds is not None or options.collect:
            raise ConfigError(
                "--only, --seeds and --collect say what to make of a table: name it before them, "
                "and leave out --markdown."
            )
        plans = [tables.plan(options.table)] if options.table else tables.PLANS.values()
        current = [tables.current(plan, options.out) for plan in plans]
        if options.markdown:
            print("\n\n".join(map(markdown, current)))
        else:
            print("\n".join(line for table in current for line in tables.describe(table)))
        return 0
    from training import build
    from training import reproduce as making

    plan = tables.plan(options.table)
    wanted = wanted_of(tables.current(plan, options.out), options)
    places = making.Places(options.data, options.runs, options.out)
    device = build.device(options.device)
    making.refresh(plan, options.out)
    try:
        for run in making.make(plan, wanted, places, device, options.collect):
            shown = [run.final.metric(name) for name in plan.table.metrics]
            numbers = (f"{metric.label} {metric.value:.3f}" for metric in shown if metric)
            print(f"{run.recipe}, seed {run.seed} · {', '.join(numbers)}")
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    print("\n".join(tables.describe(tables.current(plan, options.out))))
    return 0


def wanted_of(table: Table, options: argparse.Namespace) -> tuple[tuple[str, int], ...]:
    """Recipe and seed of the runs to make, of those that the options ask for.

    Raises:
        ConfigError: if a recipe or a seed is not planned.
    """
    recipes = [row.recipe for row in table.rows]
    planned = {seed for row in table.rows for seed in row.seeds}
    for recipe in options.only or ():
        if recipe not in recipes:
            raise ConfigError(
                f"The table {table.name} has no recipe {recipe!r:.60}; choose of "
                f"{', '.join(recipes)}."
            )
    seeds = planned if options.seeds is None else set(seeds_in(options.seeds))
    for seed in sorted(seeds):
        if seed not in planned:
            raise ConfigError(
                f"The table {table.name} has no seed {seed}; choose of "
                f"{', '.join(map(str, sorted(planned)))}."
            )
    return tuple(
        (recipe, seed)
        for recipe, seed in tables.missing(table)
        if recipe in (options.only or recipes) and seed in seeds
    )


def seed_of(options: argparse.Namespace, card: Card) -> int:
    """The seed that was given, or that of the run."""
    seed: int = card.config.seed if options.seed is None else options.seed
    return dataclasses.replace(card.config, seed=seed).seed  # refuses what is no seed


def data_of(options: argparse.Namespace, card: Card) -> "Dataset":
    """The images that a checkpoint was trained on.

    Raises:
        CheckpointError: if those in `--data` are others.
    """
    from training import build

    dataset = build.dataset(card.config.data.name, options.data)
    if dataset.sha256() != card.data.sha256:
        raise CheckpointError(
            f"The {dataset.name} images in {options.data} are not those {options.folder.name} "
            "was trained on (their SHA-256 differs); its card is left as it is."
        )
    return dataset


def export(options: argparse.Namespace) -> int:
    """Write the ONNX files again from the weights, checked against PyTorch."""
    from training import checkpoint
    from training import export as onnx

    # Only the ONNX files may differ from the card: the new card will vouch for all the others.
    card = read_card(options.folder, check=())
    rest = tuple(name for name in card.names() if name not in (DECODER, ENCODER))
    read_card(options.folder, check=rest)
    room = card.files[MODEL].bytes
    model = checkpoint.new_model(card.config, card.image.shape, options.folder, room)
    checkpoint.load_weights(model, options.folder / MODEL)
    difference = onnx.export(model, card.image.shape, options.folder)
    write_card(options.folder, card)
    print(f"{options.folder}: decoder and encoder differ from PyTorch by at most {difference:.1e}.")
    return 0


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
    if options.seed is not None:
        words += ["--seed", str(options.seed)]
    changes = {}
    for name, value in zip(words[::2], [*words[1::2], None], strict=False):
        if not name.startswith("--") or value is None:
            raise ConfigError(f"{name!r} is not understood; write overrides as --objective.beta 8.")
        changes[name.removeprefix("--")] = value
    return recipe, override(recipe.run, changes)


def command_line(options: argparse.Namespace, overrides: list[str], seed: int | None) -> str:
    """The command that makes this run again, from a fresh folder."""
    words = ["python", "-m", "training", "train", options.recipe, *overrides]
    if seed is not None:
        words += ["--seed", str(seed)]
    if options.no_map:
        words.append("--no-map")
    return shlex.join(words)


def report(folder: Path, card: Card) -> None:
    """Print what was measured."""
    print(f"{folder} · {card.summary}")
    for metric in card.metrics:
        print(f"  {metric.label:19} {metric.value:9.2f} {metric.unit:7} {where_from(metric)}")


def report_map(folder: Path, card: Card) -> None:
    """Print what was embedded, and how faithful the maps are."""
    examples, sheets = card.examples, len(card.examples.sheets)
    print(
        f"{folder} · codes and thumbnails of {examples.count:,} {examples.split} images on "
        f"{sheets} sheet{'s' if sheets > 1 else ''}"
    )
    for metric in card.map.metrics if card.map else ():
        print(f"  {metric.label:23} {metric.value:8.4f} {metric.unit:12} {where_from(metric)}")


def where_from(metric: Metric) -> str:
    """The images and the seed that a number is measured with."""
    return f"{metric.split}, {metric.samples:,} images, seed {metric.seed}"


if __name__ == "__main__":
    sys.exit(main())
