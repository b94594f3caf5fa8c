"""The ray-cast room against projections, angles and colours worked out in other ways."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from training import build
from training.datasets import Dataset, scene_geometry, scenes

SURFACES = ("floor", "wall", "object")
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return build.dataset("scenes", tmp_path_factory.mktemp("nothing"))


@pytest.fixture(scope="module")
def weights() -> Floats:
    """(8, 4, 15, 4, 64, 64): scale, shape, orientation; floor, wall, object, white."""
    return scene_geometry.weights().astype(float)


def random_factors(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, scenes.SIZES, (count, 6))


def project(points: Floats, degrees: float) -> Floats:
    """Columns and rows (2, N), in pixels, where a pinhole camera sees the points (3, N).

    Its rotation is put together from a turn about the vertical and a tilt.
    """
    turn, tilt = np.radians(45 + degrees), np.radians(17)
    about = np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    down = np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])
    towards, right, up = down @ about @ (points - [[0], [0], [scene_geometry.AIM]])
    depth = scene_geometry.CAMERA - towards
    seen = np.stack([right, -up]) / (depth * scene_geometry.HALF_VIEW)
    return 32 * (1 + seen)


def lifted(points: Floats, height: float) -> Floats:
    return points + np.array([[0], [0], [height]])


def surface(shape: str) -> Floats:
    """Points (3, N) that span the object of scale 1: it is their convex hull."""
    angle = np.linspace(0, 2 * np.pi, 90)
    rim = np.stack([np.cos(angle), np.sin(angle), 0 * angle])
    heights = np.linspace(-1, 1, 61)
    ball = np.concatenate([lifted(rim * np.sqrt(1 - h * h), h) for h in heights], axis=1)
    match shape:
        case "cube":
            corners = np.stack(np.meshgrid([-1, 1], [-1, 1], [0, 2])).reshape(3, -1)
            return scene_geometry.CUBE * corners
        case "cylinder":
            flat = scene_geometry.CYLINDER * rim
            return np.concatenate([flat, lifted(flat, scene_geometry.CYLINDER_HEIGHT)], 1)
        case "sphere":
            return scene_geometry.SPHERE * lifted(ball, 1)
    small, height = scene_geometry.CAPSULE, scene_geometry.CAPSULE_HEIGHT
    low = small * lifted(ball, 1)
    return np.concatenate([low, lifted(low, height - 2 * small)], axis=1)


def degrees_of(index: int) -> float:
    return -30 + 60 * index / 14


def test_index_order_is_that_of_the_factors() -> None:
    assert list(scenes.FACTORS.items()) == [
        ("floor hue", 10),
        ("wall hue", 10),
        ("object hue", 10),
        ("scale", 8),
        ("shape", 4),
        ("orientation", 15),
    ]
    strides = np.array([48_000, 4_800, 480, 60, 15, 1])
    factors = random_factors(1000)
    indices = scenes.factors_to_index(factors)
    np.testing.assert_array_equal(indices, factors @ strides)
    np.testing.assert_array_equal(scenes.index_to_factors(indices), factors)
    assert scenes.index_to_factors(np.array([479_999])).tolist() == [[9, 9, 9, 7, 3, 14]]


def test_splits_share_the_grid(dataset: Dataset) -> None:
    sizes = {name: len(split) for name, split in dataset.splits.items()}
    assert sizes == {"train": 460_000, "validation": 10_000, "test": 10_000}
    factors = torch.cat([split.targets for split in dataset.splits.values()])
    places = np.sort(scenes.factors_to_index(factors.numpy()))
    np.testing.assert_array_equal(places, np.arange(480_000))


def test_a_split_stores_factors_and_draws_images(dataset: Dataset) -> None:
    split = dataset.splits["test"]
    assert split.stored.dtype == torch.uint8
    assert torch.equal(split.stored.int(), split.targets)
    images = split.images(torch.arange(300))
    assert images.dtype == torch.float32
    assert images.shape == (300, *dataset.shape) == (300, 3, 64, 64)
    drawn = scenes.render(split.targets[:300].numpy())
    assert drawn.dtype == np.uint8
    assert torch.equal(images, torch.from_numpy(drawn).float() / 255)
    assert dataset.at_factors is not None
    assert torch.equal(dataset.at_factors(split.targets[:300]), images)
    assert dataset.factors is not None
    assert [factor.name for factor in dataset.factors] == [*scenes.FACTORS]
    assert [factor.name for factor in dataset.factors or () if factor.kind != "ordered"] == [
        "shape"
    ]


def test_images_are_sums_of_weighted_colours(weights: Floats) -> None:
    """In integers, one image after another."""
    factors = random_factors(100)
    for (*hues, scale, shape, orientation), image in zip(
        factors, scenes.render(factors), strict=True
    ):
        layers = weights[scale, shape, orientation].astype(int)
        colours = [*scenes.PALETTE[np.arange(3), hues].astype(int), np.full(3, 255)]
        total = sum(np.multiply.outer(c, layer) for c, layer in zip(colours, layers, strict=True))
        np.testing.assert_array_equal(image, (2 * total + 255) // 510)


def test_light_is_never_more_than_white(weights: Floats) -> None:
    assert weights.sum(3).max() <= 255
    assert weights.sum(3).min() > 60  # and nothing is left black


def test_autocast_changes_no_pixel() -> None:
    factors = torch.from_numpy(random_factors(200))
    expected = scenes.unpack(factors)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(scenes.unpack(factors), expected)


@pytest.mark.parametrize("number", range(3), ids=SURFACES)
def test_a_hue_repaints_its_surface_only(number: int, weights: Floats) -> None:
    before = random_factors(300)
    after = before.copy()
    after[:, number] = (before[:, number] + 1 + np.arange(300) % 9) % 10
    changed = (scenes.render(before) != scenes.render(after)).any(1)
    shown = weights[before[:, 3], before[:, 4], before[:, 5], number]
    assert not changed[shown == 0].any()
    assert changed[shown > 60].all()


@pytest.mark.parametrize("number", range(3), ids=SURFACES)
def test_hues_and_lightness_change_evenly(number: int) -> None:
    """By the way from sRGB to OKLab (Ottosson 2020); 8 bits leave an error of about 0.005."""
    displayed = scenes.PALETTE[number] / 255
    linear = np.where(displayed <= 0.04045, displayed / 12.92, ((displayed + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    lightness, a, b = (
        np.cbrt(cones)
        @ np.array(
            [
                [0.2104542553, 1.9779984951, 0.0259040371],
                [0.7936177850, -2.4285922050, 0.7827717662],
                [-0.0040720468, 0.4505937099, -0.8086757660],
            ]
        )
    ).T
    ends = [(0.83, 0.68), (0.92, 0.56), (0.82, 0.54)][number]
    np.testing.assert_allclose(lightness, np.linspace(*ends, 10), atol=0.005)
    hues = np.degrees(np.unwrap(np.arctan2(b, a)))
    np.testing.assert_allclose(hues, np.linspace(30, 273, 10), atol=3)


@pytest.mark.parametrize("scale", range(8))
def test_a_sphere_is_seen_within_its_tangent_cone(scale: int, weights: Floats) -> None:
    """A direction meets a ball when its angle to the centre is below arcsin(radius / distance)."""
    layers = weights[scale, scenes.SHAPES.index("sphere"), 7]
    radius = (0.75 + 0.5 * scale / 7) * scene_geometry.SPHERE
    tilt = np.radians(17)
    # In the camera's own axes: right, up, forward. The ball's centre is above what is aimed at.
    above = radius - scene_geometry.AIM
    centre = np.array([0, above * np.cos(tilt), scene_geometry.CAMERA - above * np.sin(tilt)])
    fine = scene_geometry.HALF_VIEW * ((np.arange(64 * 20) + 0.5) / (32 * 20) - 1)
    right, up = fine[None, :], -fine[:, None]
    cosine = (up * centre[1] + centre[2]) / np.sqrt(right**2 + up**2 + 1) / np.linalg.norm(centre)
    inside = np.arccos(cosine) < np.arcsin(radius / np.linalg.norm(centre))
    covered = inside.reshape(64, 20, 64, 20).mean((1, 3))
    assert (layers[2][covered == 0] == 0).all()
    assert (layers[:2, covered == 1] == 0).all()
    assert (layers[2][covered > 0.2] > 0).all()
    assert (layers[:2, covered < 0.8].sum(0) > 0).all()


@pytest.mark.parametrize("shape", range(4), ids=scenes.SHAPES)
def test_objects_reach_as_far_as_their_surface(shape: int, weights: Floats) -> None:
    for scale in range(8):
        for orientation in (0, 4, 7, 14):
            points = (0.75 + 0.5 * scale / 7) * surface(scenes.SHAPES[shape])
            x, y = project(points, degrees_of(orientation))
            rows, columns = np.nonzero(weights[scale, shape, orientation, 2])
            found = [columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]
            np.testing.assert_allclose(found, [x.min(), x.max(), y.min(), y.max()], atol=1.01)


def test_orientation_moves_the_corner(weights: Floats) -> None:
    """The shade of the wall jumps where the edge between the two is projected to."""
    room, positions = scene_geometry.ROOM, []
    for orientation in range(15):
        top = weights[0, 0, orientation, 1, 1]
        jump = np.abs(top[2:] - top[:-2]).argmax() + 1.5
        edge = np.array([np.full(50, -room), np.full(50, -room), np.linspace(0, 6, 50)])
        x, y = project(edge, degrees_of(orientation))
        expected = x[np.abs(y - 1.5).argmin()]
        assert abs(jump - expected) < 1.5
        positions.append(expected)
    assert (np.diff(positions) > 1.5).all()
    assert positions[0] < 16 < 48 < positions[-1]


@pytest.mark.parametrize("shape", range(4), ids=scenes.SHAPES)
def test_every_orientation_differs_from_the_next(shape: int) -> None:
    factors = np.tile([0, 3, 6, 3, shape, 0], (15, 1))
    factors[:, 5] = np.arange(15)
    images = scenes.render(factors).astype(int)
    different = (np.abs(np.diff(images, axis=0)).max(1) > 8).sum((1, 2))
    assert (different > 100).all()


def test_the_shadow_lies_away_from_the_lamp(weights: Floats) -> None:
    """On the floor beside a capsule, the camera sees both places."""
    towards = scene_geometry.LAMP[:2] / np.linalg.norm(scene_geometry.LAMP[:2])
    places = np.array([[*(-1.1 * towards), 0], [*(1.1 * towards), 0]]).T
    for orientation in range(3):  # later, the capsule hides it
        x, y = project(places, degrees_of(orientation)).astype(int)
        shadow, lit = weights[4, 3, orientation, 0][y, x]
        assert weights[4, 3, orientation, 2][y, x].max() == 0
        assert 0 < shadow < 0.7 * lit


def test_no_two_geometries_are_alike(weights: Floats) -> None:
    flat = weights.reshape(480, -1)
    assert len(np.unique(flat, axis=0)) == 480
    for colours in scenes.PALETTE:
        assert len(np.unique(colours, axis=0)) == 10


@pytest.fixture
def _anew() -> Iterator[None]:
    """Forget what is kept of weights and palette, before and after."""
    scenes._on.cache_clear()
    yield
    scenes._on.cache_clear()


@pytest.mark.usefixtures("_anew")
def test_hash_notices_what_the_images_are_drawn_with(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dataset.sha256()
    again = build.dataset("scenes", Path("nowhere"))
    assert again.sha256() == before

    palette = scenes.PALETTE.copy()
    palette[1, 9, 2] -= 2
    monkeypatch.setattr(scenes, "PALETTE", palette)
    scenes._on.cache_clear()
    assert dataset.sha256() != before

    monkeypatch.undo()
    one_off = scene_geometry.weights().copy()
    one_off[5, 3, 11, 0, 60, 30] -= 2
    monkeypatch.setattr(scenes, "weights", lambda: one_off)
    scenes._on.cache_clear()
    assert dataset.sha256() != before

    monkeypatch.undo()
    scenes._on.cache_clear()
    assert dataset.sha256() == before


def test_no_image_is_needed() -> None:
    assert scenes.render(np.empty((0, 6), dtype=int)).shape == (0, 3, 64, 64)


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        (np.zeros(6, dtype=int), r"shape \(6,\); give \(N, 6\): floor hue, wall hue"),
        (np.zeros((2, 5), dtype=int), r"shape \(2, 5\)"),
        (np.zeros((2, 6)), "float64"),
        (np.array([[0, 10, 0, 0, 0, 0]]), "wall hue runs from 10 to 10; the grid has 0 to 9"),
        (np.array([[0, 0, 0, 0, 4, 0]]), "shape runs from 4"),
        (np.array([[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, -1]]), "orientation runs from -1 to 0"),
    ],
)
def test_wrong_factors_are_named(factors: np.ndarray, message: str, dataset: Dataset) -> None:
    assert dataset.at_factors is not None
    with pytest.raises(ValueError, match=message):
        scenes.render(factors)
    with pytest.raises(ValueError, match=message):
        scenes.factors_to_index(factors)
    with pytest.raises(ValueError, match=message):
        dataset.at_factors(torch.from_numpy(factors))


@pytest.mark.parametrize("indices", [np.array([480_000]), np.array([-1]), np.array([0.5])])
def test_wrong_indices_are_refused(indices: np.ndarray) -> None:
    with pytest.raises(ValueError, match="indices"):
        scenes.index_to_factors(indices)
