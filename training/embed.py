"""Test images and what the model makes of them: codes, thumbnails, and the picker's preview."""

import io
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
from PIL import Image
from torch import Tensor

from training.card import CODES, PREVIEW, THUMBNAILS, Examples, LatentCard, write_bytes
from training.datasets import Dataset
from training.models import VAE

COUNT, COLUMNS = 100, 10
PREVIEW_ROWS, PREVIEW_STEPS, PREVIEW_RANGE = 4, 8, 2.5


@torch.no_grad()
def embed(model: VAE, dataset: Dataset, folder: Path) -> Examples:
    """Encode the first test images; write codes.safetensors and the lossless thumbnails.webp."""
    split = dataset.splits["test"]
    count = min(COUNT, len(split))
    x = split.images(torch.arange(count))
    posterior = model.encode(x)
    tensors = {
        # safetensors writes memory as it lies, and these two are interleaved columns of one array.
        "mean": posterior.mean.contiguous().numpy(),
        "log_variance": posterior.log_variance.contiguous().numpy(),
        "label" if dataset.labels else "factors": split.targets[:count].int().numpy(),
    }
    write_bytes(folder / CODES, safetensors.numpy.save(tensors))
    write_bytes(folder / THUMBNAILS, _webp(sheet(x, COLUMNS)))
    how = "q(z|x) of the images as shown, in grey levels, whatever was drawn from them in training."
    return Examples(count, COLUMNS, "test", how)


@torch.no_grad()
def preview(model: VAE, latents: tuple[LatentCard, ...], folder: Path) -> None:
    """Write preview.webp: a row for each latent of highest KL, from −2.5 to 2.5 around z = 0."""
    by_kl = sorted(range(len(latents)), key=lambda i: -latents[i].kl_nats)[:PREVIEW_ROWS]
    z = torch.zeros(len(by_kl), PREVIEW_STEPS, model.latents)
    for row, latent in enumerate(by_kl):
        z[row, :, latent] = torch.linspace(-PREVIEW_RANGE, PREVIEW_RANGE, PREVIEW_STEPS)
    write_bytes(folder / PREVIEW, _webp(sheet(model.decode(z.flatten(0, 1)).mean, PREVIEW_STEPS)))


def sheet(x: Tensor, columns: int) -> np.ndarray:
    """Images (N, C, H, W) in [0, 1] as one picture, row by row: (rows·H, columns·W, C) uint8."""
    count, colours, height, width = x.shape
    rows = -(-count // columns)
    cells = torch.zeros(rows * columns, colours, height, width)
    cells[:count] = x
    picture = cells.view(rows, columns, colours, height, width).permute(0, 3, 1, 4, 2)
    picture = (picture.reshape(rows * height, columns * width, colours) * 255).round()
    return picture.to(torch.uint8).numpy()


def _webp(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    channels = picture.shape[2]
    Image.fromarray(picture[:, :, 0] if channels == 1 else picture).convert("RGB").save(
        buffer, format="WEBP", lossless=True, quality=100
    )
    return buffer.getvalue()
