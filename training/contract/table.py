"""A table of results: rows of a planned comparison, and what every run of them measured.

A table is a folder: `table.json`, and for tables that keep models a folder of ONNX files a model.
Nothing here needs torch: the explorer reads tables without it.
"""

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from msgspec import Meta

from training.contract.card import MOST_FILES, ExampleCount, File
from training.contract.errors import CheckpointError, ConfigError
from training.contract.fields import (
    MOST_LATENTS,
    Command,
    Count,
    FileName,
    Line,
    Magnitude,
    Number,
    Paragraph,
    Protocol,
    Record,
    Seed,
    Settings,
    Word,
    refuse_hidden,
)
from training.contract.files import LARGEST_CARD, as_json, read_bytes, write_bytes
from training.contract.measurements import (
    MOST_METRICS,
    Information,
    Latent,
    Metric,
    Provenance,
    Rounding,
)
from training.contract.reading import checked, parse, read, version_of
from training.contract.spaces import refuse_twice

TABLE = "table.json"
VERSION = 1
MOST_ROWS, MOST_RUNS, MOST_STAGES = 200, 2_000, 1_000
SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "results"


class Published(Record, frozen=True):
    """A number from a paper: the name of its metric as cards have it, and where it is printed."""

    metric: Word
    value: Number
    source: Line


class Row(Record, frozen=True):
    """One row of a table: a recipe, trained with several seeds.

    Fields:
        beta: the weight of the KL, where this row is one of a ladder over β.
        formerly: the recipes whose place this row took: links to them open it.
    """

    recipe: Word
    title: Word
    intent: Paragraph
    seeds: Annotated[tuple[Seed, ...], Meta(max_length=MOST_RUNS)]
    beta: Magnitude | None = None
    published: Annotated[tuple[Published, ...], Meta(max_length=MOST_METRICS)] = ()
    formerly: Annotated[tuple[Word, ...], Meta(max_length=MOST_RUNS)] = ()


class Stage(Record, frozen=True):
    """A model at one moment of its training, measured.

    Fields:
        folder: of its files, relative to the table's; None: nothing is kept. They are decoder.onnx
            with codes.safetensors, the posteriors of the examples, or with encoder.onnx; or
            model.safetensors.
    """

    step: Count
    images: Count
    metrics: Annotated[tuple[Metric, ...], Meta(max_length=MOST_METRICS)]
    latents: Annotated[tuple[Latent, ...], Meta(min_length=1, max_length=MOST_LATENTS)]
    information: Information | None = None
    folder: Line | None = None
    files: Annotated[dict[FileName, File], Meta(max_length=MOST_FILES)] | None = None
    rounding: Rounding | None = None

    def __post_init__(self) -> None:
        if (self.folder is None) != (self.files is None):
            raise ValueError("A stage names a folder and its files, or neither.")
        folder = PurePosixPath(self.folder or "")
        if folder.is_absolute():
            raise ValueError(f"The folder {self.folder!r:.60} is not relative.")
        if self.information is not None:
            self.information.check(len(self.latents), len(self.information.entropies_nats))

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, if it was measured."""
        return next((metric for metric in self.metrics if metric.name == name), None)


class Run(Record, frozen=True):
    """One training: its stages in order of steps; the last is the model that it gave.

    Fields:
        checkpoint: the shipped checkpoint of that model, where there is one.
        seconds: of wall clock.
    """

    recipe: Word
    seed: Seed
    command: Command
    config: Settings
    images: Count
    seconds: Magnitude
    hardware: Protocol
    precision: Line
    latents_provenance: Provenance
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1, max_length=MOST_STAGES)]
    checkpoint: Word | None = None

    def __post_init__(self) -> None:
        refuse_hidden(self.config, "config")
        steps = [stage.step for stage in self.stages]
        if steps != sorted(set(steps)):
            raise ValueError(f"The stages of {self.recipe}, seed {self.seed}, do not rise.")

    @property
    def final(self) -> Stage:
        """The model that the run gave."""
        return self.stages[-1]


class Table(Record, frozen=True, kw_only=True):
    """table.json, version 1.

    Fields:
        command: makes every run that is missing.
        metrics: the names of those that the table shows, the decisive one first.
        examples: the shipped checkpoint whose test images go with the table's models.
        images: how many of them, the first, have their codes kept with every model; None: all
            can be encoded.
    """

    version: Literal[1] = 1
    name: Word
    title: Word
    intent: Paragraph
    command: Command
    metrics: Annotated[tuple[Word, ...], Meta(max_length=MOST_METRICS)]
    rows: Annotated[tuple[Row, ...], Meta(max_length=MOST_ROWS)]
    runs: Annotated[tuple[Run, ...], Meta(max_length=MOST_RUNS)] = ()
    examples: Word | None = None
    images: ExampleCount | None = None

    def __post_init__(self) -> None:
        rows = tuple(row.recipe for row in self.rows)
        refuse_twice("rows", rows)
        for run in self.runs:
            if run.recipe not in rows:
                raise ValueError(f"has no row for the run of {run.recipe} with seed {run.seed}.")
        made = Counter((run.recipe, run.seed) for run in self.runs)
        for (recipe, seed), times in made.items():
            if times > 1:
                raise ValueError(f"The run of {recipe} with seed {seed} is there {times} times.")

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
        tree = parse(read_bytes(folder / TABLE, LARGEST_CARD), where)
        version_of(
            tree, where, (VERSION,), "make the table again with `python -m training reproduce`"
        )
        return read(Table, tree, where)
    except ConfigError as error:
        raise CheckpointError(str(error)) from error


def write_table(folder: Path, table: Table) -> None:
    """Write table.json at once."""
    checked(table, TABLE)  # never replace a table by one that cannot be read
    write_bytes(folder / TABLE, as_json(table, indent=1))
