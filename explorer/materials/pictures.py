"""What the models of a lesson make of its test image, as pictures inside a page."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from explorer.lessons.bench import Bench
from explorer.lessons.lesson import Lesson
from explorer.lessons.words import Words
from training.contract.outputs import Pixels

WIDE = 160  # pixels of a picture, at least


def pictures(lesson: Lesson, bench: Bench, words: Words) -> list[tuple[str, str]]:
    """A title and a `data:` address each: the test image of the lesson, and its reconstructions.

    Of a model that makes no images there is none.
    """
    setup = lesson.front.setup
    example = setup.example or 0
    found: list[tuple[str, str]] = []
    for id in setup.models:
        model = bench.model(id)
        if not isinstance(model.card.output, Pixels):
            continue
        if not found:
            given = model.images([example]).reshape(model.shape)
            found.append((words.page("test_image", number=example), address(given)))
        made = model.reconstruct([example]).reshape(model.shape)
        found.append((words.page("rebuilt", title=model.card.title), address(made)))
    return found


def address(image: np.ndarray) -> str:
    """An image (C, H, W) in [0, 1] as a PNG in a `data:` address, each pixel a square."""
    levels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    drawn = Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))
    times = -(-WIDE // drawn.width)
    out = io.BytesIO()
    larger = drawn.resize((drawn.width * times, drawn.height * times), Image.Resampling.NEAREST)
    larger.save(out, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
