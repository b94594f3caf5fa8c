"""An image that is uploaded, dropped or pasted: what the model sees of it."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from playwright.sync_api import Page, Route, expect

from . import checkpoints
from .instrument import Instrument, frames
from .own_images import encoded, posterior_means, put, seen, upload
from .pictures import FILES, HOSTILE, saved, seven


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


@pytest.mark.parametrize(("model", "shape"), [("blots", (1, 12, 8)), ("single", (3, 9, 9))])
def test_a_picture_becomes_what_pillow_makes_of_it(
    instrument: Instrument, models: Path, page: Page, model: str, shape: tuple[int, int, int]
) -> None:
    grey = ground(models / model, shape)
    instrument.open(f"model={model}")
    instrument.start_from("Upload")
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


def test_a_photographed_page_becomes_like_the_data(instrument: Instrument, page: Page) -> None:
    put(page, Path(__file__).parents[2] / "assets/models/digits")
    y, x = np.mgrid[:600, :800]
    paper = 150 + 60 * x / 800 + 20 * y / 600
    ring = np.abs(np.hypot((x - 300) / 0.7, y - 260) - 90) < 16
    noise = np.random.default_rng(0).normal(0, 4, paper.shape)
    photo = np.where(ring, 40, paper) + noise
    # It comes before the images that say what the data are like.
    held: list[Route] = []
    page.route("**/blots/thumbnails.webp", lambda route: held.append(route))
    instrument.open()
    instrument.start_from("Upload")
    upload(page, saved(Image.fromarray(photo.clip(0, 255).astype(np.uint8)), "JPEG"), "page.jpg")
    expect(page.locator(".source-label")).to_contain_text("page.jpg")
    for route in held:
        route.fallback()
    instrument.wait_for_ground()

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


def test_a_photographed_seven_is_a_seven_with_the_ink_of_the_data(
    instrument: Instrument, page: Page
) -> None:
    put(page, Path(__file__).parents[2] / "assets/models/digits")
    instrument.open()
    instrument.start_from("Upload")
    instrument.wait_for_ground()
    upload(page, saved(Image.new("L", (280, 280), 255), "PNG"), "white.png")
    expect(page.locator(".upload .refusal")).to_contain_text("shows nothing that stands out")
    expect(page.locator(".source-label")).not_to_contain_text("white.png")
    page.keyboard.press("s")
    expect(page.locator(".upload .refusal")).to_be_hidden()

    for name, photo in {
        "thin pen": seven(1200, 900, 9),
        "paper with lines": seven(1200, 900, 9, ruled=150),
        "dark lines": seven(1200, 900, 9, ruled=60),
        "the edge of a desk": seven(1200, 900, 9, desk=True),
        "a marker": seven(900, 1200, 40),
    }.items():
        upload(page, saved(photo, "JPEG", quality=90), f"{name}.jpg")
        expect(page.locator(".source-label")).to_contain_text(name)
        image = seen(page)[0, 0]
        # MNIST's digits are strokes of about 100 bright pixels, 20 high, that nearly reach 255.
        assert image.max() > 0.95, name
        assert 40 <= (image > 0.5).sum() <= 180, name
        rows, columns = np.nonzero(image > 0.3)
        assert 19 <= rows.max() + 1 - rows.min() <= 21, name
        assert columns.max() + 1 - columns.min() <= 18, name
        expect(page.locator(".whereabouts")).to_contain_text("a 7")


def test_a_part_of_a_picture_is_used(instrument: Instrument, page: Page) -> None:
    """Two digits on one page: the box says which."""
    put(page, Path(__file__).parents[2] / "assets/models/digits")
    both = Image.new("L", (800, 400), 255)
    ImageDraw.Draw(both).line([(120, 100), (120, 300)], 0, 20)
    ImageDraw.Draw(both).ellipse((500, 100, 660, 300), None, 0, 20)
    instrument.open()
    instrument.start_from("Upload")
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
    instrument.start_from("Upload")
    instrument.wait_for_ground()
    upload(page, saved(one, "PNG"))
    expect(page.locator(".source-label")).to_contain_text("Your image")

    assert (255 * seen(page)[0, 0]).round().tolist() == np.asarray(one).tolist()


def test_hostile_files_get_one_sentence_and_change_nothing(
    instrument: Instrument, page: Page
) -> None:
    instrument.open("model=blots&example=3")
    expect(page.locator(".source-label")).to_have_text("Test image #3 (a 3)")
    instrument.start_from("Upload")
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
    instrument.start_from("Upload")
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


def test_an_upload_does_not_widen_the_page(instrument: Instrument, page: Page) -> None:
    instrument.open()
    instrument.start_from("Upload")
    upload(page, FILES["PNG"], "long" * 20)
    expect(page.locator(".source-label")).to_contain_text("Your image")
    root = "document.documentElement"
    for width in (1280, 760, 390):
        page.set_viewport_size({"width": width, "height": 800})
        frames(page, 2)
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0, width


def test_an_image_that_is_not_taken_is_let_go(instrument: Instrument, page: Page) -> None:
    page.add_init_script(
        """window.letGo = 0;
        const close = ImageBitmap.prototype.close;
        ImageBitmap.prototype.close = function () { window.letGo++; close.call(this); }"""
    )
    page.route("**/blots/encoder.onnx", lambda route: route.fulfill(body=b"short"))
    instrument.open()
    instrument.start_from("Upload")
    upload(page, FILES["PNG"])
    expect(page.locator(".refusal:visible")).to_contain_text("has 5 bytes")
    assert page.evaluate("window.letGo") == 1
