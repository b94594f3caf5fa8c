"""The sprite renderer against real dSprites images, and against what its geometry promises."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from training.datasets import sprites

DATA = Path(__file__).parents[1] / "data" / "dsprites"


def images(name: str) -> np.ndarray:
    with np.load(DATA / name, allow_pickle=False) as archive:
        return archive["imgs"]


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of each pair of images (N, 64, 64)."""
    return (a & b).sum((1, 2)) / (a | b).sum((1, 2))


def random_factors(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, sprites.SIZES, (count, 5))


def walk_factors() -> np.ndarray:
    """What each frame of factor_walk_320.npz shows; turning points are shown twice."""
    up, down = list(range(6)), list(range(6))[::-1]
    side = list(range(32))
    frames = [(2, scale, 0, 0, 0) for scale in up + down + up]
    frames += [(2, 5, orientation, 0, 0) for orientation in range(40)]
    frames += [(2, 5, 0, 0, y) for y in side] + [(2, 5, 0, x, 31) for x in side]
    frames += [(2, 5, 0, 31, y) for y in side[::-1]] + [(2, 5, 0, x, 0) for x in side[::-1]]
    frames += [(2, scale, 0, 0, 0) for scale in down]
    for shape in (1, 0):
        frames += [(shape, scale, 0, 0, 0) for scale in up + down + up]
        frames += [(shape, 5, orientation, 0, 0) for orientation in range(40)]
        frames += [(shape, scale, 0, 0, 0) for scale in down]
    return np.array(frames)


@pytest.fixture(scope="module")
def grid() -> np.ndarray:
    return sprites.packed_grid()


def test_real_factor_walk() -> None:
    scores = overlap(sprites.render(walk_factors()), images("factor_walk_320.npz"))
    assert scores.mean() > 0.999
    assert scores.min() > 0.98


def test_real_images_at_their_best_factors(grid: np.ndarray) -> None:
    words = grid.view(np.uint64)
    areas = np.bitwise_count(words).sum(1)
    real = images("real_50.npz")
    best = []
    for image in real:
        row = np.packbits(image).view(np.uint64)
        # Images whose areas differ by more cannot overlap well enough to matter here.
        near = np.flatnonzero(np.abs(areas.astype(int) - image.sum()) <= 3)
        best.append(near[np.argmin(np.bitwise_count(words[near] ^ row).sum(1))])
    scores = overlap(sprites.render(sprites.index_to_factors(np.array(best))), real)
    assert scores.mean() > 0.99
    assert scores.min() > 0.95


def test_packed_grid_unpacks_to_what_render_draws(grid: np.ndarray) -> None:
    factors = random_factors(500)
    packed = torch.from_numpy(grid[sprites.factors_to_index(factors)])
    unpacked = sprites.unpack(packed)
    assert grid.shape == (sprites.COUNT, 512)
    assert unpacked.dtype == torch.uint8
    assert unpacked.shape == (500, 1, 64, 64)
    np.testing.assert_array_equal(unpacked[:, 0].numpy(), sprites.render(factors))


def test_index_order_is_that_of_dsprites() -> None:
    assert list(sprites.FACTORS) == ["shape", "scale", "orientation", "x", "y"]
    assert np.prod(sprites.SIZES) == sprites.COUNT
    strides = np.array([6 * 40 * 32 * 32, 40 * 32 * 32, 32 * 32, 32, 1])
    factors = random_factors(1000)
    indices = sprites.factors_to_index(factors)
    np.testing.assert_array_equal(indices, factors @ strides)
    np.testing.assert_array_equal(sprites.index_to_factors(indices), factors)


def test_first_and_last_orientation_coincide() -> None:
    first, last = random_factors(100), random_factors(100)
    first[:, 2], last[:, 2] = 0, 39
    np.testing.assert_array_equal(sprites.render(first), sprites.render(last))


def test_every_shape_has_its_mirror_image_on_the_grid() -> None:
    factors = random_factors(500)
    mirrored = factors.copy()
    mirrored[:, 2] = 39 - factors[:, 2]
    mirrored[:, 3] = 31 - factors[:, 3]
    np.testing.assert_array_equal(sprites.render(mirrored), sprites.render(factors)[:, :, ::-1])


def test_square_and_ellipse_survive_half_a_turn() -> None:
    factors = random_factors(500)
    factors[:, 0] %= 2
    turned = factors.copy()
    turned[:, 3:] = 31 - factors[:, 3:]
    np.testing.assert_array_equal(sprites.render(turned), sprites.render(factors)[:, ::-1, ::-1])


def test_square_survives_reflection_in_the_diagonal() -> None:
    """Only a shape that a quarter turn leaves alone does: the grid holds no quarter turn itself."""
    factors = random_factors(500)
    factors[:, 0] = 0
    swapped = np.stack([*factors[:, :2].T, 39 - factors[:, 2], factors[:, 4], factors[:, 3]], 1)
    np.testing.assert_array_equal(
        sprites.render(swapped), sprites.render(factors).transpose(0, 2, 1)
    )


@pytest.mark.parametrize("shape", range(3))
def test_position_moves_columns_and_rows(shape: int) -> None:
    pixels = np.arange(64)
    for factor, axis in ((3, 1), (4, 2)):
        factors = np.tile([shape, 3, 7, 16, 16], (32, 1))
        factors[:, factor] = np.arange(32)
        profiles = sprites.render(factors).sum(axis)
        centres = (profiles * pixels).sum(1) / profiles.sum(1)
        np.testing.assert_allclose(np.diff(centres), 32 / 31, atol=0.3)
        assert (centres[-1] - centres[0]) == pytest.approx(32, abs=0.01)


@pytest.mark.parametrize("shape", range(3))
def test_area_grows_with_the_square_of_scale(shape: int) -> None:
    factors = [
        [shape, scale, turn, x, 9] for scale in range(6) for turn in range(40) for x in range(32)
    ]
    areas = sprites.render(np.array(factors)).sum((1, 2)).reshape(6, -1).mean(1)
    np.testing.assert_allclose(areas / areas[-1], np.linspace(0.5, 1, 6) ** 2, rtol=0.01)


def test_no_image_is_needed() -> None:
    assert sprites.render(np.empty((0, 5), dtype=int)).shape == (0, 64, 64)


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        (np.zeros(5, dtype=int), r"shape \(5,\)"),
        (np.zeros((2, 4), dtype=int), r"shape \(2, 4\)"),
        (np.zeros((2, 5)), "float64"),
        (np.array([[0, 6, 0, 0, 0]]), "scale runs from 6 to 6"),
        (np.array([[0, 0, 0, 0, 0], [0, 0, -1, 0, 0]]), "orientation runs from -1 to 0"),
        (np.array([[0, 0, 0, 32, 0]]), "x runs from 32"),
    ],
)
def test_wrong_factors_are_named(factors: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sprites.render(factors)
    with pytest.raises(ValueError, match=message):
        sprites.factors_to_index(factors)


@pytest.mark.parametrize("indices", [np.array([737_280]), np.array([-1]), np.array([0.5])])
def test_wrong_indices_are_refused(indices: np.ndarray) -> None:
    with pytest.raises(ValueError, match="indices"):
        sprites.index_to_factors(indices)


def test_official_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sprites, "COUNT", 50)
    packed = sprites.read_official(DATA / "real_50.npz")
    real = torch.from_numpy(images("real_50.npz"))
    assert torch.equal(sprites.unpack(torch.from_numpy(packed))[:, 0], real)


def test_wrong_official_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = DATA / "real_50.npz"
    with pytest.raises(ValueError, match=r"imgs is uint8 \(50, 64, 64\)"):
        sprites.read_official(real)
    monkeypatch.setattr(sprites, "COUNT", 50)
    path = tmp_path / "dsprites.npz"

    def refuses(message: str) -> None:
        with pytest.raises(ValueError, match=message):
            sprites.read_official(path)

    refuses("No such file")
    path.write_bytes(real.read_bytes()[:-100])
    refuses("not a zip file")
    path.write_bytes(b"")
    refuses("not a zip file")
    np.savez(path, pictures=images("real_50.npz"))
    refuses("no item named 'imgs.npy'")
    np.savez(path, imgs=images("real_50.npz") * 255)
    refuses("other than 0 and 1")
    np.savez(path, imgs=np.empty((50, 64, 64), dtype=object))
    refuses("imgs is object")
    with zipfile.ZipFile(real) as archive:
        data = archive.read("imgs.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("imgs.npy", data[:-1])
    refuses("ends early")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("imgs.npy", b"not an array")
    refuses("dsprites.npz: the magic string")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("imgs.npy", data + b"0")
    refuses("longer than its header")
