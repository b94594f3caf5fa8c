"""Animations of a latent and of a path: made, taken away, called off."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from playwright.sync_api import Download, Page, Route, expect

from .instrument import close, decoded
from .modules import call
from .walking import A, B, Walk, pinned, spelled

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
    made = call(module, "export/animation.js", ANIMATE, [format, [channels, height, width], codes])
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
    assert call(module, "export/animation.js", body) is None


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
    content, known = call(module, "export/webp-animation.js", body, stills)

    assert known
    for frame, still in zip(frames_of(bytes(content)), decoded, strict=True):
        np.testing.assert_array_equal(frame, still)


def test_an_animation_can_be_taken_away(walk: Walk, models: Path, page: Page) -> None:
    z = [0.5, 0.25, -0.5, 0.0]
    walk.open(f"model=blots&z={spelled(z)}&{pinned()}")
    whole = {
        ("z₁ from end to end", "z1"): [[0.5, -3, -0.5, 0.0], [0.5, 3, -0.5, 0.0]],
        ("the path from A to B", "path"): [A, B],
    }
    for (what, name), ends in whole.items():
        for format in ("GIF", "WebP"):
            with page.expect_download() as download:
                walk.export(f"Animation of {what}, {format}")
            content = Path(download.value.path()).read_bytes()
            assert download.value.suggested_filename == f"blots-{name}.{format.lower()}"
            frames = frames_of(content)
            assert len(frames) == 48
            scale = -(-256 // 12)
            assert frames[0].shape == (12 * scale, 8 * scale, 3)
            for frame, code in zip((frames[0], frames[24]), ends, strict=True):
                assert close(frame[::scale, ::scale], decoded(models, code))
            note = f"48 frames of {8 * scale} × {12 * scale}"
            expect(page.locator(".note")).to_contain_text(note)
            assert walk.z() == z


def test_the_animation_of_a_path_waits_for_its_pins(walk: Walk, page: Page) -> None:
    walk.open()
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name="Animation of the path from A to B, GIF").click(force=True)
    expect(page.locator(".note")).to_contain_text("pin two images first")


@pytest.mark.parametrize("awaited", ["gifenc.esm.js", "decoder-worker.js"])
def test_another_model_calls_off_the_animation(walk: Walk, page: Page, awaited: str) -> None:
    downloads: list[Download] = []
    page.on("download", lambda download: downloads.append(download))
    # Held back until the model is another, so that it is surely not done before.
    held: list[Route] = []
    page.route(f"**/{awaited}", lambda route: held.append(route))
    walk.open()
    walk.export("Animation of z₁ from end to end, GIF")
    expect(page.locator(".export-progress")).to_be_visible()
    page.locator(".picker").click()
    page.locator("[data-model='single']").click()
    walk.wait_for_z(0)
    for route in held:
        route.continue_()
    expect(page.locator(".export-progress")).to_be_hidden()
    expect(page.locator(".note")).to_be_hidden()
    assert downloads == []


def test_webp_is_offered_only_where_the_browser_writes_it(walk: Walk, page: Page) -> None:
    page.add_init_script(
        """const toBlob = HTMLCanvasElement.prototype.toBlob;
        HTMLCanvasElement.prototype.toBlob = function (take) { toBlob.call(this, take); }"""
    )
    walk.open()
    page.get_by_role("button", name="Export").click()
    menu = page.get_by_role("menu", name="Export")
    expect(
        menu.get_by_role("menuitem", name="Animation of z₁ from end to end, GIF")
    ).to_be_visible()
    expect(menu.get_by_text("WebP")).to_have_count(0)


def test_an_animation_that_cannot_be_decoded_says_so(walk: Walk, page: Page) -> None:
    page.route("**/decoder-worker.js", lambda route: route.fulfill(status=404))
    walk.open()
    walk.export("Animation of z₁ from end to end, GIF")
    expect(page.locator(".note")).to_contain_text("The animation frames could not be decoded")
    expect(page.locator(".export-progress")).to_be_hidden()


def test_an_animation_can_be_stopped(walk: Walk, page: Page) -> None:
    held: list[Route] = []
    page.route("**/gifenc.esm.js", lambda route: held.append(route))
    walk.open()
    walk.export("Animation of z₁ from end to end, GIF")
    # Its images are decoded by then, and it waits for what writes the file.
    expect(page.locator(".export-progress")).to_have_text("34 %")
    walk.export("Stop making the animation")
    for route in held:
        route.continue_()
    expect(page.locator(".export-progress")).to_be_hidden()
    expect(page.locator(".note")).to_be_hidden()
