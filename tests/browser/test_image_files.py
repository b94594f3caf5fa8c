"""How the files of images are read, and refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Page

from .modules import call
from .pictures import HOSTILE, PHOTO, picture, saved, turned


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
