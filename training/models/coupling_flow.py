"""A small flow as a prior of codes: affine coupling layers (Dinh et al. 2017, Eq. 7 and 8)."""

import math

import torch
from torch import Tensor, nn


class CouplingFlow(nn.Module):
    """u = f(z) with u ~ N(0, I): a density of z that has an inverse and samples.

    Each layer scales and shifts half of the numbers by what the other half says; halves take turns.

    Args:
        size: D.
        layers: how many.
        units: of the hidden layer of each network.
    """

    def __init__(self, size: int, layers: int = 6, units: int = 64) -> None:
        super().__init__()
        self.size = size
        masks = [torch.arange(size) % 2 == layer % 2 for layer in range(layers)]
        self.register_buffer("masks", torch.stack(masks).float())
        self.networks = nn.ModuleList(
            nn.Sequential(nn.Linear(size, units), nn.SiLU(), nn.Linear(units, 2 * size))
            for _ in range(layers)
        )
        for network in self.networks:  # at first f is the identity
            last = network[-1]  # type: ignore[index]
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def _terms(self, layer: int, z: Tensor) -> tuple[Tensor, Tensor]:
        mask: Tensor = self.masks[layer]  # type: ignore[index]
        log_scale, shift = self.networks[layer](z * mask).chunk(2, dim=1)
        return torch.tanh(log_scale) * (1 - mask), shift * (1 - mask)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """u of codes (B, D), and ln |det ∂u/∂z|, (B,)."""
        log_det = torch.zeros(len(z))
        for layer in range(len(self.networks)):
            log_scale, shift = self._terms(layer, z)
            z = z * log_scale.exp() + shift
            log_det = log_det + log_scale.sum(1)
        return z, log_det

    def inverse(self, u: Tensor) -> Tensor:
        """The codes (B, D) of u, such as of draws from N(0, I)."""
        for layer in reversed(range(len(self.networks))):
            log_scale, shift = self._terms(layer, u)
            u = (u - shift) * (-log_scale).exp()
        return u

    def log_prob(self, z: Tensor) -> Tensor:
        """ln p(z) of codes (B, D): (B,)."""
        u, log_det = self.forward(z)
        return -0.5 * (u.square().sum(1) + self.size * math.log(2 * math.pi)) + log_det
