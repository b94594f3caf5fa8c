"""Images that are numbers already: an npz file with `images` and `labels`, or a CSV of pixels."""

import hashlib
import math
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.contract.fields import LONGEST_LABEL
from training.datasets.own.images import MOST_PIXELS
from training.datasets.own.sources import Item
from training.errors import DataError

CHUNK = 256  # images read at a time, as long as they have no more than
BYTES = 2**26
MOST = 10_000_000  # images: a header may claim any number
UNREADABLE = (
    *(OSError, EOFError, KeyError, ValueError, TypeError, SyntaxError, NotImplementedError),
    *(RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error),
)


@dataclass
class Rows:
    """Images that a file holds one after another."""

    path: Path
    names: list[str]
    label: list[int]
    labels: tuple[str, ...] | None
    stamp: str
    read: Any  # () -> Iterator[image]

    def items(self, start: int) -> Iterator[Item]:
        """From the one at `start` on: those before are passed over."""
        for index, item in enumerate(self.read()):
            if index >= start:
                yield item

    def sample(self) -> list[Item]:
        """The first: all are alike."""
        return [next(iter(self.read()))]


def numbered(count: int) -> list[str]:
    """Names for images that have none."""
    return [f"image {index}" for index in range(count)]


def npz(path: Path) -> Rows:
    """Arrays `images`, (N, H, W) or (N, H, W, C), and where there is one `labels`, (N,).

    Whole numbers are grey levels of 8 or 16 bits; floats lie in [0, 1]. Read piece by piece.

    Raises:
        DataError: in one sentence.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if "images.npy" not in archive.namelist():
                names = ", ".join(name.removesuffix(".npy") for name in archive.namelist())
                raise DataError(
                    f"{path.name} has no array `images` but {names:.100}; save it by "
                    "np.savez(file, images=…, labels=…)."
                )
            with archive.open("images.npy") as file:
                shape, kind = _header(file)
                if kind.kind not in "uifb":
                    raise ValueError(f"`images` is {kind}, not numbers")
            given = None
            if "labels.npy" in archive.namelist():
                with archive.open("labels.npy") as file:
                    given = _given(path, file, shape[0])
    except DataError:
        raise
    except UNREADABLE as error:
        raise DataError(f"{path.name} is not a readable npz file ({error!s:.100}).") from error
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3, 4)):
        raise DataError(
            f"{path.name}: `images` is {shape}; it takes (N, H, W) or (N, H, W, C) of 1, 3 or 4 "
            "channels."
        )
    if math.prod(shape[1:]) > MOST_PIXELS:
        raise DataError(f"{path.name}: images of {shape[1]:,}×{shape[2]:,} pixels are too large.")
    label, labels = _labels(given, shape[0])
    return Rows(
        path, numbered(shape[0]), label, labels, stamp(path), lambda: _rows(path, shape, kind)
    )


def _header(file: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, fortran, kind = read(file)
    if fortran:
        raise ValueError("it is in Fortran's order; save np.ascontiguousarray of it")
    if not shape or min(shape) < 1 or shape[0] > MOST:
        raise ValueError(f"its shape is {shape}; it takes 1 to {MOST:,} images")
    return shape, kind


def _given(path: Path, file: Any, count: int) -> NDArray[Any]:
    """The labels. A header may claim what there is not, so that it is looked at before."""
    shape, kind = _header(file)
    if shape != (count,) or kind.kind not in "uiUb" or kind.itemsize > 4 * LONGEST_LABEL:
        raise DataError(
            f"{path.name}: `labels` is {kind} {shape!s:.60}; it takes a whole number or a name for "
            f"each of the {count:,} images."
        )
    content = file.read(count * kind.itemsize)
    if len(content) < count * kind.itemsize:
        raise DataError(f"{path.name}: `labels` ends early; save it again.")
    return np.frombuffer(content, kind)


def _rows(path: Path, shape: tuple[int, ...], kind: np.dtype[Any]) -> Iterator[NDArray[np.uint8]]:
    size = math.prod(shape[1:]) * kind.itemsize
    chunk = max(1, min(CHUNK, BYTES // size))
    try:
        with zipfile.ZipFile(path) as archive, archive.open("images.npy") as file:
            _header(file)
            for start in range(0, shape[0], chunk):
                count = min(chunk, shape[0] - start)
                content = file.read(count * size)
                if len(content) < count * size:
                    raise DataError(f"{path.name}: `images` ends early; save it again.")
                block = np.frombuffer(content, kind).reshape(count, *shape[1:])
                yield from levels(block, f"{path.name}: `images`", start)
    except DataError:
        raise
    except UNREADABLE as error:
        raise DataError(f"{path.name} is not a readable npz file ({error!s:.100}).") from error


def levels(block: NDArray[Any], what: str, start: int) -> NDArray[np.uint8]:
    """Images as 8-bit levels.

    Raises:
        DataError: naming the first image with a number that is not on the scale.
    """
    floats = block.dtype.kind == "f"
    top = 1.0 if floats else 65535 if block.dtype.itemsize == 2 else 255
    if block.dtype.kind == "b":
        top = 1
    wrong = (block < 0) | (block > top)
    if floats:
        wrong |= ~np.isfinite(block)
    if wrong.any():
        at = int(np.flatnonzero(wrong.reshape(len(block), -1).any(1))[0])
        value = block[at][wrong[at]][0]
        scale = "floats lie in 0 to 1" if floats else f"{block.dtype} goes from 0 to {top}"
        raise DataError(f"{what} has {value} in image {start + at}; {scale}.")
    if block.dtype == np.uint8:
        return block
    scaled: NDArray[np.uint8] = (block.astype(np.float64) * (255 / top)).round().astype(np.uint8)
    return scaled


def csv(path: Path) -> Rows:
    """A row an image: 1 or 3 times a square number of pixels, 0 to 255, and before them a label.

    A first row that is not numbers is a heading. Colours are interleaved, (H, W, 3).

    Raises:
        DataError: naming the row.
    """
    label: list[int] = []
    width = None
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line, row in _lines(file):
                width = width or len(row)
                if len(row) != width:
                    raise DataError(
                        f"{path.name}: line {line} has {len(row)} numbers, the first {width}."
                    )
                label.append(_whole(row[0], path, line) if _shape(width - 1) else 0)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} is not readable text ({error!s:.100}).") from error
    labelled = bool(width and _shape(width - 1))
    shape = _shape((width or 0) - labelled)
    if shape is None:
        raise DataError(
            f"{path.name} has {width or 0} columns; it takes a square number of pixels, or three "
            "times that in colour, and before them a label if there is one."
        )
    given = np.asarray(label) if labelled else None
    codes, labels = _labels(given, len(label))

    def read() -> Iterator[NDArray[np.uint8]]:
        with path.open(encoding="utf-8-sig") as file:
            for line, row in _lines(file):
                try:
                    pixels = np.asarray(row[labelled:], np.float64)
                except ValueError:
                    raise DataError(
                        f"{path.name}: line {line} has something that is not a number."
                    ) from None
                if not ((pixels >= 0) & (pixels <= 255)).all():  # NaN is neither
                    value = pixels[~((pixels >= 0) & (pixels <= 255))][0]
                    raise DataError(f"{path.name}: line {line} has {value}; pixels go 0 to 255.")
                yield pixels.round().astype(np.uint8).reshape(shape)

    return Rows(path, numbered(len(label)), codes, labels, stamp(path), read)


def _lines(file: Any) -> Iterator[tuple[int, list[str]]]:
    for line, text in enumerate(file, 1):
        row = text.strip().split(",")
        if row == [""] or (line == 1 and not _is_number(row[-1])):
            continue
        yield line, row


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _whole(text: str, path: Path, line: int) -> int:
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        raise DataError(
            f"{path.name}: line {line} begins with {text!r:.40}, not a label."
        ) from None


def _shape(pixels: int) -> tuple[int, ...] | None:
    for channels in (1, 3):
        side = math.isqrt(max(pixels, 0) // channels)
        if side > 1 and side * side * channels == pixels:
            return (side, side) if channels == 1 else (side, side, 3)
    return None


def _labels(given: NDArray[Any] | None, count: int) -> tuple[list[int], tuple[str, ...] | None]:
    if given is None:
        return [0] * count, None
    values, codes = np.unique(given, return_inverse=True)
    return codes.tolist(), tuple(str(value) for value in values)


def stamp(path: Path) -> str:
    """What changes when the file does."""
    stat = path.stat()
    return hashlib.sha256(f"{path.name} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()
