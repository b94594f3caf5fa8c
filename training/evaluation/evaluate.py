"""Measure a model on the test split: what its family says of it, in the card's words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from training.batch import Batch
from training.config import RunConfig
from training.contract.measurements import Metric
from training.datasets import Dataset
from training.errors import MetricError
from training.families.family import Measurement
from training.trainer.loop import prepare

BATCH = 500
PIXELS = {
    "grey": "pixels as they are",
    "binarized": "pixels drawn once from Bernoulli(grey level)",
    "dequantized": "pixels with uniform noise of one grey level added once",
}
LETTERS = "words as they are"


@dataclass(frozen=True)
class Measured:
    """What a model is measured on: a split in batches, and what the card says of it.

    Fields:
        seed: of all that is drawn.
        reading: how the data were read, such as "pixels as they are".
    """

    batches: Sequence[Batch]
    split: str
    seed: int
    reading: str

    def __len__(self) -> int:
        return sum(len(batch.x) for batch in self.batches)

    def metric(self, name: str, label: str, value: float, unit: str, how: str) -> Metric:
        """A number, and how it was measured: the reading is added to `how`."""
        protocol = f"{how}; {self.reading}."
        return Metric(name, label, value, unit, self.split, len(self), self.seed, protocol)


def measured(dataset: Dataset, config: RunConfig, seed: int, split: str = "test") -> Measured:
    """A split as the model sees it, with the same noise in its pixels at every call."""
    generator = torch.Generator().manual_seed(seed)
    part = dataset.splits[split]
    batches = [
        Batch(prepare(part.images(indices), config, generator), part.targets[indices])
        for indices in torch.arange(len(part)).split(BATCH)
    ]
    reading = PIXELS[config.data.pixels] if dataset.alphabet is None else LETTERS
    return Measured(batches, split, seed, reading)


@torch.no_grad()
def measure(model: object, dataset: Dataset, config: RunConfig, seed: int) -> Measurement:
    """Metrics and statistics per latent, as the model's family measures them.

    On the CPU, in float32, wherever the model was trained: a seed draws other noise elsewhere.

    Raises:
        MetricError: if a number is none, as with weights that were never trained, or are too large.
    """
    found = config.model.measure(model, dataset, config, seed)
    for metric in found.metrics:
        if not math.isfinite(metric.value):
            raise MetricError(
                f"{metric.label} is {metric.value} on the {metric.split} images: these weights are "
                "not those of a trained model, so train it again."
            )
    return found


def measure_likelihood(
    model: object, dataset: Dataset, config: RunConfig, seed: int, samples: int
) -> tuple[Metric, ...]:
    """The importance-weighted bound on −ln p(x) over the test split, in nats and in bits/dim.

    On the CPU, in float32. With 5,000 samples it takes minutes, even for a network of dense layers.

    Args:
        samples: of q(z|x) an image.

    Raises:
        ConfigError: if the model has no such bound.
        MetricError: if `samples` is under one, or the model has diverged.
    """
    return config.model.bound(model, dataset, config, seed, samples)
