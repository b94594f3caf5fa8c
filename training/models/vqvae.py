"""The VQ-VAE of van den Oord et al. 2017: a grid of entries from a codebook is the code."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.distributions import ImageDistribution
from training.models.convolutional import halved, halving
from training.models.layers import Activation, nonlinearity, stack
from training.models.transposed_convolution import TransposedConvolution

SMALLEST_COUNT = 1.0  # vectors a batch, below which an entry of the codebook is dead


class Codebook(nn.Module):
    """K vectors of d dimensions that follow, as moving averages, what is assigned to them.

    Args:
        codes: K.
        dimensions: d.
        decay: γ of the moving averages (Appendix A.1).
    """

    vectors: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(self, codes: int, dimensions: int, decay: float) -> None:
        super().__init__()
        self.decay = decay
        start = torch.randn(codes, dimensions)
        self.register_buffer("vectors", start)  # e_i, (K, d)
        self.register_buffer("counts", torch.ones(codes))  # N_i, (K,)
        self.register_buffer("sums", start.clone())  # m_i, (K, d)

    def nearest(self, z: Tensor) -> Tensor:
        """The index of the vector nearest to each of `z`, (N, d): (N,), Eq. 1."""
        distances = self.vectors.square().sum(1) - 2 * z @ self.vectors.T  # but for |z|², (N, K)
        return distances.argmin(1)

    @torch.no_grad()
    def learn(self, z: Tensor, indices: Tensor, generator: torch.Generator) -> None:
        """Move every vector to the moving average of what was assigned to it (Eq. 6 to 8).

        Entries that hardly anything is assigned to begin again, each at one of `z` drawn at random.

        Args:
            z: encoder outputs (N, d).
            indices: of their nearest vectors, (N,).
        """
        assigned = torch.zeros(len(z), len(self.vectors), device=z.device)
        assigned.scatter_(1, indices[:, None], 1)
        self.counts.lerp_(assigned.sum(0), 1 - self.decay)
        self.sums.lerp_(assigned.T @ z, 1 - self.decay)

        dead = self.counts < SMALLEST_COUNT
        drawn = torch.randint(len(z), (len(dead),), generator=generator, device=z.device)
        self.sums.copy_(torch.where(dead[:, None], z[drawn], self.sums))
        self.counts.copy_(torch.where(dead, torch.ones_like(self.counts), self.counts))
        self.vectors.copy_(self.sums / self.counts[:, None])


class Quantised(NamedTuple):
    """What quantising a batch gives, N = B h w vectors of d dimensions.

    Fields:
        z: encoder outputs (B, d, h, w).
        codes: (B, h, w), int64.
        vectors: the codes' vectors (B, d, h, w), differentiated as if they were `z`.
    """

    z: Tensor
    codes: Tensor
    vectors: Tensor


class VQVAE(nn.Module):
    """An image goes to h × w codes out of K, and codes go to a likelihood of images.

    Args:
        encoder: images (B, C, H, W) -> (B, d, h, w).
        codebook: K vectors of d dimensions.
        decoder: (B, d, h, w) -> what the likelihood reads, (B, C, H, W).
        likelihood: decoder outputs -> a distribution over images.
    """

    def __init__(
        self, encoder: nn.Module, codebook: Codebook, decoder: nn.Module, likelihood: nn.Module
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.codebook = codebook
        self.decoder = decoder
        self.likelihood = likelihood

    def quantise(self, x: Tensor) -> Quantised:
        """Images (B, C, H, W) as encoder outputs, their codes, and the codes' vectors.

        The gradient goes straight through: what the decoder sends back to the vectors arrives at
        the encoder's outputs unchanged (Section 3.2).
        """
        z = self.encoder(x).float()
        batch, _, height, width = z.shape
        codes = self.codebook.nearest(as_rows(z)).view(batch, height, width)
        vectors = self._vectors(codes)
        return Quantised(z, codes, z + (vectors - z).detach())

    def encode(self, x: Tensor) -> Tensor:
        """The codes (B, h, w), int64, of images (B, C, H, W)."""
        return self.quantise(x).codes

    def decode(self, codes: Tensor) -> ImageDistribution:
        """p(x|codes) of codes (B, h, w)."""
        return self.decode_vectors(self._vectors(codes))

    def decode_vectors(self, vectors: Tensor) -> ImageDistribution:
        """p(x|codes) of the codes' vectors (B, d, h, w)."""
        distribution: ImageDistribution = self.likelihood(self.decoder(vectors).float())
        return distribution

    def _vectors(self, codes: Tensor) -> Tensor:
        return self.codebook.vectors[codes].permute(0, 3, 1, 2)


def as_rows(z: Tensor) -> Tensor:
    """Vectors (B, d, h, w) one below the other: (B h w, d)."""
    return z.permute(0, 2, 3, 1).flatten(0, 2)


class Residual(nn.Module):
    """x + f(x), f being an activation, 3×3, an activation, 1×1 (Section 4.1)."""

    def __init__(self, channels: int, activation: Activation) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _fresh(activation),
            nn.Conv2d(channels, channels // 2, kernel_size=3, padding=1),
            nonlinearity(activation),
            nn.Conv2d(channels // 2, channels, kernel_size=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, h, w) -> the same shape."""
        y: Tensor = x + self.layers(x)
        return y


def _fresh(activation: Activation) -> nn.Module:
    """The activation, not in place: the sum needs what goes in."""
    return nn.ReLU() if activation == "relu" else nonlinearity(activation)


def grid_networks(
    image_shape: tuple[int, int, int],
    dimensions: int,
    channels: tuple[int, ...],
    activation: Activation,
) -> tuple[nn.Sequential, nn.Sequential]:
    """Stride-2 convolutions halve the image once per entry of `channels`; residual blocks follow.

    Args:
        image_shape: (C, H, W).
        dimensions: d, of one vector of the grid.
        channels: outputs of each convolution, from the image inwards.
        activation: after every layer but the last of encoder and decoder.

    Raises:
        ConfigError: if the image cannot be halved that often.
    """
    halved(image_shape, channels)  # refuses an image that cannot be
    colours, inner = image_shape[0], channels[-1]
    encoder = nn.Sequential(
        *stack(halving, [colours, *channels], activation),
        Residual(inner, activation),
        nn.Conv2d(inner, dimensions, kernel_size=1),
    )
    decoder = nn.Sequential(
        nn.Conv2d(dimensions, inner, kernel_size=3, padding=1),
        Residual(inner, activation),
        nonlinearity(activation),
        *stack(TransposedConvolution, [*reversed(channels), colours], activation)[:-1],
    )
    return encoder, decoder
