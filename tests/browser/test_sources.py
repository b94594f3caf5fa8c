"""Images of a person's own: how they are read, encoded, and what is said about them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from training import distributions


@pytest.fixture
def module(page: Page, address: str) -> Page:
    page.goto(f"{address}/instrument/VENDOR.json")
    return page


def call(page: Page, module: str, body: str, argument: Any = None) -> Any:
    return page.evaluate(
        f"async (given) => {{ const it = await import('/instrument/{module}'); {body} }}", argument
    )


LIKELIHOODS: dict[str, Callable[[torch.Tensor], distributions.ImageDistribution]] = {
    "bernoulli": distributions.Bernoulli,
    "continuous_bernoulli": distributions.ContinuousBernoulli,
    "gaussian": lambda outputs: distributions.Gaussian(
        0.5 + outputs / 40, torch.tensor(0.07**2).log()
    ),
}
NATS = "return it.reconstructionNats(given.image, ...given.values.map((v) => Float32Array.from(v)))"


def measured(
    page: Page, image: dict[str, Any], mean: torch.Tensor, x: torch.Tensor
) -> dict[str, Any]:
    given = {"image": image, "values": [mean.tolist(), x.tolist()]}
    found: dict[str, Any] = call(page, "likelihood.js", NATS, given)
    return found


@pytest.mark.parametrize("name", list(LIKELIHOODS))
def test_the_likelihood_is_that_of_training(module: Page, name: str) -> None:
    random = torch.Generator().manual_seed(0)
    outputs = torch.cat(
        [14 * (2 * torch.rand(400, generator=random) - 1), torch.linspace(-0.4, 0.4, 41)]
    )
    x = torch.rand(len(outputs), generator=random)
    x[:200] = (x[:200] > 0.5).float()
    distribution = LIKELIHOODS[name](outputs)

    found = measured(module, {"likelihood": name, "sigma": 0.07}, distribution.mean, x)

    assert not found["atLeast"]
    expected = -distribution.log_prob(x).double().sum().item()
    assert found["nats"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("eta", [-1e4, -300.0, -20.0, -1e-3, 0.0, 1e-3, 20.0, 300.0, 1e4])
def test_a_continuous_bernoulli_of_any_mean(module: Page, eta: float) -> None:
    distribution = distributions.ContinuousBernoulli(torch.tensor([eta]))
    for x in (0.0, 0.3, 1.0):
        grey = torch.tensor([x])
        found = measured(module, {"likelihood": "continuous_bernoulli"}, distribution.mean, grey)
        expected = -distribution.log_prob(grey).item()
        assert found["nats"] == pytest.approx(expected, rel=3e-3, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "output"), [("bernoulli", 40.0), ("bernoulli", -110.0), ("gaussian", 60.0)]
)
def test_what_a_rounded_mean_cannot_say_is_called_a_bound(
    module: Page, name: str, output: float
) -> None:
    distribution = LIKELIHOODS[name](torch.tensor([output]))
    surprising = (1 - distribution.mean).round()
    exact = -distribution.log_prob(surprising).item()
    found = measured(module, {"likelihood": name, "sigma": 0.07}, distribution.mean, surprising)

    assert found["atLeast"]
    assert found["nats"] <= exact

    expected = measured(
        module, {"likelihood": name, "sigma": 0.07}, distribution.mean, distribution.mean
    )
    assert not expected["atLeast"]


@pytest.mark.parametrize("image", [{"likelihood": "gaussian"}, {"likelihood": "poisson"}])
def test_no_number_without_what_it_needs(module: Page, image: dict[str, Any]) -> None:
    grey = torch.full((4,), 0.5)

    assert measured(module, image, grey, grey) is None


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """(H, W, 3): smooth colours with a sharp corner, so that turning or flipping it shows."""
    y, x = np.mgrid[:height, :width]
    red = 255 * x / max(1, width - 1)
    green = 255 * y / max(1, height - 1)
    blue = 127 + 120 * np.sin(x / 9 + y / 5)
    image = np.stack([red, green, blue], -1).astype(np.uint8)
    image[: height // 4, : width // 4] = 0
    return image


@pytest.mark.parametrize(
    ("size", "to"),
    [((40, 30), (28, 28)), ((5, 3), (28, 20)), ((1, 1), (4, 4)), ((64, 96), (8, 12))],
)
def test_pictures_are_resampled_as_pillow_does(
    module: Page, size: tuple[int, int], to: tuple[int, int]
) -> None:
    pixels = picture(*size)
    body = """
      const [height, width] = given.size;
      const rows = (top, count) => given.rgba.slice(4 * top * width, 4 * (top + count) * width);
      const window = { left: 0, top: 0, width, height };
      return [...it.resample({ width, height, rows }, window, given.to[1], given.to[0])];
    """
    rgba = np.dstack([pixels, np.full(size, 255, np.uint8)])
    given = {"size": size, "to": to, "rgba": rgba.ravel().tolist()}
    found = np.array(call(module, "resample.js", body, given)).reshape(3, *to)

    expected = Image.fromarray(pixels).resize(to[::-1], Image.Resampling.BILINEAR)
    assert np.abs(found * 255 - np.asarray(expected).transpose(2, 0, 1)).max() < 1.01


def ink(height: int, width: int, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """White on black: a triangle in `box` (left, top, right, bottom), heavier at its bottom."""
    image = np.zeros((height, width), np.uint8)
    left, top, right, bottom = box
    for y in range(top, bottom):
        image[y, left : left + 1 + (right - left - 1) * (y - top) // max(1, bottom - top - 1)] = 255
    return image


CENTRED = """
  const rgba = (grey) => [grey, grey, grey, 255];
  const rows = (top, count) => given.slice(top * 280, (top + count) * 280).flatMap(rgba);
  return [...it.centred({ width: 280, height: 280, rows }, [1, 28, 28], 0)].slice(0, 784);
"""


@pytest.mark.parametrize(
    "box", [(10, 12, 90, 40), (100, 20, 280, 270), (0, 0, 280, 280), (200, 150, 270, 280)]
)
def test_ink_is_centred_and_sized_as_in_mnist(module: Page, box: tuple[int, int, int, int]) -> None:
    pixels = ink(280, 280, box)
    found = np.array(call(module, "centring.js", CENTRED, pixels.ravel().tolist())).reshape(28, 28)

    rows, columns = np.nonzero(found > 0.3)
    sides = [columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()]
    assert 19 <= max(sides) <= 21
    assert min(sides) / max(sides) == pytest.approx(
        min(box[2] - box[0], box[3] - box[1]) / max(box[2] - box[0], box[3] - box[1]), abs=0.1
    )
    y, x = np.mgrid[:28, :28] + 0.5
    assert (found * x).sum() / found.sum() == pytest.approx(14, abs=0.2)
    assert (found * y).sum() / found.sum() == pytest.approx(14, abs=0.2)


def test_a_dot_stays_a_dot_and_nothing_stays_nothing(module: Page) -> None:
    pixels = ink(280, 280, (5, 5, 15, 15))
    dot = np.array(call(module, "centring.js", CENTRED, pixels.ravel().tolist())).reshape(28, 28)
    blank = call(module, "centring.js", CENTRED, [0] * 280 * 280)

    assert 1.5 <= (dot > 0.3).any(0).sum() <= 4
    assert not any(blank)


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
    "text": (b"<script>alert(1)</script>" * 9, "is no image that is read here"),
    "GIF": (saved(PHOTO, "GIF"), "is a GIF"),
    "BMP": (saved(PHOTO, "BMP"), "is a BMP"),
    "TIFF": (saved(PHOTO, "TIFF"), "is a TIFF"),
    "PDF": (b"%PDF-1.7\n" + b"0" * 99, "is a PDF"),
    "SVG": (b"<?xml version='1.0'?>\n<!-- x -->\n<svg onload='alert(1)'/>", "is an SVG"),
    "HEIC": (b"\0\0\0\x18ftypheic" + b"\0" * 99, "is a HEIC"),
    "AVIF": (b"\0\0\0\x18ftypavif" + b"\0" * 99, "is an AVIF"),
    "animated PNG": (saved(PHOTO, "PNG", **FRAMES), "is animated"),
    "animated WebP": (saved(PHOTO, "WEBP", **FRAMES), "is animated"),
    "PNG cut short": (saved(PHOTO, "PNG")[:-40], "breaks off"),
    "JPEG cut short": (saved(PHOTO, "JPEG")[:-200], "breaks off"),
    "WebP cut short": (saved(PHOTO, "WEBP")[:-60], "breaks off"),
    "PNG of the magic alone": (b"\x89PNG\r\n\x1a\n", "size cannot be read"),
    "JPEG of the magic alone": (b"\xff\xd8\xff\xe0", "size cannot be read"),
    "WebP of the magic alone": (b"RIFF\x10\0\0\0WEBPVP8 ", "size cannot be read"),
    "PNG of no pixels": (png(struct.pack(">IIBBBBB", 0, 7, 8, 0, 0, 0, 0)), "has no pixels"),
    "PNG of too many pixels": (
        png(struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)),
        "has 60,000 × 60,000 pixels, and at most 50 million are read",
    ),
    "PNG with damaged pixels": (
        png(struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0), chunk(b"IDAT", b"no deflate")),
        "is damaged",
    ),
    "PNG with endless chunks": (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0\0\0\x08" * 2 + b"\x08\0\0\0\0") + b"\xff" * 999,
        "breaks off",
    ),
    "JPEG with a frame that lies": (
        saved(PHOTO, "JPEG").replace(struct.pack(">HH", 30, 40), struct.pack(">HH", 0, 40)),
        "has no pixels",
    ),
    "too many bytes": (b"\x89PNG\r\n\x1a\n" + b"\0" * (30 * 2**20), "has 31 MB, and at most 30"),
}


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "too many bytes"])
def test_a_hostile_file_gets_one_sentence(module: Page, kind: str) -> None:
    content, reason = HOSTILE[kind]
    body = """
      try { await it.openImage(new File([Uint8Array.from(given)], "odd\\n\\u202egnp.exe")); }
      catch (error) { return [error.name, error.message]; }
    """
    name, message = call(module, "image-file.js", body, list(content))

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
        saved(PHOTO.convert("RGBA"), "WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
    ],
    ids=lambda content: f"{len(content)} bytes",
)
def test_every_kind_of_png_jpeg_and_webp_is_opened(module: Page, content: bytes) -> None:
    body = """
      const bitmap = await it.openImage(new File([Uint8Array.from(given)], "fine"));
      return [bitmap.width, bitmap.height];
    """

    assert call(module, "image-file.js", body, list(content)) == [40, 30]
