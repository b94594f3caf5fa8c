"""Maps of codes in the plane, UMAP and PCA, and how faithful they are.

Distances between codes are Euclidean over the latents of the map alone. Arrays: codes (N, D),
layouts (N, 2).
"""

import atexit
import importlib.util
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.contract.maps import Map, NearestCodes, Pca, Umap
from training.contract.measurements import Latent, Metric
from training.errors import ConfigError

NEIGHBOURS = 15  # of a point: for UMAP's graph, for placing a code, for what is measured
MIN_DIST = 0.1
FEWEST = 40  # codes that make a map: UMAP and k = 15 say nothing of fewer
MEASURED = 10_000  # points at most for what compares all with all
STEPS, SOFT = 10, 0.01  # of the geometric median, see `place`
NEAR = 1e-6  # keeps the weight of a code finite that is itself one of the codes
NUMBA_CACHE = "NUMBA_CACHE_DIR"
CELLS = 2**23  # distances held at a time: 64 MiB

# What umap warns of and copes with: clusters far apart are laid out one by one, and where no start
# is found by their spectrum, it starts from a random one.
HARMLESS: dict[str, type[Warning]] = {
    "Tensorflow not installed": ImportWarning,
    "Graph is not fully connected": UserWarning,
    "Spectral initialisation failed": UserWarning,
}

Array = NDArray[Any]


def why_none(codes: Array, latents: tuple[Latent, ...]) -> str:
    """One sentence on why these codes have no map; empty where they can have one."""
    if len(latents) < 2:
        return "No map: one latent is a line already."
    if len(codes) < FEWEST:
        return f"No map: {len(codes)} examples are too few; it takes {FEWEST}."
    if len(np.unique(codes[:, list(used(latents))], axis=0)) < FEWEST:
        return "No map: the codes coincide, so there is nothing to lay out."
    return ""


def used(latents: tuple[Latent, ...]) -> tuple[int, ...]:
    """The latents that distances are taken over: the active ones, or all where none is."""
    active = tuple(index for index, latent in enumerate(latents) if latent.active)
    return active or tuple(range(len(latents)))


def draw(
    codes: Array,
    held_out: Array,
    latents: tuple[Latent, ...],
    splits: tuple[str, str],
    seed: int,
) -> tuple[Map, dict[str, Array]]:
    """UMAP and PCA of `codes`, measured with the codes of held-out images.

    Args:
        codes: posterior means (N, D).
        held_out: posterior means (M, D) of images that are not on the map.
        latents: what the card knows of each latent.
        splits: the names of the splits that the two come from.
        seed: of UMAP, and of the sample where not all points are compared.

    Returns:
        The card's part, and `umap` and `pca`: layouts (N, 2).
    """
    chosen = used(latents)
    near, near_held_out = codes[:, list(chosen)], held_out[:, list(chosen)]
    print(f"UMAP of {len(codes):,} codes: {_about(len(codes))}.", file=sys.stderr)
    layout, transformed = umap(near, near_held_out, seed)
    axes = pca(codes)
    layouts = {"umap": layout, "pca": project(codes, axes).astype(np.float32)}

    print("Measuring how faithful the maps are.", file=sys.stderr)
    metrics = [
        metric
        for name, label in (("umap", "UMAP"), ("pca", "PCA"))
        for metric in _faithfulness(name, label, near, layouts[name], splits[0], seed)
    ]
    metrics += _placement(near_held_out, near, layout, transformed, splits[1], seed)
    distances = nearest(near_held_out, near, 1)[0]
    median, p95, p99 = (float(np.quantile(distances, share)) for share in (0.5, 0.95, 0.99))
    how = (
        f"Euclidean distance over the map's latents from the code of each of the first "
        f"{len(held_out):,} {splits[1]} examples to the nearest code of the map."
    )
    card = Map(
        latents=chosen,
        umap=Umap(float(NEIGHBOURS), MIN_DIST, float(seed)),
        pca=axes,
        nearest=NearestCodes(median, p95, p99, splits[1], len(held_out), how),
        metrics=tuple(metrics),
    )
    return card, layouts


def pca(codes: Array) -> Pca:
    """The two principal axes of codes (N, D), D ≥ 2, by the singular values of the centred codes.

    Either direction of an axis is as good; the largest entry is made positive.
    """
    mean = codes.mean(0, dtype=np.float64)
    _, scales, rows = np.linalg.svd(codes.astype(np.float64) - mean, full_matrices=False)
    axes = rows[:2]
    axes *= np.sign(axes[[0, 1], np.abs(axes).argmax(1)])[:, None]
    explained = scales[:2] ** 2 / (scales**2).sum()
    across, up = map(tuple, axes.tolist())
    share, rest = explained.tolist()
    return Pca(tuple(mean.tolist()), (across, up), (share, rest))


def project(codes: Array, axes: Pca) -> Array:
    """Codes (N, D) on the two axes: (N, 2)."""
    layout: Array = (codes.astype(np.float64) - np.array(axes.mean)) @ np.array(axes.axes).T
    return layout


def umap(codes: Array, held_out: Array, seed: int) -> tuple[Array, Array]:
    """UMAP (McInnes et al. 2018): the layout of `codes`, and where it then puts `held_out`."""
    find_cache()
    threads = torch.get_num_threads()
    bar = {"desc": "UMAP", "unit": " epochs", "bar_format": None, "disable": False}
    try:
        with warnings.catch_warnings():
            for message, kind in HARMLESS.items():
                warnings.filterwarnings("ignore", message, kind)
            try:
                from umap import UMAP
            except ImportError as error:
                raise ConfigError(
                    f"UMAP could not be loaded ({' '.join(str(error).split()):.100}): install it "
                    "with `python -m pip install umap-learn`, or leave maps out with --no-map."
                ) from error

            fitted = UMAP(
                n_neighbors=NEIGHBOURS,
                min_dist=MIN_DIST,
                random_state=seed,
                n_jobs=1,  # a seed decides the layout only where one thread works on it
                tqdm_kwds=bar,
            ).fit(codes)
            bar["disable"] = True
            return fitted.embedding_, fitted.transform(held_out)
    finally:
        torch.set_num_threads(threads)  # numba shares OpenMP with torch and changes their number


def find_cache() -> None:
    """Give numba a place for what it compiles where it would find none.

    UMAP cannot even be imported where neither its own folder nor the home can be written to, as in
    a container of another user. What numba keeps is code, so that the place is this process's own.
    """
    if any(all(map(_can_be_written, places)) for places in _caches()):
        return
    try:
        folder = tempfile.mkdtemp(prefix="numba-")
    except OSError:
        return  # UMAP says what it lacks
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[NUMBA_CACHE] = folder


def _caches() -> Iterator[list[Path]]:
    """Where numba looks, in its order: each serves where all of its folders can be written to."""
    if chosen := os.environ.get(NUMBA_CACHE):
        yield [Path(chosen)]
    found = [importlib.util.find_spec(name) for name in ("umap", "pynndescent")]
    yield [Path(spec.origin).parent / "__pycache__" for spec in found if spec and spec.origin]
    home = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    yield [Path(home if sys.platform != "darwin" else "~/Library/Caches").expanduser() / "numba"]


def _can_be_written(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def nearest(queries: Array, codes: Array, count: int) -> tuple[Array, Array]:
    """Distances to, and places of, the nearest codes (N, D) of each query (M, D): (M, count)."""
    places = np.concatenate(
        [
            np.argpartition(squares, count - 1)[:, :count]
            for _, squares in _squared_distances(queries, codes)
        ]
    )
    # Of the chosen few the distance is taken exactly: that of a code to itself is 0.
    differences = queries[:, None].astype(np.float64) - codes[places]
    distances = np.sqrt((differences**2).sum(-1))
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(distances, order, 1), np.take_along_axis(places, order, 1)


def place(queries: Array, codes: Array, layout: Array) -> Array:
    """Where codes (M, D) belong on a layout of others: (M, 2), as the explorer places them.

    The weighted geometric median of the places of the 15 nearest codes, each weighted by
    1 / (distance + 1e-6): where their mean would lie between two clusters that both have some of
    them, the median lies in one. Ten steps of Weiszfeld's iteration from the mean, with distances
    on the layout softened by 1% of its larger side.
    """
    distances, places = nearest(queries, codes, NEIGHBOURS)
    weights = 1 / (distances + NEAR)
    points = layout[places].astype(np.float64)  # (M, k, 2)
    soft = SOFT * np.ptp(layout, axis=0).max()
    middle: Array = (points * weights[..., None]).sum(1) / weights.sum(1, keepdims=True)
    for _ in range(STEPS):
        pulls = weights / np.sqrt(((points - middle[:, None]) ** 2).sum(-1) + soft**2)
        middle = (points * pulls[..., None]).sum(1) / pulls.sum(1, keepdims=True)
    return middle


def trustworthiness(codes: Array, layout: Array, neighbours: int = NEIGHBOURS) -> float:
    """Whether neighbours on the layout are neighbours among the codes (Venna & Kaski 2001, Eq. 2).

    1 if all are; with the two swapped it is the continuity: whether neighbours among the codes are
    still neighbours on the layout. All points are compared with all, a block of rows at a time.
    """
    count, excess = len(codes), 0
    blocks = zip(_squared_distances(codes, codes), _squared_distances(layout, layout), strict=True)
    for (rows, among_codes), (_, on_layout) in blocks:
        for squares in (among_codes, on_layout):
            squares[np.arange(len(rows)), rows] = np.inf  # no point is its own neighbour
        close = np.argpartition(on_layout, neighbours - 1)[:, :neighbours]
        for distance in np.take_along_axis(among_codes, close, 1).T:
            rank = 1 + (among_codes < distance[:, None]).sum(1)
            excess += int(np.maximum(rank - neighbours, 0).sum())
    worst = count * neighbours * (2 * count - 3 * neighbours - 1) / 2
    return 1 - excess / worst


def _squared_distances(queries: Array, codes: Array) -> Iterator[tuple[Array, Array]]:
    """Blocks of rows, few enough for memory: which queries, and (rows, N) squared distances."""
    queries, codes = queries.astype(np.float64), codes.astype(np.float64)
    lengths = (codes**2).sum(1)
    blocks = -(-len(queries) * len(codes) // CELLS)
    for rows in np.array_split(np.arange(len(queries)), blocks):
        block = queries[rows]
        yield rows, (block**2).sum(1)[:, None] + lengths - 2 * block @ codes.T


def _faithfulness(
    name: str, label: str, codes: Array, layout: Array, split: str, seed: int
) -> list[Metric]:
    count = len(codes)
    chosen = np.arange(count)
    points = f"all {count:,} points"
    if count > MEASURED:
        chosen = np.random.default_rng(seed).choice(count, MEASURED, replace=False)
        points = f"{MEASURED:,} of the {count:,} points, drawn at random"
    codes, layout = codes[chosen], layout[chosen]
    among = f"k = {NEIGHBOURS}, Euclidean over the map's latents, {points} (Venna & Kaski 2001)"
    rows = {
        "trustworthiness": (codes, layout, "neighbours on the map are neighbours in latent space"),
        "continuity": (layout, codes, "neighbours in latent space are still neighbours on the map"),
    }
    return [
        Metric(
            name=f"{name}_{measure}",
            label=f"{label} {measure}",
            value=trustworthiness(first, second),
            unit="of 1",
            split=split,
            samples=len(chosen),
            seed=seed,
            how=f"How far {meaning}: {among}.",
        )
        for measure, (first, second, meaning) in rows.items()
    ]


def _placement(
    held_out: Array, codes: Array, layout: Array, transformed: Array, split: str, seed: int
) -> list[Metric]:
    difference = place(held_out, codes, layout) - transformed
    percent = 100 * np.linalg.norm(difference, axis=1) / np.ptp(layout, axis=0).max()
    spread = float(((transformed - transformed.mean(0)) ** 2).sum())
    how = (
        f"Where the {NEIGHBOURS} nearest codes put, by their geometric median, each of the first "
        f"{len(held_out):,} {split} codes, against UMAP's own transform"
    )
    side = "distance in percent of the map's larger side"
    rows = [
        ("placement_error", "Placement error, median", np.median(percent), f"median {side}"),
        ("placement_error_p95", "Placement error, p95", np.quantile(percent, 0.95), f"p95 {side}"),
    ]
    metrics = [
        Metric(
            name, label, float(value), "% of the map", split, len(held_out), seed, f"{how}: {what}."
        )
        for name, label, value, what in rows
    ]
    r2 = 1 - float((difference**2).sum()) / spread
    shares = f"{how}: share of the variance of both coordinates that it gives."
    return [
        *metrics,
        Metric("placement_r2", "Placement R²", r2, "of 1", split, len(held_out), seed, shares),
    ]


def _about(count: int) -> str:
    """How long UMAP takes, from what it took: 18, 38 and 171 s for 1,000, 10,000 and 100,000 codes.

    On one core of an AMD EPYC; in the first 15 s or so it is compiled.
    """
    seconds = 20 + 1.6 * count / 1000
    time = f"{10 * round(seconds / 10)} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
    return f"about {time} where a core is free, with a bar once its epochs begin"
