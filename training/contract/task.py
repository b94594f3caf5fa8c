"""A task: what models are good for, each way beside its peers, over several seeds.

A task is a folder with `task.json`. Nothing here needs torch: the explorer reads tasks without it.
"""

import statistics
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from training.contract.errors import CheckpointError, ConfigError
from training.contract.fields import (
    Command,
    Count,
    Line,
    Magnitude,
    Number,
    Paragraph,
    Protocol,
    Record,
    Seed,
    Sha256,
    Word,
)
from training.contract.files import LARGEST_CARD, as_json, read_bytes, write_bytes
from training.contract.reading import checked, parse, read
from training.contract.spaces import refuse_twice

TASK = "task.json"
VERSION = 1
MOST_HEADINGS, MOST_OUTCOMES = 50, 20_000


class Measure(Record, frozen=True):
    """What is measured: `label, unit` stands above its values, shown with `decimals` places.

    `more_is_better` is None where the values are there to be compared, and none of them is best.
    """

    name: Word
    label: Word
    unit: Word
    how: Paragraph
    decimals: Annotated[int, Meta(ge=0, le=6)] = 1
    more_is_better: bool | None = True


class Way(Record, frozen=True):
    """One way to do the task; `is_peer` where it needs no generative model."""

    name: Word
    title: Word
    how: Paragraph
    is_peer: bool = False


class Condition(Record, frozen=True):
    """What the task is done with, such as 100 labels or an inverted image."""

    name: Word
    title: Word


class Outcome(Record, frozen=True):
    """One number: of a way, under a condition, with a seed."""

    way: Word
    condition: Word
    measure: Word
    seed: Seed
    value: Number


class Task(Record, frozen=True, kw_only=True):
    """task.json, version 1.

    Fields:
        question: what the numbers answer, as a student would ask it.
        seeds: what a seed draws, such as which images have a label.
        samples: of the test split, the images that every number is over.
        checkpoints: the shipped models that were used, and the SHA-256 of their weights.
    """

    version: Literal[1] = 1
    name: Word
    title: Word
    question: Paragraph
    command: Command
    measures: Annotated[tuple[Measure, ...], Meta(min_length=1, max_length=MOST_HEADINGS)]
    ways: Annotated[tuple[Way, ...], Meta(min_length=1, max_length=MOST_HEADINGS)]
    conditions: Annotated[tuple[Condition, ...], Meta(min_length=1, max_length=MOST_HEADINGS)]
    seeds: Paragraph
    split: Line
    samples: Count
    outcomes: Annotated[tuple[Outcome, ...], Meta(max_length=MOST_OUTCOMES)] = ()
    checkpoints: dict[Word, Sha256] = msgspec.field(default_factory=dict)
    seconds: Magnitude = 0
    hardware: Protocol = ""

    def __post_init__(self) -> None:
        names = {}
        for kind in ("measures", "ways", "conditions"):
            names[kind] = tuple(one.name for one in getattr(self, kind))
            refuse_twice(kind, names[kind])
        for one in self.outcomes:
            for kind, name in (
                ("ways", one.way),
                ("conditions", one.condition),
                ("measures", one.measure),
            ):
                if name not in names[kind]:
                    raise ValueError(
                        f"has an outcome of {name!r:.60}, which is not one of its {kind}."
                    )

    def values(self, way: str, condition: str, measure: str) -> tuple[float, ...]:
        """What every seed gave, in the order of the seeds."""
        of = [
            one
            for one in self.outcomes
            if (one.way, one.condition, one.measure) == (way, condition, measure)
        ]
        return tuple(one.value for one in sorted(of, key=lambda one: one.seed))


def over_seeds(task: Task, way: Way, condition: Condition, measure: Measure) -> str:
    """The median over the seeds, and the least and the greatest: `91.2 (90.8–91.9)`."""
    found = task.values(way.name, condition.name, measure.name)
    if not found:
        return ""
    median, least, greatest = (
        f"{value:,.{measure.decimals}f}".replace("-", "\N{MINUS SIGN}")
        for value in (statistics.median(found), min(found), max(found))
    )
    return median if least == greatest else f"{median} ({least}–{greatest})"


def read_task(folder: Path) -> Task:
    """Read task.json.

    Raises:
        CheckpointError: in one sentence, if it is missing, or not what it should be.
    """
    where = f"{folder.name}/{TASK}"
    try:
        return read(Task, parse(read_bytes(folder / TASK, LARGEST_CARD), where), where)
    except ConfigError as error:
        raise CheckpointError(str(error)) from error


def write_task(folder: Path, task: Task) -> None:
    """Write task.json at once."""
    checked(task, TASK)
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / TASK, as_json(task, indent=1))


def markdown(task: Task) -> str:
    """The task for `docs/results.md`: a table a measure, then how each way works."""
    paragraphs = [f"### {task.title}", task.question]
    for measure in task.measures:
        head = [f"{measure.label}, {measure.unit}", *(one.title for one in task.conditions)]
        lines = [head, [":--", *["--:"] * len(task.conditions)]]
        for way in task.ways:
            cells = [over_seeds(task, way, one, measure) for one in task.conditions]
            if any(cells):
                lines.append([way.title, *cells])
        paragraphs.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
        paragraphs.append(measure.how)
    paragraphs.append(provenance(task))
    return "\n\n".join(paragraphs)


def provenance(task: Task) -> str:
    """Over what the numbers are: images, seeds, machine."""
    seeds = len({one.seed for one in task.outcomes})
    return (
        f"The median over {seeds} seeds, in brackets the least and the greatest; a seed draws "
        f"{task.seeds}. {task.samples:,} images of the {task.split} split. Measured in "
        f"{task.seconds / 60:.0f} min on {task.hardware}."
    )
