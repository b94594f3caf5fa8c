"""From a run's best weights to a whole checkpoint folder."""

import platform
from importlib.metadata import version
from pathlib import Path

import torch

from training.card import (
    MODEL,
    VERSION,
    Card,
    Controls,
    DataCard,
    HistoryPoint,
    Image,
    TrainingCard,
    write_card,
)
from training.checkpoint import Progress, load_weights, new_model
from training.config import RunConfig
from training.datasets import Dataset
from training.embed import embed, preview
from training.evaluate import measure
from training.export import export
from training.loop import METRICS, read_metrics
from training.recipes import Recipe

PACKAGES = ("torch", "torchvision", "numpy", "onnx", "onnxruntime", "safetensors")


def finish(
    recipe: Recipe,
    config: RunConfig,
    command: str,
    dataset: Dataset,
    folder: Path,
    device: torch.device,
    progress: Progress,
) -> Card:
    """Write every file of the checkpoint folder, the card last; returns the card."""
    model = new_model(config, dataset.shape, folder)
    load_weights(model, folder / MODEL)
    metrics, latents, provenance = measure(
        model.to(device).eval(), dataset, config, device, config.seed
    )
    model.cpu()
    export(model, dataset.shape, folder)
    preview(model, latents, folder)
    card = Card(
        version=VERSION,
        name=recipe.name,
        title=recipe.title,
        summary=summary(config),
        intent=recipe.intent,
        command=command,
        controls=Controls("continuous", config.model.latents),
        image=Image(dataset.shape, config.model.likelihood),
        data=describe_data(dataset),
        config=config,
        training=TrainingCard(
            images=progress.step * config.train.batch_size,
            steps=progress.step,
            best_step=progress.best_step,
            seconds=round(progress.seconds, 1),
            device=device.type,
            hardware=hardware(device),
            precision=progress.precision,
            history=tuple(
                HistoryPoint(int(m["step"]), m["train_loss_nats"], m["validation_loss_nats"])
                for m in read_metrics(folder / METRICS)
            ),
        ),
        metrics=metrics,
        latents=latents,
        latents_provenance=provenance,
        examples=embed(model, dataset, folder),
        versions={"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        files={},
    )
    return write_card(folder, card)


def summary(config: RunConfig) -> str:
    """One line for the model picker, such as `β-VAE · β 4 · 10 latents`."""
    family = "VAE" if config.objective.beta == 1 else "β-VAE"
    return f"{family} · β {config.objective.beta:g} · {config.model.latents} latents"


def describe_data(dataset: Dataset) -> DataCard:
    """What the card says of the data: where they come from, how many, and which exactly."""
    splits = {name: len(split) for name, split in dataset.splits.items()}
    return DataCard(
        dataset.name,
        dataset.source,
        dataset.licence,
        dataset.sha256(),
        splits,
        dataset.labels,
        dataset.factors,
    )


def hardware(device: torch.device) -> str:
    """The device's name, as its maker gives it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    name = str(
        torch.cpu.get_capabilities().get("cpu_name") or platform.processor() or platform.machine()
    )
    threads = torch.get_num_threads()
    return f"{name}, {threads} thread{'s' if threads > 1 else ''}"
