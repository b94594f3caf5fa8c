"""Measure what a model draws from its prior against the images of its data.

Apart from evaluate.py: it needs a classifier of these data.
"""

import torch
from torch import Tensor

from training.contract.measurements import Metric
from training.datasets import Dataset, Split
from training.evaluation import classifiers
from training.families.family import Family
from training.metrics.frechet import frechet_distance
from training.metrics.precision_recall import NEIGHBOURS, precision_recall
from training.metrics.sharpness import sharpness

SAMPLES = 5_000
SCORES = {"precision", "recall", "frechet_distance", "sharpness"}
BATCH = 500


@torch.no_grad()
def measure_samples(
    family: Family, model: object, dataset: Dataset, seed: int
) -> tuple[Metric, ...]:
    """Precision, recall, Fréchet distance and sharpness of what a model draws.

    Only of data of which a classifier ships.

    A sample is what the explorer shows, of a VAE the mean image of p(x|z) with z drawn from the
    prior; test images are as they are, in grey. Beside each number stands what a perfect model
    would get: that of as many images of the validation split in the samples' place.
    """
    trained = classifiers.of(dataset)
    tested, validation = dataset.splits["test"], dataset.splits["validation"]
    count = min(SAMPLES, len(tested), len(validation))
    if trained is None or count <= NEIGHBOURS:
        return ()
    generator = torch.Generator().manual_seed(seed)
    made = family.draw(model, dataset.form, count, generator)
    if made is None or made.images.shape[1:] != dataset.shape:
        return ()

    def features(images: Tensor) -> Tensor:
        return torch.cat([trained.network.features(some) for some in images.split(BATCH)])

    def of_split(split: Split) -> Tensor:
        which = torch.randperm(len(split), generator=generator)[:count]
        return split.images(which)

    drawn = features(made.images)
    test_images, held_out_images = of_split(tested), of_split(validation)
    real, held_out = features(test_images), features(held_out_images)
    found, best = precision_recall(real, drawn), precision_recall(real, held_out)
    distance, least = frechet_distance(real, drawn), frechet_distance(real, held_out)
    where = (
        f"Samples are {made.how}; features of a small classifier of "
        f"{dataset.name} ({trained.accuracy:.1%} accurate, SHA-256 {(trained.sha256 or '')[:12]}), "
        f"not Inception's. Perfect: {len(held_out):,} validation images in the samples' place."
    )

    def metric(name: str, label: str, value: float, unit: str, how: str, perfect: float) -> Metric:
        place = ("test", len(real), seed)
        return Metric(name, label, value, unit, *place, f"{how} {where}", perfect=perfect)

    how = found.protocol
    edges = (
        "Tolstikhin et al. 2018: the variance of the Laplace filter over the pixels of an image, "
        f"mean over {count:,} samples, which are {made.how}. Perfect: {count:,} test images in the "
        "samples' place."
    )
    return (
        metric("precision", "Precision", found.precision, "of 1", how, best.precision),
        metric("recall", "Recall", found.recall, "of 1", how, best.recall),
        metric(
            *("frechet_distance", "Fréchet distance", distance.value, "units²"),
            *(distance.protocol, least.value),
        ),
        Metric(
            *("sharpness", "Sharpness", sharpness(made.images), "grey levels²", "test", count),
            *(seed, edges, sharpness(test_images)),
        ),
    )
