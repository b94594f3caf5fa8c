import numpy as np
import pytest
import safetensors.numpy
from msgspec.structs import replace
from numpy.typing import NDArray

from explorer.codes import read_codes
from training.contract.card import Card
from training.contract.files import read_card
from training.contract.graphs import Graph, Graphs, Port
from training.contract.outputs import Characters
from training.contract.spaces import CodeGrid, Tokens
from training.errors import CheckpointError

from .conftest import MakeCheckpoint

Array = NDArray[np.generic]


@pytest.fixture
def card(make_checkpoint: MakeCheckpoint) -> Card:
    return read_card(make_checkpoint("mine"))


GOOD = {"mean": np.zeros((4, 3), np.float32), "label": np.array([0, 1, 1, 0], np.int32)}


def test_codes_are_read_and_cannot_be_changed(card: Card) -> None:
    codes = read_codes(safetensors.numpy.save(GOOD), card)
    assert codes.label is not None
    assert codes.label.tolist() == [0, 1, 1, 0]
    with pytest.raises(ValueError, match="read-only"):
        codes.mean[0] = 1


@pytest.mark.parametrize(
    "change",
    [
        {"mean": np.zeros((5, 3), np.float32)},
        {"mean": np.zeros((4, 3), np.float64)},
        {"mean": np.full((4, 3), np.inf, np.float32)},
        {"label": np.array([0, 1, 2, 0], np.int32)},
        {"label": np.array([0, 1, -1, 0], np.int32)},
        {"label": np.zeros(4, np.float32)},
        {"label": np.zeros(3, np.int32)},
        {"log_variance": np.zeros((3, 4), np.float32)},
        {"log_variance": np.full((4, 3), np.nan, np.float32)},
        {"reconstruction": np.zeros((4, 1), np.float32)},
        {"reconstruction": np.zeros(4, np.int32)},
    ],
)
def test_codes_that_do_not_fit_their_card_are_refused(card: Card, change: dict[str, Array]) -> None:
    with pytest.raises(CheckpointError, match=r"^codes\.safetensors .* embed FOLDER` again\.$"):
        read_codes(safetensors.numpy.save(GOOD | change), card)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"{}"])
def test_bytes_that_are_no_codes_are_refused(card: Card, content: bytes) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_codes(content, card)


GRID = (CodeGrid("codes", 2, 3, 5), {"codes": np.full((4, 2, 3), 4, np.int32)})
WORDS = (Tokens("word", ("a", "b"), 3), {"word": np.array([[1, 2, 0]] * 4, np.int32)})


def of_kind(card: Card, space: CodeGrid | Tokens) -> Card:
    """A card that says the examples are images in codes of a grid, or words."""
    if isinstance(space, CodeGrid):
        port = Port("codes", "int64", ("batch", 2, 3), "value", "codes")
        assert card.graphs.decode is not None
        graphs = Graphs(decode=replace(card.graphs.decode, inputs=(port,)))
        nothing = {"latents": (), "latents_provenance": None, "information": None, "map": None}
        return replace(card, controls=(space,), graphs=graphs, files={}, **nothing)
    word, z = (
        Port("word", "int64", ("batch", 3), "value", "word"),
        Port("z", "float32", ("batch", 3), "value", "z"),
    )
    graphs = Graphs(encode=Graph("encoder.onnx", (word,), (z,)))
    output = Characters(space.alphabet, space.longest)
    return replace(
        card, controls=(*card.controls, space), graphs=graphs, output=output, map=None, files={}
    )


def test_whole_numbers_are_read_where_a_card_has_such_controls(card: Card) -> None:
    space, codes = GRID
    assert read_codes(safetensors.numpy.save(codes), of_kind(card, space)).mean.size == 0
    space, words = WORDS
    read = read_codes(safetensors.numpy.save(GOOD | words), of_kind(card, space))
    assert read.mean.shape == (4, 3)


@pytest.mark.parametrize(
    ("of", "arrays"),
    [
        (GRID, {"codes": np.full((4, 2, 3), 5, np.int32)}),
        (GRID, {"codes": np.full((4, 3, 2), 0, np.int32)}),
        (GRID, {"codes": np.full((4, 2, 3), 0, np.float32)}),
        (GRID, GOOD),
        (WORDS, GOOD | {"word": np.array([[1, 3, 0]] * 4, np.int32)}),
        (WORDS, GOOD | {"word": np.array([[1, -1, 0]] * 4, np.int32)}),
        (WORDS, GOOD),
    ],
)
def test_whole_numbers_that_do_not_fit_are_refused(
    of: tuple[CodeGrid | Tokens, dict[str, Array]], arrays: dict[str, Array], card: Card
) -> None:
    name = next(iter(of[1]))
    with pytest.raises(CheckpointError, match=rf"does not hold 4 {name} that its card"):
        read_codes(safetensors.numpy.save(arrays), of_kind(card, of[0]))
