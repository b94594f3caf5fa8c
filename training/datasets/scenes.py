"""A room with one object on its floor, in the manner of 3D Shapes (Burgess & Kim 2018): 480,000
images, 64×64 in colour, of six independent factors. Geometry, light and colours are our own.

The room: a floor and two walls that meet in a corner, at right angles. The object stands in the
middle of the floor: a cube, cylinder, sphere or upright capsule, of 8 sizes from 0.75 to 1.25. The
camera stands opposite the corner and looks down 17° at the object; `orientation` moves it around
the object by −30° to 30° in 15 steps. The lamp is fixed to the room, so walls of different shade,
the corner and the shadow turn, even where the object looks the same from all sides.

How an image is made: for each of the 480 combinations of shape, scale and orientation, 16 rays a
pixel are cast once, when the first image is asked for. What they find is kept as four weights a
pixel: how much of the colours of floor, wall, object and of a white highlight arrive there. They
hold visibility, antialiasing, shading (a Lambertian surface under a lamp and the open sky above),
the soft shadow and the contact shadow. Light does not pass from one coloured surface to another,
so a pixel is linear in the colours: Σ weight × colour, which is all that is left to do when images
are asked for, in batches, on the device where their factors are. None is stored.

Weights and colours are whole numbers up to 255, whose sums of products float32 holds exactly, so
the images are the same to the last bit on any device. Shades multiply the colours as displayed,
sRGB's curve left out of account, as in most toy renderers.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.datasets import grid
from training.datasets.scene_geometry import ANGLES, SCALES, SHAPES, SIDE, weights

if TYPE_CHECKING:
    import torch

    from training.datasets import Dataset

FACTORS = {
    "floor hue": 10,
    "wall hue": 10,
    "object hue": 10,
    "scale": len(SCALES),
    "shape": len(SHAPES),
    "orientation": len(ANGLES),
}
SIZES = tuple(FACTORS.values())
COUNT = 480_000
HELD_OUT = 10_000
GEOMETRIES = SIZES[3:]  # scale, shape, orientation: what decides the weights

# Ten hues 27° apart in OKLab (Ottosson 2020), from orange-red at 30° to violet-blue at 273°. The
# rest of the circle is left out and lightness falls evenly on the way (floor 0.83 to 0.68, wall
# 0.92 to 0.56, object 0.82 to 0.54), so that a hue is nearly one number, which one slider can hold.
# Chroma is 0.09, 0.12 and 0.19, or as much as sRGB has there.
FLOOR = "fcb2a5 efb488 d8b878 b9bd79 96c088 73bf9f 5bbab6 5ab0c9 6da3d2 8695d0"
WALL = "fedbd5 ffcca7 efc469 c1c565 8bc377 4dbc92 06aeab 0c9cbb 3986c3 5e6eba"
OBJECT = "feac9e ffa055 dea60a acaf0a 5ab730 0bad7e 059e9b 058fac 037dc8 4e5edb"

PALETTE = np.array(  # (3, 10, 3) uint8: surface, hue, channel
    [list(bytes.fromhex(colours)) for colours in (FLOOR, WALL, OBJECT)], dtype=np.uint8
).reshape(3, -1, 3)

COLOURS = {
    name: tuple(f"#{colour}" for colour in colours.split())
    for name, colours in zip(FACTORS, (FLOOR, WALL, OBJECT), strict=False)
}

index_to_factors = functools.partial(grid.index_to_factors, FACTORS)
factors_to_index = functools.partial(grid.factors_to_index, FACTORS)


@functools.lru_cache
def _on(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (480, 4, 4096) and the palette, on the device."""
    import torch

    flat = torch.from_numpy(weights()).view(-1, 4, SIDE * SIDE)
    return flat.to(device).float(), torch.from_numpy(PALETTE).to(device).float()


def unpack(factors: torch.Tensor) -> torch.Tensor:
    """Images (B, 3, 64, 64), whole float32 up to 255, of factors (B, 6), on the device they are."""
    import torch

    weight, palette = _on(factors.device)
    floor, wall, thing, scale, shape, orientation = factors.long().unbind(1)
    geometry = (scale * SIZES[4] + shape) * SIZES[5] + orientation
    white = torch.full((len(factors), 3), 255.0, device=factors.device)
    colours = [palette[0, floor], palette[1, wall], palette[2, thing], white]
    with torch.autocast(factors.device.type, enabled=False):  # bfloat16 would round the sums
        light = torch.stack(colours, -1) @ weight[geometry]
    return light.div_(255).round_().view(-1, 3, SIDE, SIDE)


def render(factors: np.ndarray) -> NDArray[np.uint8]:
    """Images (N, 3, 64, 64), uint8, for integers (N, 6) in the order of FACTORS."""
    import torch

    images: NDArray[np.uint8] = (
        unpack(torch.from_numpy(grid.checked(FACTORS, factors))).to(torch.uint8).numpy()
    )
    return images


def scenes() -> Dataset:
    """The grid as a data set: 10,000 images each for validation and test, the rest to train.

    What is stored are factors; a split draws its images from them.
    """
    import torch

    from training.contract.card import Factor
    from training.datasets import Dataset, Split

    def images(factors: torch.Tensor) -> torch.Tensor:
        return unpack(factors).div_(255)

    def at_factors(factors: torch.Tensor) -> torch.Tensor:
        grid.checked(FACTORS, factors.cpu().numpy())
        return images(factors)

    order = np.random.RandomState(0).permutation(COUNT)  # the one stream that numpy keeps
    test, validation, train = np.split(order, [HELD_OUT, 2 * HELD_OUT])
    splits = {}
    for name, part in {"train": train, "validation": validation, "test": test}.items():
        factors = torch.from_numpy(index_to_factors(part))
        splits[name] = Split(factors.to(torch.uint8), factors.int(), images)

    # Each geometry in ten colourings that take every hue of every surface: all that is drawn with.
    hue, geometry = np.divmod(np.arange(10 * np.prod(GEOMETRIES)), np.prod(GEOMETRIES))
    colouring = [hue, (hue + 3) % 10, (hue + 6) % 10]
    witness = np.stack([*colouring, *np.unravel_index(geometry, GEOMETRIES)], axis=1)
    return Dataset(
        name="scenes",
        source="rendered here, in the manner of 3D Shapes (Burgess & Kim 2018)",
        licence="none needed: drawn by this program",
        shape=(3, SIDE, SIDE),
        splits=splits,
        factors=tuple(
            Factor(name, size, "categorical", SHAPES)
            if name == "shape"
            else Factor(name, size, "ordered", colours=COLOURS.get(name))  # hues: from red to blue
            for name, size in FACTORS.items()
        ),
        at_factors=at_factors,
        witness=torch.from_numpy(witness),
    )
