"""The dSprites factor grid (Matthey et al. 2017), rendered: 737,280 binary images, 64×64.

How a sprite is drawn: its outline is scaled by 0.5 … 1, turned counter-clockwise by 0 … 2π (both
ends are on the grid, so orientations 0 and 39 coincide) and moved to one of 32 centres from 16 to
48, in pixels from the top left corner. A pixel is set when its centre lies inside.

The outlines, in pixels at scale 1, are fitted to the 320 frames of a real factor walk (1 px = 1/64
of the image, y points down):
- square: half side 9.6;
- ellipse: half axes 12.77 and 7.21;
- heart: the curve x = 9.6 sin³t, y = −1.44 − 0.662 (13 cos t − 5 cos 2t − 2 cos 3t − cos 4t).
Mean intersection over union with the real images is 0.9995 on the walk and 0.9994 on 50 others that
took no part in the fit; 298 of the 320 and 45 of the 50 are equal to the last pixel.

The grid is kept bit-packed as `np.packbits` does it, 512 bytes an image: 377 MB instead of 3 GB.
"""

from __future__ import annotations

import functools
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.datasets import grid

if TYPE_CHECKING:
    import torch

    from training.datasets import Dataset

FACTORS = {"shape": 3, "scale": 6, "orientation": 40, "x": 32, "y": 32}
SHAPES = ("square", "ellipse", "heart")
SIZES = tuple(FACTORS.values())
COUNT = 737_280
SIDE = 64
BYTES = SIDE * SIDE // 8
HELD_OUT = 10_000
OFFICIAL = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"

_UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
_ALL_COLUMNS = np.uint64(2**64 - 1)


def _outlines() -> tuple[np.ndarray, ...]:
    t = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    square = 9.6 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    ellipse = np.stack([12.77 * np.cos(t), 7.21 * np.sin(t)], axis=1)
    height = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    heart = np.stack([9.6 * np.sin(t) ** 3, -1.44 - 0.662 * height], axis=1)
    return square, ellipse, heart


_OUTLINES = _outlines()


def _centre(position: np.ndarray) -> np.ndarray:
    return 16 + 32 * position / 31


def _crossings(pose: Iterable[int], y: np.ndarray) -> np.ndarray:
    """Where the outline crosses each pixel row, as x from the sprite's centre: (len(y), 64, 4).

    No row crosses one of these outlines more than four times; crossings that do not exist are
    infinite, and there is always an even number of them.
    """
    shape, scale, orientation = pose
    angle = 2 * np.pi * (orientation % 39) / 39
    cos, sin = np.cos(angle), np.sin(angle)
    start = (0.5 + 0.1 * scale) * _OUTLINES[shape] @ np.array([[cos, -sin], [sin, cos]])
    end = np.roll(start, -1, axis=0)
    row = (np.arange(SIDE) + 0.5 - _centre(y)[:, None])[..., None]  # (len(y), 64, 1)
    crossed = (start[:, 1] <= row) != (end[:, 1] <= row)  # (len(y), 64, edges)
    rise = end[:, 1] - start[:, 1]
    slope = (end[:, 0] - start[:, 0]) / np.where(rise == 0, 1, rise)
    x = np.where(crossed, start[:, 0] + (row - start[:, 1]) * slope, np.inf)
    crossings: np.ndarray = np.partition(x, 3, axis=-1)[..., :4]
    return crossings


def _rows(crossings: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Pixel rows as 64-bit words, leftmost column first: a crossing flips all columns after it."""
    first = np.ceil(crossings + _centre(x)[..., None, None] - 0.5)
    # Missing crossings come in pairs, so it does not matter that they flip the last column.
    flips = _ALL_COLUMNS >> np.minimum(first, SIDE - 1).astype(np.uint64)
    rows: np.ndarray = np.bitwise_xor.reduce(flips, axis=-1)
    return rows


index_to_factors = functools.partial(grid.index_to_factors, FACTORS)
factors_to_index = functools.partial(grid.factors_to_index, FACTORS)


def render(factors: np.ndarray) -> np.ndarray:
    """Images (N, 64, 64), uint8 in {0, 1}, for integers (N, 5): shape, scale, orientation, x, y."""
    factors = grid.checked(FACTORS, factors)
    words = np.empty((len(factors), SIDE), dtype=">u8")
    poses, which = np.unique(factors[:, :3], axis=0, return_inverse=True)
    for number, pose in enumerate(poses):
        chosen = np.flatnonzero(which == number)
        y, place = np.unique(factors[chosen, 4], return_inverse=True)
        words[chosen] = _rows(_crossings(pose, y)[place], factors[chosen, 3])
    return np.unpackbits(words.view(np.uint8).reshape(-1, SIDE, 8), axis=-1)


def packed_grid() -> np.ndarray:
    """The whole grid in dSprites' order, bit-packed: (737280, 512) uint8."""
    poses, positions = SIZES[:3], SIZES[3:]
    x, y = np.arange(positions[0])[:, None], np.arange(positions[1])
    words = np.empty((*poses, *positions, SIDE), dtype=">u8")
    for pose in np.ndindex(poses):
        words[pose] = _rows(_crossings(pose, y), x)
    return words.view(np.uint8).reshape(COUNT, BYTES)


def read_official(path: str | Path) -> np.ndarray:
    """The grid of dSprites' own npz file, bit-packed: (737280, 512) uint8.

    Only `imgs` is read, piece by piece, and only if its header promises what it should; the file's
    `metadata` is a pickle, which could execute code, and is left alone.
    """
    packed = np.empty((COUNT, BYTES), dtype=np.uint8)
    expected = ((COUNT, SIDE, SIDE), False, np.dtype(np.uint8))
    try:
        with zipfile.ZipFile(path) as archive, archive.open("imgs.npy") as file:
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError("imgs is not in npy format 1.0")
            header = np.lib.format.read_array_header_1_0(file)
            if header != expected:
                raise ValueError(f"imgs is {header[2]} {header[0]}, not uint8 {expected[0]}")
            for start in range(0, COUNT, 4096):
                piece = packed[start : start + 4096]
                pixels = np.frombuffer(file.read(8 * piece.size), dtype=np.uint8)
                if pixels.size < 8 * piece.size:
                    raise ValueError("imgs ends early")
                if pixels.max() > 1:
                    raise ValueError("imgs has values other than 0 and 1")
                piece[:] = np.packbits(pixels).reshape(piece.shape)
            if file.read(1):
                raise ValueError("imgs is longer than its header says")
    except _UNREADABLE as error:
        reason = error.args[0] if isinstance(error, KeyError) else error
        raise ValueError(f"{path}: {reason}; give the complete npz file of dSprites.") from None
    return packed


@functools.lru_cache
def _bytes_to_pixels(device: torch.device) -> torch.Tensor:
    import torch

    pixels = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    # Eight pixels travel as one 64-bit word: a look-up a byte instead of eight.
    return torch.from_numpy(pixels).to(device).view(torch.int64)[:, 0]


def unpack(packed: torch.Tensor) -> torch.Tensor:
    """Images (B, 1, 64, 64), uint8 in {0, 1}, of packed ones (B, 512), on the device they are."""
    import torch

    words = _bytes_to_pixels(packed.device)[packed.int()]
    return words.view(torch.uint8).view(-1, 1, SIDE, SIDE)


def sprites(folder: Path) -> Dataset:
    """The grid as a data set: 10,000 images each for validation and test, the rest to train.

    dSprites' own file is read where `folder` has it; otherwise the grid is rendered.
    """
    import torch

    from training.contract.card import Factor
    from training.datasets import Dataset, Split
    from training.errors import DataError

    official = folder / OFFICIAL
    try:
        packed = read_official(official) if official.exists() else packed_grid()
    except ValueError as error:
        raise DataError(str(error)) from error
    order = np.random.RandomState(0).permutation(
        COUNT
    )  # the one stream that numpy promises to keep
    parts = np.split(order, [HELD_OUT, 2 * HELD_OUT])
    splits = {
        name: Split(
            torch.from_numpy(packed[part]),
            torch.from_numpy(index_to_factors(part).astype(np.int32)),
            lambda stored: unpack(stored).float(),
        )
        for name, part in zip(("test", "validation", "train"), parts, strict=True)
    }
    stored = [splits[name].stored for name in ("test", "validation", "train")]
    place = np.empty(COUNT, dtype=np.int64)
    place[order] = np.arange(COUNT)  # of each image of the grid, in the splits one after another

    def at_factors(factors: torch.Tensor) -> torch.Tensor:
        places = torch.from_numpy(place[factors_to_index(factors.cpu().numpy())])
        rows = torch.empty(len(places), BYTES, dtype=torch.uint8)
        start = 0
        for part in stored:
            found = (places >= start) & (places < start + len(part))
            rows[found] = part[places[found] - start]
            start += len(part)
        return unpack(rows).float()

    return Dataset(
        name="sprites",
        source=OFFICIAL
        if official.exists()
        else "rendered here, after dSprites (Matthey et al. 2017)",
        licence="Apache-2.0",
        shape=(1, SIDE, SIDE),
        splits={name: splits[name] for name in ("train", "validation", "test")},
        factors=(
            Factor("shape", FACTORS["shape"], "categorical", SHAPES),
            Factor("scale", FACTORS["scale"], "ordered"),
            Factor("orientation", FACTORS["orientation"], "circular"),
            Factor("x", FACTORS["x"], "ordered"),
            Factor("y", FACTORS["y"], "ordered"),
        ),
        at_factors=at_factors,
    )
