"""Maps of codes, and the numbers that say how faithful they are, on cases known beforehand."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import sklearn.decomposition
import sklearn.manifold
import sklearn.neighbors
from numpy.typing import NDArray

from training.checkpoints import maps
from training.checkpoints.maps import (
    FEWEST,
    NEIGHBOURS,
    nearest,
    pca,
    place,
    project,
    trustworthiness,
)
from training.contract.maps import Umap
from training.contract.measurements import Latent

Array = NDArray[np.float64]


@pytest.fixture
def cloud() -> Callable[..., Array]:
    """Normal codes (count, latents), each latent more widely spread than the next."""

    def draw(count: int, latents: int, seed: int = 0) -> Array:
        spread = np.linspace(2, 0.5, latents)
        return np.random.default_rng(seed).normal(0.7, spread, (count, latents))

    return draw


@pytest.fixture
def _restored_environment() -> Iterator[None]:
    """`find_cache` sets a variable for numba, which reads no other place."""
    before = os.environ.get(maps.NUMBA_CACHE)
    yield
    if before is None:
        os.environ.pop(maps.NUMBA_CACHE, None)
    else:
        os.environ[maps.NUMBA_CACHE] = before


@pytest.mark.usefixtures("_restored_environment")
def test_numba_is_given_a_cache_where_it_would_find_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container of another user: nobody can make a folder below a file, not even root."""
    (tmp_path / "file").touch()
    closed, open_ = tmp_path / "file" / "cache", tmp_path / "open"
    monkeypatch.setattr(maps, "_caches", lambda: iter([[closed], [open_, closed], [open_]]))
    os.environ.pop(maps.NUMBA_CACHE, None)
    maps.find_cache()
    assert maps.NUMBA_CACHE not in os.environ, "the last serves"

    monkeypatch.setattr(maps, "_caches", lambda: iter([[closed], [open_, closed]]))
    maps.find_cache()
    found = Path(os.environ[maps.NUMBA_CACHE])
    assert found.is_dir()
    assert found.stat().st_mode & 0o077 == 0, "what is kept there is code"


CACHING = "from numba import njit\n@njit(cache=True)\ndef same(x): return x\n"


@pytest.mark.parametrize("told", ["HOME", "XDG_CACHE_HOME"])
def test_umap_is_loaded_where_neither_its_folder_nor_the_home_can_be_written_to(
    tmp_path: Path, told: str
) -> None:
    """As in a container of another user. A file where a folder belongs stops even root."""
    for package in ("umap", "pynndescent"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(CACHING)
        (tmp_path / package / "__pycache__").touch()
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    (tmp_path / "home").mkdir()
    closed = str(tmp_path / "umap" / "__pycache__" / "home")
    environment = {**os.environ, "PYTHONPATH": paths, "HOME": str(tmp_path / "home"), told: closed}
    environment.pop(maps.NUMBA_CACHE, None)

    def load(first: str) -> subprocess.CompletedProcess[str]:
        script = f"from training.checkpoints import maps\n{first}\nimport umap\numap.same(1)"
        ask = [sys.executable, "-c", script]
        return subprocess.run(ask, env=environment, capture_output=True, text=True, check=False)

    assert "no locator available" in load("").stderr
    done = load("maps.find_cache()")
    assert done.returncode == 0, done.stderr


@pytest.fixture(params=[2**23, 1000], ids=["one block", "many blocks"])
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "CELLS", request.param)


def latent(active: bool) -> Latent:
    return Latent(1.0, 0.0, 1.0, 0.5, active)


@pytest.mark.parametrize("latents", [2, 3, 10])
def test_pca_is_that_of_scikit_learn(latents: int, cloud: Callable[..., Array]) -> None:
    codes = cloud(500, latents).astype(np.float32)
    ours = pca(codes)
    theirs = sklearn.decomposition.PCA(2, svd_solver="full").fit(codes.astype(np.float64))
    signs = np.sign((np.array(ours.axes) * theirs.components_).sum(1))
    assert np.array(ours.axes) == pytest.approx(signs[:, None] * theirs.components_)
    assert ours.mean == pytest.approx(theirs.mean_)
    assert ours.explained == pytest.approx(theirs.explained_variance_ratio_)
    assert project(codes, ours) == pytest.approx(signs * theirs.transform(codes), abs=1e-6)
    assert all(axis[np.abs(axis).argmax()] > 0 for axis in np.array(ours.axes))


def test_pca_of_a_flat_cloud_is_a_turn() -> None:
    """Codes in a plane of five dimensions: distances on the map are those among the codes."""
    random = np.random.default_rng(0)
    plane = np.linalg.qr(random.normal(size=(5, 2)))[0]
    flat = random.normal(size=(60, 2)) * [3, 1]
    codes = flat @ plane.T + 4
    axes = pca(codes)
    assert sum(axes.explained) == pytest.approx(1)
    ours, theirs = (
        np.linalg.norm(points[:, None] - points, axis=-1) for points in (project(codes, axes), flat)
    )
    assert ours == pytest.approx(theirs)
    assert trustworthiness(codes, project(codes, axes)) == 1


@pytest.mark.usefixtures("_blocks")
def test_a_map_that_is_the_codes_is_trustworthy(cloud: Callable[..., Array]) -> None:
    codes = cloud(200, 2)
    assert trustworthiness(codes, codes) == 1
    assert trustworthiness(codes, -3 * codes + 1) == 1


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("neighbours", [1, 5, 15])
def test_trustworthiness_is_that_of_scikit_learn(
    neighbours: int, cloud: Callable[..., Array]
) -> None:
    codes = cloud(150, 6)
    layout = codes[:, :2]
    for first, second in ((codes, layout), (layout, codes)):
        theirs = sklearn.manifold.trustworthiness(first, second, n_neighbors=neighbours)
        assert trustworthiness(first, second, neighbours) == pytest.approx(theirs)
    random = cloud(150, 2, seed=1)
    theirs = sklearn.manifold.trustworthiness(codes, random, n_neighbors=neighbours)
    assert trustworthiness(codes, random, neighbours) == pytest.approx(theirs)


@pytest.mark.usefixtures("_blocks")
def test_nearest_are_those_of_scikit_learn(cloud: Callable[..., Array]) -> None:
    queries, codes = cloud(70, 4, seed=1), cloud(300, 4)
    distances, places = nearest(queries, codes, 15)
    theirs = sklearn.neighbors.NearestNeighbors(n_neighbors=15, algorithm="brute").fit(codes)
    expected, where = theirs.kneighbors(queries)
    assert distances == pytest.approx(expected)
    assert np.array_equal(places, where)
    assert np.array_equal(nearest(codes, codes, 1)[0], np.zeros((300, 1)))


def test_a_code_of_the_map_is_placed_on_its_point(cloud: Callable[..., Array]) -> None:
    """Its own weight is 10⁶; the 14 others, 0.1 away at least, have 140 together."""
    codes = np.stack(np.meshgrid(*[np.arange(7) / 10] * 2), -1).reshape(-1, 2)
    layout = cloud(49, 2)
    assert place(codes, codes, layout) == pytest.approx(layout, abs=1.4e-4 * np.ptp(layout))


def test_a_code_is_placed_by_the_inverse_of_its_distances() -> None:
    """Fifteen codes on a line at 1, 2, … and one far off, which takes no part."""
    codes = np.append(np.arange(1, NEIGHBOURS + 1), 1000.0)[:, None]
    layout = np.stack([np.append(np.arange(NEIGHBOURS), 1e9), np.full(NEIGHBOURS + 1, 5)], 1)
    weights = 1 / np.arange(1, NEIGHBOURS + 1)
    expected = (weights * np.arange(NEIGHBOURS)).sum() / weights.sum()
    assert place(np.zeros((1, 1)), codes, layout) == pytest.approx(np.array([[expected, 5]]))


def test_who_has_no_map(cloud: Callable[..., Array]) -> None:
    codes, two = cloud(FEWEST, 2), (latent(True), latent(False))
    assert maps.why_none(codes, two) == ""
    assert "one latent" in maps.why_none(codes[:, :1], two[:1])
    assert f"39 examples are too few; it takes {FEWEST}" in maps.why_none(codes[1:], two)
    assert "coincide" in maps.why_none(np.repeat(codes[:20], 10, 0), two)
    codes[:, 0] = 1.5  # the only latent that is active
    assert "coincide" in maps.why_none(codes, two)


def test_distances_are_over_active_latents() -> None:
    assert maps.used((latent(False), latent(True), latent(True))) == (1, 2)
    assert maps.used((latent(False), latent(False))) == (0, 1)


@pytest.mark.parametrize("count", [300, 700])
def test_a_map_is_measured_by_what_is_known_of_it(
    count: int, cloud: Callable[..., Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of UMAP a layout that is two of the codes' latents, and puts others 3, 4 away."""
    monkeypatch.setattr(maps, "MEASURED", 500)
    codes, held_out = cloud(count, 3), cloud(100, 3, seed=1)
    codes[:, 2] = np.arange(count)  # inactive, and not to be looked at
    layout = codes[:, :2].astype(np.float32)

    def umap(near: Array, near_held_out: Array, seed: int) -> tuple[Array, Array]:
        assert np.array_equal(near, codes[:, :2])
        assert seed == 5
        return layout, np.add(place(near_held_out, near, layout), [3, 4])

    monkeypatch.setattr(maps, "umap", umap)
    latents = (latent(True), latent(True), latent(False))
    card, layouts = maps.draw(codes, held_out, latents, ("test", "validation"), 5)
    assert card.latents == (0, 1)
    assert card.umap == Umap(15, 0.1, 5)
    assert layouts["umap"] is layout
    assert layouts["pca"] == pytest.approx(project(codes, pca(codes)), abs=1e-3)

    measured = {metric.name: metric for metric in card.metrics}
    percent = 100 * 5 / np.ptp(layout, axis=0).max()
    placed = place(held_out[:, :2], codes[:, :2], layout)
    variance = placed.var(0).sum()
    expected = {
        "umap_trustworthiness": 1,
        "umap_continuity": 1,
        "placement_error": percent,
        "placement_error_p95": percent,
        "placement_r2": 1 - 25 / variance,
    }
    for name, value in expected.items():
        assert measured[name].value == pytest.approx(value, rel=1e-5)
    assert measured["pca_trustworthiness"].value < 0.9  # its first axis is the inactive latent
    for name, metric in measured.items():
        where = ("validation", 100) if "placement" in name else ("test", min(count, 500))
        assert (metric.split, metric.samples, metric.seed) == (*where, 5)
        assert ("500 of the 700 points, drawn at random" in metric.how) == (
            count == 700 and "placement" not in name
        )
    distances = np.linalg.norm(held_out[:, None, :2] - codes[:, :2], axis=-1).min(1)
    assert card.nearest.median == pytest.approx(np.median(distances))
    assert card.nearest.p95 == pytest.approx(np.quantile(distances, 0.95))
    assert card.nearest.p99 == pytest.approx(np.quantile(distances, 0.99))
    assert (card.nearest.split, card.nearest.samples) == ("validation", 100)
