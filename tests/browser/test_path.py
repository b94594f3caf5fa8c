"""Between two images: the path, its arithmetic, and what can be taken away."""

from __future__ import annotations

import ast
import io
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence
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


ANIMATE = """
  const [format, shape, codes] = given;
  const [channels, height, width] = shape;
  const seen = [];
  const decodeSheet = async (some, columns) => {
    const pixels = new Uint8ClampedArray(some.length * height * width * 4);
    some.forEach((code, line) => {
      for (let at = 0; at < height * width; at++) {
        const level = Math.min(255, Math.round(code[0] + 2 * at));
        const colour = channels === 1 ? [level, level, level] : [level, 255 - level, 40];
        pixels.set([...colour, 255], 4 * (line * height * width + at));
      }
    });
    return new ImageData(pixels, columns * width);
  };
  const made = await it.animate({
    codes, format, shape, decodeSheet, onProgress: (done) => seen.push(done),
    signal: new AbortController().signal,
  });
  return [Array.from(made.bytes), made.frames, made.width, made.height, seen];
"""


def frames_of(content: bytes) -> list[NDArray[np.uint8]]:
    with Image.open(io.BytesIO(content)) as file:
        return [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(file)]


@pytest.mark.parametrize("format", ["gif", "webp"])
@pytest.mark.parametrize("channels", [1, 3], ids=["grey", "colour"])
def test_an_animation_goes_there_and_back_for_ever(
    module: Page, format: str, channels: int
) -> None:
    height, width = 6, 5
    codes = [[10.0 * at] for at in range(13)]
    made = call(module, "animation.js", ANIMATE, [format, [channels, height, width], codes])
    content, frames, seen = bytes(made[0]), made[1], made[4]

    with Image.open(io.BytesIO(content)) as file:
        assert file.format == format.upper()
        assert file.n_frames == frames == 24
        # The longer side, six pixels, is the first multiple that reaches 256.
        assert file.size == (made[2], made[3]) == (5 * 43, 6 * 43)
        assert file.info["loop"] == 0
        file.load()
        assert file.info["duration"] == 60
    level = np.arange(height * width).reshape(height, width) * 2
    there = [np.minimum(255, level + code[0]) for code in codes]
    for frame, grey in zip(frames_of(content), there + there[-2:0:-1], strict=True):
        rgb = [grey] * 3 if channels == 1 else [grey, 255 - grey, np.full_like(grey, 40)]
        expected = np.stack(rgb, axis=-1).repeat(43, axis=0).repeat(43, axis=1)
        # A GIF has 256 colours, which are enough for greys only.
        tolerance = 8 if channels == 3 and format == "gif" else 0
        assert np.abs(frame.astype(int) - expected).max() <= tolerance
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_an_animation_that_is_called_off_is_not_made(module: Page) -> None:
    body = """
      const gone = new AbortController();
      const decodeSheet = async (codes) => new ImageData(2, 2 * codes.length);
      const made = await it.animate({
        codes: [[0], [1], [2]], format: "gif", shape: [1, 2, 2], decodeSheet,
        onProgress: (done) => done > 0.3 && gone.abort(), signal: gone.signal,
      });
      return made;
    """
    assert call(module, "animation.js", body) is None


@pytest.mark.parametrize("kind", ["lossless", "lossy", "lossy with alpha", "with a profile"])
def test_stills_of_every_kind_become_an_animation(module: Page, kind: str) -> None:
    random = np.random.default_rng(3)
    pictures = random.integers(0, 256, (3, 9, 11, 4 if "alpha" in kind else 3), np.uint8)
    extra = {"icc_profile": b"odd"} if "profile" in kind else {}
    stills, decoded = [], []
    for picture in pictures:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "WEBP", lossless="lossy" not in kind, **extra)
        stills.append(list(file.getvalue()))
        decoded.append(frames_of(file.getvalue())[0])
    body = """
      const stills = given.map((bytes) => Uint8Array.from(bytes));
      const size = { width: 11, height: 9, delay: 70 };
      return [Array.from(it.muxWebp(stills, size)), stills.every(it.isWebp)];
    """
    content, known = call(module, "webp-animation.js", body, stills)

    assert known
    for frame, still in zip(frames_of(bytes(content)), decoded, strict=True):
        np.testing.assert_array_equal(frame, still)


def test_codes_of_an_animation_run_from_end_to_end_and_rest_there(module: Page) -> None:
    codes = np.array(call(module, "animation.js", "return it.easedCodes((t) => [t])"))[:, 0]

    np.testing.assert_allclose(codes, (1 - np.cos(np.linspace(0, np.pi, 25))) / 2, atol=1e-12)


def test_python_lines_hold_numbers_that_are_no_integers(module: Page) -> None:
    entry = {"id": "odd", "path": 'runs/a "b"'}
    lines = call(module, "python-lines.js", "return it.pythonLines(...given)", [entry, [0, -1.5]])

    tree = ast.parse(lines)
    assert len(tree.body) == 3
    assert "torch.tensor([[0.0, -1.5]])" in lines
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert 'runs/a "b"' in constants


def test_json_says_which_decoder_and_how_it_was_made(module: Page) -> None:
    entry = {"id": "blots", "path": "runs/blots"}
    card = {"title": "Blots", "command": "python -m training train blots"}
    card |= {"files": {"decoder.onnx": {"bytes": 1, "sha256": "ab" * 32}}}
    written = call(module, "python-lines.js", "return it.jsonOf(...given)", [entry, card, [0.5, 0]])

    assert json.loads(written) == {
        "model": "blots",
        "title": "Blots",
        "folder": "runs/blots",
        "command": "python -m training train blots",
        "decoder_sha256": "ab" * 32,
        "z": [0.5, 0],
    }
