"""Makes checkpoints: data, models, objectives, the loop. Knows nothing of the explorer.

To use a trained model in a program of your own:

    import torch
    import training

    model, card = training.load("assets/models/digits")
    z = torch.zeros(1, card.controls.latents)
    image = model.decode(z).mean  # (1, C, H, W) in [0, 1]
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.card import Card
    from training.models.conv_vae import ConvVAE

__all__ = ["load"]


def load(folder: str | Path) -> tuple[ConvVAE, Card]:
    """A trained model, on the CPU and in evaluation mode, and the card of its checkpoint folder.

    `model.decode(z)` takes codes (B, D) to a distribution over images; its `mean` is the image that
    the explorer shows, (B, C, H, W) in [0, 1]. `model.encode(x)` takes images in [0, 1],
    (B, C, H, W), to the posterior q(z|x); its `mean` and `log_variance` are (B, D). The card holds
    the configuration and everything that was measured, such as `card.metrics`.

    Raises:
        training.errors.CheckpointError: in one sentence, if a file is missing, changed or hostile.
    """
    from training.checkpoint import load as load_checkpoint  # so that only here torch is imported

    return load_checkpoint(folder)
