"""The multiplier of a constraint that GECO learns: Rezende & Viola 2018, Algorithm 1."""

import torch
from torch import Tensor, nn


class Multiplier(nn.Module):
    """λ in log space, 1 at first, and the moving average of the constraint in nats: scalars."""

    log_multiplier: Tensor
    average_nats: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("log_multiplier", torch.zeros(()))
        self.register_buffer("average_nats", torch.zeros(()))
