"""What `train own` settles before it trains: the network for these images, and the time."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from msgspec.structs import replace
from PIL import Image

from training.config import RunConfig
from training.datasets.own import Own, opened, own
from training.embed import spaced_sheet
from training.errors import ConfigError
from training.families.vae import VAE
from training.recipes import Recipe

if TYPE_CHECKING:
    from training.datasets import Dataset

EPOCHS, FEWEST_STEPS, MOST_STEPS = 40, 1_500, 20_000
VALIDATIONS = 20  # in a run
WIDTHS = (16, 32, 32, 64, 64, 64)  # outputs of each convolution, from the image inwards
SMALLEST, LARGEST = 4, 15  # pixels a side where the convolutions end and dense layers begin
SHOWN = 64  # images on the sheet
TIMED = 4  # steps


def fitted(
    recipe: Recipe, config: RunConfig, options: argparse.Namespace
) -> tuple[Recipe, RunConfig]:
    """The recipe and configuration for the images at `config.data.path`; what was given stays.

    Says on standard error what was found and chosen; with --dry-run draws a sheet of images.
    """
    given = {word.partition("=")[0] for word in options.overrides if word.startswith("--")}
    found = opened(config.data, options.data)
    for line in found.report():
        print(line, file=sys.stderr)
    dataset = own(config.data, options.data)
    config = settled(config, found, len(dataset.splits["train"]), given)
    if isinstance(config.model, VAE):
        print(f"  {words(config, config.model)}", file=sys.stderr)
    if options.dry_run:
        path = sheet(dataset, options.out or Path("runs") / options.recipe)
        print(f"  {path} shows up to {SHOWN} of them as the model sees them", file=sys.stderr)
    else:
        print(f"  {forecast(config, dataset, options.device)}", file=sys.stderr)
    title = Path(config.data.path).expanduser().resolve().stem
    shown = "".join(letter for letter in title if letter.isprintable())[:60].strip()
    return Recipe(recipe.name, shown or recipe.title, recipe.intent, recipe.cost, config), config


def settled(config: RunConfig, found: Own, training: int, given: set[str]) -> RunConfig:
    """The configuration with the choices that follow from the images.

    Args:
        training: how many images there are to learn from.
        given: options that a person has set, such as --model.channels.
    """
    data, model, plan = config.data, config.model, config.train
    binary = not found.pack.facts["between"]
    if "--data.pixels" not in given:
        data = replace(data, pixels="grey" if binary else "dequantized")
    if isinstance(model, VAE):
        chosen: dict[str, Any] = {}
        if "--model.likelihood" not in given:
            chosen["likelihood"] = "bernoulli" if binary else "gaussian_learned"
        if model.name == "conv_vae" and "--model.channels" not in given:
            chosen["channels"] = channels(data.side)
        model = replace(model, **chosen)
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


def channels(side: int) -> tuple[int, ...]:
    """The convolutions that bring an image down to 4 to 15 pixels a side.

    Raises:
        ConfigError: if it cannot be halved that often.
    """
    inner, depth = side, 0
    while inner % 2 == 0 and inner // 2 >= SMALLEST:
        inner, depth = inner // 2, depth + 1
    if inner > LARGEST:
        step = 16 if side > 120 else 8 if side > 60 else 4
        near = max(28, round(side / step) * step)
        raise ConfigError(
            f"data.side is {side}, which cannot be halved down to {LARGEST} pixels or fewer; take "
            f"{near}."
        )
    return WIDTHS[:depth]


def words(config: RunConfig, model: VAE) -> str:
    """The network in one line, with the options that change it."""
    layers = "-".join(map(str, model.channels)) or "none"
    return (
        f"network: convolutions {layers}, dense {'-'.join(map(str, model.hidden))}, "
        f"{model.latents} latents, {model.likelihood} pixels (--model.channels, --model.hidden, "
        "--model.latents, --model.likelihood)"
    )


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
    from training import devices
    from training.loop import begin

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
