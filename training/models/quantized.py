"""An autoencoder whose latents take few values each: Hsu et al. 2023, "Latent Quantization"."""

import torch
from torch import Tensor, nn

from training.distributions import ImageDistribution


class Quantizer(nn.Module):
    """Each latent has its own codebook of numbers: what the encoder gives becomes the nearest.

    The values are learned; they begin evenly from −1/2 to 1/2.

    Args:
        latents: D.
        levels: L, of each latent.
    """

    def __init__(self, latents: int, levels: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.linspace(-0.5, 0.5, levels).repeat(latents, 1))  # (D, L)

    def forward(self, continuous: Tensor) -> Tensor:
        """The nearest value to each of (B, D) numbers: (B, D), with the gradient of the values."""
        nearest = (continuous[:, :, None] - self.values).abs().argmin(2)  # (B, D)
        values = self.values.expand(continuous.shape[0], -1, -1)  # (B, D, L)
        quantized: Tensor = values.gather(2, nearest[:, :, None]).squeeze(2)
        return quantized

    def levels(self) -> tuple[tuple[float, ...], ...]:
        """The values of each latent, rising."""
        return tuple(tuple(sorted(row)) for row in self.values.detach().tolist())


class QuantizedAutoencoder(nn.Module):
    """An image goes to one of L^D codes and comes back. There is no prior: all codes count alike.

    Args:
        encoder: images (B, C, H, W) -> (B, D) numbers, which `quantizer` moves.
        decoder: codes (B, D) -> what the likelihood reads, (B, C, H, W).
    """

    def __init__(
        self, encoder: nn.Module, quantizer: Quantizer, decoder: nn.Module, likelihood: nn.Module
    ) -> None:
        super().__init__()
        self.latents = len(quantizer.values)
        self.encoder = encoder
        self.quantizer = quantizer
        self.decoder = decoder
        self.likelihood = likelihood

    @property
    def undecayed(self) -> list[nn.Parameter]:
        """What weight decay leaves alone, as in the paper's code: biases, and the codes' values."""
        biases = [one for name, one in self.named_parameters() if name.endswith("bias")]
        return [*biases, self.quantizer.values]

    def continuous(self, x: Tensor) -> Tensor:
        """What the encoder gives for images (B, C, H, W): (B, D), before it is quantized."""
        z: Tensor = self.encoder(x).float()
        return z

    def encode(self, x: Tensor) -> Tensor:
        """The codes (B, D) of images (B, C, H, W)."""
        z: Tensor = self.quantizer(self.continuous(x))
        return z

    def decode(self, z: Tensor) -> ImageDistribution:
        """p(x|z) of codes (B, D)."""
        distribution: ImageDistribution = self.likelihood(self.decoder(z).float())
        return distribution
