"""The contract of a data set: images in memory, as small as they come; batches by indexing."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.contract.card import Factor


@dataclass(frozen=True)
class Split:
    """Images of one split.

    Fields:
        stored: (N, ...) uint8, as kept in memory: images, or the factors they are drawn from.
        targets: labels (N,) or factors (N, F), int32.
        unpack: (B, ...) uint8 as stored -> (B, C, H, W) float32 in [0, 1].
    """

    stored: Tensor
    targets: Tensor
    unpack: Callable[[Tensor], Tensor]

    def __len__(self) -> int:
        return len(self.stored)

    def images(self, indices: Tensor) -> Tensor:
        """The images at `indices` (B,): (B, C, H, W) float32 in [0, 1]."""
        return self.unpack(self.stored[indices])

    def to(self, device: torch.device) -> "Split":
        """The split with its images and targets resident on `device`."""
        return Split(self.stored.to(device), self.targets.to(device), self.unpack)


@dataclass(frozen=True)
class Dataset:
    """Three splits and what is known about them; `labels` or `factors` where the truth is known.

    Fields:
        at_factors: factors (B, F), an index each -> their images (B, C, H, W) float32 in [0, 1],
            from whichever split; where images can be had at any combination of factors.
        witness: factors (M, F) whose images the hash covers too, where `stored` holds none.
    """

    name: str
    source: str
    licence: str
    shape: tuple[int, int, int]
    splits: dict[str, Split]
    labels: tuple[str, ...] | None = None
    factors: tuple[Factor, ...] | None = None
    at_factors: Callable[[Tensor], Tensor] | None = None
    witness: Tensor | None = None

    def sha256(self) -> str:
        """Hash of all that is stored, in split order: the same data give the same hash."""
        digest = hashlib.sha256()
        for split in self.splits.values():
            digest.update(split.stored.cpu().numpy().data)
        if self.witness is not None and self.at_factors is not None:
            for factors in self.witness.split(500):
                pixels = (self.at_factors(factors) * 255).round().to(torch.uint8)
                digest.update(pixels.cpu().numpy().data)
        return digest.hexdigest()
