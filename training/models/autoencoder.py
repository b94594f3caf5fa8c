"""Deterministic autoencoders, among them principal components analysis in closed form."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from training.models.layers import Networks


class Autoencoder(nn.Module):
    """An image goes to one point and comes back: no posterior, no prior, no density.

    Args:
        latents: D.
        encoder: images (B, C, H, W) -> codes (B, D).
        decoder: codes (B, D) -> images (B, C, H, W), which may leave [0, 1].
    """

    def __init__(self, latents: int, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.latents = latents
        self.encoder = encoder
        self.decoder = decoder

    def encode(self, x: Tensor) -> Tensor:
        """The codes (B, D) of images (B, C, H, W)."""
        z: Tensor = self.encoder(x).float()
        return z

    def decode(self, z: Tensor) -> Tensor:
        """The images (B, C, H, W) of codes (B, D), as the squared error sees them."""
        x: Tensor = self.decoder(z).float()
        return x


def linear(image_shape: tuple[int, int, int], latents: int) -> Networks:
    """One matrix and a bias each way. By squared error its optimum spans the principal components.

    Baldi & Hornik 1989: there is no other minimum, but any basis of that subspace will do.
    """
    pixels = math.prod(image_shape)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, latents))
    decoder = nn.Sequential(nn.Linear(latents, pixels), nn.Unflatten(1, image_shape))
    return encoder, decoder


class Moments(nn.Module):
    """Sums over images, from which their principal components follow: nothing here is learned.

    Args:
        image_shape: (C, H, W).
    """

    count: Tensor
    total: Tensor
    products: Tensor

    def __init__(self, image_shape: tuple[int, int, int]) -> None:
        super().__init__()
        pixels = math.prod(image_shape)
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("total", torch.zeros(pixels, dtype=torch.float64))
        self.register_buffer("products", torch.zeros(pixels, pixels, dtype=torch.float64))

    @torch.no_grad()
    def add(self, images: Tensor) -> None:
        """Count images (B, C, H, W) in."""
        x = images.flatten(1).to(self.total)
        self.count += len(x)
        self.total += x.sum(0)
        self.products += x.T @ x

    @torch.no_grad()
    def solve(self, model: Autoencoder) -> None:
        """Make a linear autoencoder the one of least squared error over these images.

        Its codes are z = W (x − mean): the rows of W are orthonormal, the eigenvectors of the
        images' covariance with the largest eigenvalues, the largest first. A row's largest entry is
        positive.
        """
        mean = self.total / self.count
        covariance = self.products / self.count - mean.outer(mean)
        _, vectors = torch.linalg.eigh(covariance)  # eigenvalues rise
        components = vectors.flip(1)[:, : model.latents].T  # (D, P)
        largest = components.gather(1, components.abs().argmax(1, keepdim=True))
        components = components * largest.sign()
        model.encoder.load_state_dict({"1.weight": components, "1.bias": -components @ mean})
        model.decoder.load_state_dict({"0.weight": components.T, "0.bias": mean})


def pca(batches: Iterable[Tensor], image_shape: tuple[int, int, int], latents: int) -> Autoencoder:
    """The linear autoencoder of least squared error over all images of `batches`, (B, C, H, W)."""
    moments, model = Moments(image_shape), Autoencoder(latents, *linear(image_shape, latents))
    for images in batches:
        moments.add(images.cpu())
    moments.solve(model)
    return model
