import numpy as np
import pytest
import safetensors.numpy
from msgspec.structs import replace
from numpy.typing import NDArray

from explorer import latent
from explorer.latent import GroupError, coherence, direction
from training.contract.card import Card, Graph, Graphs, Port
from training.contract.files import read_card
from training.contract.outputs import Characters
from training.contract.spaces import CodeGrid, Tokens
from training.errors import CheckpointError

from .conftest import MakeCheckpoint

Array = NDArray[np.float64]
A, B = np.arange(200), np.arange(200, 400)


def clouds(distance: float, spread: float = 1.0, latents: int = 6, seed: int = 0) -> Array:
    """(2000, D): A at +distance/2 along a diagonal, B at −distance/2, the rest around 0."""
    codes = np.random.default_rng(seed).normal(0, 1, (2000, latents))
    axis = np.ones(latents) / np.sqrt(latents)
    codes[A] = spread * codes[A] + distance / 2 * axis
    codes[B] = spread * codes[B] - distance / 2 * axis
    return codes


def test_a_direction_is_the_difference_of_the_means_at_length_1() -> None:
    codes = np.array([[0.0, 0], [2, 0], [1, 3], [1, 5]])
    found = direction(codes, np.array([2, 3]), np.array([0, 1]))
    assert found.vector == pytest.approx([0, 1])
    assert found.length == pytest.approx(4)


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ([], [2, 3], "Group A has no code"),
        ([0, 1], [2], "Group B has one code"),
        ([0, 1], [0, 1], "same mean code"),
        ([0, 1], [2, 3], "same mean code"),
        ([0, 4], [1, 2], "are NaN or infinite"),
    ],
)
def test_groups_without_a_direction_are_refused_in_a_sentence(
    a: list[int], b: list[int], reason: str
) -> None:
    codes = np.array([[0.0, 0], [2, 0], [1, 1], [1, -1], [np.nan, 0]])
    with pytest.raises(GroupError, match=reason) as refusal:
        direction(codes, np.array(a, int), np.array(b, int))
    assert str(refusal.value).endswith(".")


def test_tight_groups_that_are_far_apart_are_coherent() -> None:
    found = coherence(clouds(20, spread=0.01), A, B)
    assert found.value == pytest.approx(1, abs=1e-3)
    assert found.percentile == 100


def test_coherence_has_its_closed_form_on_the_line() -> None:
    """In one dimension a cosine is a product of signs, and 150 of 200 signs are positive."""
    codes = np.concatenate([np.ones(150), -np.ones(50), np.zeros(200)])[:, None]
    found = coherence(codes, A, B, pairs=40_000, draws=1)
    # Over all pairs of different members: ((150 − 50)² − 200) / (200 · 199).
    assert found.value == pytest.approx(9800 / 39_800, abs=0.02)


def test_coherence_of_two_normal_clouds_is_that_of_a_sampled_integral() -> None:
    codes = clouds(3)
    random = np.random.default_rng(5)
    axis = 3 * np.ones(6) / np.sqrt(6)
    one, other = (axis + random.normal(0, np.sqrt(2), (400_000, 6)) for _ in range(2))
    cosine = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    found = coherence(codes, A, B, pairs=40_000, draws=1)
    assert found.value == pytest.approx(float(cosine.mean()), abs=0.03)


def test_groups_that_are_the_same_are_not_coherent() -> None:
    assert coherence(clouds(0), A, A, pairs=20_000).value == pytest.approx(0, abs=0.02)


def test_random_groups_are_about_0_also_where_they_are_small() -> None:
    """Where pairs share an image, as in a plain mean over all pairs, two codes each give 0.25."""
    found = coherence(clouds(0), A[:2], B[:2], draws=2000, pairs=50)
    assert found.random_mean == pytest.approx(0, abs=0.03)
    low, high = coherence(clouds(0), A, B).random_range
    assert -0.05 < low < 0 < high < 0.06


def test_turning_all_codes_changes_nothing() -> None:
    codes = clouds(2)
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(6, 6)))
    before, after = coherence(codes, A, B), coherence(codes @ turn, A, B)
    assert after.value == pytest.approx(before.value)
    assert after.random == pytest.approx(before.random)
    assert direction(codes @ turn, A, B).vector == pytest.approx(
        direction(codes, A, B).vector @ turn
    )


def test_the_same_seed_gives_the_same_numbers() -> None:
    codes = clouds(1)
    assert coherence(codes, A, B).value == coherence(codes, A, B).value
    assert coherence(codes, A, B, seed=1).value != coherence(codes, A, B).value


def test_groups_may_overlap_and_may_be_everything() -> None:
    codes = clouds(4)
    found = coherence(codes, np.arange(1500), np.arange(500, 2000), draws=5)
    assert np.isfinite(found.value)
    assert np.isfinite(found.random).all()


def test_codes_that_are_all_the_same_lead_nowhere() -> None:
    with pytest.raises(GroupError, match="are the same"):
        coherence(np.ones((400, 3)), A, B)


@pytest.mark.parametrize(
    ("count", "most", "kept"), [(5, 5, 5), (5, 10, 5), (70_000, 10_000, 10_000)]
)
def test_thinning_takes_even_steps(count: int, most: int, kept: int) -> None:
    chosen = latent.thinned(count, most)
    assert len(chosen) == len(set(chosen)) == kept
    assert chosen[0] == 0
    assert set(np.diff(chosen)) == {count // kept}


def test_the_commonest_name_is_that_of_most() -> None:
    assert latent.commonest(["7", "7", "1"]) == "7"
    assert latent.commonest(["7", "1"]) is None
    assert latent.commonest([]) is None


@pytest.fixture
def card(make_checkpoint: MakeCheckpoint) -> Card:
    return read_card(make_checkpoint("mine"))


GOOD = {"mean": np.zeros((4, 3), np.float32), "label": np.array([0, 1, 1, 0], np.int32)}


def test_codes_are_read_and_cannot_be_changed(card: Card) -> None:
    codes = latent.read_codes(safetensors.numpy.save(GOOD), card)
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
        latent.read_codes(safetensors.numpy.save(GOOD | change), card)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"{}"])
def test_bytes_that_are_no_codes_are_refused(card: Card, content: bytes) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        latent.read_codes(content, card)


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
    assert latent.read_codes(safetensors.numpy.save(codes), of_kind(card, space)).mean.size == 0
    space, words = WORDS
    read = latent.read_codes(safetensors.numpy.save(GOOD | words), of_kind(card, space))
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
        latent.read_codes(safetensors.numpy.save(arrays), of_kind(card, of[0]))
