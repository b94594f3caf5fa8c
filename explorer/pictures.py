"""Pictures of a checkpoint folder made ready for a page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image

from training.contract.card import Card

# What preview.webp holds: a row for each of at most four latents, eight images each.
COLUMNS, ROWS = 8, 4
# In pixels: images of 256 × 256, and the page's width on a sharp screen.
LARGEST = ROWS * COLUMNS * 256**2
SHARP = 1536
GAP = 8
# A sheet of thumbnails has 2048 × 2048 at most; those before sheets were numbered may have more.
LARGEST_SHEET = 4096**2
# How long the longer side of an image in a strip is at most, on a sharp screen.
STRIP = 96


class PictureError(ValueError):
    """The file is not the picture that it should be."""


def preview(path: Path, height: int, width: int) -> tuple[bytes, int]:
    """preview.webp as PNG, its images apart and their pixels square, and how many rows it has.

    Raises:
        PictureError: whatever the file is instead; its maker may be anybody.
    """
    try:
        with Image.open(path, formats=("WEBP",)) as sheet:
            # The size is known from the file's header; nothing has been unpacked yet.
            rows = sheet.height // height
            if sheet.size != (COLUMNS * width, rows * height) or not 0 < rows <= ROWS:
                raise PictureError(f"{path.name} does not hold the images that its card describes")
            if sheet.width * sheet.height > LARGEST:
                raise PictureError(f"{path.name} is too large")
            return _spread(sheet.convert("RGB"), rows, height, width), rows
    except (OSError, EOFError, Image.DecompressionBombError) as error:
        raise PictureError(f"{path.name} is not an image") from error


def strip(folder: Path, card: Card, members: Sequence[int]) -> tuple[bytes, int]:
    """Some images of the thumbnail sheets in a row, as PNG, and how wide it is to be shown.

    Without any image it is one clear pixel wide.

    Raises:
        PictureError: if a sheet is not the picture that it should be.
    """
    _, height, width = card.shape
    side = max(height, width)
    times = STRIP // side or STRIP / side
    tall, wide = (max(1, round(length * times)) for length in (height, width))
    kernel = Image.Resampling.NEAREST if times >= 1 else Image.Resampling.BOX
    page = Image.new("RGBA", (max(1, len(members) * (wide + GAP) - GAP), tall))
    for place, member in enumerate(members):
        image = _thumbnail(folder, card, member).resize((wide, tall), kernel)
        page.paste(image, (place * (wide + GAP), 0))
    stream = BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue(), max(1, page.width // 2)


def _thumbnail(folder: Path, card: Card, member: int) -> Image.Image:
    _, height, width = card.shape
    examples = card.examples
    if examples is None:
        raise PictureError(f"{folder.name} has no examples")
    columns, per_sheet = examples.columns, examples.per_sheet or examples.count
    on, at = divmod(member, per_sheet)
    rows = -(-min(per_sheet, examples.count - on * per_sheet) // columns)
    name = examples.sheets[on]
    sheet = _sheet(folder / name, card.files[name].sha256, (columns * width, rows * height))
    left, top = at % columns * width, at // columns * height
    return sheet.crop((left, top, left + width, top + height))


@lru_cache(maxsize=6)
def _sheet(path: Path, sha256: str, size: tuple[int, int]) -> Image.Image:
    try:
        with Image.open(path, formats=("WEBP",)) as sheet:
            if sheet.size != size or sheet.width * sheet.height > LARGEST_SHEET:
                raise PictureError(f"{path.name} does not hold the images that its card describes")
            return sheet.convert("RGB")
    except (OSError, EOFError, Image.DecompressionBombError) as error:
        raise PictureError(f"{path.name} is not an image") from error


def _spread(sheet: Image.Image, rows: int, height: int, width: int) -> bytes:
    times = max(1, SHARP // max(sheet.size))
    tall, wide = height * times, width * times
    # Between the images one sees the page.
    page = Image.new("RGBA", (COLUMNS * (wide + GAP) - GAP, rows * (tall + GAP) - GAP))
    for row in range(rows):
        for column in range(COLUMNS):
            left, top = column * width, row * height
            image = sheet.crop((left, top, left + width, top + height))
            large = image.resize((wide, tall), Image.Resampling.NEAREST)
            page.paste(large, (column * (wide + GAP), row * (tall + GAP)))
    stream = BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue()
