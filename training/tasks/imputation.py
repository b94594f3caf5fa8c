"""Imputation: part of an image is hidden, and a model completes it (Rezende et al. 2014, App. F).

Encode, decode, put the visible pixels back, and again: a Markov chain that moves towards
p(hidden | visible) as far as the encoder is the posterior.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    from torch import Tensor

    from training.tasks.bench import Bench

IMAGES = 1_000
ROUNDS = (1, 5, 30)

PLAN = Task(
    name="imputation",
    title="Completing an image",
    question="Part of a digit is hidden. How close to the truth does a model complete it?",
    command="python -m training reproduce imputation",
    measures=(
        Measure(
            "squared_error",
            "Squared error",
            "a hidden pixel",
            "Over the hidden pixels, in grey levels from 0 to 1. Hidden pixels start as the mean "
            "digit; each round encodes, decodes at the posterior mean, and puts the visible pixels "
            "back.",
            decimals=4,
            more_is_better=False,
        ),
    ),
    ways=(
        *(
            Way(f"vae_{n}", f"VAE, {n} round{'s' * (n > 1)}", "Ten latents, posterior means.")
            for n in ROUNDS
        ),
        Way("ae_30", "Autoencoder, 30 rounds", "The same with an autoencoder's ten numbers."),
        Way("pca_30", "PCA, 30 rounds", "The same with ten principal components.", True),
        Way("nearest", "Nearest training digit", "By the visible pixels, of 55,000.", True),
        Way("mean", "The mean digit", "Its pixels where something is hidden.", True),
    ),
    conditions=(
        Condition("lower", "lower half"),
        Condition("left", "left half"),
        Condition("square", "12×12 in the middle"),
        Condition("half", "half of the pixels"),
        Condition("most", "nine pixels in ten"),
    ),
    seeds="1,000 images, and which pixels are hidden at random",
    split="test",
    samples=IMAGES,
    checkpoints=dict.fromkeys(("digits", "digits-ae", "digits-pca"), "0" * 64),
)


def hidden(condition: str, count: int, seed: int) -> Tensor:
    """Which pixels are hidden: (N, 1, 28, 28) bool."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(count, 1, 28, 28, dtype=torch.bool)
    match condition:
        case "lower":
            mask[:, :, 14:] = True
        case "left":
            mask[:, :, :, :14] = True
        case "square":
            mask[:, :, 8:20, 8:20] = True
        case "half" | "most":
            share = {"half": 0.5, "most": 0.9}[condition]
            mask = torch.rand(mask.shape, generator=generator) < share
    return mask


def complete(model: object, x: Tensor, mask: Tensor, start: Tensor) -> Iterator[Tensor]:
    """Images after each round, for ever: visible pixels are x's, hidden ones begin as `start`."""
    import torch

    from training.tasks.bench import reconstructed

    image = torch.where(mask, start, x)
    while True:
        image = torch.where(mask, reconstructed(model, image), x)
        yield image


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the images and the masks that this seed draws."""
    from training.tasks.bench import drawn, every

    seen, _ = every(bench.split("digits", "train"))
    mean = seen.mean(0, keepdim=True)
    x = drawn(bench.split("digits", "test"), IMAGES, seed)[0]
    models = {"vae": "digits", "ae": "digits-ae", "pca": "digits-pca"}
    for condition in PLAN.conditions:
        mask = hidden(condition.name, len(x), seed)

        def error(image: Tensor, mask: Tensor = mask) -> float:
            return float((((image - x) ** 2) * mask).sum() / mask.sum())

        for way in PLAN.ways:
            kind, _, rounds = way.name.partition("_")
            if kind == "mean":
                image = mean.expand_as(x)
            elif kind == "nearest":
                image = seen[nearest(seen.flatten(1), x.flatten(1), ~mask.flatten(1))]
            else:
                chain = complete(bench.model(models[kind]), x, mask, mean)
                image = [next(chain) for _ in range(int(rounds))][-1]
            yield Outcome(way.name, condition.name, "squared_error", seed, error(image))


def nearest(seen: Tensor, x: Tensor, visible: Tensor) -> Tensor:
    """For each x (N, P) the seen image (M, P) that is closest in its visible pixels: (N,)."""
    import torch

    chosen = []
    for some, shown in zip(x.split(100), visible.float().split(100), strict=True):
        # Σ v (s − x)² = Σ v s² − 2 Σ v x s + a constant of x
        distance = shown @ (seen**2).T - 2 * (shown * some) @ seen.T
        chosen.append(distance.argmin(1))
    return torch.cat(chosen)
