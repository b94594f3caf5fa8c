"""A table of results: rows of a planned comparison, and what every run of them measured.

A table is a folder: `table.json`, and for tables that keep models a folder of ONNX files a model.
Nothing here needs torch: the explorer reads tables without it.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from training.card import FileCard, Information, LatentCard, Metric, Provenance
from training.card_files import LARGEST_CARD, read_bytes, write_bytes
from training.config import RunConfig, from_json, to_json
from training.errors import CheckpointError, ConfigError

TABLE = "table.json"
VERSION = 1
SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "results"


@dataclass(frozen=True)
class Published:
    """A number from a paper: the name of its metric as cards have it, and where it is printed."""

    metric: str
    value: float
    source: str


@dataclass(frozen=True)
class Row:
    """One row of a table: a recipe, trained with several seeds.

    Fields:
        beta: the weight of the KL, where this row is one of a ladder over β.
    """

    recipe: str
    title: str
    intent: str
    seeds: tuple[int, ...]
    beta: float | None = None
    published: tuple[Published, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A model at one moment of its training, measured.

    Fields:
        folder: of its decoder.onnx and encoder.onnx, relative to the table's; None: not kept.
    """

    step: int
    images: int
    metrics: tuple[Metric, ...]
    latents: tuple[LatentCard, ...]
    information: Information | None = None
    folder: str | None = None
    files: dict[str, FileCard] | None = None

    def __post_init__(self) -> None:
        if (self.folder is None) != (self.files is None):
            raise ConfigError("A stage names a folder and its files, or neither.")
        if self.information is not None:
            self.information.check(len(self.latents), len(self.information.entropies_nats))

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, if it was measured."""
        return next((metric for metric in self.metrics if metric.name == name), None)


@dataclass(frozen=True)
class Run:
    """One training: its stages in order of steps; the last is the model that it gave.

    Fields:
        checkpoint: the shipped checkpoint of that model, where there is one.
        seconds: of wall clock.
    """

    recipe: str
    seed: int
    command: str
    config: RunConfig
    images: int
    seconds: float
    hardware: str
    precision: str
    latents_provenance: Provenance
    stages: tuple[Stage, ...]
    checkpoint: str | None = None

    def __post_init__(self) -> None:
        if not self.stages:
            raise ConfigError(f"The run of {self.recipe} with seed {self.seed} has no stage.")
        steps = [stage.step for stage in self.stages]
        if steps != sorted(set(steps)):
            raise ConfigError(f"The stages of {self.recipe}, seed {self.seed}, do not rise.")

    @property
    def final(self) -> Stage:
        """The model that the run gave."""
        return self.stages[-1]


@dataclass(frozen=True)
class Table:
    """table.json, version 1.

    Fields:
        command: makes every run that is missing.
        metrics: the names of those that the table shows, the decisive one first.
        examples: the shipped checkpoint whose test images go with the table's models.
    """

    version: int
    name: str
    title: str
    intent: str
    command: str
    metrics: tuple[str, ...]
    rows: tuple[Row, ...]
    runs: tuple[Run, ...] = ()
    examples: str | None = None

    def __post_init__(self) -> None:
        made = Counter((run.recipe, run.seed) for run in self.runs)
        for (recipe, seed), times in made.items():
            if times > 1:
                raise ConfigError(f"The run of {recipe} with seed {seed} is there {times} times.")

    def of(self, recipe: str) -> tuple[Run, ...]:
        """The runs of one row, by seed."""
        runs = [run for run in self.runs if run.recipe == recipe]
        return tuple(sorted(runs, key=lambda run: run.seed))

    def missing(self) -> tuple[tuple[str, int], ...]:
        """Recipe and seed of every run that is planned and was not made."""
        made = {(run.recipe, run.seed) for run in self.runs}
        planned = [(row.recipe, seed) for row in self.rows for seed in row.seeds]
        return tuple(run for run in planned if run not in made)


def read_table(folder: Path) -> Table:
    """Read table.json.

    Raises:
        CheckpointError: in one sentence, if it is missing, or not what it should be.
    """
    where = f"{folder.name}/{TABLE}"
    try:
        tree = json.loads(read_bytes(folder / TABLE, LARGEST_CARD))
        table = from_json(Table, tree, where)
    except ConfigError as error:
        sentence = f"{error}"
        named = sentence if sentence.startswith(where) else f"{where}: {sentence}"
        raise CheckpointError(named) from error
    except CheckpointError:
        raise
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{where} is not readable JSON: {error}.") from error
    if table.version != VERSION:
        raise CheckpointError(
            f"{where} has version {table.version}, this program reads {VERSION}; "
            f"run `{table.command}` again."
        )
    for run in table.runs:
        for stage in run.stages:
            if stage.folder is not None and PurePosixPath(stage.folder).is_absolute():
                raise CheckpointError(f"{where}: the folder {stage.folder!r:.60} is not relative.")
    return table


def write_table(folder: Path, table: Table) -> None:
    """Write table.json at once."""
    tree = to_json(table)
    from_json(Table, tree, TABLE)  # never replace a table by one that cannot be read
    text = json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(folder / TABLE, text.encode())
