"""Few labels, many images: M1 + M2 (Kingma et al. 2014) against what has the labels alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    from torch import Tensor

    from training.distributions import DiagonalGaussian
    from training.models.semi_supervised import M2
    from training.tasks.bench import Bench

COUNTS = (100, 1_000)
SEEDS = (0, 1, 2, 3, 4)
MODEL = "digits-semi"
STEPS, BATCH, KNOWN, RATE = 12_000, 64, 50, 3e-3  # of M2, chosen by validation images
ALONE_STEPS, ALONE_BATCH = 400, 50  # of a network that has the labels alone

PLAN = Task(
    name="few_labels",
    title="Few labels, many images",
    question="55,000 digits, and a label for 100 or 1,000 of them. Do the others help?",
    command="python -m training reproduce few_labels",
    measures=(
        Measure(
            "error",
            "Wrong",
            "% of test images",
            "Of all test images. M1 saw all images and no label, once for all seeds; M2 and the "
            "networks are trained anew with each seed. No setting was chosen by test images.",
            more_is_better=False,
        ),
    ),
    ways=(
        Way("m1m2", "M1 + M2", "M2 learns M1's codes of all images, and the labels of some."),
        Way("m1", "M1, then a network", "M2's classifier alone, on M1's codes of the labelled."),
        Way("network", "Convolutional network", "On the labelled images alone.", True),
        Way("svm", "SVM on pixels", "With a Gaussian kernel, on the labelled images alone.", True),
    ),
    conditions=tuple(Condition(str(count), f"{count:,} labels") for count in COUNTS),
    seeds="which images have a label, the first weights, and the order of images",
    split="test",
    samples=10_000,
    checkpoints={MODEL: "0" * 64},
)


@cache
def codes(bench: Bench, split: str) -> DiagonalGaussian:
    """q(f|x) by M1 of every image of a split, (N, F)."""
    import torch

    from training.distributions import DiagonalGaussian
    from training.tasks.bench import every

    m1 = bench.model(MODEL).m1
    with torch.no_grad():
        found = [m1.encode(some) for some in every(bench.split("digits", split))[0].split(500)]
    mean = torch.cat([one.mean for one in found])
    return DiagonalGaussian(mean, torch.cat([one.log_variance for one in found]))


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the labels that this seed draws."""
    import torch
    from sklearn.svm import SVC

    from training.distributions import DiagonalGaussian
    from training.models.classifier import Classifier
    from training.tasks.bench import every, flat, labelled, percent_right

    images, truth = every(bench.split("digits", "test"))
    f = codes(bench, "test").mean
    m1 = bench.model(MODEL).m1
    for count in COUNTS:
        known, labels = labelled(bench.split("digits", "train"), count, seed)
        with torch.no_grad():
            found = m1.encode(known)
        of_known = DiagonalGaussian(found.mean, found.log_variance)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            m2 = train_m2(bench, of_known, labels, seed)
            m1_alone = train_alone(new_m2(bench).classifier, of_known.mean, labels)
            network = train_alone(Classifier(10), known, labels)
        with torch.no_grad():
            guesses = {
                "m1m2": m2.classify(f).argmax(1).numpy(),
                "m1": m1_alone(f).argmax(1).numpy(),
                "network": torch.cat([network(x) for x in images.split(500)]).argmax(1).numpy(),
                "svm": SVC().fit(flat(known), labels.numpy()).predict(flat(images)),
            }
        for way in PLAN.ways:
            wrong = 100 - percent_right(guesses[way.name], truth)
            yield Outcome(way.name, str(count), "error", seed, wrong)


def new_m2(bench: Bench) -> M2:
    """An untrained M2 of the sizes of the model that ships."""
    from training.models.semi_supervised import M2

    shipped: M2 = bench.model(MODEL).m2
    units = shipped.classifier[0].out_features  # type: ignore[index]
    features = shipped.classifier[0].in_features  # type: ignore[index]
    return M2(features, shipped.latents, shipped.labels, units)


def train_m2(bench: Bench, known: DiagonalGaussian, labels: Tensor, seed: int) -> M2:
    """M2 of M1's codes of all training images, of which some, (K, F), have labels, (K,)."""
    import torch

    from training.distributions import DiagonalGaussian
    from training.objectives.semi_supervised import FewLabels

    alpha = bench.config(MODEL).model.alpha  # type: ignore[attr-defined]
    every, model = codes(bench, "train"), new_m2(bench)
    few = FewLabels(alpha, len(labels) / len(every.mean))
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        some = torch.randint(len(every.mean), (BATCH,), generator=generator)
        which = torch.randint(len(labels), (KNOWN,), generator=generator)
        loss = few(
            model,
            DiagonalGaussian(every.mean[some], every.log_variance[some]),
            DiagonalGaussian(known.mean[which], known.log_variance[which]),
            labels[which],
            generator,
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
    return model


def train_alone(network: Any, x: Tensor, labels: Tensor) -> Any:
    """A classifier, on labelled inputs (K, …) alone: AdamW, a rate that rises and falls."""
    import torch
    from torch.nn.functional import cross_entropy

    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=ALONE_STEPS)
    for _ in range(ALONE_STEPS):
        which = torch.randint(len(labels), (ALONE_BATCH,))
        loss = cross_entropy(network(x[which]), labels[which])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()
