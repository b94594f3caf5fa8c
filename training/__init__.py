"""Makes checkpoints: data, models, objectives, the loop. Knows nothing of the explorer.

To use a trained model in a program of your own:

    import torch
    import training

    model, card = training.load("assets/models/digits")
    z = torch.zeros(1, card.size)
    image = model.decode(z).mean  # (1, C, H, W) in [0, 1]

To open a model of your own in the explorer, whatever trained it, see `training.save`; to see it
grow while you train it, `training.snapshot`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from training.contract.card import Card
    from training.contract.outputs import Pixels
    from training.contract.spaces import Space
    from training.contract.table import Table

# As it is loaded, onnxruntime would note an id of this machine in the home, to send to its makers.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = ["lightning_snapshots", "load", "save", "snapshot"]


def load(folder: str | Path) -> tuple[Any, Card]:
    """A trained model, and the card of its checkpoint folder.

    The model is on the CPU, in evaluation mode, and its weights are constants: what it returns
    follows only those gradients that its input asks for, so that `image.numpy()` works.

    Of a VAE, `model.decode(z)` takes codes (B, D) to a distribution over images; its `mean` is the
    image that the explorer shows, (B, C, H, W) in [0, 1]. `model.encode(x)` takes images in [0, 1],
    (B, C, H, W), to the posterior q(z|x); its `mean` and `log_variance` are (B, D). A conditional
    VAE takes the labels (B,) beside either. The card holds the configuration and everything that
    was measured, such as `card.metrics`.

    Raises:
        training.errors.CheckpointError: in one sentence, if a file is missing, changed or hostile.
    """
    # So that only here torch is imported.
    from training.checkpoints.checkpoint import load as load_checkpoint

    model, card = load_checkpoint(folder)
    return model.requires_grad_(False), card


def save(
    folder: str | Path,
    *,
    decode: nn.Module | str | Path,
    controls: Sequence[Space],
    output: Pixels,
    encode: nn.Module | str | Path | None = None,
    examples: Any = None,
    labels: tuple[Any, Sequence[str]] | None = None,
    family: str = "other",
    title: str | None = None,
    intent: str = "",
    source: str = "not said",
    licence: str = "not said",
    with_map: bool = True,
    seed: int = 0,
) -> Card:
    """Write a checkpoint folder that the explorer opens.

    Args:
        folder: receives the files; it may exist, but holds no checkpoint yet.
        decode: takes the value of each control, in their order, and gives images (B, C, H, W).
        controls: what a person moves; one continuous space is what the instrument steers today.
        output: the shape of the images, and the likelihood whose mean they are, if there is one.
        encode: takes images; gives the codes of the first control (B, D), or their posterior as
            mean and log-variance, (B, D) each. Its codes go with the examples.
        examples: images (N, C, H, W) in [0, 1] that were not trained on, not sorted by class: the
            last tenth is held out from the map, which is measured with it.
        labels: an index for each example, and the names of the classes.
        source, licence: of the data.

    A network is a `torch.nn.Module`, or the path of an ONNX file. `training.contract.spaces` and
    `training.contract.outputs` hold the kinds of controls and outputs.

    Raises:
        training.errors.CheckpointError: if a graph does not do what is said of it; then nothing is
            written.
        ValueError: if a name, shape or text is outside what a card can hold.
    """
    from training.saving.save import save as save_checkpoint  # so that only here torch is imported

    return save_checkpoint(
        folder,
        decode=decode,
        controls=controls,
        output=output,
        encode=encode,
        examples=examples,
        labels=labels,
        family=family,
        title=title,
        intent=intent,
        source=source,
        licence=licence,
        with_map=with_map,
        seed=seed,
    )


def snapshot(
    folder: str | Path,
    step: int,
    *,
    decode: nn.Module,
    encode: nn.Module,
    latents: int,
    output: Pixels,
    examples: Any,
    batch_size: int,
    beta: float = 1.0,
    labels: tuple[Any, Sequence[str]] | None = None,
    title: str | None = None,
    source: str = "not said",
    licence: str = "not said",
) -> Table:
    """Keep a VAE as it is after `step` steps of your own loop, so that its training is replayed.

    Call it with rising steps, closest together at the beginning (0, 100, 200, 400, …). The folder
    opens in the explorer as a checkpoint of the newest moment; the page of β replays all of them.
    Your modules are copied: their device, mode and weights stay as they are.

    Args:
        folder: below `runs`, where the explorer looks; new at the first call.
        decode: takes codes (B, latents) and gives images (B, C, H, W) in [0, 1].
        encode: takes images; gives mean and log-variance, (B, latents) each.
        output: the shape of the images, and the likelihood whose mean they are, if there is one.
        examples: images (N, C, H, W) in [0, 1] that are not trained on; always the same.
        batch_size: images a step, from which the page says how many were seen.
        beta: the weight of the KL.
        labels: an index for each example, and the names of the classes.
        source, licence: of the data.

    Raises:
        training.errors.CheckpointError: if the modules do not do that, or the step does not rise.
    """
    from training.saving.snapshots import snapshot as keep  # so that only here torch is imported

    return keep(
        folder,
        step,
        decode=decode,
        encode=encode,
        latents=latents,
        output=output,
        examples=examples,
        batch_size=batch_size,
        beta=beta,
        labels=labels,
        title=title,
        source=source,
        licence=licence,
    )


def lightning_snapshots(
    folder: str | Path,
    *,
    decode: Callable[[Any], nn.Module],
    encode: Callable[[Any], nn.Module],
    first: int = 100,
    **said: Any,
) -> Any:
    """A callback for a Lightning `Trainer` that calls `training.snapshot`.

    It keeps step 0, `first`, twice that, four times that, and so on, and the last step.

    Args:
        decode, encode: give the module of that name, out of your LightningModule.
        said: the other arguments of `training.snapshot`.
    """
    from training.saving.lightning_callback import callback  # so that only here torch is imported

    return callback(folder, decode=decode, encode=encode, first=first, **said)
