"""From a run's best weights to a whole checkpoint folder."""

import platform
import shlex
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from msgspec.structs import replace

from training.checkpoints import maps
from training.checkpoints.checkpoint import Progress, load_weights, new_model, save_weights
from training.checkpoints.embed import Plan, add_map, embed, preview
from training.checkpoints.export import export_graphs, named
from training.checkpoints.staging import replace_files
from training.config import RunConfig, settings, to_json
from training.contract.absence import METRICS
from training.contract.card import (
    CODES,
    MODEL,
    Card,
    Data,
    HistoryPoint,
    Training,
)
from training.contract.files import write_card
from training.datasets import Dataset
from training.evaluation.evaluate import measure
from training.evaluation.reconstructions import measure_reconstructions
from training.evaluation.samples import measure_samples
from training.families.family import tag
from training.overrides import fields
from training.recipes import Recipe
from training.trainer.metrics_file import read_metrics

PACKAGES = ("torch", "torchvision", "numpy", "onnx", "onnxruntime", "safetensors")
MAP_PACKAGE = "umap-learn"


def finish(
    recipe: Recipe,
    config: RunConfig,
    command: str,
    dataset: Dataset,
    folder: Path,
    progress: Progress,
    with_map: bool = True,
) -> Card:
    """Write every file of the checkpoint folder, the card last; returns the card.

    The map comes after the card: it is the one part that a checkpoint can do without, takes the
    longest, and needs the most of the machine, so that a checkpoint is whole whatever ends it.
    """
    family, form = config.model, dataset.form
    model = new_model(config, form, folder)
    load_weights(model, folder / MODEL)
    with torch.no_grad():
        rounding = family.round(model.eval(), dataset, config.seed)
    save_weights(model, folder / MODEL, progress.best_step)
    metrics, latents, provenance = measure(model, dataset, config, config.seed)
    metrics += measure_reconstructions(family, model, dataset, config.seed)
    metrics += measure_samples(family, model, dataset, config.seed)
    traced = family.graphs(model, form)
    export_graphs(traced, folder)
    preview(family, model, form, latents, folder)
    # Of few images, so few are held out that they make no map.
    split = "test" if len(dataset.splits["test"]) >= maps.FEWEST else "train"
    plan = Plan(split, with_map=False, seed=config.seed)
    examples, _ = embed(family, model, dataset, latents, plan, folder)
    card = Card(
        family=tag(family),
        name=recipe.name,
        title=recipe.title,
        summary=family.words(config),
        intent=intent(recipe, config),
        controls=family.trained_controls(model, form),
        output=family.output(model, form),
        graphs=named(traced),
        data=describe_data(dataset, config),
        training=Training(
            images=progress.step * config.train.batch_size,
            steps=progress.step,
            best_step=progress.best_step,
            seconds=round(progress.seconds, 1),
            device=progress.device,
            hardware=progress.hardware,
            precision=progress.precision,
            history=tuple(
                HistoryPoint(int(m["step"]), m["train_loss"], m["validation_loss"])
                for m in read_metrics(folder / METRICS)
            ),
            loss_name=config.loss_name,
            loss_unit=family.loss_unit,
            command=command,
            configuration=settings(config),
        ),
        metrics=metrics,
        latents=latents,
        latents_provenance=provenance,
        examples=examples,
        rounding=rounding,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        versions=versions(with_map=False),
    )
    card = write_card(folder, card)
    return mapped(card, model, config, dataset, folder) if with_map and examples else card


def mapped(card: Card, model: Any, config: RunConfig, dataset: Dataset, folder: Path) -> Card:
    """The checkpoint with its map; without one, and a sentence about why, where there can be none.

    Whatever is raised: UMAP compiles, and needs memory, a cache and a package of its own.
    """
    assert card.examples is not None
    plan = Plan(card.examples.split, seed=config.seed)

    def write(into: Path) -> Card:
        given = (config.model, model, dataset, card.latents, plan)
        found = add_map(*given, folder / CODES, into)
        made_with = versions(with_map=found is not None)
        return replace(card, map=found, versions=made_with)

    try:
        return replace_files(folder, write)
    except Exception as error:
        reason = " ".join(str(error).split()).rstrip(".:") or type(error).__name__
        again = shlex.join(["python", "-m", "training", "embed", str(folder)])
        print(
            f"No map: {reason:.300}. The checkpoint is whole without it; `{again}` tries again.",
            file=sys.stderr,
        )
        return card


def versions(with_map: bool) -> dict[str, str]:
    """Of Python and of the packages that the checkpoint was made with."""
    names = (*PACKAGES, MAP_PACKAGE) if with_map else PACKAGES
    return {"python": platform.python_version()} | {name: version(name) for name in names}


def intent(recipe: Recipe, config: RunConfig) -> str:
    """The recipe's line of intent; where the run differs from the recipe, what differs."""
    theirs, ours = fields(to_json(recipe.run)), fields(to_json(config))
    changes = [f"{name} = {ours[name]}" for name in ours if ours[name] != theirs.get(name)]
    if not changes:
        return recipe.intent
    return textwrap.shorten(f"The recipe {recipe.name} with {', '.join(changes)}.", 1000)


def describe_data(dataset: Dataset, config: RunConfig) -> Data:
    """What the card says of the data: where they come from, how many, and which exactly."""
    splits = {name: len(split) for name, split in dataset.splits.items()}
    return Data(
        dataset.name,
        dataset.source,
        dataset.licence,
        dataset.sha256(),
        splits,
        dataset.labels,
        dataset.factors,
        config.data.pixels,
    )
