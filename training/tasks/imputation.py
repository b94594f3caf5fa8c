"""Imputation: part of an image is hidden, and a model completes it (Rezende et al. 2014, App. F).

Draw a code of the image, draw the hidden pixels from what it decodes to, and again: Gibbs sampling,
a Markov chain that moves towards p(hidden | visible) as far as the encoder is the posterior. With
means instead of draws the rounds come to rest, at an image that agrees with itself but need not be
the likely one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from training.tasks.bench import Bench

IMAGES = 1_000
ROUNDS = 30
SETTLED = 10  # the first rounds of a chain, which are left out of its mean

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
            "digit; each round encodes and decodes the image, and puts the visible pixels back. "
            "What is compared is the decoded mean, also where draws from it are put back.",
            decimals=4,
            more_is_better=False,
        ),
    ),
    ways=(
        Way("vae_1", "VAE, one round", "Ten latents, decoded at the posterior mean."),
        Way("vae_30", "VAE, 30 rounds of means", "The same, with the decoded mean put back."),
        Way(
            "vae_drawn",
            "VAE, 30 rounds of draws",
            "Gibbs sampling: z is drawn from q(z|x), and hidden pixels that are put back from "
            "p(x|z). The last round.",
        ),
        Way(
            "vae_averaged",
            "VAE, mean of the draws",
            f"What rounds {SETTLED + 1} to {ROUNDS} of that chain decode, averaged: the mean "
            "of p(hidden | visible), as far as the chain gets there.",
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
    seeds="1,000 images, which pixels are hidden at random, and the draws",
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
    """Images after each round of means, for ever: hidden pixels begin as `start`."""
    import torch

    from training.tasks.bench import reconstructed

    image = torch.where(mask, start, x)
    while True:
        image = torch.where(mask, reconstructed(model, image), x)
        yield image


def draw(
    model: Any, x: Tensor, mask: Tensor, start: Tensor, generator: torch.Generator
) -> Iterator[Tensor]:
    """Images that each round of Gibbs sampling decodes, for ever; see `complete`.

    Args:
        model: of black and white pixels, p(x|z) being Bernoulli.
    """
    import torch

    image = torch.where(mask, start, x)
    while True:
        with torch.no_grad():
            means = model.decode(model.encode(image).sample(generator)).mean
        image = torch.where(mask, torch.bernoulli(means, generator=generator), x)
        yield torch.where(mask, means, x)


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the images, the masks and the chains that this seed draws."""
    import torch

    from training.tasks.bench import drawn, every

    seen, _ = every(bench.split("digits", "train"))
    mean = seen.mean(0, keepdim=True)
    x = drawn(bench.split("digits", "test"), IMAGES, seed)[0]
    for condition in PLAN.conditions:
        mask = hidden(condition.name, len(x), seed)

        def rounds(name: str, x: Tensor = x, mask: Tensor = mask) -> list[Tensor]:
            return [*islice(complete(bench.model(name), x, mask, mean), ROUNDS)]

        generator = torch.Generator().manual_seed(seed)
        means = rounds("digits")
        draws = [*islice(draw(bench.model("digits"), x, mask, mean, generator), ROUNDS)]
        completed = {
            "vae_1": means[0],
            "vae_30": means[-1],
            "vae_drawn": draws[-1],
            "vae_averaged": torch.stack(draws[SETTLED:]).mean(0),
            "ae_30": rounds("digits-ae")[-1],
            "pca_30": rounds("digits-pca")[-1],
            "nearest": seen[nearest(seen.flatten(1), x.flatten(1), ~mask.flatten(1))],
            "mean": mean,
        }
        for way, image in completed.items():
            error = float((((image - x) ** 2) * mask).sum() / mask.sum())
            yield Outcome(way, condition.name, "squared_error", seed, error)


def nearest(seen: Tensor, x: Tensor, visible: Tensor) -> Tensor:
    """For each x (N, P) the seen image (M, P) that is closest in its visible pixels: (N,)."""
    import torch

    chosen = []
    for some, shown in zip(x.split(100), visible.float().split(100), strict=True):
        # Σ v (s − x)² = Σ v s² − 2 Σ v x s + a constant of x
        distance = shown @ (seen**2).T - 2 * (shown * some) @ seen.T
        chosen.append(distance.argmin(1))
    return torch.cat(chosen)
