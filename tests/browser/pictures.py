"""Pictures that a person may have: of every kind, photographed, damaged and hostile."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw


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
