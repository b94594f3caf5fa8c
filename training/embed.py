"""What the model makes of a split: codes, thumbnails, maps, and the preview of the picker."""

import io
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from training import maps
from training.contract.card import (
    CODES,
    LARGEST_FILE,
    MOST_EXAMPLES,
    PREVIEW,
    Examples,
    Latent,
    Map,
)
from training.contract.files import write_bytes
from training.datasets import Dataset, Split
from training.distributions import Gaussian
from training.errors import ConfigError
from training.models import VAE

COUNT = 10_000  # images, where nothing else is asked for,
BYTES = 48 * 2**20  # as long as their pixels are no more than that
HELD_OUT = 2_000  # images that are not on the map, and that it is measured with
BATCH = 500
LARGEST_SHEET = 2048  # pixels a side; a browser decodes such a picture in some milliseconds
MOST_A_SIDE = 64  # images
PREVIEW_ROWS, PREVIEW_STEPS, PREVIEW_RANGE = 4, 8, 2.5


@dataclass(frozen=True)
class Plan:
    """Which images are embedded: the first `count` of a split.

    None is all, 10,000 at most, or 4,096 of 64×64 in colour: what a page can fetch.
    """

    split: str = "test"
    count: int | None = None
    with_map: bool = True
    seed: int = 0

    def size(self, dataset: Dataset, latents: int) -> int:
        """How many images that is.

        Raises:
            ConfigError: if the split is none of the data set's, or has no so many images.
        """
        if self.split not in dataset.splits:
            raise ConfigError(
                f"There is no split {self.split!r:.40}; choose one of {', '.join(dataset.splits)}."
            )
        there = len(dataset.splits[self.split])
        usual = min(COUNT, there, BYTES // math.prod(dataset.shape))
        count = usual if self.count is None else self.count
        if not 1 <= count <= min(there, MOST_EXAMPLES):
            raise ConfigError(
                f"--count is {count:,}; the {self.split} split has {there:,} images, of which "
                f"1 to {min(there, MOST_EXAMPLES):,} can be embedded."
            )
        targets = dataset.splits[self.split].targets
        room = LARGEST_FILE // (4 * (2 * latents + targets[0].numel() + 5) + 1)
        if count > room:
            raise ConfigError(
                f"--count is {count:,}; {CODES} holds the codes of {room:,} such images at most."
            )
        return count


def embed(
    model: VAE, dataset: Dataset, latents: tuple[Latent, ...], plan: Plan, folder: Path
) -> tuple[Examples, Map | None]:
    """Encode images; write codes.safetensors and the lossless sheets of thumbnails into `folder`.

    On the CPU, in float32, wherever the model was trained.

    Raises:
        ConfigError: if the plan asks for what is not there.
    """
    count = plan.size(dataset, model.latents)
    split = dataset.splits[plan.split]
    columns, per_sheet = layout_of(dataset.shape)
    how = "q(z|x) of the images as shown, in grey levels, whatever was drawn from them in training."
    examples = Examples(count, columns, plan.split, how, per_sheet)

    tensors = _encode(model, split, examples, folder)
    tensors["label" if dataset.labels else "factors"] = split.targets[:count].int().numpy()
    card = None
    if plan.with_map:
        reason = maps.why_none(tensors["mean"], latents)
        if reason:
            print(reason, file=sys.stderr)
        else:
            other = "test" if plan.split == "validation" else "validation"
            held_out = _means(model, dataset.splits[other], HELD_OUT)
            card, layouts = maps.draw(
                tensors["mean"], held_out, latents, (plan.split, other), plan.seed
            )
            tensors |= layouts
    # safetensors writes memory as it lies, and some of these are columns of a larger array.
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    write_bytes(folder / CODES, safetensors.numpy.save(contiguous))
    return examples, card


@torch.no_grad()
def write_codes(model: VAE, split: Split, count: int, folder: Path) -> None:
    """Write codes.safetensors with the posteriors of the first `count` images, and no more."""
    batches = torch.arange(min(count, len(split))).split(BATCH)
    posteriors = [model.encode(split.images(batch)) for batch in batches]
    tensors = {
        "mean": torch.cat([posterior.mean for posterior in posteriors]).numpy(),
        "log_variance": torch.cat([posterior.log_variance for posterior in posteriors]).numpy(),
    }
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    write_bytes(folder / CODES, safetensors.numpy.save(contiguous))


@torch.no_grad()
def sigma(model: VAE) -> float | None:
    """The deviation of a pixel where the likelihood is Gaussian, with one for all pixels."""
    likelihood = model.decode(torch.zeros(1, model.latents))
    if not isinstance(likelihood, Gaussian):
        return None
    return (0.5 * likelihood.log_variance).exp().item()


@torch.no_grad()
def _encode(model: VAE, split: Split, examples: Examples, folder: Path) -> dict[str, NDArray[Any]]:
    """Posteriors and what a reconstruction from their means costs; writes the sheets meanwhile."""
    means, log_variances, costs = [], [], []
    sheets = iter(examples.sheets)
    with tqdm(total=examples.count, desc="Encoding", unit=" images", unit_scale=True) as bar:
        for indices in torch.arange(examples.count).split(examples.per_sheet or examples.count):
            pictures = []
            for batch in indices.split(BATCH):
                x = split.images(batch)
                posterior = model.encode(x)
                log_prob = model.decode(posterior.mean).log_prob(x)  # (B, C, H, W)
                means.append(posterior.mean)
                log_variances.append(posterior.log_variance)
                costs.append(-log_prob.flatten(1).double().sum(1).float())
                pictures.append((x * 255).round().to(torch.uint8))
                bar.update(len(batch))
            sheet = sheet_of(torch.cat(pictures), examples.columns)
            write_bytes(folder / next(sheets), webp(sheet))
    parts = {"mean": means, "log_variance": log_variances, "reconstruction": costs}
    return {name: torch.cat(part).numpy() for name, part in parts.items()}


@torch.no_grad()
def _means(model: VAE, split: Split, count: int) -> NDArray[np.float32]:
    """Posterior means (M, D) of the first `count` images, or of all where there are fewer."""
    batches = torch.arange(min(count, len(split))).split(BATCH)
    means: NDArray[np.float32] = torch.cat(
        [model.encode(split.images(batch)).mean for batch in batches]
    ).numpy()
    return means


def layout_of(shape: tuple[int, int, int]) -> tuple[int, int]:
    """Columns of a sheet, and images on one, for images (C, H, W)."""
    rows, columns = (max(1, min(MOST_A_SIDE, LARGEST_SHEET // side)) for side in shape[1:])
    return columns, rows * columns


@torch.no_grad()
def preview(model: VAE, latents: tuple[Latent, ...], folder: Path) -> None:
    """Write preview.webp: a row for each latent of highest KL, from −2.5 to 2.5 around z = 0."""
    by_kl = sorted(range(len(latents)), key=lambda i: -(latents[i].kl_nats or 0))[:PREVIEW_ROWS]
    z = torch.zeros(len(by_kl), PREVIEW_STEPS, model.latents)
    for row, latent in enumerate(by_kl):
        z[row, :, latent] = torch.linspace(-PREVIEW_RANGE, PREVIEW_RANGE, PREVIEW_STEPS)
    pictures = (model.decode(z.flatten(0, 1)).mean * 255).round().to(torch.uint8)
    write_bytes(folder / PREVIEW, webp(sheet_of(pictures, PREVIEW_STEPS)))


def sheet_of(pictures: Tensor, columns: int) -> NDArray[np.uint8]:
    """Images (N, C, H, W) as one picture, row by row: (rows·H, columns·W, C), all uint8."""
    count, colours, height, width = pictures.shape
    rows = -(-count // columns)
    cells = torch.zeros(rows * columns, colours, height, width, dtype=torch.uint8)
    cells[:count] = pictures
    sheet = cells.view(rows, columns, colours, height, width).permute(0, 3, 1, 4, 2)
    array: NDArray[np.uint8] = sheet.reshape(rows * height, columns * width, colours).numpy()
    return array


def webp(picture: NDArray[np.uint8]) -> bytes:
    """Lossless. A quality of 100 takes off 0.5% more at most, in eight times the time."""
    buffer = io.BytesIO()
    channels = picture.shape[2]
    Image.fromarray(picture[:, :, 0] if channels == 1 else picture).convert("RGB").save(
        buffer, format="WEBP", lossless=True, quality=75, method=6
    )
    return buffer.getvalue()
