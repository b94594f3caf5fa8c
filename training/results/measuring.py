"""Measure the runs of a table, and write what it keeps of their models."""

import contextlib
import dataclasses
import shutil
import sys
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

import torch
from msgspec.structs import replace

from training import build
from training.checkpoints.checkpoint import (
    Progress,
    load_weights,
    new_model,
    read_resume,
    save_weights,
)
from training.checkpoints.embed import write_codes
from training.checkpoints.export import export_graphs
from training.checkpoints.finish import finish
from training.checkpoints.locking import changing
from training.config import RunConfig, from_json, settings
from training.contract.absence import METRICS
from training.contract.card import CODES, DECODER, ENCODER, MODEL, Card
from training.contract.files import PART, describe_files, read_card, write_card
from training.contract.measurements import Information, Latent, Metric, Provenance
from training.contract.reading import plain
from training.contract.table import TABLE, Run, Stage
from training.datasets import Dataset
from training.errors import CheckpointError
from training.evaluation.evaluate import measure, measure_likelihood
from training.evaluation.factors import measure_factors
from training.evaluation.reconstructions import measure_reconstructions
from training.evaluation.samples import measure_samples
from training.families.family import Family
from training.recipes import RECIPES, Recipe
from training.results.tables import Places, Plan, current, put
from training.trainer.loop import SNAPSHOTS
from training.trainer.terminal import stop_signals


def measure_run(
    plan: Plan,
    recipe: str,
    config: RunConfig,
    dataset: Dataset,
    folder: Path,
    places: Places,
) -> Run:
    """Measure the best weights of a run, and its snapshots before them where it is replayed.

    What the table keeps of a model is written beside it; one that ships becomes a whole checkpoint.
    """
    progress = read_resume(folder, config)[0]
    command = f"python -m training train {recipe}"
    if config.seed != RECIPES[recipe].run.seed:
        command += f" --seed {config.seed}"
    name, table = f"{recipe}-s{config.seed}", places.tables / plan.table.name

    def measure_stage(weights: Path, step: int, into: str) -> tuple[Stage, Provenance]:
        model = load(config, dataset, weights)
        with torch.no_grad():
            rounding = config.model.round(model, dataset, config.seed)
        metrics, latents, information, provenance = measure_all(plan, model, config, dataset)
        kept = keep(plan, config.model, model, dataset, step, table / into)
        stage = Stage(
            step,
            step * config.train.batch_size,
            metrics,
            latents,
            information,
            into if kept else None,
            describe_files(table / into, kept) if kept else None,
            rounding,
        )
        return stage, provenance

    stages = []
    if (recipe, config.seed) in plan.replays:
        for weights in sorted((folder / SNAPSHOTS).glob("*.safetensors")):
            if (step := int(weights.stem)) < progress.best_step:
                print(f"Measuring step {step:,} of {folder}.", file=sys.stderr)
                stages.append(measure_stage(weights, step, f"{name}-{weights.stem}")[0])
    print(f"Measuring {folder}.", file=sys.stderr)
    checkpoint = plan.checkpoint(recipe, config.seed)
    if checkpoint is not None:
        shipped = places.models / checkpoint
        card = ship(RECIPES[recipe], config, command, dataset, folder, progress, shipped)
        assert card.latents_provenance is not None
        provenance = card.latents_provenance
        final = Stage(
            progress.best_step,
            progress.best_step * config.train.batch_size,
            card.metrics,
            card.latents,
            card.information,
            f"../../{places.models.name}/{checkpoint}",
            {file: card.files[file] for file in (DECODER, ENCODER)},
            card.rounding,
        )
    else:
        final, provenance = measure_stage(folder / MODEL, progress.best_step, name)
    return Run(
        recipe=recipe,
        seed=config.seed,
        command=command,
        config=settings(config),
        images=progress.step * config.train.batch_size,
        seconds=round(progress.seconds, 1),
        hardware=progress.hardware,
        precision=progress.precision,
        latents_provenance=provenance,
        stages=(*stages, final),
        checkpoint=checkpoint,
    )


def measure_all(
    plan: Plan, model: Any, config: RunConfig, dataset: Dataset
) -> tuple[tuple[Metric, ...], tuple[Latent, ...], Information | None, Provenance]:
    """What a table has of a model: metrics, statistics per latent, what they tell of factors."""
    metrics, latents, provenance = measure(model, dataset, config, config.seed)
    assert provenance is not None  # a table has only models with latents
    of_factors, information = measure_factors(model, dataset, config, config.seed)
    if samples := plan.likelihood_samples:
        print(f"Drawing {samples:,} codes an image: minutes.", file=sys.stderr)
        metrics += measure_likelihood(model, dataset, config, config.seed, samples)
    return metrics + of_factors, latents, information, provenance


def keep(
    plan: Plan, family: Family, model: Any, dataset: Dataset, step: int, folder: Path
) -> tuple[str, ...]:
    """Write what the plan keeps of a model into a folder of its table; returns the files' names."""
    kept: tuple[str, ...] = ()
    if plan.keeps_models or plan.keeps_weights:
        folder.mkdir(parents=True, exist_ok=True)
    if plan.keeps_models:
        graphs = family.graphs(model, dataset.form)
        export_graphs([one for one in graphs if one.graph.file == DECODER], folder)
        test = dataset.splits["test"]
        write_codes(family, model, test, plan.table.images or len(test), folder)
        kept += (DECODER, CODES)
    if plan.keeps_weights:
        save_weights(model, folder / MODEL, step)
        kept += (MODEL,)
    return kept


def measure_again(plan: Plan, wanted: Container[tuple[str, int]], places: Places) -> Iterator[Run]:
    """Measure the runs whose weights are kept, in the table's folder or in a shipped checkpoint.

    Each is in the table before it is yielded, and what ships has the numbers in its card as well.

    Raises:
        CheckpointError: if the weights are not those that the table was made from.
    """
    for run in current(plan, places.tables).runs:
        final = run.final
        if (run.recipe, run.seed) not in wanted or final.folder is None or final.files is None:
            continue
        if run.checkpoint is None and MODEL not in final.files:
            continue
        folder = places.tables / plan.table.name / final.folder
        for name, described in final.files.items():
            if describe_files(folder, (name,))[name] != described:
                raise CheckpointError(
                    f"{folder.name}/{name} is not the file that {plan.table.name}/{TABLE} "
                    "describes; copy the table's folder again."
                )
        config = from_json(plain(run.config), "config")
        dataset = build.data(config.data, places.data)
        with contextlib.ExitStack() as opened:
            # Whole, so that its weights are those of the networks that the table describes.
            card = None if run.checkpoint is None else read_card(folder)
            if card is not None:
                opened.enter_context(changing(folder))
            model = load(config, dataset, folder / MODEL)
            print(f"Measuring {folder}.", file=sys.stderr)
            metrics, latents, information, provenance = measure_all(plan, model, config, dataset)
            if card is not None:
                given = config.model, model, dataset, config.seed
                metrics += (*measure_reconstructions(*given), *measure_samples(*given))
                card = replace(
                    card,
                    metrics=metrics,
                    latents=latents,
                    latents_provenance=provenance,
                    information=information,
                )
                write_card(folder, card)
        final = replace(final, metrics=metrics, latents=latents, information=information)
        stages = (*run.stages[:-1], final)
        run = replace(run, stages=stages, latents_provenance=provenance)
        put(plan, run, places.tables)
        yield run


def load(config: RunConfig, dataset: Dataset, weights: Path) -> Any:
    """A model of a run, to be measured."""
    model = new_model(config, dataset.form, weights.parent)
    load_weights(model, weights)
    return model.eval()


def ship(
    recipe: Recipe,
    config: RunConfig,
    command: str,
    dataset: Dataset,
    folder: Path,
    progress: Progress,
    shipped: Path,
) -> Card:
    """Make a whole checkpoint of a run, with its map and what its latents tell about factors.

    It takes the place of one of that name only when all is done.
    """
    staging = shipped.with_name(f".{shipped.name}{PART}")
    replaced = shipped.with_name(f".{shipped.name}.old{PART}")
    if config.seed != recipe.run.seed:
        recipe = dataclasses.replace(recipe, title=f"{recipe.title}, seed {config.seed}")

    def tidy() -> None:
        if replaced.exists() and not shipped.exists():
            replaced.rename(shipped)  # cut off between the two renames
        for leftover in (staging, replaced):
            shutil.rmtree(leftover, ignore_errors=True)

    tidy()  # after a process that was killed
    staging.mkdir(parents=True)
    try:
        for name in (MODEL, METRICS):
            shutil.copyfile(folder / name, staging / name)
        card = finish(recipe, config, command, dataset, staging, progress)
        (staging / METRICS).unlink()
        model = load(config, dataset, staging / MODEL)
        of_factors, information = measure_factors(model, dataset, config, config.seed)
        metrics = card.metrics + of_factors
        card = replace(card, metrics=metrics, information=information)
        card = write_card(staging, card)
        with stop_signals():  # this little is finished
            if shipped.exists():
                shipped.rename(replaced)
            staging.rename(shipped)
    finally:
        tidy()
    return card
