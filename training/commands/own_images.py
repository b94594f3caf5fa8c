"""What `train own` settles before it trains: the network for these images, and the time."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from msgspec.structs import replace
from PIL import Image

from training.checkpoints.embed import spaced_sheet
from training.config import RunConfig
from training.contract.fields import printable
from training.datasets.own import Own, opened, own
from training.recipes import Recipe

if TYPE_CHECKING:
    from training.datasets import Dataset

EPOCHS, FEWEST_STEPS, MOST_STEPS = 40, 1_500, 20_000
VALIDATIONS = 20  # in a run
SHOWN = 64  # images on the sheet
TIMED = 4  # steps


def fitted(
    recipe: Recipe, config: RunConfig, options: argparse.Namespace
) -> tuple[Recipe, RunConfig]:
    """The recipe and configuration for the images at `config.data.path`; what was given stays.

    Says on standard error what was found and chosen; with --dry-run draws a sheet of images.
    """
    given = {word.partition("=")[0] for word in options.overrides if word.startswith("--")}
    try:
        found = opened(config.data, options.data)
    except KeyboardInterrupt:
        print("Stopped; the same command continues packing from here.", file=sys.stderr)
        raise
    for line in found.report():
        print(line, file=sys.stderr)
    dataset = own(config.data, options.data, found)
    config = settled(config, found, len(dataset.splits["train"]), given)
    if chosen := _words(config, found, given):
        print(f"  model: {chosen}", file=sys.stderr)
    if options.dry_run:
        path = sheet(dataset, options.out or Path("runs") / options.recipe)
        print(f"  {path} shows up to {SHOWN} of them as the model sees them", file=sys.stderr)
    else:
        print(f"  {forecast(config, dataset, options.device)}", file=sys.stderr)
    title = Path(config.data.path).expanduser().resolve().stem
    return Recipe(
        recipe.name, printable(title, 60) or recipe.title, recipe.intent, recipe.cost, config
    ), config


def settled(config: RunConfig, found: Own, training: int, given: set[str]) -> RunConfig:
    """The configuration with the choices that follow from the images.

    Args:
        training: how many images there are to learn from.
        given: options that a person has set, such as --model.channels.
    """
    data, model, plan = config.data, config.model, config.train
    binary = not found.pack.facts.between
    if "--data.pixels" not in given:
        data = replace(data, pixels="grey" if binary else "dequantized")
    model = replace(model, **model.suited(data.side, binary, given))
    batch = plan.batch_size
    if "--train.batch_size" not in given:
        batch = min(batch, training)
    steps = plan.steps
    if "--train.steps" not in given:
        steps = min(max(EPOCHS * training // batch, FEWEST_STEPS), MOST_STEPS)
    every = plan.validate_every
    if "--train.validate_every" not in given:
        every = max(1, steps // VALIDATIONS)
    plan = replace(plan, batch_size=batch, steps=steps, validate_every=every)
    return replace(config, data=data, model=model, train=plan)


def _words(config: RunConfig, found: Own, given: set[str]) -> str:
    """What of the model follows from the images, with the options that change it."""
    chosen = config.model.suited(config.data.side, not found.pack.facts.between, given)

    def shown(value: Any) -> str:
        return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

    return ", ".join(f"{name} {shown(value)} (--model.{name})" for name, value in chosen.items())


def forecast(config: RunConfig, dataset: "Dataset", device: str) -> str:
    """The rate of a few steps on this machine now, and how long the run takes at it."""
    plan = config.train
    seconds = seconds_a_step(config, dataset, device)
    left = seconds * plan.steps
    length = f"{left / 60:.0f} min" if left >= 90 else f"{left:.0f} s"
    return (
        f"{plan.steps:,} steps of {plan.batch_size} images at about "
        f"{plan.batch_size / seconds:,.0f} images/s: {length}, then measuring and the map"
    )


def seconds_a_step(
    config: RunConfig, dataset: "Dataset", device: str = "cpu", steps: int = TIMED
) -> float:
    """How long a step takes on this machine now: the mean of a few, after one that warms up."""
    from training.trainer import devices
    from training.trainer.loop import begin

    chosen = devices.device(device)
    run = begin(config, dataset, Path("nowhere"), chosen, writes=False)
    training = dataset.splits["train"].to(chosen)
    for step in range(steps + 1):
        if step == 1:
            began = time.perf_counter()
        run.learner.step(run.draw(training), 0, run.generator).sum().item()
    return (time.perf_counter() - began) / steps


def sheet(dataset: "Dataset", out: Path) -> Path:
    """Draw images of the training split side by side; returns the file, beside `out`."""
    split = dataset.splits["train"]
    places = torch.linspace(0, len(split) - 1, min(SHOWN, len(split))).long()
    array = spaced_sheet((split.images(places) * 255).round().to(torch.uint8), 8)
    out.parent.mkdir(parents=True, exist_ok=True)
    path = out.with_name(f"{out.name}-sheet.png")
    Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array).save(path)
    return path
