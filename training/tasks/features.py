"""Codes as features: can labels be learned from what a model without labels made of images?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    from training.tasks.bench import Bench

COUNTS = (100, 1_000, 10_000)
MODELS = ("digits", "digits-ae", "digits-pca")

PLAN = Task(
    name="features",
    title="Codes as features",
    question="A model saw 55,000 digits and no label. Do its ten numbers an image make labels "
    "easier to learn than the 784 pixels do?",
    command="python -m training reproduce features",
    measures=(
        Measure(
            "accuracy",
            "Right",
            "% of test images",
            "Of all test images. Codes are scaled to variance 1 by the labelled images, pixels "
            "are grey levels from 0 to 1; no setting was chosen by test images (scikit-learn's "
            "defaults).",
        ),
    ),
    ways=(
        Way("vae_linear", "VAE's codes, linear", "Logistic regression on posterior means."),
        Way("vae_svm", "VAE's codes, SVM", "SVM with a Gaussian kernel on posterior means."),
        Way("ae_svm", "Autoencoder's codes, SVM", "The same on the codes of an autoencoder."),
        Way("pca_linear", "PCA, linear", "Logistic regression on ten components.", True),
        Way("pca_svm", "PCA, SVM", "SVM on ten principal components.", True),
        Way("pixels_linear", "Pixels, linear", "Logistic regression on all pixels.", True),
        Way("pixels_svm", "Pixels, SVM", "SVM with a Gaussian kernel on all pixels.", True),
    ),
    conditions=tuple(Condition(str(count), f"{count:,} labels") for count in COUNTS),
    seeds="which images have a label",
    split="test",
    samples=10_000,
    checkpoints=dict.fromkeys(MODELS, "0" * 64),
)


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the labels that this seed draws."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from training.tasks.bench import codes, every, flat, labelled, percent_right

    images, truth = every(bench.split("digits", "test"))
    known, labels = labelled(bench.split("digits", "train"), max(COUNTS), seed)
    views = {
        "vae": [codes(bench.model("digits"), x).numpy() for x in (known, images)],
        "ae": [codes(bench.model("digits-ae"), x).numpy() for x in (known, images)],
        "pca": [codes(bench.model("digits-pca"), x).numpy() for x in (known, images)],
        "pixels": [flat(known), flat(images)],
    }
    learners = {"linear": lambda: LogisticRegression(max_iter=1000), "svm": SVC}
    for count in COUNTS:
        # `known` is sorted by label: the same share of every label.
        some = [i for i in range(len(known)) if i % (max(COUNTS) // 10) < count // 10]
        for way in PLAN.ways:
            view, learner = way.name.split("_")
            train, tested = views[view]
            # Scaled one by one, pixels that are black nearly everywhere would count most.
            scaler = "passthrough" if view == "pixels" else StandardScaler()
            fitted = make_pipeline(scaler, learners[learner]()).fit(train[some], labels[some])
            value = percent_right(fitted.predict(tested), truth)
            yield Outcome(way.name, str(count), "accuracy", seed, value)
