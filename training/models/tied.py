"""One matrix that is used both ways: a denoising autoencoder's network (Vincent et al. 2010)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.models.layers import Activation, nonlinearity


class TiedAutoencoder(nn.Module):
    """z = s(W x + b) and x̂ = Wᵀ z + c, with one nonlinearity s.

    Args:
        image_shape: (C, H, W).
        latents: D, the hidden units: fewer than pixels, or more.
    """

    def __init__(
        self, image_shape: tuple[int, int, int], latents: int, activation: Activation
    ) -> None:
        super().__init__()
        self.shape, self.latents = image_shape, latents
        pixels = math.prod(image_shape)
        self.weight = nn.Parameter(torch.empty(latents, pixels))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # as a dense layer begins
        self.hidden_bias = nn.Parameter(torch.zeros(latents))
        self.visible_bias = nn.Parameter(torch.zeros(pixels))
        self.nonlinearity = nonlinearity(activation)

    def encode(self, x: Tensor) -> Tensor:
        """The hidden units (B, D) of images (B, C, H, W)."""
        z: Tensor = self.nonlinearity(
            functional.linear(x.flatten(1), self.weight, self.hidden_bias)
        )
        return z.float()

    def decode(self, z: Tensor) -> Tensor:
        """The images (B, C, H, W) of hidden units (B, D), as the squared error sees them."""
        x: Tensor = functional.linear(z, self.weight.T, self.visible_bias)
        return x.view(-1, *self.shape).float()
