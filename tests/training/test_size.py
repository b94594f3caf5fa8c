"""What ships stays small: a clone fetches all of it."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import safetensors.numpy

from training.contract.card import MODEL

ASSETS = Path(__file__).parents[2] / "assets"
MOST_WEIGHTS = 1_000_000
LARGEST_FOLDER, ALL = 8_000_000, 200_000_000


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_all_of_assets_stays_within_200_megabytes() -> None:
    assert size(ASSETS) <= ALL


@pytest.mark.parametrize(
    "folder",
    sorted((ASSETS / "models").iterdir()),
    ids=lambda folder: folder.name,
)
def test_a_checkpoint_is_small(folder: Path) -> None:
    weights = safetensors.numpy.load_file(folder / MODEL)
    assert sum(tensor.size for tensor in weights.values()) <= MOST_WEIGHTS
    assert size(folder) <= LARGEST_FOLDER


def test_graphs_are_small_and_do_not_say_where_they_were_made() -> None:
    paths = sorted(ASSETS.rglob("*.onnx"))
    assert paths
    for path in paths:
        graph = onnx.load(path).graph
        weights = sum(int(np.prod(tensor.dims)) for tensor in graph.initializer)
        assert weights <= MOST_WEIGHTS, path
        assert not any(node.doc_string or node.metadata_props for node in graph.node), path
