"""Wraps that make a network of any habits take and give what a checkpoint's graphs do."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from training.errors import CheckpointError
from training.importing.found import Shape, Values

# What libraries call the parts of a result: pythae's, diffusers', torch.distributions'.
IMAGES = ("reconstruction", "sample", "recon_x", "mean", "logits")
MEANS = ("embedding", "mean", "loc", "mu", "z")
LOG_VARIANCES = ("log_covariance", "log_variance", "logvar", "log_var")
NESTED = "latent_dist"


class Decode(nn.Module):
    """Codes (B, D) to images (B, C, H, W) in [0, 1], by what `function` of `network` gives."""

    def __init__(self, network: nn.Module, name: str, shape: Shape, values: Values) -> None:
        super().__init__()
        self.network, self.name, self.shape, self.values = network, name, shape, values

    def forward(self, z: Tensor) -> Tensor:
        """The images of these codes."""
        found = _part(getattr(self.network, self.name)(z), IMAGES)
        return in_unit(found, self.values).reshape(-1, *self.shape)


class Encode(nn.Module):
    """Images (B, C, H, W) in [0, 1] to codes (B, D), or to mean and log-variance."""

    def __init__(self, network: nn.Module, name: str, values: Values) -> None:
        super().__init__()
        self.network, self.name, self.values = network, name, values

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The codes of these images."""
        return posterior(
            getattr(self.network, self.name)(x * 2 - 1 if self.values == "signed" else x)
        )


def in_unit(images: Tensor, values: Values) -> Tensor:
    """Images as the decoder gives them, in [0, 1]."""
    match values:
        case "signed":
            return ((images + 1) / 2).clamp(0, 1)
        case "logits":
            return images.sigmoid()
        case "clip":
            return images.clamp(0, 1)
    return images


def posterior(found: Any) -> Tensor | tuple[Tensor, Tensor]:
    """The code in what an encoder gives, or the mean and log-variance where it has both.

    Takes a tensor, a pair, a `torch.distributions.Normal`, or an object or dictionary whose parts
    have one of the names above.
    """
    if isinstance(found, tuple | list):
        if len(found) == 1 or not all(isinstance(part, Tensor) for part in found[:2]):
            return posterior(found[0])
        return found[0], found[1]
    found = found if isinstance(found, Tensor) else _get(found, (NESTED,)) or found
    mean = _part(found, MEANS)
    log_variance = None if isinstance(found, Tensor) else _get(found, LOG_VARIANCES)
    if log_variance is None and isinstance(found, torch.distributions.Normal):
        log_variance = 2 * found.scale.log()
    return mean if log_variance is None else (mean, log_variance)


def function_of(network: nn.Module, names: tuple[str, ...]) -> str | None:
    """Which of these names is a method or a part of the network."""
    return next((name for name in names if callable(getattr(network, name, None))), None)


def _part(found: Any, names: tuple[str, ...]) -> Tensor:
    if isinstance(found, tuple | list):
        found = found[0]
    part = found if isinstance(found, Tensor) else _get(found, names)
    if isinstance(part, Tensor):
        return part
    raise CheckpointError(
        f"A {type(found).__name__} came out, without {' or '.join(names)}: let it give a tensor."
    )


def _get(found: Any, names: tuple[str, ...]) -> Any:
    take: Callable[[str], Any] = (
        found.get if isinstance(found, dict) else lambda name: getattr(found, name, None)
    )
    return next((part for part in map(take, names) if part is not None), None)
