"""Nuisance and shift: a classifier of shape learns at some hues, and is tested at others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    from training.tasks.bench import Array, Bench

TRAINED, IMAGES = 4_000, 2_000
HUES = range(5)  # of ten, at which the classifier learns

PLAN = Task(
    name="shift",
    title="A change of colour",
    question="A classifier learns the shape of an object that is red to green, and then sees blue "
    "ones. Is it safer to learn from a model's codes than from pixels?",
    command="python -m training reproduce shift",
    measures=(
        Measure(
            "accuracy",
            "Right",
            "% of test images",
            f"Of four shapes, so guessing gets 25. The classifier learns from {TRAINED:,} scenes "
            "whose object has one of the first five hues. Codes, of models that saw all hues and "
            "no label, are scaled to variance 1 by these scenes; pixels are levels from 0 to 1.",
        ),
    ),
    ways=(
        Way("codes", "A VAE's codes, SVM", "All ten posterior means."),
        Way(
            "quantized",
            "Quantized codes, SVM",
            "All twelve of a quantized autoencoder; each takes one of ten values.",
        ),
        Way(
            "shape_codes",
            "Quantized codes of shape, SVM",
            "The two of the twelve that tell most of the shape beyond what they tell of the "
            "object's hue, as the model's card has it, which was measured on scenes whose "
            "factors are known.",
        ),
        Way("pixels", "Pixels, SVM", "Each 16×16, in colour, averaged from 64×64.", True),
        Way("grey", "Grey pixels, SVM", "The same without colour.", True),
    ),
    conditions=(Condition("same", "hues it learned"), Condition("other", "other hues")),
    seeds="which scenes are learned, and which are tested",
    split="test",
    samples=IMAGES,
    checkpoints={"scenes": "0" * 64, "scenes-qlae": "0" * 64},
)


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the scenes that this seed draws."""
    import numpy as np
    import torch
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from training.tasks.bench import codes, flat, percent_right

    factors = bench.dataset("scenes").factors
    assert factors is not None
    names = [factor.name for factor in factors]
    hue, shape = names.index("object hue"), names.index("shape")
    information = bench.card("scenes-qlae").information
    assert information is not None
    nats = np.array(information.nats)  # (latents, factors)
    own = nats[:, shape] - nats[:, hue]
    best = sorted(np.argsort(-own)[:2].tolist())

    def draw(split: str, known: bool, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        of = bench.split("scenes", split)
        fits = torch.isin(of.targets[:, hue], torch.tensor([*HUES])) == known
        generator = torch.Generator().manual_seed(seed)
        where = fits.nonzero()[:, 0]
        chosen = where[torch.randperm(len(where), generator=generator)[:count]]
        return of.images(chosen), of.targets[chosen, shape].long()

    def views(x: torch.Tensor) -> dict[str, Array]:
        quantized = codes(bench.model("scenes-qlae"), x)
        small = torch.nn.functional.avg_pool2d(x, 4)
        return {
            "codes": codes(bench.model("scenes"), x).numpy(),
            "quantized": quantized.numpy(),
            "shape_codes": quantized[:, best].numpy(),
            "pixels": flat(small),
            "grey": flat(small.mean(1, keepdim=True)),
        }

    x, labels = draw("train", True, TRAINED)
    seen = views(x)
    fitted = {}
    for way, view in seen.items():
        # Scaled one by one, pixels that hardly change would count most.
        scaler = "passthrough" if way in ("pixels", "grey") else StandardScaler()
        fitted[way] = make_pipeline(scaler, SVC()).fit(view, labels)
    for condition, known in (("same", True), ("other", False)):
        x, truth = draw("test", known, IMAGES)
        for way, view in views(x).items():
            value = percent_right(fitted[way].predict(view), truth)
            yield Outcome(way, condition, "accuracy", seed, value)
