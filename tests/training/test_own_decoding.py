"""One image file of somebody's own, as a model sees it."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from training.datasets.own.images import Fit, decode

from .pictures import encoded


def test_sixteen_bits_transparency_and_orientation() -> None:
    deep = np.full((28, 28), 257 * 100, np.uint16)
    assert (decode(encoded(deep), Fit(28, 1)).pixels == 100).all()
    clear = np.zeros((28, 28, 4), np.uint8)
    for ground, level in (("white", 255), ("black", 0)):
        seen = decode(encoded(clear), Fit(28, 3, "crop", ground))  # type: ignore[arg-type]
        assert seen.transparent
        assert (seen.pixels == level).all()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise: what is on the left comes to the top
    left_half = np.zeros((32, 32), np.uint8)
    left_half[:, :16] = 255
    for kind in ("PNG", "WEBP"):
        turned = decode(encoded(left_half, kind, lossless=True, exif=exif), Fit(32, 3)).pixels
        assert (turned[:, :15] > 250).all()
        assert (turned[:, 17:] < 5).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_pixels_of_an_ordinary_png_are_read_as_they_are(channels: int) -> None:
    levels = np.random.default_rng(channels).integers(0, 256, (28, 28, channels), dtype=np.uint8)
    if channels == 4:
        levels[..., 3] = 255
    content = encoded(levels[..., 0] if channels == 1 else levels)
    fit = Fit(28, min(channels, 3))
    assert np.array_equal(decode(content, fit).pixels, levels.transpose(2, 0, 1)[: fit.channels])
    for damaged in (
        content[: len(content) // 2],
        content.replace(middle := content[100:104], bytes(255 - value for value in middle)),
    ):
        with pytest.raises(ValueError, match="is damaged"):
            decode(damaged, fit)


def test_a_damaged_exif_block_costs_the_turn_and_not_the_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(_: Image.Image) -> Image.Image:
        raise struct.error("required argument is not an integer")  # of an entry of another type

    monkeypatch.setattr(ImageOps, "exif_transpose", fails)
    content = encoded(np.full((32, 32), 90, np.uint8), "JPEG")
    assert (decode(content, Fit(32, 1)).pixels == 90).all()


def test_crop_cuts_the_centre_and_pad_keeps_all() -> None:
    wide = np.zeros((28, 84), np.uint8)
    wide[:, 28:56] = 200
    assert (decode(encoded(wide), Fit(28, 1, "crop")).pixels == 200).all()
    padded = decode(encoded(wide), Fit(28, 1, "pad", "white")).pixels[0]
    assert (padded[:8] == 255).all()
    assert padded[14, 2] < 5
    assert padded[14, 14] > 190
