"""The room of `scenes`, ray-cast: how much of each colour arrives where, for its 480 geometries.

x and y run along the walls, z upwards; the object stands at the origin. Everything about it is at
scale 1: at another scale, the eye comes nearer to it instead.
"""

import functools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SIDE = 64  # of an image, in pixels
SHAPES = ("cube", "cylinder", "sphere", "capsule")
SCALES = np.linspace(0.75, 1.25, 8)
ANGLES = np.radians(np.linspace(-30, 30, 15))  # of the camera, from the way to the corner
ROOM = 2.9  # from the object to either wall
CAMERA, LOOKING_DOWN, HALF_VIEW = 7.0, np.radians(17.0), 0.27  # distance; half the image at 1
AIM = 0.95  # the height that the camera looks at
SAMPLES = 4  # rays along each side of a pixel

# At scale 1: half a side of the cube; radius and, where it is not twice that, height.
CUBE, SPHERE = 0.56, 0.74
CYLINDER, CYLINDER_HEIGHT = 0.62, 1.3
CAPSULE, CAPSULE_HEIGHT = 0.5, 1.72
BALL, BALL_HEIGHT = 1.15, 0.8  # a ball that holds any of them

LAMP = np.array([0.10, 0.71, np.sqrt(1 - 0.10**2 - 0.71**2)])  # the direction to it
LAMP_SPREAD = 0.12  # the radius of its disc, seen from 1 away
LAMP_LIGHT, SKY_LIGHT = 0.6, 0.54  # on a surface that faces the one, or sees all of the other
ABSORBED = 0.45  # of the sky's light, by what hides the sky; the rest it sends back
HIGHLIGHT, SQUARINGS = 0.3, 5  # Blinn's highlight: its strength; its exponent is 2 to the second
REACH, TEXELS, RAYS = 3.0, 120, 96  # the floor's table of shadows: half its side; its entries


def _between(a: Floats, b: Floats, c: Floats) -> tuple[Floats, Floats]:
    """Where a t² + 2 b t + c < 0 for a > 0: from, to; (∞, −∞) where nowhere."""
    square = b * b - a * c
    root = np.sqrt(np.maximum(square, 0))
    missed = square <= 0
    return np.where(missed, np.inf, (-b - root) / a), np.where(missed, -np.inf, (root - b) / a)


def _ball(origin: Floats, ray: Floats, radius: float, height: float) -> tuple[Floats, Floats]:
    x, y, z = origin[0], origin[1], origin[2] - height
    b = x * ray[0] + y * ray[1] + z * ray[2]
    return _between((ray * ray).sum(0), b, x * x + y * y + z * z - radius**2)


def _tube(origin: Floats, ray: Floats, radius: float) -> tuple[Floats, Floats]:
    (x, y), (right, far) = origin[:2], ray[:2]
    b = x * right + y * far
    return _between(right * right + far * far, b, x * x + y * y - radius**2)


def _slab(origin: Floats, ray: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore"):
        first, second = (low - origin) / ray, (high - origin) / ray
    return np.minimum(first, second), np.maximum(first, second)


def _all(*spans: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    enter, leave = zip(*spans, strict=True)
    return functools.reduce(np.maximum, enter), functools.reduce(np.minimum, leave)


def hit(shape: str, origin: Floats, ray: Floats) -> Floats:
    """How many times the rays (3, ...) it is from `origin` to the object of scale 1; ∞ if missed.

    `origin` (3, ...) lies outside of the object; no ray is vertical or lies in a face of the cube.
    """
    match shape:
        case "cube":
            x, y = (_slab(origin[axis], ray[axis], -CUBE, CUBE) for axis in (0, 1))
            spans = [_all(x, y, _slab(origin[2], ray[2], 0, 2 * CUBE))]
        case "cylinder":
            ends = _slab(origin[2], ray[2], 0, CYLINDER_HEIGHT)
            spans = [_all(_tube(origin, ray, CYLINDER), ends)]
        case "sphere":
            spans = [_ball(origin, ray, SPHERE, SPHERE)]
        case _:
            low, high = CAPSULE, CAPSULE_HEIGHT - CAPSULE
            ends = _slab(origin[2], ray[2], low, high)
            spans = [_ball(origin, ray, CAPSULE, height) for height in (low, high)]
            spans.append(_all(_tube(origin, ray, CAPSULE), ends))
    found = [np.where((enter < leave) & (leave > 0), enter, np.inf) for enter, leave in spans]
    return functools.reduce(np.minimum, found)


def _normal(shape: str, point: Floats) -> Floats:
    """Outwards, of length 1, at points (3, N) of the surface of the object of scale 1."""
    normal = point.copy()
    match shape:
        case "cube":
            normal[2] -= CUBE
            size = np.abs(normal)
            normal = np.where(size == size.max(0), normal, 0)
        case "cylinder":
            top = point[2] > CYLINDER_HEIGHT - 1e-9
            normal = np.where(top, np.array([[0], [0], [1.0]]), normal * [[1], [1], [0]])
        case "sphere":
            normal[2] -= SPHERE
        case _:
            normal[2] -= point[2].clip(CAPSULE, CAPSULE_HEIGHT - CAPSULE)
    return _unit(normal)


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.sqrt((vectors * vectors).sum(0))
    return unit


def _light(facing: Floats | float, hidden: Floats, lit: Floats | float = 1.0) -> Floats:
    """Light on a surface, at most 1.

    Args:
        facing: the cosine between its normal and the lamp.
        hidden: the share of its sky that something hides.
        lit: the share of the lamp that it sees.
    """
    lamp = LAMP_LIGHT * np.maximum(facing, 0) * lit
    return np.minimum(SKY_LIGHT * (1 - ABSORBED * hidden) + lamp, 1)


def _floor_table() -> Floats:
    """The shares of lamp and sky that an object of scale 1 leaves: (TEXELS, TEXELS, 4, 2).

    Seen from points (x, y) of the floor up to REACH away. The lamp is a disc, so shadows are soft;
    the sky is weighed by the cosine to the floor's normal (Malley's method).
    """
    place = np.arange(RAYS)
    radius, angle = np.sqrt((place + 0.5) / RAYS), place * np.pi * (3 - np.sqrt(5))
    disc = radius * np.cos(angle), radius * np.sin(angle)  # even (Vogel 1979)
    side = np.array([-LAMP[1], LAMP[0], 0]) / np.hypot(LAMP[0], LAMP[1])
    above = np.cross(LAMP, side)
    lamp = LAMP[:, None] + LAMP_SPREAD * (disc[0] * side[:, None] + disc[1] * above[:, None])
    sky = np.stack([*disc, np.sqrt(1 - radius**2)])
    places = np.linspace(-REACH, REACH, TEXELS)
    floor = np.stack([*np.meshgrid(places, places, indexing="ij"), np.zeros((TEXELS, TEXELS))])
    table = np.zeros((TEXELS, TEXELS, len(SHAPES), 2))
    for number, shape in enumerate(SHAPES):
        for column, rays in enumerate((lamp, sky)):
            for ray in rays.T:
                table[..., number, column] += np.isinf(hit(shape, floor, ray[:, None, None]))
    return table / RAYS


def _look_up(table: Floats, point: Floats) -> Floats:
    """The table at points (2, N) of the floor, linear between its entries: (4, 2, N)."""
    place = ((point / REACH + 1) / 2 * (TEXELS - 1)).clip(0, TEXELS - 1.001)
    corner = place.astype(np.int64)
    x, y = (place - corner)[:, :, None, None]
    i, j = corner
    near = table[i, j] * (1 - y) + table[i, j + 1] * y
    far = table[i + 1, j] * (1 - y) + table[i + 1, j + 1] * y
    return np.moveaxis(near * (1 - x) + far * x, 0, -1)


def camera(angle: float) -> tuple[Floats, Floats]:
    """The eye (3, 1, 1) and the rays (3, S, S), not of length 1, of all samples from the top."""
    turned = np.pi / 4 + angle
    flat = np.array([np.cos(turned), np.sin(turned), 0])
    up = np.array([0, 0, 1.0])
    back = np.cos(LOOKING_DOWN) * flat + np.sin(LOOKING_DOWN) * up
    right = np.cross(up, flat)
    above = np.cross(back, right)
    steps = HALF_VIEW * ((np.arange(SIDE * SAMPLES) + 0.5) / (SIDE * SAMPLES / 2) - 1)
    back, right, above, up = (axis[:, None, None] for axis in (back, right, above, up))
    return CAMERA * back + AIM * up, steps * right - steps[:, None] * above - back


def _hidden_by_plane(distance: Floats) -> Floats:
    """The share of a surface's sky behind a plane at right angles to it, ROOM high and endless."""
    share: Floats = 0.5 * (1 - distance / np.sqrt(distance**2 + ROOM**2))
    return share


def _pixels(samples: Floats) -> Floats:
    """The means (..., 64, 64) of the samples (..., S, S) of each pixel."""
    rest = samples.shape[:-2]
    rows = samples.reshape(*rest, SIDE, SAMPLES, SIDE * SAMPLES).sum(-2)
    means: Floats = rows.reshape(*rest, SIDE, SIDE, SAMPLES).sum(-1) / SAMPLES**2
    return means


@functools.lru_cache(maxsize=1)
def weights() -> NDArray[np.uint8]:
    """How much of each colour reaches each pixel: (8, 4, 15, 4, 64, 64).

    By scale, shape and orientation; then of floor, wall, object and white. In 255ths, together 255
    at most.
    """
    table = _floor_table()
    result = np.empty((len(SCALES), len(SHAPES), len(ANGLES), 4, SIDE, SIDE), dtype=np.uint8)
    for orientation, angle in enumerate(ANGLES):
        eye, rays = camera(angle)
        with np.errstate(divide="ignore"):
            down = np.where(rays[2] < 0, -eye[2] / rays[2], np.inf)
            to_walls = np.where(rays[:2] < 0, (-ROOM - eye[:2]) / rays[:2], np.inf)
        on_floor = down < to_walls.min(0)
        struck = eye + np.minimum(down, to_walls.min(0)) * rays
        which = to_walls.argmin(0)
        corner = _hidden_by_plane(np.where(which == 0, struck[1], struck[0]) + ROOM)
        light = _light(LAMP[which], corner + _hidden_by_plane(struck[2].clip(0)))
        wall = np.where(on_floor, 0, light)

        floor = _pixels(on_floor.astype(float))
        seen = floor > 0
        # The floor's light changes slowly: one point a pixel, the middle of what is seen there.
        ground = _pixels(struck[:2] * on_floor)[:, seen] / floor[seen]
        near_walls = _hidden_by_plane(ground + ROOM).sum(0)
        for number, scale in enumerate(SCALES):
            start = eye / scale
            left = _look_up(table, ground / scale)
            near = np.isfinite(_ball(start, rays, BALL, BALL_HEIGHT)[0])
            rays_near = rays[:, near]
            for shape, name in enumerate(SHAPES):
                lit, open_sky = left[shape]
                floor_light = np.zeros((SIDE, SIDE))
                floor_light[seen] = _light(LAMP[2], near_walls + 1 - open_sky, lit)

                distance = hit(name, start[:, 0], rays_near)
                found = np.isfinite(distance)
                ray = rays_near[:, found]
                normal = _normal(name, start[:, 0] + distance[found] * ray)
                shine = (normal * _unit(LAMP[:, None] - _unit(ray))).sum(0)
                for _ in range(SQUARINGS):
                    shine = shine * shine
                shine = HIGHLIGHT * shine
                shade = _light(LAMP @ normal, 0.5 * (1 - normal[2]))
                object_, white = np.zeros((2, *near.shape))
                covered = near.copy()
                covered[near] = found
                object_[covered], white[covered] = shade * (1 - shine), shine

                layers = result[number, shape, orientation]
                layers[0] = 255 * floor_light * _pixels((on_floor & ~covered).astype(float))
                layers[1:] = 255 * _pixels(np.stack([wall * ~covered, object_, white]))
    return result
