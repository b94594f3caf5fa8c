"""The generative classifier: p(y | x) by Bayes' rule from a conditional VAE, beside discriminators.

Of every label y, ln p(x | y) is bounded by importance samples of q(z | x, y) (Burda et al. 2016,
Eq. 8); all labels are equally likely beforehand, so the largest wins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    from torch import Tensor

    from training.tasks.bench import Bench

COUNTS = (10, 100, 1_000, 55_000)
IMAGES = 1_000
SAMPLES = 20  # of q(z|x, y) an image and label
STEPS = {10: 300, 100: 600, 1_000: 1_500, 55_000: 3_000}  # of the conditional VAE
EPOCHS = {10: 100, 100: 100, 1_000: 30, 55_000: 3}  # of the network

PLAN = Task(
    name="classifier",
    title="A generative classifier",
    question="A model of how digits of each kind look can also say which digit one is. Does it "
    "need fewer labels than networks that learn the labels alone?",
    command="python -m training reproduce classifier",
    measures=(
        Measure(
            "accuracy",
            "Right",
            "% of test images",
            "No setting was chosen by test images: steps and epochs are fixed beforehand, "
            "scikit-learn's defaults otherwise. An SVM learns from 10,000 labelled images at most. "
            "The codes are of the VAE that saw all digits without labels.",
        ),
        Measure(
            "milliseconds",
            "Time",
            "ms an image",
            "To classify the test images, all at once, on one thread beside other jobs: the order "
            "of magnitude.",
            decimals=2,
            more_is_better=False,
        ),
    ),
    ways=(
        Way("bayes", "Conditional VAE, Bayes' rule", f"{SAMPLES} samples an image and label."),
        Way("codes", "SVM on a VAE's codes", "Ten posterior means an image."),
        Way("network", "Convolutional network", "188,000 weights, p(y|x) alone.", True),
        Way("pca", "SVM on PCA", "Ten components of the labelled images, or as many as fit.", True),
        Way("pixels", "SVM on pixels", "All 784.", True),
    ),
    conditions=tuple(Condition(str(count), f"{count:,} labels") for count in COUNTS),
    seeds="which images have a label, 1,000 test images, weights and z",
    split="test",
    samples=IMAGES,
    checkpoints={"digits": "0" * 64},
)
MOST_FOR_KERNELS = 10_000  # an SVM's time grows with the square


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the labels that this seed draws."""
    from training.tasks.bench import drawn, labelled, percent_right

    test, truth = drawn(bench.split("digits", "test"), IMAGES, seed)
    for count in COUNTS:
        x, labels = labelled(bench.split("digits", "train"), count, seed)
        for way, learn in LEARNERS.items():
            classify = learn(bench, x, labels, seed)
            started = time.perf_counter()
            guesses = classify(test)
            milliseconds = 1000 * (time.perf_counter() - started) / len(test)
            value = percent_right(guesses.numpy(), truth)
            yield Outcome(way, str(count), "accuracy", seed, value)
            yield Outcome(way, str(count), "milliseconds", seed, milliseconds)


Classify = Callable[["Tensor"], "Tensor"]


def bayes(bench: Bench, x: Tensor, labels: Tensor, seed: int) -> Classify:
    """Train a conditional VAE on the labelled images alone."""
    import torch

    from training.metrics.iwae_bound import per_image

    model = conditional_vae(bench, x, labels, STEPS[len(labels)], seed)

    def classify(images: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        x = torch.bernoulli(images, generator=generator)
        bounds = []
        for label in range(10):
            # One model an image would be a loop: all images of a batch have the label.
            given = GivenAll(model, label)
            bounds.append(per_image(given, x, SAMPLES, generator, rows=500))  # type: ignore[arg-type]
        return torch.stack(bounds, 1).argmax(1)

    return classify


class GivenAll:
    """A conditional VAE with one label held for whatever comes."""

    def __init__(self, model: Any, label: int) -> None:
        self.model = model
        self.label = label

    def encode(self, x: Tensor) -> Any:
        """q(z|x, y)."""
        return self.model.encode(x, x.new_full((len(x),), self.label).long())

    def decode(self, z: Tensor) -> Any:
        """p(x|z, y)."""
        return self.model.decode(z, z.new_full((len(z),), self.label).long())


def conditional_vae(bench: Bench, x: Tensor, labels: Tensor, steps: int, seed: int) -> Any:
    """The recipe `digits-cvae` at β = 1, trained on these images (N, 1, 28, 28) alone."""
    import dataclasses
    import tempfile
    from pathlib import Path

    import torch

    from training.checkpoints.checkpoint import load_weights, new_model
    from training.config import with_seed
    from training.contract.card import MODEL
    from training.datasets import Split
    from training.overrides import override
    from training.recipes import RECIPES
    from training.trainer import loop

    size = min(64, len(x))
    fields = {"objective.beta": "1", "train.steps": str(steps), "train.batch_size": str(size)}
    fields["train.validate_every"] = str(steps)
    config = with_seed(override(RECIPES["digits-cvae"].run, fields), seed)
    whole = bench.dataset("digits")
    split = Split((x * 255).round().byte(), labels.int(), whole.splits["train"].unpack)
    # No image more than those with a label, so none to choose weights by: the last are taken.
    one = Split(split.stored[:size], split.targets[:size], split.unpack)
    dataset = dataclasses.replace(whole, splits={**whole.splits, "train": split, "validation": one})
    with tempfile.TemporaryDirectory() as folder:
        loop.train(config, dataset, Path(folder), torch.device("cpu"))
        model = new_model(config, dataset.form, Path(folder))
        load_weights(model, Path(folder) / MODEL)
    return model.eval()


def network(bench: Bench, x: Tensor, labels: Tensor, seed: int) -> Classify:
    """The classifier that ships, trained on the labelled images alone."""
    del bench
    return convolutional(x, labels, EPOCHS[len(labels)], seed)


def convolutional(x: Tensor, labels: Tensor, epochs: int, seed: int) -> Classify:
    """`training.models.classifier` on images (N, 1, 28, 28): AdamW, a rate that rises and falls."""
    import torch

    from training.models.classifier import Classifier

    batch = min(128, len(x))
    steps = epochs * (len(x) // batch)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Classifier(10)
        optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
        for _ in range(epochs):
            for some in torch.randperm(len(x))[: len(x) // batch * batch].split(batch):
                loss = torch.nn.functional.cross_entropy(model(x[some]), labels[some])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
    model.eval()

    @torch.no_grad()
    def classify(images: Tensor) -> Tensor:
        return torch.cat([model(some).argmax(1) for some in images.split(500)])

    return classify


def kernel(view: Callable[[Tensor], Any], x: Tensor, labels: Tensor, scaled: bool) -> Classify:
    """An SVM with a Gaussian kernel on what `view` makes of images, each number `scaled` or not."""
    import torch
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    # In whatever order they are, some of all labels.
    some = slice(None, None, max(1, len(x) // MOST_FOR_KERNELS))
    scaler = StandardScaler() if scaled else "passthrough"
    fitted = make_pipeline(scaler, SVC()).fit(view(x[some]), labels[some])
    return lambda images: torch.from_numpy(fitted.predict(view(images)))


def on_codes(bench: Bench, x: Tensor, labels: Tensor, seed: int) -> Classify:
    """An SVM on posterior means of the shipped VAE."""
    from training.tasks.bench import codes

    del seed
    return kernel(lambda images: codes(bench.model("digits"), images).numpy(), x, labels, True)


def on_pca(bench: Bench, x: Tensor, labels: Tensor, seed: int) -> Classify:
    """An SVM on principal components of the labelled images."""
    from sklearn.decomposition import PCA

    from training.tasks.bench import flat

    del bench
    fitted = PCA(min(10, len(x) - 1), random_state=seed).fit(flat(x))
    return kernel(lambda images: fitted.transform(flat(images)), x, labels, True)


def on_pixels(bench: Bench, x: Tensor, labels: Tensor, seed: int) -> Classify:
    """An SVM on pixels, not scaled: those that are black nearly everywhere would count most."""
    from training.tasks.bench import flat

    del bench, seed
    return kernel(flat, x, labels, False)


LEARNERS = {
    "bayes": bayes,
    "codes": on_codes,
    "network": network,
    "pca": on_pca,
    "pixels": on_pixels,
}
