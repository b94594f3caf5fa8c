"""Images of a person's own: how they are read, encoded, and what is said about them."""

from __future__ import annotations

import io
import json
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from playwright.sync_api import Page, Route, expect
from safetensors.numpy import load_file

from training.contract.card import CARD
from training.contract.files import as_json, read_card

from . import checkpoints
from .instrument import READ_PIXELS, Instrument, frames, pixels
from .modules import call


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """(H, W, 3): smooth colours with a sharp corner, so that turning or flipping it shows."""
    y, x = np.mgrid[:height, :width]
    red = 255 * x / max(1, width - 1)
    green = 255 * y / max(1, height - 1)
    blue = 127 + 120 * np.sin(x / 9 + y / 5)
    image = np.stack([red, green, blue], -1).astype(np.uint8)
    image[: height // 4, : width // 4] = 0
    return image


def png(header: bytes = b"", chunks: bytes = b"") -> bytes:
    """A PNG by hand: 13 bytes of header, then chunks."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


PHOTO = Image.fromarray(picture(30, 40))
FRAMES: dict[str, Any] = {"save_all": True, "append_images": [PHOTO.rotate(90)], "duration": 100}
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "text": (b"<script>alert(1)</script>" * 9, "is not an image that this page can read"),
    "TIFF": (saved(PHOTO, "TIFF"), "is a TIFF"),
    "PDF": (b"%PDF-1.7\n" + b"0" * 99, "is a PDF"),
    "SVG": (b"<?xml version='1.0'?>\n<!-- x -->\n<svg onload='alert(1)'/>", "is an SVG"),
    "HEIC": (b"\0\0\0\x18ftypheic" + b"\0" * 99, "is a HEIC whose size cannot be read"),
    "AVIF": (b"\0\0\0\x18ftypavif" + b"\0" * 99, "is an AVIF whose size cannot be read"),
    "animated PNG": (saved(PHOTO, "PNG", **FRAMES), "is animated"),
    "animated GIF": (saved(PHOTO, "GIF", **FRAMES), "is animated"),
    "animated WebP": (saved(PHOTO, "WEBP", **FRAMES), "is animated"),
    "PNG cut short": (saved(PHOTO, "PNG")[:-40], "cut short"),
    "JPEG cut short": (saved(PHOTO, "JPEG")[:-200], "cut short"),
    "WebP cut short": (saved(PHOTO, "WEBP")[:-60], "cut short"),
    "GIF cut short": (saved(PHOTO, "GIF")[:-60], "cut short"),
    "BMP cut short": (saved(PHOTO, "BMP")[:-60], "cut short"),
    "AVIF cut short": (saved(PHOTO, "AVIF")[:-60], "cut short"),
    "AVIF of too many pixels": (
        saved(PHOTO, "AVIF").replace(
            b"ispe\0\0\0\0" + struct.pack(">II", 40, 30),
            b"ispe\0\0\0\0" + struct.pack(">II", 40_000, 30_000),
        ),
        "has 40,000 × 30,000 pixels, and the limit is 50 million",
    ),
    "HEIC of a browser without it": (
        saved(PHOTO, "AVIF").replace(b"ftypavif", b"ftypheic").replace(b"av01", b"hvc1"),
        "this browser cannot read",
    ),
    "PNG of the magic alone": (b"\x89PNG\r\n\x1a\n", "size cannot be read"),
    "JPEG of the magic alone": (b"\xff\xd8\xff\xe0", "size cannot be read"),
    "WebP of the magic alone": (b"RIFF\x10\0\0\0WEBPVP8 ", "size cannot be read"),
    "PNG of no pixels": (png(struct.pack(">IIBBBBB", 0, 7, 8, 0, 0, 0, 0)), "has no pixels"),
    "PNG of too many pixels": (
        png(struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)),
        "has 60,000 × 60,000 pixels, and the limit is 50 million",
    ),
    "PNG with damaged pixels": (
        png(struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0), chunk(b"IDAT", b"no deflate")),
        "or damaged",
    ),
    "PNG with endless chunks": (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0\0\0\x08" * 2 + b"\x08\0\0\0\0") + b"\xff" * 999,
        "cut short",
    ),
    "JPEG with a frame that lies": (
        saved(PHOTO, "JPEG").replace(struct.pack(">HH", 30, 40), struct.pack(">HH", 0, 40)),
        "has no pixels",
    ),
    "too many bytes": (
        b"\x89PNG\r\n\x1a\n" + b"\0" * (30 * 2**20),
        "is 31 MB, and the limit is 30 MB",
    ),
}


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "too many bytes"])
def test_a_hostile_file_gets_one_sentence(module: Page, kind: str) -> None:
    content, reason = HOSTILE[kind]
    body = """
      try { await it.openImage(new File([Uint8Array.from(given)], "odd\\n\\u202egnp.exe")); }
      catch (error) { return [error.name, error.message]; }
    """
    name, message = call(module, "image/image-file.js", body, list(content))

    assert name == "InstrumentError"
    assert message.startswith("\u2068odd gnp.exe\u2069 ")
    assert reason in message
    assert ". " not in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    "content",
    [
        saved(PHOTO, "PNG"),
        saved(PHOTO.convert("RGBA"), "PNG"),
        saved(PHOTO.convert("L").convert("I;16"), "PNG"),
        saved(PHOTO.convert("P"), "PNG"),
        saved(PHOTO.convert("1"), "PNG"),
        saved(PHOTO, "JPEG", progressive=True),
        saved(PHOTO.convert("CMYK"), "JPEG"),
        saved(PHOTO.convert("L"), "JPEG") + b"and more after the end",
        saved(PHOTO, "WEBP"),
        saved(PHOTO, "WEBP", lossless=True),
        saved(PHOTO, "GIF"),
        saved(PHOTO.convert("1"), "GIF"),
        saved(PHOTO, "BMP"),
        saved(PHOTO.convert("L"), "BMP"),
        saved(PHOTO, "AVIF"),
        saved(PHOTO.convert("RGBA"), "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
    ],
    ids=lambda content: f"{len(content)} bytes",
)
def test_every_kind_of_png_jpeg_and_webp_is_opened(module: Page, content: bytes) -> None:
    body = """
      const bitmap = await it.openImage(new File([Uint8Array.from(given)], "fine"));
      return [bitmap.width, bitmap.height];
    """

    assert call(module, "image/image-file.js", body, list(content)) == [40, 30]


def put(page: Page, folder: Path) -> None:
    """Serve the files of `folder` in place of those of blots, its card as the server would."""
    for file in folder.iterdir():
        content = as_json(read_card(folder)) if file.name == CARD else file.read_bytes()
        page.route(f"**/blots/{file.name}", lambda route, _, body=content: route.fulfill(body=body))


def seen(page: Page) -> NDArray[np.float32]:
    """What the model sees, (1, C, H, W), from the panel that is open; of grey images C is 1."""
    canvas = page.locator(".seen:visible")
    width, height = canvas.evaluate("(canvas) => [canvas.width, canvas.height]")
    found = np.array(pixels(canvas), np.float32).reshape(1, height, width, 4) / 255
    image = found[..., :3].transpose(0, 3, 1, 2)
    return image[:, :1] if (image == image[:, :1]).all() else image


def encoded(models: Path, x: NDArray[np.float32], model: str = "blots") -> NDArray[np.float32]:
    """The posterior mean that onnxruntime's Python gives, (D,)."""
    session = onnxruntime.InferenceSession(models / model / "encoder.onnx")
    mean: NDArray[np.float32] = session.run(["mean"], {"x": x})[0][0]
    return mean


def posterior_means(page: Page, latents: int) -> list[float]:
    """As they stand on the sliders."""
    posteriors = "performance.getEntriesByName('instrument:posterior')"
    means: list[float] = page.evaluate(f"{posteriors}.at(-1).detail.mean")
    assert len(means) == latents
    return means


def draw(page: Page, *points: tuple[float, float], up: bool = True) -> None:
    """A stroke through points given as shares of the pad."""
    pad = page.locator(".pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    for at, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if at == 0:
            page.mouse.down()
    if up:
        page.mouse.up()


def test_a_drawing_is_encoded_as_the_pen_moves(
    instrument: Instrument, models: Path, page: Page
) -> None:
    instrument.open()
    instrument.wait_for_all([0, 0, 0, 0])
    instrument.bring("Draw")
    draw(page, (0.3, 0.2), (0.6, 0.3), up=False)
    expect(page.locator(".source-label")).to_have_text("Your drawing")
    frames(page, 3)
    begun = posterior_means(page, 4)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    box = page.locator(".pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.8 * box["height"], steps=6)
    frames(page, 3)
    moved = posterior_means(page, 4)
    assert begun != moved
    assert instrument.z() == [0, 0, 0, 0]
    assert asked == []

    page.mouse.up()
    page.wait_for_function("() => !location.href.includes('z=0,0,0,0')")
    expected = encoded(models, seen(page))
    assert posterior_means(page, 4) == pytest.approx(expected, abs=2e-3)
    assert instrument.z() == pytest.approx(expected.clip(-5, 5), abs=2e-3)
    assert asked == []


def test_undo_takes_a_stroke_away(instrument: Instrument, page: Page) -> None:
    instrument.open()
    instrument.bring("Draw")
    instrument.wait_for_ground()
    blank = pixels(page.locator(".pad"))
    draw(page, (0.3, 0.2), (0.6, 0.3))
    page.wait_for_function("() => !location.href.includes('z=0,0,0,0')")
    first, stroke = instrument.z(), pixels(page.locator(".pad"))
    link = page.url
    draw(page, (0.6, 0.3), (0.3, 0.9))
    page.wait_for_function("(link) => location.href !== link", arg=link)
    second = instrument.z()
    assert first != second

    page.get_by_role("button", name="Undo (").click()
    instrument.wait_for_z(*first)
    assert pixels(page.locator(".pad")) == stroke
    page.get_by_role("button", name="Redo").click()
    instrument.wait_for_z(*second)
    page.get_by_role("button", name="Undo stroke").click()
    instrument.wait_for_z(*first)
    page.locator(".pad-tools").get_by_role("button", name="Clear").click()
    expect(page.locator(".source-label")).to_be_hidden()
    assert pixels(page.locator(".pad")) == blank
    page.get_by_role("button", name="Undo (").click()
    expect(page.locator(".source-label")).to_have_text("Your drawing")
    assert pixels(page.locator(".pad")) == stroke


def test_who_draws_early_has_the_ground_of_the_data_after_clear(
    instrument: Instrument, page: Page
) -> None:
    held: list[Route] = []
    page.route("**/blots/thumbnails.webp", lambda route: held.append(route))
    instrument.open()
    instrument.bring("Draw")
    draw(page, (0.3, 0.2), (0.6, 0.3))
    page.wait_for_function("() => !location.href.includes('z=0,0,0,0')")
    early = pixels(page.locator(".pad"))
    assert early[0] == 0, "black, until the test images are there"
    for route in held:
        route.continue_()
    instrument.wait_for_ground()
    assert pixels(page.locator(".pad")) == early

    page.locator(".pad-tools").get_by_role("button", name="Clear").click()
    assert pixels(page.locator(".pad"))[0] > 0, "grey, as they are at their edges"
    page.get_by_role("button", name="Undo (").click()
    expect(page.locator(".source-label")).to_have_text("Your drawing")
    assert pixels(page.locator(".pad")) == early


def test_the_eraser_leaves_the_ground(instrument: Instrument, page: Page) -> None:
    instrument.open()
    instrument.bring("Draw")
    instrument.wait_for_ground()
    blank = pixels(page.locator(".pad"))
    draw(page, (0.5, 0.5), (0.55, 0.5))
    assert pixels(page.locator(".pad")) != blank
    page.get_by_role("button", name="Eraser").click()
    page.get_by_role("slider", name="Width of the pen").fill("0.25")
    draw(page, (0.5, 0.5), (0.55, 0.5))

    erased = pixels(page.locator(".pad"))
    assert np.abs(np.array(erased) - np.array(blank)).max() <= 4


def ground(folder: Path, shape: tuple[int, int, int]) -> float:
    """The grey at the edges of the test images."""
    _, height, width = shape
    sheet = np.asarray(Image.open(folder / "thumbnails.webp"))[..., : shape[0]]
    edges = []
    for at in range(checkpoints.EXAMPLES):
        top, left = at // checkpoints.COLUMNS * height, at % checkpoints.COLUMNS * width
        image = sheet[top : top + height, left : left + width]
        edges += [image[0], image[-1], image[1:-1, 0], image[1:-1, -1]]
    values = np.sort(np.concatenate([edge.ravel() for edge in edges]))
    return float(values[len(values) // 2]) / 255


def fitted(
    image: Image.Image, shape: tuple[int, int, int], grey: float, *, fill: bool
) -> NDArray[np.float64]:
    """What Pillow makes of a picture for a model: (C, H, W) bytes."""
    channels, height, width = shape
    image = ImageOps.exif_transpose(image)
    if image.mode == "I;16":
        image = Image.fromarray((np.asarray(image) / 257).round().astype(np.uint8))
    paper = Image.new("RGBA", image.size, (round(255 * grey),) * 3)
    image = Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
    scale = (min if fill else max)(image.width / width, image.height / height)
    if fill:
        left, top = (image.width - scale * width) / 2, (image.height - scale * height) / 2
        box = (left, top, image.width - left, image.height - top)
        image = image.resize((width, height), Image.Resampling.BILINEAR, box)
        inside = np.asarray(image, float)
    else:
        size = tuple(max(1, math.floor(side / scale + 0.5)) for side in image.size)
        inside = np.asarray(image.resize(size, Image.Resampling.BILINEAR), float)
    whole = np.full((height, width, 3), 255 * grey)
    top, left = (height - len(inside)) // 2, (width - inside.shape[1]) // 2
    whole[top : top + len(inside), left : left + inside.shape[1]] = inside
    if channels == 1:
        whole = (whole @ [0.299, 0.587, 0.114])[..., None]
    return whole.transpose(2, 0, 1)


def translucent(height: int, width: int) -> Image.Image:
    alpha = np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))
    return Image.fromarray(np.dstack([picture(height, width), alpha]))


def turned(orientation: int = 6) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


FILES: dict[str, bytes] = {
    "PNG": saved(Image.fromarray(picture(70, 110)), "PNG"),
    "JPEG": saved(Image.fromarray(picture(70, 110)), "JPEG", quality=95),
    "turned JPEG": saved(Image.fromarray(picture(70, 110)), "JPEG", quality=95, exif=turned()),
    "turned WebP": saved(Image.fromarray(picture(70, 110)), "WEBP", lossless=True, exif=turned()),
    "WebP": saved(Image.fromarray(picture(110, 70)), "WEBP", lossless=True),
    "RGBA": saved(translucent(50, 60), "PNG"),
    "16 bit": saved(
        Image.fromarray(np.outer(np.arange(60), np.arange(80)).astype(np.uint16) * 13), "PNG"
    ),
    "grey": saved(Image.fromarray(picture(40, 30)).convert("L"), "JPEG", quality=95),
    "BMP": saved(Image.fromarray(picture(40, 30)), "BMP"),
    "GIF": saved(Image.fromarray(picture(40, 30)), "GIF"),
    "one pixel": saved(Image.new("RGB", (1, 1), (200, 100, 50)), "PNG"),
    "a sliver": saved(Image.fromarray(picture(1, 400)), "PNG"),
    "12 megapixels": saved(Image.fromarray(picture(3000, 4000)), "JPEG", quality=80),
}


def upload(page: Page, content: bytes, name: str = "picture") -> None:
    page.locator(".upload input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


@pytest.mark.parametrize(("model", "shape"), [("blots", (1, 12, 8)), ("single", (3, 9, 9))])
def test_a_picture_becomes_what_pillow_makes_of_it(
    instrument: Instrument, models: Path, page: Page, model: str, shape: tuple[int, int, int]
) -> None:
    grey = ground(models / model, shape)
    instrument.open(f"model={model}")
    instrument.bring("Upload")
    instrument.wait_for_ground()
    for name, content in FILES.items():
        upload(page, content, name)
        expect(page.locator(".source-label")).to_have_text(f"Your image \u2068{name}\u2069")
        for box in page.locator(".upload input[type=checkbox]:visible").all():
            box.set_checked(False)
        for fill in (False, True):
            chosen = "Fill the frame" if fill else "Keep the whole image"
            page.locator(".upload select").select_option(chosen)
            frames(page, 4)
            expected = fitted(Image.open(io.BytesIO(content)), shape, grey, fill=fill)
            found = np.broadcast_to(seen(page)[0], expected.shape)
            assert np.abs(255 * found - expected).max() <= 4, (name, fill)
            mean = encoded(models, seen(page) if shape[0] == 1 else found[None], model)
            assert posterior_means(page, len(mean)) == pytest.approx(mean, abs=2e-3)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(module: Page, kind: str, orientation: int) -> None:
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95}
    content = saved(Image.fromarray(picture(48, 32)), kind, exif=turned(orientation), **options)
    body = """
      const bitmap = await it.openImage(new File([Uint8Array.from(given)], "photo"));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d");
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      return [bitmap.height, bitmap.width, [...data]];
    """
    height, width, data = call(module, "image/image-file.js", body, list(content))

    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))), int)
    assert expected.shape[:2] == (height, width)
    found = np.array(data).reshape(height, width, 4)[..., :3]
    assert np.abs(found - expected).max() <= 4


def test_a_photographed_page_becomes_like_the_data(instrument: Instrument, page: Page) -> None:
    put(page, Path(__file__).parents[2] / "assets/models/digits")
    y, x = np.mgrid[:600, :800]
    paper = 150 + 60 * x / 800 + 20 * y / 600
    ring = np.abs(np.hypot((x - 300) / 0.7, y - 260) - 90) < 16
    noise = np.random.default_rng(0).normal(0, 4, paper.shape)
    photo = np.where(ring, 40, paper) + noise
    instrument.open()
    instrument.bring("Upload")
    instrument.wait_for_ground()
    upload(page, saved(Image.fromarray(photo.clip(0, 255).astype(np.uint8)), "JPEG"), "page.jpg")
    expect(page.locator(".source-label")).to_contain_text("page.jpg")

    expect(page.get_by_label("Invert light and dark")).to_be_checked()
    expect(page.get_by_label("Centre and size like the data").last).to_be_checked()
    image = seen(page)[0, 0]
    rows, columns = np.nonzero(image > 0.3)
    assert 19 <= rows.max() + 1 - rows.min() <= 21
    assert 12 <= columns.max() + 1 - columns.min() <= 16
    assert image[[0, 0, -1, -1], [0, -1, 0, -1]].max() == 0
    down, right = np.mgrid[:28, :28] + 0.5
    assert (image * right).sum() / image.sum() == pytest.approx(14, abs=0.3)
    assert (image * down).sum() / image.sum() == pytest.approx(14, abs=0.3)
    page.get_by_label("Invert light and dark").uncheck()
    page.get_by_label("Centre and size like the data").last.uncheck()
    frames(page, 4)
    assert seen(page)[0, 0].mean() > 0.4


def seven(width: int, height: int, pen: int, **page: Any) -> Image.Image:
    """A 7 written with a thin pen on a page in slanting light, photographed."""
    y, x = np.mgrid[:height, :width]
    light = 0.95 - 0.4 * (x / width + y / height) / 2
    ink = Image.new("L", (width, height))
    across, down, size = page.get("at", (0.45, 0.3, 0.3))
    left, top, tall = across * width, down * height, size * height
    ImageDraw.Draw(ink).line(
        [(left, top), (left + 0.6 * tall, top), (left + 0.25 * tall, top + tall)], 255, pen
    )
    paper = np.full((height, width), 220.0)
    if page.get("ruled"):
        paper[(y % (height // 15)) < 3] = page["ruled"]
    grey = light * np.where(np.asarray(ink) > 0, 40, paper)
    if page.get("desk"):
        grey[:, : width // 20] = 15
    noise = np.random.default_rng(0).normal(0, 3, grey.shape)
    return Image.fromarray((grey + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("photo", "name"),
    [
        (seven(1200, 900, 9), "thin pen"),
        (seven(1200, 900, 9, ruled=150), "paper with lines"),
        (seven(1200, 900, 9, ruled=60), "dark lines"),
        (seven(1200, 900, 9, desk=True), "the edge of a desk"),
        (seven(900, 1200, 40), "a marker"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_photographed_seven_is_a_seven_with_the_ink_of_the_data(
    instrument: Instrument, page: Page, photo: Image.Image, name: str
) -> None:
    put(page, Path(__file__).parents[2] / "assets/models/digits")
    instrument.open()
    instrument.bring("Upload")
    instrument.wait_for_ground()
    upload(page, saved(photo, "JPEG", quality=90), f"{name}.jpg")
    expect(page.locator(".source-label")).to_contain_text(name)

    image = seen(page)[0, 0]
    # MNIST's digits are strokes of about 100 bright pixels, 20 high, that nearly reach 255.
    assert image.max() > 0.95
    assert 40 <= (image > 0.5).sum() <= 180
    rows, columns = np.nonzero(image > 0.3)
    assert 19 <= rows.max() + 1 - rows.min() <= 21
    assert columns.max() + 1 - columns.min() <= 18
    expect(page.locator(".whereabouts")).to_contain_text("a 7")


def test_an_empty_page_is_said_to_be_empty(instrument: Instrument, page: Page) -> None:
    put(page, Path(__file__).parents[2] / "assets/models/digits")
    instrument.open()
    instrument.bring("Upload")
    instrument.wait_for_ground()
    upload(page, saved(Image.new("L", (280, 280), 255), "PNG"), "white.png")

    expect(page.locator(".upload .refusal")).to_contain_text("shows nothing that stands out")
    expect(page.locator(".source-label")).not_to_contain_text("white.png")


def test_a_part_of_a_picture_is_used(instrument: Instrument, page: Page) -> None:
    """Two digits on one page: the box says which."""
    put(page, Path(__file__).parents[2] / "assets/models/digits")
    both = Image.new("L", (800, 400), 255)
    ImageDraw.Draw(both).line([(120, 100), (120, 300)], 0, 20)
    ImageDraw.Draw(both).ellipse((500, 100, 660, 300), None, 0, 20)
    instrument.open()
    instrument.bring("Upload")
    instrument.wait_for_ground()
    upload(page, saved(both, "PNG"), "two.png")
    expect(page.locator(".source-label")).to_contain_text("two.png")
    assert np.ptp(np.nonzero(seen(page)[0, 0] > 0.3)[1]) >= 18
    picture_box = page.locator(".crop-picture").bounding_box()
    assert picture_box is not None
    x, y, width, height = (picture_box[key] for key in ("x", "y", "width", "height"))
    page.mouse.move(x + 2, y + 2)
    page.mouse.down()
    page.mouse.move(x + width / 3, y + height - 2, steps=4)
    page.mouse.up()
    expect(page.locator(".whereabouts")).to_contain_text("a 1")
    frames(page, 4)
    stroke = np.nonzero(seen(page)[0, 0] > 0.3)[1]
    assert stroke.max() - stroke.min() <= 4

    page.get_by_role("button", name="Use the whole picture").click()
    frames(page, 4)
    assert np.ptp(np.nonzero(seen(page)[0, 0] > 0.3)[1]) >= 18
    for _ in range(40):
        page.locator(".crop-picture").press("Shift+ArrowLeft")
        if page.locator(".crop-part").evaluate("part => part.clientWidth") < width / 3:
            break
    expect(page.locator(".whereabouts")).to_contain_text("a 1")


def test_a_test_image_uploaded_again_is_the_same(
    instrument: Instrument, models: Path, page: Page
) -> None:
    sheet = Image.open(models / "blots" / "thumbnails.webp").convert("L")
    one = sheet.crop((8, 12, 16, 24))
    instrument.open()
    instrument.bring("Upload")
    instrument.wait_for_ground()
    upload(page, saved(one, "PNG"))
    expect(page.locator(".source-label")).to_contain_text("Your image")

    assert (255 * seen(page)[0, 0]).round().tolist() == np.asarray(one).tolist()


def test_hostile_files_get_one_sentence_and_change_nothing(
    instrument: Instrument, page: Page
) -> None:
    instrument.open("model=blots&example=3")
    expect(page.locator(".source-label")).to_have_text("Test image #3 (a 3)")
    instrument.bring("Upload")
    before, picture = page.url, instrument.image()
    figures = page.locator(".elbo").text_content()
    for name, (content, reason) in HOSTILE.items():
        upload(page, content, f"<img src=x onerror=alert(1)> {name} " + "long" * 99)
        note = page.locator(".refusal:visible")
        expect(note).to_contain_text(reason)
        sentence = note.text_content() or ""
        assert sentence.startswith("\u2068<img src=x onerror=")
        assert "\u2069" in sentence[:45]
        assert ". " not in sentence
        assert page.locator(".refusal img").count() == 0
        assert page.url == before
        expect(page.locator(".source-label")).to_have_text("Test image #3 (a 3)")
        assert page.locator(".elbo").text_content() == figures
        expect(page.locator(".upload .seen")).to_be_hidden()
    assert (instrument.image() == picture).all()

    upload(page, FILES["PNG"])
    expect(page.locator(".refusal:visible")).to_have_count(0)
    expect(page.locator(".source-label")).to_contain_text("Your image")


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_an_image_can_be_dropped_and_pasted(instrument: Instrument, page: Page, way: str) -> None:
    instrument.open()
    instrument.bring("Upload")
    page.evaluate(
        """([bytes, way]) => {
          const file = new File([Uint8Array.from(bytes)], "it.png", { type: "image/png" });
          const data = new DataTransfer();
          data.items.add(file);
          const how = { bubbles: true, cancelable: true, composed: true };
          const event = way === "drop"
            ? new DragEvent("drop", { ...how, dataTransfer: data })
            : new ClipboardEvent("paste", { ...how, clipboardData: data });
          const place = way === "drop" ? document.querySelector(".dropzone") : document.body;
          place.dispatchEvent(event);
        }""",
        [list(FILES["PNG"]), way],
    )

    expect(page.locator(".source-label")).to_have_text("Your image \u2068it.png\u2069")


@pytest.mark.parametrize("width", [390, 760, 1280])
def test_an_upload_does_not_widen_the_page(instrument: Instrument, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    instrument.open()
    instrument.bring("Upload")
    upload(page, FILES["PNG"], "long" * 20)
    expect(page.locator(".source-label")).to_contain_text("Your image")
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0


@pytest.mark.parametrize("way", ["Draw", "Upload"])
def test_what_was_asked_earlier_does_not_take_over_from_a_newer_choice(
    instrument: Instrument, page: Page, way: str
) -> None:
    held: list[Route] = []
    page.route("**/blots/encoder.onnx", lambda route: held.append(route))
    instrument.open()

    def bring(way: str) -> None:
        instrument.bring(way)
        if way == "Draw":
            draw(page, (0.3, 0.2), (0.6, 0.3))
        else:
            upload(page, FILES["PNG"])

    with page.expect_request("**/blots/encoder.onnx"):
        bring(way)
    page.get_by_role("tab", name="Test images").click()
    page.locator(".thumb").nth(3).click()
    expect(page.locator(".source-label")).to_have_text("Test image #3 (a 3)")
    for route in held:
        route.continue_()
    # What comes after it is encoded after it.
    bring("Upload" if way == "Draw" else "Draw")
    expect(page.locator(".source-label")).to_contain_text("Your")
    page.get_by_role("button", name="Undo (").click()
    expect(page.locator(".source-label")).to_have_text("Test image #3 (a 3)")


def test_an_image_that_is_not_taken_is_let_go(instrument: Instrument, page: Page) -> None:
    page.add_init_script(
        """window.letGo = 0;
        const close = ImageBitmap.prototype.close;
        ImageBitmap.prototype.close = function () { window.letGo++; close.call(this); }"""
    )
    page.route("**/blots/encoder.onnx", lambda route: route.fulfill(body=b"short"))
    instrument.open()
    instrument.bring("Upload")
    upload(page, FILES["PNG"])
    expect(page.locator(".refusal:visible")).to_contain_text("has 5 bytes")
    assert page.evaluate("window.letGo") == 1


@pytest.mark.parametrize("kind", ["missing", "of another size", "a loop", "a decoder", "garbage"])
def test_an_encoder_that_cannot_be_used_gets_one_sentence(
    instrument: Instrument, models: Path, page: Page, kind: str
) -> None:
    decoder = (models / "blots" / "decoder.onnx").read_bytes()
    content, reason = {
        "missing": (None, "encoder.onnx is missing"),
        "of another size": (b"short", "has 5 bytes where its card says"),
        "a loop": (b'"\x04Loop', "contains a loop"),
        "a decoder": (decoder, "should take `x` and give `mean` and `log_variance`"),
        "garbage": (b"cut short" * 9, "is not a model this browser can run"),
    }[kind]
    card = json.loads((models / "blots" / "card.json").read_text())
    if content is not None and kind != "of another size":
        card["files"]["encoder.onnx"]["bytes"] = len(content)
    page.route("**/blots/card.json", lambda route: route.fulfill(json=card))
    page.route(
        "**/blots/encoder.onnx",
        lambda route: route.fulfill(status=404) if content is None else route.fulfill(body=content),
    )
    instrument.open()
    instrument.bring("Draw")
    draw(page, (0.3, 0.2), (0.6, 0.3))

    expect(page.locator(".refusal:visible")).to_contain_text(reason.replace("`", ""))
    assert (page.locator(".refusal:visible").text_content() or "").startswith("blots/encoder.onnx ")
    assert instrument.z() == [0, 0, 0, 0]
    expect(page.locator(".source-label")).to_be_hidden()


def test_resampling_fans_out_draws(instrument: Instrument, models: Path, page: Page) -> None:
    codes = load_file(models / "blots" / "codes.safetensors")
    instrument.open("model=blots&example=4")
    page.get_by_role("button", name="Draws").click()
    draws = page.locator(".draw")
    expect(draws).to_have_count(8)
    wait = "() => [...document.querySelectorAll('.draw canvas')].every((c) => c.getContext('2d')"
    wait += ".getImageData(0, 0, 1, 1).data[0] > 0)"
    page.wait_for_function(wait)
    before = [pixels(draws.nth(at).locator("canvas")) for at in range(8)]
    assert len(set(map(tuple, before))) == 8
    assert instrument.z() == pytest.approx(codes["mean"][4], abs=1e-3)

    draws.nth(2).click()
    away = (np.array(instrument.z()) - codes["mean"][4]) / 0.25
    assert 0 < np.abs(away).max() < 6
    grey = np.array(before[2]).reshape(12, 8, 4)[..., 0]
    session = onnxruntime.InferenceSession(models / "blots" / "decoder.onnx")
    mean = session.run(["mean"], {"z": np.array([instrument.z()], np.float32)})[0][0, 0]
    assert np.abs(grey - 255 * mean).max() <= 2
    assert instrument.query()["example"] == "4"
    page.get_by_role("button", name="Again").click()
    page.wait_for_function(
        f"(old) => JSON.stringify(({READ_PIXELS})(document.querySelector('.draw canvas'))) !== old",
        arg=json.dumps(before[0], separators=(",", ":")),
    )


def test_the_source_is_measured_as_in_python(
    instrument: Instrument, models: Path, page: Page
) -> None:
    codes = load_file(models / "blots" / "codes.safetensors")
    instrument.open("model=blots&example=4")
    mean, log_variance = codes["mean"][4], codes["log_variance"][4]
    kl = 0.5 * float((mean**2 + np.exp(log_variance) - 1 - log_variance).sum())
    reconstruction = float(codes["reconstruction"][4])
    for row, nats in (("reconstruction", reconstruction), ("kl", kl), ("sum", reconstruction + kl)):
        figure = page.locator(f".elbo-row[data-row='{row}'] .number")
        expect(figure).to_have_text(f"{nats:.1f}")

    panes = [
        np.array(pixels(one)) for one in page.locator(".source:not(.imputation .source)").all()
    ]
    source, decoded, difference = (pane.reshape(12, 8, 4).astype(int) for pane in panes)
    session = onnxruntime.InferenceSession(models / "blots" / "decoder.onnx")
    image = session.run(["mean"], {"z": mean[None]})[0][0, 0]
    assert np.abs(decoded[..., 0] - 255 * image).max() <= 1
    apart = source[..., 0] - 255 * image
    assert np.abs(difference[..., 3] - np.abs(apart)).max() <= 1
    page.get_by_role("button", name="absolute").click()
    unsigned = np.array(pixels(page.locator(".source:not(.imputation .source)").nth(2))).reshape(
        12, 8, 4
    )
    shown = unsigned[unsigned[..., 3] > 0][:, :3]
    assert len(np.unique(shown, axis=0)) <= 1
    for slider in page.locator(".sliders > [data-latent]").all():
        at = int(slider.get_attribute("data-latent") or "")
        text = f"{mean[at]:.2f} ± 0.25".replace("-", "−")
        expect(slider.locator(".posterior-text")).to_have_text(text)


def test_the_gallery_shows_some_at_a_time(
    instrument: Instrument, page: Page, tmp_path: Path
) -> None:
    checkpoints.write(tmp_path / "blots", examples=250)
    put(page, tmp_path / "blots")
    instrument.open()
    thumbs, pager = page.locator(".thumb"), page.locator(".pager")
    expect(thumbs).to_have_count(96)
    expect(pager).to_contain_text("1 to 96 of 250")
    page.get_by_role("button", name="Previous images").click(force=True)
    expect(pager).to_contain_text("1 to 96 of 250")
    page.get_by_role("button", name="Next images").click()
    page.get_by_role("button", name="Next images").click()
    expect(pager).to_contain_text("193 to 250 of 250")
    expect(thumbs).to_have_count(58)
    expect(thumbs.first).to_have_attribute("aria-label", "Image 192, 2")

    page.locator(".filters select").select_option("3")
    expect(pager).to_contain_text("1 to 25 of 25")
    labels = [thumb.get_attribute("aria-label") or "" for thumb in thumbs.all()]
    assert all(label.endswith(", 3") for label in labels)
    page.get_by_role("button", name="Shuffle").click()
    assert sorted(thumb.get_attribute("aria-label") or "" for thumb in thumbs.all()) == sorted(
        labels
    )
    page.get_by_role("button", name="Shuffle").click()
    page.locator(".filters select").select_option("all")
    number = page.get_by_label("Number of the image")
    number.fill("200")
    number.press("Enter")
    expect(page.locator(".thumb[aria-pressed=true]")).to_have_attribute(
        "aria-label", "Image 200, 0"
    )
    assert instrument.query()["example"] == "200"
    for wrong in ("250", "-1", "x"):
        number.fill(wrong)
        number.press("Enter")
    assert instrument.query()["example"] == "200"


def test_the_tabs_are_walked_by_arrow_keys(instrument: Instrument, page: Page) -> None:
    instrument.open()
    page.get_by_role("tab", name="Test images").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Draw")).to_be_focused()
    expect(page.locator(".pad")).to_be_visible()
    expect(page.locator(".thumbs")).to_be_hidden()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Choose an image")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Test images")).to_be_focused()
    expect(page.locator(".thumbs")).to_be_visible()
    assert instrument.z() == [0, 0, 0, 0]


def test_the_hint_leads_to_where_images_come_from(instrument: Instrument, page: Page) -> None:
    instrument.open()
    page.locator(".hint").get_by_role("button", name="draw").click()
    expect(page.get_by_role("tab", name="Draw")).to_be_focused()
    expect(page.locator("#bring-draw")).to_be_visible()


def test_a_hidden_half_is_completed_and_its_error_told(page: Page, instrument: Instrument) -> None:
    instrument.open("model=blots&example=3")
    page.get_by_role("tab", name="Complete").click()
    panel = page.locator(".imputation")
    page.wait_for_function("document.querySelector('.imputation')?.dataset.done")
    expect(panel).to_contain_text("Round 30 of 30")
    made, mean, truth = (
        np.array(pixels(panel.locator(".trio canvas").nth(at))).reshape(12, 8, 4)[..., 0] / 255
        for at in range(3)
    )
    half = len(truth) // 2
    assert np.array_equal(made[:half], truth[:half])
    assert not np.array_equal(made[half:], truth[half:])
    for at, image in enumerate((made, mean)):
        told = float(panel.locator("figcaption output").nth(at).inner_text())
        assert told == pytest.approx(((image - truth)[half:] ** 2).mean(), abs=2e-3)
    panel.get_by_role("button", name="Nothing").click()
    expect(panel).to_contain_text("nothing to complete")
    expect(panel.locator("figcaption output").first).to_have_text("")
