"""Between two images: the path, its arithmetic, and what can be taken away."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from playwright.sync_api import Browser, BrowserContext, Download, Locator, Page, Route, expect
from scipy.spatial import geometric_slerp

from explorer import loading

from .instrument import Instrument, close, decoded, frames, steps_of
from .modules import call

ROOT = Path(loading.__file__).resolve().parent.parent

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


A, B, C = [1.5, -0.5, 0.25, 0.0], [-1.0, 2.0, 0.75, 0.0], [0.5, 0.5, -1.0, 0.0]
STATIONS = np.linspace(0, 1, 9)


def spelled(z: list[float]) -> str:
    return ",".join(f"{value:g}" for value in z)


def pinned(**more: list[float]) -> str:
    return "&".join(f"{name}={spelled(z)}" for name, z in {"a": A, "b": B, **more}.items())


def straight(t: float) -> list[float]:
    return [(1 - t) * a + t * b for a, b in zip(A, B, strict=True)]


def spherical(t: float) -> list[float]:
    lengths = np.linalg.norm(A), np.linalg.norm(B)
    directions = np.array(A) / lengths[0], np.array(B) / lengths[1]
    length = (1 - t) * lengths[0] + t * lengths[1]
    return list(length * geometric_slerp(*directions, np.array([t]))[0])


def images_of(models: Path, codes: list[list[float]]) -> NDArray[np.int64]:
    return np.concatenate([decoded(models, code) for code in codes], axis=1)


class Walk(Instrument):
    """The instrument, and its path."""

    @property
    def range(self) -> Locator:
        return self.page.get_by_label("Place on the path from A to B")

    def wait_for_canvas(self, selector: str, expected: NDArray[np.int64]) -> None:
        """Until a canvas shows what it should, give or take what rounding makes."""
        self.page.wait_for_function(
            """([selector, expected]) => {
              const canvas = document.querySelector("#instrument").querySelector(selector);
              const { width, height } = canvas;
              const pixels = canvas.getContext("2d").getImageData(0, 0, width, height);
              const red = pixels.data.filter((_, at) => at % 4 === 0);
              return red.length === expected.length
                && red.every((value, at) => Math.abs(value - expected[at]) <= 2);
            }""",
            arg=[selector, expected[:, :, 0].ravel().tolist()],
        )

    def wait_for_strip(self, models: Path, codes: list[list[float]]) -> None:
        self.wait_for_canvas(".walk .film", images_of(models, codes))


@pytest.fixture
def walk(page: Page, address: str) -> Walk:
    return Walk(page, address)


def test_pinned_images_and_those_between_them_are_decoded(walk: Walk, models: Path) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned(c=C)}")
    walk.wait_for_strip(models, [straight(t) for t in STATIONS])
    for name, code in {"a": A, "b": B, "c": C}.items():
        walk.wait_for_canvas(f"[data-pin={name}] canvas", decoded(models, code))
    total = [a - b + c for a, b, c in zip(A, B, C, strict=True)]
    walk.wait_for_canvas("[data-pin=sum] canvas", decoded(models, total))

    walk.page.get_by_role("button", name="Spherical").click()
    walk.wait_for_strip(models, [spherical(t) for t in STATIONS])
    assert walk.query()["path"] == "spherical"
    expect(walk.page.locator(".walk-apart")).to_have_text(
        f"{np.linalg.norm(np.subtract(A, B)):.2f}"
    )


def test_scrubbing_moves_the_image_and_tells_python_at_the_end(
    walk: Walk, models: Path, page: Page
) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned()}")
    page.evaluate(
        """() => { window.released = [];
        document.querySelector("#instrument").addEventListener("release", ({ detail }) =>
          released.push(detail)); }"""
    )
    walk.range.scroll_into_view_if_needed()
    box = walk.range.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=5)
    expect(page.locator(".walk-place")).not_to_have_text("0.50")
    frames(page)
    during = walk.image()
    assert page.evaluate("released") == []
    page.mouse.up()
    page.wait_for_function("released.length")

    t = float(walk.range.input_value())
    assert 0.5 < t < 1
    assert walk.z() == pytest.approx(straight(t), abs=0.00051)
    assert close(during, decoded(models, walk.z()))
    assert [state["z"] for state in page.evaluate("released")] == [walk.z()]
    page.keyboard.press("Control+z")
    walk.wait_for_z(0, 0, 0, 0)
    expect(page.locator(".walk")).to_have_class(re.compile("astray"))
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator(".walk-place")).to_have_text(f"{t:.2f}")


def test_looking_elsewhere_on_the_map_does_not_take_z_off_its_path(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned()}")
    page.wait_for_selector(".map-tools:not([inert])")
    walk.range.fill("0.5")
    expect(page.locator(".walk-place")).to_have_text("0.50")
    page.locator(".map-stage").hover()
    expect(page.locator(".walk")).to_have_class(re.compile("astray"))
    page.mouse.move(5, 5)
    expect(page.locator(".walk")).not_to_have_class(re.compile("astray"))
    expect(page.locator(".walk-place")).to_have_text("0.50")


def test_an_image_of_the_strip_is_a_click_away(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned()}")
    walk.range.scroll_into_view_if_needed()
    box = walk.range.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 6.5 / 9, box["y"] + box["height"] / 2)

    walk.wait_for_z(*(round(value, 3) for value in straight(0.75)))


def test_the_other_kind_of_path_is_shown_at_the_same_place(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z={spelled(straight(0.25))}&{pinned()}")
    expect(page.locator(".walk-place")).to_have_text("0.25")
    page.get_by_role("button", name="Spherical").click()

    walk.wait_for_z(*(round(value, 3) for value in spherical(0.25)))
    expect(page.locator(".walk-place")).to_have_text("0.25")


def test_the_path_plays_until_it_is_paused(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z={spelled(A)}&{pinned()}")
    page.get_by_role("button", name="Play the path back and forth").click()
    page.wait_for_function("Number(document.querySelector('.walk .range').value) > 0.05")
    assert walk.z() == A
    page.get_by_role("button", name="Pause the path").click()
    page.wait_for_function("(z) => !location.search.includes(z)", arg=f"z={spelled(A)}&")
    t = float(walk.range.input_value())
    # The slider has steps of 0.005, between which the path is played.
    assert walk.z() == pytest.approx(straight(t), abs=0.003 * np.linalg.norm(np.subtract(A, B)))
    page.keyboard.press("Control+z")
    walk.wait_for_z(*A)


@pytest.mark.parametrize("interrupt", ["ArrowRight", "s", "b", "Shift+A", "Control+z"])
def test_another_move_ends_the_play(walk: Walk, page: Page, interrupt: str) -> None:
    walk.open(f"model=blots&z={spelled(A)}&{pinned()}")
    page.get_by_role("button", name="Play the path back and forth").click()
    page.wait_for_function("Number(document.querySelector('.walk .range').value) > 0.05")
    page.keyboard.press(interrupt)

    expect(page.get_by_role("button", name="Play the path back and forth")).to_be_visible()


def test_less_motion_plays_from_image_to_image(browser: Browser, address: str) -> None:
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    walk = Walk(page, address)
    walk.open(f"model=blots&z={spelled(A)}&{pinned()}")
    play = page.get_by_role("button", name="Play the path back and forth")
    assert steps_of(walk.range, play, 3) <= set(STATIONS)
    context.close()


def test_what_tells_two_images_apart_is_added_to_a_third(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z=0,0,0,0&{pinned()}")
    total = page.get_by_role("button", name="A − B + C")
    expect(total).to_have_attribute("aria-disabled", "true")
    total.click(force=True)
    expect(page.locator(".note")).to_contain_text("pin A, B and C first")
    assert walk.z() == [0, 0, 0, 0]

    walk.open(f"model=blots&z=0,0,0,0&{pinned(c=C)}")
    page.get_by_role("button", name="Go to A − B + C").click()
    walk.wait_for_z(*(a - b + c for a, b, c in zip(A, B, C, strict=True)))
    expect(page.locator(".note")).to_contain_text("z is now A − B + C")


def test_images_are_pinned_and_gone_to_by_key_and_by_pointer(walk: Walk, page: Page) -> None:
    walk.open("model=blots&z=1,0,0,0")
    expect(page.locator(".walk")).to_be_hidden()
    page.keyboard.press("a")
    expect(page.locator(".note")).to_have_text("Pinned as A.")
    page.keyboard.press("r")
    walk.wait_for_z(0, 0, 0, 0)
    page.get_by_role("button", name="Pin this image as B").click()
    expect(page.locator(".walk")).to_be_visible()
    assert (walk.query()["a"], walk.query()["b"]) == ("1,0,0,0", "0,0,0,0")
    page.keyboard.press("Shift+A")
    walk.wait_for_z(1, 0, 0, 0)
    expect(page.locator(".walk-place")).to_have_text("0.00")
    page.get_by_role("button", name="Go to B").click()
    walk.wait_for_z(0, 0, 0, 0)
    expect(page.locator(".walk-place")).to_have_text("1.00")
    page.keyboard.press("Shift+C")
    expect(page.locator(".note")).to_contain_text("Nothing is pinned as C yet")
    page.get_by_role("button", name="Clear B").click()
    expect(page.locator(".walk")).to_be_hidden()
    expect(page.get_by_role("button", name="Pin this image as B")).to_be_focused()
    assert "b" not in walk.query()


def test_a_link_holds_the_pins_and_the_path(
    walk: Walk, models: Path, context: BrowserContext, address: str
) -> None:
    walk.open(f"model=blots&z=0,0,0,0&path=spherical&{pinned(c=C)}")
    walk.range.focus()
    walk.page.keyboard.press("End")
    walk.wait_for_z(*B)

    other = context.new_page()
    twin = Walk(other, address)
    other.goto(walk.page.url)
    other.wait_for_selector("[data-ready]")
    assert twin.query() == walk.query()
    assert twin.query()["c"] == spelled(C)
    twin.wait_for_strip(models, [spherical(t) for t in STATIONS])
    expect(other.locator(".walk-place")).to_have_text("1.00")


def test_undo_brings_back_a_pin_and_a_direction(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&{pinned()}&directions=up:0,1,0,0;last:0,0,0,1")
    page.get_by_role("button", name="Clear B").click()
    page.get_by_role("tab", name="Directions").click()
    page.get_by_role("button", name="Remove up").click()
    page.get_by_role("tab", name="Path").click()
    page.get_by_role("button", name="Go to A (").click()
    walk.wait_for_z(*A)
    left = walk.query()
    assert "b" not in left
    assert left["directions"] == "last:0,0,0,1"

    for step in ("z", "directions", "b"):
        page.keyboard.press("Control+z")
        page.wait_for_function("(link) => location.search !== link", arg=page.url.split("?")[1])
        found = walk.query()
        assert found["z"] == "0,0,0,0"
        expected = "last:0,0,0,1" if step == "z" else "up:0,1,0,0;last:0,0,0,1"
        assert found["directions"] == expected
        assert found.get("b") == (spelled(B) if step == "b" else None)
    expect(page.locator(".direction")).to_have_count(2)
    # What undo has brought back is shown.
    expect(page.locator(".walk")).to_be_visible()

    # Pinned once more where it is pinned already, it is no step.
    page.get_by_role("button", name="Go to A (").click()
    walk.wait_for_z(*A)
    page.keyboard.press("a")
    expect(page.locator(".note")).to_have_text("Pinned as A.")
    page.keyboard.press("Control+z")
    walk.wait_for_z(0, 0, 0, 0)


def test_the_path_leaves_what_is_locked(walk: Walk, models: Path, page: Page) -> None:
    walk.open(f"model=blots&z=0,-2,0,0&locked=1&{pinned(c=C)}")
    expect(page.locator(".walk")).to_contain_text("Locked, and so fixed along the path: z₁.")

    def locked(code: list[float]) -> list[float]:
        return [code[0], -2, *code[2:]]

    walk.wait_for_strip(models, [locked(straight(t)) for t in STATIONS])
    walk.range.focus()
    page.keyboard.press("End")
    walk.wait_for_z(*locked(B))
    expect(page.locator(".walk-place")).to_have_text("1.00")
    page.get_by_role("button", name="Go to A − B + C").click()
    walk.wait_for_z(*locked([a - b + c for a, b, c in zip(A, B, C, strict=True)]))
    expect(page.locator(".note")).to_contain_text("Locked, and so unchanged: z₁.")
    page.get_by_role("button", name="Unlock z₁").click()
    walk.wait_for_strip(models, [straight(t) for t in STATIONS])


def test_the_map_draws_the_way_that_is_walked(walk: Walk, page: Page) -> None:
    walk.open(f"model=blots&z=0,-2,0,0&axes=z0,z1&{pinned()}")
    expect(page.locator(".thumb").first).to_be_visible()
    page.wait_for_function("performance.getEntriesByName('instrument:here').length > 0")
    frames(page)
    over = "document.querySelector('.map-over').toDataURL()"
    # What else is drawn over the map settles first.
    page.get_by_role("button", name="Lock z₁").click()
    page.get_by_role("button", name="Unlock z₁").click()
    frames(page, 4)
    free = page.evaluate(over)
    page.get_by_role("button", name="Lock z₁").click()
    page.wait_for_function(f"(free) => {over} !== free", arg=free)
    page.get_by_role("button", name="Unlock z₁").click()
    page.wait_for_function(f"(free) => {over} === free", arg=free)


@pytest.mark.parametrize("format", ["GIF", "WebP"])
@pytest.mark.parametrize("what", ["z₁ from end to end", "the path from A to B"])
def test_an_animation_can_be_taken_away(
    walk: Walk, models: Path, page: Page, what: str, format: str
) -> None:
    z = [0.5, 0.25, -0.5, 0.0]
    walk.open(f"model=blots&z={spelled(z)}&{pinned()}")
    with page.expect_download() as download:
        walk.export(f"Animation of {what}, {format}")
    content = Path(download.value.path()).read_bytes()
    latent = what.startswith("z₁")
    name = "z1" if latent else "path"
    assert download.value.suggested_filename == f"blots-{name}.{format.lower()}"
    frames = frames_of(content)
    assert len(frames) == 48
    ends = [[0.5, -3, -0.5, 0.0], [0.5, 3, -0.5, 0.0]] if latent else [A, B]
    scale = -(-256 // 12)
    assert frames[0].shape == (12 * scale, 8 * scale, 3)
    for frame, code in zip((frames[0], frames[24]), ends, strict=True):
        assert close(frame[::scale, ::scale], decoded(models, code))
    expect(page.locator(".note")).to_contain_text(f"48 frames of {8 * scale} × {12 * scale}")
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


def test_the_menu_of_exports_is_walked_by_key(walk: Walk, page: Page) -> None:
    walk.open()
    button = page.get_by_role("button", name="Export")
    button.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Save the image as PNG")).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(
        page.get_by_role("menuitem", name="Animation of z₁ from end to end, WebP")
    ).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("menu")).to_be_hidden()
    button.click()
    page.keyboard.press("Tab")
    expect(page.get_by_role("menu")).to_be_hidden()


def test_z_as_json_is_a_file_and_a_text(walk: Walk, page: Page, models: Path) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    walk.open("model=blots&z=1,-0.5,0,0")
    walk.export("z as JSON")
    dialog = page.get_by_role("dialog", name="z as JSON")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Save file").click()
    written = json.loads(Path(download.value.path()).read_text("utf-8"))
    decoder = (models / "blots" / "decoder.onnx").read_bytes()
    assert written["z"] == [1, -0.5, 0, 0]
    assert written["decoder_sha256"] == hashlib.sha256(decoder).hexdigest()
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog).to_contain_text("press Ctrl C")
    assert json.loads(page.evaluate("String(getSelection())")) == written
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Export")).to_be_focused()


def test_the_lines_of_python_reproduce_the_image(
    walk: Walk, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "SHIPPED", ROOT / "assets" / "models")
    z = [0.4, -1.2, 0, 0.75, 2, -0.3, 1.1, -1.4, 0.05, 1]
    walk.open(f"model=digits&z={spelled(z)}")
    walk.export("This image in Python")
    lines = page.locator(".export-text").text_content()
    assert lines is not None
    program = f"{lines}\nimport sys\nsys.stdout.buffer.write(image.tobytes())\n"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True)
    assert run.returncode == 0, run.stderr.decode()
    image = np.frombuffer(run.stdout, np.float32).reshape(28, 28)

    assert np.abs((image * 255)[:, :, None] - walk.image()).max() <= 1


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
