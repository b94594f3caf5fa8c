"""Augmentation: does a classifier learn more from images that a model made up?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    from torch import Tensor

    from training.models.conditional_vae import ConditionalVAE
    from training.tasks.bench import Bench

COUNTS = (100, 1_000)
MADE = 2_000  # images that are added
EPOCHS = 30
STEPS = {100: 600, 1_000: 1_500}  # of the conditional VAE

PLAN = Task(
    name="augmentation",
    title="Images made up for a classifier",
    question="There are few labelled digits. Does a classifier do better when a model that learned "
    "from the same few adds 2,000 of its own?",
    command="python -m training reproduce augmentation",
    measures=(
        Measure(
            "accuracy",
            "Right",
            "% of test images",
            "Of all test images, by a convolutional network that is trained for equally many steps "
            "each way. What is added is made from the labelled images alone.",
        ),
    ),
    ways=(
        Way("none", "Labelled images alone", "Nothing is added.", True),
        Way("shifted", "Shifted by up to 2 pixels", "Copies, moved at random.", True),
        Way("samples", "Samples of a conditional VAE", "z from the prior, labels in turn."),
        Way("varied", "Variations by a conditional VAE", "z from q(z|x, y) of a labelled image."),
    ),
    conditions=tuple(Condition(str(count), f"{count:,} labels") for count in COUNTS),
    seeds="which images have a label, what is added, and the weights",
    split="test",
    samples=10_000,
)


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the labels that this seed draws."""
    import torch

    from training.tasks.bench import every, labelled, percent_right
    from training.tasks.classifier import conditional_vae, convolutional

    images, truth = every(bench.split("digits", "test"))
    for count in COUNTS:
        x, labels = labelled(bench.split("digits", "train"), count, seed)
        model = conditional_vae(bench, x, labels, STEPS[count], seed)
        # Equally many steps each way: the fewer images, the more often each is seen.
        steps = EPOCHS * ((count + MADE) // 128)
        for way in PLAN.ways:
            more, of = added(way.name, model, x, labels, seed)
            epochs = -(-steps // ((count + len(more)) // min(128, count + len(more))))
            classify = convolutional(torch.cat([x, more]), torch.cat([labels, of]), epochs, seed)
            value = percent_right(classify(images).numpy(), truth)
            yield Outcome(way.name, str(count), "accuracy", seed, value)


def added(
    way: str, model: ConditionalVAE, x: Tensor, labels: Tensor, seed: int
) -> tuple[Tensor, Tensor]:
    """Images (M, 1, 28, 28) made of the labelled ones, and their labels (M,)."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    if way == "none":
        return x[:0], labels[:0]
    if way == "samples":
        of = torch.arange(MADE) % 10
        z = torch.randn(MADE, model.latents, generator=generator)
    else:
        which = torch.randint(len(x), (MADE,), generator=generator)
        x, of = x[which], labels[which]
        if way == "shifted":
            shifts = torch.randint(-2, 3, (MADE, 2), generator=generator).tolist()
            moved = [
                torch.roll(one, (down, right), (1, 2))
                for one, (down, right) in zip(x, shifts, strict=True)
            ]
            return torch.stack(moved), of
        with torch.no_grad():
            posterior = model.encode(x, of)
        noise = torch.randn(posterior.mean.shape, generator=generator)
        z = posterior.mean + (0.5 * posterior.log_variance).exp() * noise
    with torch.no_grad():
        return model.decode(z, of).mean, of
