"""Pictures of a checkpoint folder made ready for a page."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

# What preview.webp holds: a row for each of at most four latents, eight images each.
COLUMNS, ROWS = 8, 4
# In pixels: images of 256 × 256, and the page's width on a sharp screen.
LARGEST = ROWS * COLUMNS * 256**2
SHARP = 1536
GAP = 8


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
