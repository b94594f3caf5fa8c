"""What tasks are done with: data sets, the models that ship, and simple peers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

import training
from training import build
from training.config import RunConfig, configuration
from training.contract.card import Card
from training.datasets import Split

Array = npt.NDArray[np.float32]
BATCH = 500


class Bench:
    """Data sets and shipped models, each read once.

    Args:
        data: folder of the data sets.
        models: folder of the checkpoints.
    """

    def __init__(self, data: Path, models: Path) -> None:
        self.dataset = cache(lambda name: build.dataset(name, data))
        self._load = cache(lambda name: training.load(models / name))

    def model(self, name: str) -> Any:
        """A shipped model, on the CPU."""
        return self._load(name)[0]

    def card(self, name: str) -> Card:
        """Its card."""
        return self._load(name)[1]

    def config(self, name: str) -> RunConfig:
        """What trained it."""
        return configuration(self.card(name), name)

    def split(self, name: str, split: str) -> Split:
        """A split of a data set."""
        return self.dataset(name).splits[split]


@torch.no_grad()
def codes(model: Any, images: Tensor) -> Tensor:
    """What an encoder makes of images (N, C, H, W): posterior means or points, (N, D)."""
    return torch.cat([_mean(model.encode(some)) for some in images.split(BATCH)])


@torch.no_grad()
def reconstructed(model: Any, images: Tensor) -> Tensor:
    """Images decoded from their codes, (N, C, H, W)."""
    return decoded(model, codes(model, images))


@torch.no_grad()
def decoded(model: Any, z: Tensor) -> Tensor:
    """Mean images of codes (N, D): (N, C, H, W)."""
    return torch.cat([_mean(model.decode(some)) for some in z.split(BATCH)])


def _mean(found: Any) -> Tensor:
    """Of a distribution, or the points themselves."""
    mean: Tensor = found if isinstance(found, Tensor) else found.mean
    return mean


def flat(images: Tensor) -> Array:
    """Images (N, C, H, W) as rows of pixels."""
    rows: Array = images.flatten(1).numpy()
    return rows


def every(split: Split) -> tuple[Tensor, Tensor]:
    """All images of a split, and their targets."""
    return split.images(torch.arange(len(split))), split.targets.long()


def labelled(split: Split, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """So many images with their labels, as many of each label as of the others; or all there are.

    Returns:
        (N, C, H, W) and (N,) int64.
    """
    if count >= len(split):
        return every(split)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(split), generator=generator)
    targets = split.targets[order].long()
    kinds = int(targets.max()) + 1
    chosen = [order[targets == kind][: count // kinds] for kind in range(kinds)]
    indices = torch.cat(chosen)
    return split.images(indices), split.targets[indices].long()


def drawn(split: Split, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """So many images drawn without putting back, and their targets."""
    generator = torch.Generator().manual_seed(seed)
    indices = torch.randperm(len(split), generator=generator)[:count]
    return split.images(indices), split.targets[indices].long()


def percent_right(guesses: npt.NDArray[Any], labels: Tensor) -> float:
    """The share of guesses that are right, in percent."""
    return 100 * float((guesses == labels.numpy()).mean())
