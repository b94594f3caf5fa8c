"""Weights averaged over steps: what a generator that circles around its goal is shipped with."""

import torch
from torch import nn


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, decay: float, step: int) -> None:
    """Move an exponential moving average of a model's weights and buffers a step further, in place.

    As in Karras et al. 2018, Section 4.1, but that the average is that of few steps while there are
    no more: the decay rises from 1/10 towards `decay`, so that the untrained weights are forgotten.

    Args:
        step: how many there were before; from 0.
    """
    kept = min(decay, (1 + step) / (10 + step))
    mine, theirs = average.state_dict(), model.state_dict()
    for name, tensor in mine.items():
        if tensor.is_floating_point():
            tensor.lerp_(theirs[name], 1 - kept)
        else:
            tensor.copy_(theirs[name])
