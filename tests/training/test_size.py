"""What ships stays small: a clone fetches all of it."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import safetensors.numpy

from training.contract.card import DECODER, MODEL

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


def test_decoders_in_tables_are_small() -> None:
    for path in (ASSETS / "results").rglob(DECODER):
        initializers = onnx.load(path).graph.initializer
        assert sum(int(np.prod(tensor.dims)) for tensor in initializers) <= MOST_WEIGHTS


def test_no_graph_says_where_it_was_made() -> None:
    paths = sorted(ASSETS.rglob("*.onnx"))
    assert paths
    for path in paths:
        nodes = onnx.load(path).graph.node
        assert not any(node.doc_string or node.metadata_props for node in nodes), path
