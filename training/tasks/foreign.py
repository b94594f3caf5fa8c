"""Training, held-out and foreign images: what does a reconstruction error say of each?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    from training.tasks.bench import Bench

IMAGES = 2_000

PLAN = Task(
    name="foreign",
    title="Seen, unseen and foreign images",
    question="How much worse does a model reconstruct images that it was not trained on, and "
    "images of another kind?",
    command="python -m training reproduce foreign",
    measures=(
        Measure(
            "squared_error",
            "Squared error",
            "an image",
            "In grey levels from 0 to 1, summed over the pixels of an image, the mean over images. "
            "A VAE is decoded at the posterior mean.",
            decimals=1,
            more_is_better=None,
        ),
    ),
    ways=(
        Way("digits-ae", "Autoencoder, 10 numbers", "Trained on digits for their squared error."),
        Way("digits", "VAE, 10 latents", "Trained on digits for the ELBO."),
        Way("digits-pca", "PCA, 10 components", "Of the training digits.", True),
        Way("mean", "The mean digit", "The same image for all.", True),
    ),
    conditions=(
        Condition("train", "training digits"),
        Condition("test", "test digits"),
        Condition("fashion", "garments"),
    ),
    seeds="2,000 images of each kind",
    split="test",
    samples=IMAGES,
    checkpoints=dict.fromkeys(("digits", "digits-ae", "digits-pca"), "0" * 64),
)


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the images that this seed draws."""
    from training.tasks.bench import drawn, every, reconstructed

    train = bench.split("digits", "train")
    mean = every(train)[0].mean(0, keepdim=True)
    images = {
        "train": drawn(train, IMAGES, seed)[0],
        "test": drawn(bench.split("digits", "test"), IMAGES, seed)[0],
        "fashion": drawn(bench.split("fashion", "test"), IMAGES, seed)[0],
    }
    for condition, x in images.items():
        for way in PLAN.ways:
            made = mean if way.name == "mean" else reconstructed(bench.model(way.name), x)
            value = float(((made - x) ** 2).sum((1, 2, 3)).mean())
            yield Outcome(way.name, condition, "squared_error", seed, value)
