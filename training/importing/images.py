"""The images that a foreign model is shown: a folder of pictures, or a npz file."""

import contextlib
import math
import random
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from training.datasets.own.arrays import UNREADABLE
from training.datasets.own.images import FORMATS, GREY_MODES, Fit, decode
from training.datasets.own.sources import SUFFIXES
from training.errors import DataError
from training.importing.found import Shape
from training.saving.graphs import Array

MOST, SAMPLE = 10_000, 64
LARGEST = 2**31  # bytes of all as float32, which takes fewer large ones, and of a npz file


class Shown(NamedTuple):
    """Images (N, C, H, W) float32 in [0, 1]; labels, if known: (N,), and the names of the classes.

    `skipped` are files that are not readable images.
    """

    images: Array
    labels: tuple[Array, tuple[str, ...]] | None
    skipped: tuple[str, ...] = ()


def read(path: Path, shape: Shape | None) -> Shown:
    """The images of a folder or npz file, at most 10,000 or 2 GiB, as a model of this shape takes.

    A folder of folders names a class by each. Pictures are cut square at the centre and scaled, and
    turned as their EXIF says; transparent ones lie on white. They come in a random order, the same
    each time: the last are held out from the map, and files often lie by class.

    Raises:
        DataError: if there are none, or they do not fit.
    """
    if path.suffix == ".npz":
        return _from_npz(path, shape)
    if not path.is_dir():
        raise DataError(f"{path} is neither a folder of images nor a npz file.")
    if shape is None:
        raise DataError("Nothing says what size the model takes: give --shape 1,28,28.")
    files = _files(path, max(1, min(MOST, LARGEST // (4 * math.prod(shape)))))
    random.Random(0).shuffle(files)
    if not files:
        raise DataError(f"{path} holds no image ({', '.join(sorted(SUFFIXES))}).")
    images, kept, skipped = [], [], []
    for file in files:
        try:
            images.append(_read(file, shape))
            kept.append(file)
        except (OSError, ValueError):
            skipped.append(file.relative_to(path).as_posix())
    if not images:
        raise DataError(f"None of the {len(files):,} files in {path} is a readable image.")
    return Shown(np.stack(images), _classes(path, kept), tuple(sorted(skipped)))


def common_shape(path: Path) -> Shape | None:
    """The shape that the images of a folder have, by a sample of them; None where they differ."""
    sizes, grey = set(), True
    for file in _files(path, SAMPLE):
        with (
            contextlib.suppress(OSError, ValueError, SyntaxError, Image.DecompressionBombError),
            Image.open(file, formats=FORMATS) as image,
        ):
            sizes.add((image.height, image.width))
            grey = grey and image.mode in GREY_MODES
    if len(sizes) != 1:
        return None
    ((height, width),) = sizes
    return (1 if grey else 3, height, width)


def _files(path: Path, most: int) -> list[Path]:
    """The images in a folder; where there are more than `most`, some from the whole of it."""
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
    return files[:: max(1, -(-len(files) // most))]


def _read(file: Path, shape: Shape) -> Array:
    channels, height, width = shape
    seen = decode(file.read_bytes(), Fit(width, channels, height=height), to_grey=True)
    return seen.pixels.astype(np.float32) / 255


def _classes(path: Path, files: list[Path]) -> tuple[Array, tuple[str, ...]] | None:
    """A class for each folder, unless some pictures lie in none or there is only one."""
    names = [file.relative_to(path).parts[0] for file in files if file.parent != path]
    classes = tuple(sorted(set(names)))
    if len(names) < len(files) or not 2 <= len(classes) <= 1_000:
        return None
    return np.array([classes.index(name) for name in names], np.int32), classes


def _from_npz(path: Path, shape: Shape | None) -> Shown:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST:
            raise DataError(f"{path.name} is larger than 2 GiB; give at most 10,000 images.")
        with np.load(path, allow_pickle=False) as held:
            arrays = {name: held[name] for name in ("images", "labels") if name in held}
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except DataError:
        raise
    except UNREADABLE as error:
        raise DataError(
            f"{path.name} is not a readable npz file of numbers: "
            f"{' '.join(str(error).split()):.100}."
        ) from error
    if "images" not in arrays:
        raise DataError(f"{path.name} has no array `images`.")
    if arrays["images"].ndim not in (3, 4):
        raise DataError(
            f"{path.name}: images have the shape {list(arrays['images'].shape)!s:.60}, not N × H × "
            "W."
        )
    order = np.random.default_rng(0).permutation(len(arrays["images"]))[:MOST]
    images = _in_unit(arrays["images"][order], path)
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[-1] in (1, 3) and images.shape[1] not in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images):
        raise DataError(f"{path.name}: images have the shape {list(images.shape)}, not N × H × W.")
    if shape is not None and images.shape[1:] != shape:
        raise DataError(
            f"{path.name}: images are {'×'.join(map(str, images.shape[1:]))}; the model takes "
            f"{'×'.join(map(str, shape))}. Save them in that size, or give a folder of "
            "image files: those are brought to it."
        )
    labels = _labels(arrays.get("labels"), len(arrays["images"]), path)
    if labels is not None:
        labels = labels[0][order], labels[1]
    return Shown(np.ascontiguousarray(images), labels)


def _in_unit(images: Array, path: Path) -> Array:
    if images.dtype == np.uint8:
        return images.astype(np.float32) / 255
    if images.dtype == bool or np.issubdtype(images.dtype, np.floating):
        scaled = images.astype(np.float32)
        if np.isfinite(scaled).all() and scaled.min(initial=0) >= 0 and scaled.max(initial=0) <= 1:
            return scaled
    raise DataError(f"{path.name}: images are {images.dtype}; give uint8, or floats from 0 to 1.")


def _labels(found: Any, count: int, path: Path) -> tuple[Array, tuple[str, ...]] | None:
    if found is None:
        return None
    classes, index = np.unique(found, return_inverse=True)
    if found.shape != (count,) or not 2 <= len(classes) <= 1_000:
        raise DataError(f"{path.name}: labels are {list(found.shape)!s:.60}; one for each image.")
    return index.astype(np.int32), tuple(str(name) for name in classes)
