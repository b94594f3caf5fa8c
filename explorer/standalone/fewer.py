"""A checkpoint with the first of its examples, for a page that holds several models.

Each model brings codes for all of its images, which is most of what it weighs. The networks, the
card's figures and what was measured of them stay as they are; only the images that one can choose
from, and the points of the map, are fewer.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import numpy as np
import safetensors.numpy
from msgspec.structs import replace
from PIL import Image

from training.contract.card import CODES, Card, File
from training.contract.outputs import Pixels

# What a class chooses from; a map of 2,000 points still has the shape of the whole.
FEWER = 2000


def with_fewer(
    card: Card, read: Callable[[str], bytes], most: int
) -> tuple[Card, dict[str, bytes]]:
    """The card of the first `most` examples, and the files that change with them.

    Args:
        read: the bytes of a file of the folder, by its name.
    """
    examples = card.examples
    if examples is None or examples.count <= most or CODES not in card.files:
        return card, {}
    tensors = safetensors.numpy.load(read(CODES))
    kept = {name: np.ascontiguousarray(values[:most]) for name, values in tensors.items()}
    changed = {CODES: safetensors.numpy.save(kept)}
    fewer = replace(examples, count=most, per_sheet=min(examples.per_sheet or most, most))
    gone = set(examples.sheets) - set(fewer.sheets)
    if isinstance(card.output, Pixels):
        last = fewer.sheets[-1]
        on_last = most - (len(fewer.sheets) - 1) * (fewer.per_sheet or most)
        rows = -(-on_last // examples.columns)
        changed[last] = _cut(read(last), rows * card.output.shape[1])
    files = {name: file for name, file in card.files.items() if name not in gone}
    files |= {name: _described(content) for name, content in changed.items()}
    return replace(card, examples=fewer, files=files), changed


def _cut(sheet: bytes, height: int) -> bytes:
    """The upper part of a lossless sheet, `height` pixels of it."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(sheet)) as picture:
        upper = picture.convert("RGB").crop((0, 0, picture.width, height))
    upper.save(buffer, format="WEBP", lossless=True, quality=75, method=6)
    return buffer.getvalue()


def _described(content: bytes) -> File:
    return File(len(content), hashlib.sha256(content).hexdigest())
