from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from explorer import pictures


def webp(width: int, height: int) -> bytes:
    stream = BytesIO()
    picture = Image.new("RGB", (width, height))
    for x in range(width):
        picture.putpixel((x, 0), (x % 256, 200, 0))
    picture.save(stream, "WEBP", lossless=True)
    return stream.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "preview.webp"


def test_images_are_apart_and_their_pixels_square(path: Path) -> None:
    path.write_bytes(webp(8 * 3, 2 * 5))
    content, rows = pictures.preview(path, height=5, width=3)
    page = Image.open(BytesIO(content))
    times = pictures.SHARP // (8 * 3)
    assert rows == 2
    assert page.width == 8 * 3 * times + 7 * pictures.GAP
    assert page.height == 2 * 5 * times + pictures.GAP
    assert page.getpixel((0, 0)) == page.getpixel((times - 1, times - 1)) == (0, 200, 0, 255)
    assert page.getpixel((times, 0)) == (1, 200, 0, 255)
    assert page.getpixel((3 * times, 0)) == (0, 0, 0, 0)
    assert page.getpixel((3 * times + pictures.GAP, 0)) == (3, 200, 0, 255)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"text", "not an image"),
        (webp(64, 32)[:-20], "not an image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "not an image"),
        (webp(64, 8 * 5), "images that its card describes"),
        (webp(64, 7), "images that its card describes"),
        (webp(72, 32), "images that its card describes"),
    ],
    ids=["text", "cut short", "another format", "more rows", "half a row", "more columns"],
)
def test_what_is_no_preview_is_refused(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    with pytest.raises(pictures.PictureError, match=words):
        pictures.preview(path, height=8, width=8)


def test_what_would_unpack_to_too_much_is_refused_before_it_is_unpacked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(webp(8 * 300, 4 * 300))
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(pictures.PictureError, match="too large"):
        pictures.preview(path, height=300, width=300)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(pictures.PictureError, match="not an image"):
        pictures.preview(path, height=300, width=300)


def test_a_tall_picture_does_not_grow_beyond_the_page(path: Path) -> None:
    path.write_bytes(webp(8, 4 * 1000))
    content, _ = pictures.preview(path, height=1000, width=1)
    assert Image.open(BytesIO(content)).height == 4 * 1000 + 3 * pictures.GAP
