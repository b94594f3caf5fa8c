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

from training.batch import Batch
from training.checkpoints import maps
from training.contract.card import CODES, LARGEST_FILE, MOST_EXAMPLES, PREVIEW, Examples
from training.contract.files import write_bytes
from training.contract.maps import Map
from training.contract.measurements import Latent
from training.datasets import Dataset, Split
from training.errors import CheckpointError, ConfigError
from training.families.family import Codes, Family, Form, ImageShape

COUNT = 10_000  # images, where nothing else is asked for,
BYTES = 48 * 2**20  # as long as their pixels are no more than that,
BYTES_IN_COLOUR = 36 * 2**20  # or that: without loss, colours take more room
HELD_OUT = 2_000  # images that are not on the map, and that it is measured with
BATCH = 500
LARGEST_SHEET = 2048  # pixels a side; a browser decodes such a picture in some milliseconds
MOST_A_SIDE = 64  # images
MEAN, GRID, WORD = "mean", "codes", "word"  # arrays of codes.safetensors
# Between the images of a sheet that is looked at: pixels, and their grey level.
GAP, LINE = 2, 128
PREVIEW_ROWS, PREVIEW_STEPS, PREVIEW_RANGE = 4, 8, 2.5


@dataclass(frozen=True)
class Plan:
    """Which images are embedded: the first `count` of a split.

    None is all, 10,000 at most, or 3,072 of 64×64 in colour: what a page can fetch. A family whose
    codes are long says itself how many.
    """

    split: str = "test"
    count: int | None = None
    with_map: bool = True
    seed: int = 0

    def size(self, dataset: Dataset, numbers: int, most: int | None = None) -> int:
        """How many images that is, with `numbers` each in codes.safetensors beside the target.

        Args:
            most: where `count` is None, no more than that.

        Raises:
            ConfigError: if the data set has no such split, or it has fewer images.
        """
        if self.split not in dataset.splits:
            raise ConfigError(
                f"There is no split {self.split!r:.40}; choose one of {', '.join(dataset.splits)}."
            )
        there = len(dataset.splits[self.split])
        room = BYTES if dataset.shape[0] == 1 else BYTES_IN_COLOUR
        usual = min(COUNT, there, room // math.prod(dataset.shape), most or COUNT)
        count = usual if self.count is None else self.count
        if not 1 <= count <= min(there, MOST_EXAMPLES):
            raise ConfigError(
                f"--count is {count:,}; the {self.split} split has {there:,} images, of which "
                f"1 to {min(there, MOST_EXAMPLES):,} can be embedded."
            )
        targets = dataset.splits[self.split].targets
        room = LARGEST_FILE // (4 * (numbers + targets[0].numel() + 5) + 1)
        if count > room:
            raise ConfigError(
                f"--count is {count:,}; {CODES} holds the codes of {room:,} such images at most."
            )
        return count


def embed(
    family: Family,
    model: Any,
    dataset: Dataset,
    latents: tuple[Latent, ...],
    plan: Plan,
    folder: Path,
) -> tuple[Examples | None, Map | None]:
    """Encode images; write codes.safetensors and the lossless sheets of thumbnails into `folder`.

    Words go into codes.safetensors themselves. On the CPU, in float32, wherever the model was
    trained.

    Returns:
        What the card says of the examples, and of their map: None where there is none.

    Raises:
        ConfigError: if the plan asks for what is not there.
    """
    split = dataset.splits.get(plan.split, dataset.splits["test"])
    codes = family.encode(model, _batch(split, torch.arange(1)))
    if codes is None:
        return None, None
    numbers = codes.value.numel() * (1 if codes.log_variance is None else 2)
    count = plan.size(dataset, numbers, family.most_examples())
    columns, per_sheet = (1, None) if dataset.alphabet else layout_of(dataset.form.image)
    examples = Examples(count, columns, plan.split, _how(codes, dataset), per_sheet)

    tensors = _encode(family, model, split, examples, folder)
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise CheckpointError(
                f"The {name} of some examples is NaN or infinity: these weights are not those of a "
                "trained model, so train it again."
            )
    if dataset.labels or dataset.factors:
        tensors["label" if dataset.labels else "factors"] = split.targets[:count].int().numpy()
    card, layouts = _map(family, model, dataset, latents, plan, tensors)
    _write(tensors | layouts, folder)
    return examples, card


def add_map(
    family: Family,
    model: Any,
    dataset: Dataset,
    latents: tuple[Latent, ...],
    plan: Plan,
    codes: Path,
    folder: Path,
) -> Map | None:
    """Write `codes` and their map as codes.safetensors into `folder`; None where there is none."""
    tensors = safetensors.numpy.load_file(codes)
    card, layouts = _map(family, model, dataset, latents, plan, tensors)
    if card is not None:
        _write(tensors | layouts, folder)
    return card


def _map(
    family: Family,
    model: Any,
    dataset: Dataset,
    latents: tuple[Latent, ...],
    plan: Plan,
    tensors: dict[str, NDArray[Any]],
) -> tuple[Map | None, dict[str, NDArray[Any]]]:
    """The map of the codes among the arrays of codes.safetensors, and its layouts."""
    if MEAN not in tensors or not plan.with_map:
        return None, {}
    reason = maps.why_none(tensors[MEAN], latents)
    if reason:
        print(reason, file=sys.stderr)
        return None, {}
    other = "test" if plan.split == "validation" else "validation"
    held_out = _means(family, model, dataset.splits[other], HELD_OUT)
    try:
        return maps.draw(tensors[MEAN], held_out, latents, (plan.split, other), plan.seed)
    except (ValueError, ArithmeticError, RuntimeError) as error:  # of codes near 1e30, say
        reason = " ".join(str(error).split()).rstrip(".:")
        raise CheckpointError(
            f"A map of these codes could not be fitted ({reason:.200}); leave it out with --no-map."
        ) from error


def _write(tensors: dict[str, NDArray[Any]], folder: Path) -> None:
    """Write codes.safetensors."""
    # safetensors writes memory as it lies, and some of these are columns of a larger array.
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    write_bytes(folder / CODES, safetensors.numpy.save(contiguous))


def _batch(split: Split, indices: Tensor) -> Batch:
    return Batch(split.images(indices), split.targets[indices])


def _how(codes: Codes, dataset: Dataset) -> str:
    """What the codes of the examples are."""
    what = "words" if dataset.alphabet else "images as shown, in grey levels"
    if codes.log_variance is None:
        return f"What the encoder gives for the {what}."
    drawn = "" if dataset.alphabet else ", whatever was drawn from them in training"
    return f"q(z|x) of the {what}{drawn}."


@torch.no_grad()
def write_codes(family: Family, model: Any, split: Split, count: int, folder: Path) -> None:
    """Write codes.safetensors with the codes of the first `count` images, and no more."""
    found: dict[str, list[Tensor]] = {}
    for some in torch.arange(min(count, len(split))).split(BATCH):
        codes = family.encode(model, _batch(split, some))
        assert codes is not None
        for name, part in _arrays(codes).items():
            if part is not None:
                found.setdefault(name, []).append(part)
    _write({name: torch.cat(parts).numpy() for name, parts in found.items()}, folder)


@torch.no_grad()
def _encode(
    family: Family, model: Any, split: Split, examples: Examples, folder: Path
) -> dict[str, NDArray[Any]]:
    """The arrays of codes.safetensors, but for targets and maps; writes the sheets meanwhile."""
    found: dict[str, list[Tensor]] = {}
    sheets = iter(examples.sheets)
    with tqdm(total=examples.count, desc="Encoding", unit=" examples", unit_scale=True) as bar:
        for indices in torch.arange(examples.count).split(examples.per_sheet or examples.count):
            pictures = []
            for some in indices.split(BATCH):
                batch = _batch(split, some)
                codes = family.encode(model, batch)
                assert codes is not None
                for name, part in {
                    **_arrays(codes),
                    "reconstruction": family.cost_nats(model, batch, codes),
                    WORD: None if batch.x.is_floating_point() else batch.x.int(),
                }.items():
                    if part is not None:
                        found.setdefault(name, []).append(part)
                if batch.x.is_floating_point():
                    pictures.append((batch.x * 255).round().to(torch.uint8))
                bar.update(len(some))
            if pictures:
                sheet = sheet_of(torch.cat(pictures), examples.columns)
                write_bytes(folder / next(sheets), webp(sheet))
    return {name: torch.cat(parts).numpy() for name, parts in found.items()}


def _arrays(codes: Codes) -> dict[str, Tensor | None]:
    """Codes by the names that they have in codes.safetensors."""
    if codes.value.is_floating_point():
        return {MEAN: codes.value, "log_variance": codes.log_variance}
    return {GRID: codes.value.int()}


@torch.no_grad()
def _means(family: Family, model: Any, split: Split, count: int) -> NDArray[np.float32]:
    """Codes, or posterior means, (M, D) of the first `count` images, or of all if fewer."""
    found = []
    for some in torch.arange(min(count, len(split))).split(BATCH):
        codes = family.encode(model, _batch(split, some))
        assert codes is not None
        found.append(codes.value)
    means: NDArray[np.float32] = torch.cat(found).numpy()
    return means


def layout_of(shape: ImageShape) -> tuple[int, int]:
    """Columns of a sheet, and images on one, for images (C, H, W)."""
    rows, columns = (max(1, min(MOST_A_SIDE, LARGEST_SHEET // side)) for side in shape[1:])
    return columns, rows * columns


@torch.no_grad()
def preview(
    family: Family, model: Any, form: Form, latents: tuple[Latent, ...], folder: Path
) -> None:
    """Write preview.webp, where the family has pictures for it."""
    pictures = family.preview(model, form, latents)
    if pictures is not None:
        sheet = sheet_of((pictures * 255).round().to(torch.uint8), PREVIEW_STEPS)
        write_bytes(folder / PREVIEW, webp(sheet))


def strongest(latents: tuple[Latent, ...]) -> list[int]:
    """The four latents of highest KL; of widest codes where there is no KL."""
    facts = [latent.std if latent.kl_nats is None else latent.kl_nats for latent in latents]
    return sorted(range(len(latents)), key=lambda at: -facts[at])[:PREVIEW_ROWS]


def along_latents(latents: tuple[Latent, ...]) -> Tensor:
    """Codes (rows · 8, D): of each of the strongest latents, from −2.5 to 2.5, all others at 0.

    Without a prior they go as many deviations of the codes from their mean.
    """
    rows = strongest(latents)
    center = torch.tensor([latent.mean if latent.kl_nats is None else 0.0 for latent in latents])
    z = center.repeat(len(rows), PREVIEW_STEPS, 1)
    for row, at in enumerate(rows):
        unit = latents[at].std if latents[at].kl_nats is None else 1.0
        z[row, :, at] += unit * torch.linspace(-PREVIEW_RANGE, PREVIEW_RANGE, PREVIEW_STEPS)
    return z.flatten(0, 1)


def sheet_of(pictures: Tensor, columns: int) -> NDArray[np.uint8]:
    """Images (N, C, H, W) as one picture, row by row: (rows·H, columns·W, C), all uint8."""
    count, colours, height, width = pictures.shape
    rows = -(-count // columns)
    cells = torch.zeros(rows * columns, colours, height, width, dtype=torch.uint8)
    cells[:count] = pictures
    sheet = cells.view(rows, columns, colours, height, width).permute(0, 3, 1, 4, 2)
    array: NDArray[np.uint8] = sheet.reshape(rows * height, columns * width, colours).numpy()
    return array


def spaced_sheet(pictures: Tensor, columns: int) -> NDArray[np.uint8]:
    """The same to be looked at: a grey line around each image, so that none runs into the next."""
    count, colours, height, width = pictures.shape
    framed = torch.full((count, colours, height + GAP, width + GAP), LINE, dtype=torch.uint8)
    framed[:, :, GAP:, GAP:] = pictures
    sheet = sheet_of(framed, columns)
    return np.pad(sheet, ((0, GAP), (0, GAP), (0, 0)), constant_values=LINE)


def webp(picture: NDArray[np.uint8]) -> bytes:
    """Lossless. A quality of 100 takes off 0.5% more at most, in eight times the time."""
    buffer = io.BytesIO()
    channels = picture.shape[2]
    Image.fromarray(picture[:, :, 0] if channels == 1 else picture).convert("RGB").save(
        buffer, format="WEBP", lossless=True, quality=75, method=6
    )
    return buffer.getvalue()
