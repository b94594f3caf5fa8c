"""Measure how far images are from what comes back of their own codes, the same way of every model.

Apart from evaluate.py: there each family measures what its own losses are about.
"""

import torch

from training.batch import Batch
from training.contract.measurements import Metric
from training.datasets import Dataset
from training.families.family import Family
from training.objectives.squared_error import squared_error

BATCH = 500


@torch.no_grad()
def measure_reconstructions(
    family: Family, model: object, dataset: Dataset, seed: int
) -> tuple[Metric, ...]:
    """The squared error of reconstructions, as the explorer shows them, of a model that has them.

    Every model is given test images in grey, as they are shown, whatever it was trained on, so that
    models which read pixels differently compare.
    """
    split = dataset.splits["test"]
    if dataset.alphabet is not None:
        return ()
    errors = []
    for some in torch.arange(len(split)).split(BATCH):
        batch = Batch(split.images(some), split.targets[some])
        shown = family.reconstruct(model, batch)
        if shown is None or shown.shape != batch.x.shape:
            return ()
        errors.append(squared_error(batch.x, shown).double())
    return (
        Metric(
            "reconstruction_error",
            "Reconstruction error",
            torch.cat(errors).mean().item(),
            "grey levels²",
            "test",
            len(split),
            seed,
            "Squared difference of an image and its reconstruction as it is shown, grey levels "
            "from 0 to 1, summed over pixels, mean over images; pixels as they are.",
        ),
    )
