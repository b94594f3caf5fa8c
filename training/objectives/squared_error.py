"""Squared error, summed over pixels: what PCA and a plain autoencoder minimise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from training.batch import Batch
    from training.distributions import Noise


def squared_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Σ_pixels (x − x̂)² of images (B, C, H, W) in grey levels from 0 to 1: (B,)."""
    return (x - reconstruction).square().flatten(1).sum(1)


class SquaredError:
    """The squared error of an autoencoder; no code is drawn, and nothing else is weighed."""

    reports = ("loss",)  # in grey levels²
    samples = 0

    def __call__(
        self, model: Any, batch: Batch, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean over images (B, C, H, W)."""
        loss = squared_error(batch.x, model.decode(model.encode(batch.x))).mean()
        return loss, {"loss": loss}

    def comparable(self, means: Mapping[str, float]) -> float:
        """The squared error."""
        return means["loss"]
