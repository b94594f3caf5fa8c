"""How faithful a map is, as the card has it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image
from streamlit.testing.v1 import AppTest

import explorer
from training.config import to_json
from training.contract.card import CODES, THUMBNAILS
from training.contract.files import describe_files
from training.contract.version1 import FILES

from .conftest import MEASURED
from .test_pages import words

MakeCheckpoint = Callable[..., Path]
APP = Path(explorer.__file__).with_name("app.py")
COUNT = 60


def codes(**changes: Any) -> dict[str, np.ndarray]:
    """Every second image is a "one", three to the right of the zeros."""
    label = (np.arange(COUNT) % 2).astype(np.int32)
    mean = np.random.default_rng(0).normal(0, 0.1, (COUNT, 3)).astype(np.float32)
    mean[:, 0] += 3 * label
    tensors = {"mean": mean, "log_variance": np.zeros_like(mean), "label": label}
    return tensors | {"umap": mean[:, :2].copy(), "pca": mean[:, 1:].copy()} | changes


MAP: dict[str, Any] = {
    "latents": [0, 1],
    "umap": {"n_neighbors": 15, "min_dist": 0.1, "seed": 0},
    "pca": {"mean": [0, 0, 0], "axes": [[1, 0, 0], [0, 1, 0]], "explained": [0.9, 0.05]},
    "nearest": {
        **{"median": 0.1, "p95": 0.2, "p99": 0.3},
        **{"split": "validation", "samples": 100, "how": "Counted."},
    },
    "metrics": [{"name": "umap_trustworthiness", "label": "Trustworthiness", "value": 0.97}],
}
MAP["metrics"][0] |= {"how": "Of 15 neighbours.", **MEASURED, "unit": "of 1"}


@pytest.fixture
def make(make_checkpoint: MakeCheckpoint) -> Callable[..., Path]:
    def make(
        id: str = "mine", tensors: dict[str, np.ndarray] | None = None, **changes: Any
    ) -> Path:
        examples = {"count": COUNT, "columns": 10, "split": "test", "how": "As shown."}
        contents = {CODES: safetensors.numpy.save(tensors or codes())}
        folder = make_checkpoint(id, contents=contents)
        Image.new("RGB", (20, 12), (200, 0, 0)).save(folder / THUMBNAILS, lossless=True)
        files = {name: to_json(file) for name, file in describe_files(folder, FILES).items()}
        changes = {"files": files, "examples": examples, "map": MAP, **changes}
        return _card(folder, changes)

    return make


def _card(folder: Path, changes: dict[str, Any]) -> Path:
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")
    return folder


def test_the_card_lists_how_faithful_the_map_is(make: Callable[..., Path]) -> None:
    make()
    card = AppTest.from_file(APP, default_timeout=60).run().switch_page("views/card.py").run()
    assert ("Trustworthiness", "0.97 of 1") in [
        (metric.label, metric.value) for metric in card.metric
    ]
    assert "over z₀, z₁. The two principal axes explain 90% and 5%" in words(card)
