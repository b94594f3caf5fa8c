"""Keeps a model of any training loop at several moments, so that its training is replayed.

The folder is a checkpoint of the newest moment. Beside it lies a table (`table.json`) with a stage
for each moment, which the page of β replays, and what that needs of each: decoder and codes.
"""

import copy
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
from msgspec import Meta
from msgspec.structs import replace
from torch import nn

from training.contract.card import CARD, CODES, DECODER, Card
from training.contract.fields import MOST_LATENTS, Magnitude, Record, Word
from training.contract.files import describe_files, write_bytes
from training.contract.outputs import Pixels
from training.contract.reading import checked
from training.contract.spaces import Continuous
from training.contract.table import (
    MOST_STAGES,
    TABLE,
    Row,
    Run,
    Stage,
    Table,
    read_table,
    write_table,
)
from training.errors import CheckpointError
from training.saving.save import save
from training.trainer.devices import hardware

LAST_STEP, LARGEST_BATCH = 2**33, 2**20  # their product is a whole number in every JSON reader


class Moment(Record, frozen=True):
    """What is said of a moment, beside its modules and its examples."""

    folder: Word
    step: Annotated[int, Meta(ge=0, le=LAST_STEP)]
    batch_size: Annotated[int, Meta(ge=1, le=LARGEST_BATCH)]
    latents: Annotated[int, Meta(ge=1, le=MOST_LATENTS)]
    beta: Magnitude


_began: dict[Path, float] = {}  # when this process first kept a moment of each folder


def snapshot(
    folder: str | Path,
    step: int,
    *,
    decode: nn.Module,
    encode: nn.Module,
    latents: int,
    output: Pixels,
    examples: Any,
    batch_size: int,
    beta: float = 1.0,
    labels: tuple[Any, Sequence[str]] | None = None,
    title: str | None = None,
    source: str = "not said",
    licence: str = "not said",
) -> Table:
    """As `training.snapshot`, which says what each argument is."""
    folder = Path(folder)
    checked(Moment(folder.name, step, batch_size, latents, beta), "training.snapshot")
    table = read_table(folder) if (folder / TABLE).exists() else None
    _check(folder, table, step)
    began = _began.setdefault(folder.resolve(), time.perf_counter())
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".snapshot-") as place:
        made = Path(place) / folder.name
        card = save(
            made,
            # Copies: the loop's own stay on their device, and in the mode of training.
            decode=copy.deepcopy(decode),
            encode=copy.deepcopy(encode),
            controls=[Continuous("z", latents, "standard_normal")],
            output=output,
            examples=examples,
            labels=labels,
            family="vae",
            title=title,
            intent=f"After {step:,} steps of {batch_size:,} images.",
            source=source,
            licence=licence,
            with_map=False,
        )
        if any(latent.kl_nats is None for latent in card.latents):
            raise CheckpointError(
                "encode gives codes without a posterior; a replay needs mean and log-variance."
            )
        stage = _keep(made, folder, card, step, batch_size)
        _move(made, folder)
    if table is None:
        table = _table(folder.name, card, beta)
    (run,) = table.runs or (None,)
    stages = (*(run.stages if run else ()), stage)
    assert card.latents_provenance is not None
    run = Run(
        recipe=folder.name,
        seed=0,
        command=f"training.snapshot({folder.name!r}, …)",
        config={},
        images=stage.images,
        seconds=round(time.perf_counter() - began, 1),
        hardware=hardware(next(decode.parameters(), torch.zeros(1)).device),
        precision="float32",
        latents_provenance=card.latents_provenance,
        stages=stages,
    )
    table = replace(table, runs=(run,))
    write_table(folder, table)
    return table


def _check(folder: Path, table: Table | None, step: int) -> None:
    if table is None and (folder / CARD).exists():
        raise CheckpointError(f"{folder} holds a checkpoint without snapshots; choose another.")
    runs = table.runs if table is not None else ()
    if len(runs) > 1:
        raise CheckpointError(f"{folder} holds a table of {len(runs)} runs; choose another.")
    stages = runs[0].stages if runs else ()
    if stages and step <= stages[-1].step:
        raise CheckpointError(
            f"{folder} has a snapshot of step {stages[-1].step:,}, and {step:,} is not after it: "
            "for a new training choose another folder."
        )
    if len(stages) >= MOST_STAGES:
        raise CheckpointError(f"{folder} has {MOST_STAGES:,} snapshots; no more are replayed.")


def _keep(made: Path, folder: Path, card: Card, step: int, batch_size: int) -> Stage:
    """Keep what the replay needs of this moment."""
    name, kept = f"step-{step:07}", (DECODER, CODES)
    (folder / name).mkdir(parents=True, exist_ok=True)
    for file in kept:
        write_bytes(folder / name / file, (made / file).read_bytes())
    files = describe_files(folder / name, kept)
    return Stage(step, step * batch_size, card.metrics, card.latents, folder=name, files=files)


def _move(made: Path, folder: Path) -> None:
    """Put the newest checkpoint in the place of the last; its card goes first and comes last."""
    (folder / CARD).unlink(missing_ok=True)
    for path in sorted(made.iterdir(), key=lambda path: path.name == CARD):
        shutil.move(path, folder / path.name)


def _table(name: str, card: Card, beta: float) -> Table:
    assert card.examples is not None
    return Table(
        name=name,
        title=card.title,
        intent="A training that was kept at several moments.",
        command=f"training.snapshot({name!r}, …)",
        metrics=tuple(metric.name for metric in card.metrics),
        rows=(Row(name, card.title, "A training of your own.", (0,), beta),),
        examples=name,
        images=card.examples.count,
    )
