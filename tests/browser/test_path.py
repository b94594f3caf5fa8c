"""Between two images: the path, its arithmetic, and what can be taken away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from scipy.spatial import geometric_slerp

from .test_modules import call

TIMES = [0.0, 0.1, 1 / 3, 0.5, 0.875, 1.0]


@pytest.fixture
def module(page: Page, address: str) -> Page:
    page.goto(f"{address}/instrument/VENDOR.json")
    return page


def along(module: Page, how: str, a: Any, b: Any) -> Any:
    body = f"const [a, b, times] = given; return times.map((t) => it.{how}(a, b, t));"
    return np.array(
        call(
            module, "interpolate.js", body, [np.asarray(a).tolist(), np.asarray(b).tolist(), TIMES]
        )
    )


def test_a_spherical_path_turns_and_stretches_evenly(module: Page) -> None:
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, 10)) * [[1.0], [2.5]]
    path = along(module, "slerp", a, b)

    lengths = np.linalg.norm(path, axis=1)
    ends = np.linalg.norm(a), np.linalg.norm(b)
    arc = geometric_slerp(a / ends[0], b / ends[1], TIMES)
    np.testing.assert_allclose(path / lengths[:, None], arc, atol=1e-12)
    np.testing.assert_allclose(lengths, np.interp(TIMES, [0, 1], ends), rtol=1e-12)
    np.testing.assert_allclose(path[[0, -1]], [a, b], rtol=1e-15)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]),
        ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        ([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        ([1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]),
        ([1.0, 0.0, 0.0], [1.0, 1e-9, 0.0]),
    ],
    ids=["from zero", "to zero", "zeros", "parallel", "the same", "opposed", "nearly parallel"],
)
def test_where_there_is_no_one_arc_the_path_is_straight(
    module: Page, a: list[float], b: list[float]
) -> None:
    expected = np.linspace(0, 1, 101)[:, None] * (np.array(b) - a) + a
    at = [round(100 * t) for t in TIMES if t != 1 / 3 and t != 0.875]
    path = along(module, "slerp", a, b)

    np.testing.assert_allclose(path[[0, 1, 3, 5]], expected[at], atol=1e-12)
    np.testing.assert_array_equal(path, along(module, "lerp", a, b))


def test_arithmetic_and_distance_are_exact(module: Page) -> None:
    a, b, c = [3.5, -1.25], [1.5, 0.75], [0.25, 1.0]

    assert call(module, "interpolate.js", "return it.arithmetic(...given)", [a, b, c]) == [2.25, -1]
    assert call(module, "interpolate.js", "return it.distance(...given)", [[0, 3], [4, 0]]) == 5
