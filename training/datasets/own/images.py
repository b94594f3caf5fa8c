"""One image file, brought to the size and the colours that a model sees."""

import io
import zlib
from dataclasses import dataclass
from typing import Literal

import kornia_rs.io
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

Pixels = NDArray[np.uint8]

GREY_MODES = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L"}
DEEP_MODES = {"I", "I;16", "I;16B", "I;16L"}
MOST_PIXELS = 150_000_000  # of one file; beyond it a small file could fill the memory
FORMATS = ("PNG", "JPEG", "WEBP")  # no other decoder of Pillow's is let near the files
# What of a PNG file is read four times as fast by kornia-rs, and how an image is said to be turned.
FAST_MODES: dict[str, Literal["mono", "rgb", "rgba"]] = {"L": "mono", "RGB": "rgb", "RGBA": "rgba"}
TURNS = (b"eXIf", b"tEXtRaw profile", b"zTXtRaw profile", b"iTXtXML:com.adobe.xmp")


class ColourFound(Exception):
    """An image in colour among images that were taken to be grey."""


@dataclass(frozen=True)
class Fit:
    """How an image of any size becomes one of `side`×`side` with `channels` of 1 or 3.

    `crop` cuts the centre out, `pad` keeps the whole image with `ground` on both sides of it. What
    is transparent lies on `ground`, too. Where `height` is given, `side` is the width.
    """

    side: int
    channels: int
    fit: Literal["crop", "pad"] = "crop"
    ground: Literal["white", "black"] = "white"
    height: int | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return (self.side, self.height or self.side)


@dataclass(frozen=True)
class Seen:
    """An image as the model sees it, (C, S, S), and what its file said: its size, and alpha."""

    pixels: Pixels
    width: int
    height: int
    transparent: bool


def is_grey(content: bytes) -> bool:
    """Whether a file says of itself that it has no colours; true of one that cannot be read."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return image.mode in GREY_MODES
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return True


def decode(content: bytes, fit: Fit, to_grey: bool = False) -> Seen:
    """The image of a PNG, JPEG or WebP file.

    Args:
        to_grey: make an image with colours grey where `fit` has one channel.

    16-bit greys are scaled to 8 bits, and a photograph is turned as its EXIF orientation says.

    Raises:
        ValueError: if the file is not one of these, is damaged, or is too large.
        ColourFound: if it has colours and `fit` has one channel, without `to_grey`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"is {image.width}×{image.height} pixels, which is too large")
            width, height = image.size
            if image.format == "JPEG":
                # Decodes at an eighth, a quarter or half of the size where that is enough.
                image.draft(None, fit.size)
            turned = _png(image, content) or upright(image)
            if turned.size[0] < turned.size[1] != width < height:
                width, height = height, width
            return prepared(turned, fit, width, height, to_grey)
    except UnidentifiedImageError as error:
        raise ValueError("is not a PNG, JPEG or WebP image") from error
    except Image.DecompressionBombError as error:
        raise ValueError("has too many pixels") from error
    except (OSError, SyntaxError, EOFError) as error:
        raise ValueError(f"is damaged ({str(error).strip().rstrip('.'):.80})") from error


def _png(image: Image.Image, content: bytes) -> Image.Image | None:
    """The image of an ordinary PNG file; None of another, and of one that Pillow must judge."""
    if (
        image.format != "PNG"
        or image.mode not in FAST_MODES
        or "transparency" in image.info
        or not _is_ordinary(content)
    ):
        return None
    channels = FAST_MODES[image.mode]
    try:
        pixels = kornia_rs.io.decode_image_png_u8(content, (image.height, image.width), channels)
    except Exception:  # nothing narrower is raised, be the file damaged or of 16 bits
        return None
    return Image.fromarray(pixels[..., 0] if channels == "mono" else pixels)


def _is_ordinary(content: bytes) -> bool:
    """Whether each chunk of a PNG file is whole, and none may say how the image is turned.

    The fast reader checks none of its sums: it would take damaged pixels for the image.
    """
    at, view = 8, memoryview(content)
    while at < len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4])
        if zlib.crc32(view[at + 4 : end]) != int.from_bytes(content[end : end + 4]):
            return False
        if content[at + 4 : at + 32].startswith(TURNS):
            return False
        at = end + 4
    return True


def upright(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF block says; as it is, where that block is damaged."""
    try:
        # In its place: otherwise an image that needs no turning is copied.
        ImageOps.exif_transpose(image, in_place=True)
        return image
    except (OSError, SyntaxError, EOFError, ValueError):
        raise  # of its pixels
    except Exception:  # of each kind of entry Pillow raises another
        return image


def prepared(image: Image.Image, fit: Fit, width: int, height: int, to_grey: bool = False) -> Seen:
    """An open image as the model sees it; `width` and `height` are those of its file."""
    transparent = "A" in image.getbands() or "transparency" in image.info
    if image.mode not in GREY_MODES and fit.channels == 1 and not to_grey:
        raise ColourFound
    if image.mode in DEEP_MODES:
        deep = np.asarray(image).astype(np.float64)
        image = Image.fromarray((deep / 257).round().clip(0, 255).astype(np.uint8))
        transparent = False
    mode = "L" if fit.channels == 1 else "RGB"
    if transparent:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", clear.size, fit.ground)
        image = Image.alpha_composite(ground, clear)
    if image.mode != mode:
        image = image.convert(mode)
    size = fit.size
    if image.size != size:
        bicubic = Image.Resampling.BICUBIC
        if fit.fit == "crop":
            image = ImageOps.fit(image, size, bicubic)
        else:
            image = ImageOps.pad(image, size, bicubic, color=fit.ground)
    pixels = np.asarray(image).reshape(size[1], size[0], fit.channels).transpose(2, 0, 1)
    return Seen(np.ascontiguousarray(pixels), width, height, transparent)


def from_array(array: NDArray[np.uint8], fit: Fit) -> Seen:
    """An image (H, W) or (H, W, C) that is in memory."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    image = Image.fromarray(array)
    return prepared(image, fit, image.width, image.height)
