"""Small images as the bytes of a file."""

import io

import numpy as np
from PIL import Image


def encoded(array: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def noise(seed: int, side: int = 30) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)
