"""How a test gives the instrument an image of its own, and what the model then sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from playwright.sync_api import Page

from training.contract.card import CARD
from training.contract.files import as_json, read_card

from .instrument import pixels


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


def upload(page: Page, content: bytes, name: str = "picture") -> None:
    page.locator(".upload input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
