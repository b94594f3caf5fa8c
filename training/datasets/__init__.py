"""The contract of a data set: examples in memory, as small as they come; batches by indexing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.contract.card import Factor

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor

    from training.families.family import Form


@dataclass(frozen=True)
class Split:
    """Images, or words, of one split.

    Fields:
        stored: (N, ...) uint8, as kept in memory: images, the factors they are drawn from, or the
            tokens of words; int64 (N,) where it is the place of each image in a file.
        targets: labels (N,) or factors (N, F), int32.
        unpack: (B, ...) uint8 as stored -> images (B, C, H, W) float32 in [0, 1], or words (B, L)
            int64.
    """

    stored: Tensor
    targets: Tensor
    unpack: Callable[[Tensor], Tensor]

    def __len__(self) -> int:
        return len(self.stored)

    def images(self, indices: Tensor) -> Tensor:
        """The images at `indices` (B,): (B, C, H, W) float32 in [0, 1]; or the words, (B, L)."""
        return self.unpack(self.stored[indices])

    def to(self, device: torch.device) -> Split:
        """The split with its images and targets resident on `device`."""
        return Split(self.stored.to(device), self.targets.to(device), self.unpack)


@dataclass(frozen=True)
class Dataset:
    """Three splits and what is known about them; `labels` or `factors` where the truth is known.

    Fields:
        shape: (C, H, W) of images, (L,) of words of at most L letters.
        alphabet: the letters of words, the first of which is token 1; None for images.
        at_factors: factors (B, F), an index each -> their images (B, C, H, W) float32 in [0, 1],
            from whichever split; where images can be had at any combination of factors.
        witness: factors (M, F) whose images the hash covers too, where `stored` holds none.
        digest: the hash of the images, where `stored` holds their places only.
    """

    name: str
    source: str
    licence: str
    shape: tuple[int, ...]
    splits: dict[str, Split]
    labels: tuple[str, ...] | None = None
    factors: tuple[Factor, ...] | None = None
    at_factors: Callable[[Tensor], Tensor] | None = None
    witness: Tensor | None = None
    alphabet: tuple[str, ...] | None = None
    digest: str | None = None

    @property
    def form(self) -> Form:
        """What one example looks like."""
        from training.families.family import Form

        return Form(self.shape, self.labels, self.alphabet)

    def sha256(self) -> str:
        """Hash of all that is stored, in split order: the same data give the same hash."""
        if self.digest is not None:
            return self.digest
        digest = hashlib.sha256()
        for split in self.splits.values():
            digest.update(split.stored.cpu().numpy().data)
        if self.witness is not None and self.at_factors is not None:
            import torch

            for factors in self.witness.split(500):
                pixels = (self.at_factors(factors) * 255).round().to(torch.uint8)
                digest.update(pixels.cpu().numpy().data)
        return digest.hexdigest()
