"""Makes checkpoints: data, models, objectives, the loop. Knows nothing of the explorer.

To use a trained model in a program of your own:

    import torch
    import training

    model, card = training.load("assets/models/digits")
    z = torch.zeros(1, card.size)
    image = model.decode(z).mean  # (1, C, H, W) in [0, 1]
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.build import Model
    from training.contract.card import Card

__all__ = ["load"]


def load(folder: str | Path) -> tuple[Model, Card]:
    """A trained model, and the card of its checkpoint folder.

    The model is on the CPU, in evaluation mode, and its weights are constants: what it returns
    follows only those gradients that its input asks for, so that `image.numpy()` works.

    `model.decode(z)` takes codes (B, D) to a distribution over images; its `mean` is the image that
    the explorer shows, (B, C, H, W) in [0, 1]. `model.encode(x)` takes images in [0, 1],
    (B, C, H, W), to the posterior q(z|x); its `mean` and `log_variance` are (B, D). The card holds
    the configuration and everything that was measured, such as `card.metrics`.

    Raises:
        training.errors.CheckpointError: in one sentence, if a file is missing, changed or hostile.
    """
    from training.checkpoint import load as load_checkpoint  # so that only here torch is imported

    model, card = load_checkpoint(folder)
    return model.requires_grad_(False), card
