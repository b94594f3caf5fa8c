"""Shipped checkpoints of other families than the VAE: made by their recipes, and as claimed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import safetensors.torch
import torch

from training import build
from training.__main__ import parser
from training.batch import Batch
from training.checkpoints import checkpoint
from training.checkpoints.embed import GRID, MEAN, WORD
from training.commands.train import configure
from training.config import configuration, from_json, to_json
from training.contract.card import CODES, Card
from training.contract.files import read_card
from training.datasets.names import tokens, word
from training.models.text_vae import written
from training.recipes import RECIPES

MODELS = Path(__file__).parents[2] / "assets" / "models"
OTHERS = [
    path.parent.name
    for path in sorted(MODELS.glob("*/card.json"))
    if read_card(path.parent, check=()).family != "vae"
]
LARGEST_DIFFERENCE = 1e-4


@pytest.fixture(scope="module", params=OTHERS)
def shipped(request: pytest.FixtureRequest) -> tuple[Any, Card, Path]:
    folder = MODELS / request.param
    return *checkpoint.load(folder), folder


def values(name: str) -> dict[str, float]:
    return {metric.name: metric.value for metric in read_card(MODELS / name).metrics}


def test_the_command_in_the_card_makes_it(shipped: tuple[Any, Card, Path]) -> None:
    _, card, folder = shipped
    recipe = RECIPES[folder.name]
    assert card.training is not None
    assert card.training.command == f"python -m training train {folder.name}"
    assert (card.name, card.title, card.intent) == (folder.name, recipe.title, recipe.intent)
    _, config = configure(*parser().parse_known_args(card.training.command.split()[3:]))
    assert configuration(card, folder.name) == from_json(to_json(config), "the run")
    assert card.training.steps == config.train.steps


def test_onnx_is_the_model(shipped: tuple[Any, Card, Path]) -> None:
    """Every graph that the family says there is, on inputs of its own."""
    model, card, folder = shipped
    family = configuration(card, folder.name).model
    traced = family.graphs(model, family.form(card))
    assert {one.graph.file for one in traced} == {
        graph.file for graph in card.graphs.named().values()
    }
    for one in traced:
        assert one.graph in card.graphs.named().values()
        session = onnxruntime.InferenceSession(folder / one.graph.file)
        ports = [port.name for port in one.graph.inputs]
        feed = {name: part.numpy() for name, part in zip(ports, one.examples, strict=True)}
        with torch.no_grad():
            expected = one.module.eval()(*one.examples)
        tensors = expected if isinstance(expected, tuple) else (expected,)
        outputs = [port.name for port in one.graph.outputs]
        for ours, theirs in zip(session.run(outputs, feed), tensors, strict=True):
            assert np.abs(ours - theirs.numpy()).max() <= LARGEST_DIFFERENCE


def test_examples_encode_to_the_codes(shipped: tuple[Any, Card, Path], data: Path) -> None:
    """The first 200, which are those of the small data set that the tests have."""
    model, card, folder = shipped
    config = configuration(card, folder.name)
    if card.examples is None:
        assert card.family in ("gan", "transformer", "text_transformer")
        return
    test = build.dataset(config.data.name, data).splits["test"]
    held = safetensors.torch.load_file(folder / CODES)
    few = torch.arange(200)
    batch = Batch(test.images(few), test.targets[few])
    told = held["label"] if test.targets.ndim == 1 else held["factors"]
    assert torch.equal(told[:200], test.targets[few])
    with torch.no_grad():
        codes = config.model.encode(model, batch)
    assert codes is not None
    key = MEAN if codes.value.is_floating_point() else GRID
    torch.testing.assert_close(held[key][:200].to(codes.value), codes.value, rtol=0, atol=1e-3)
    if WORD in held:
        assert torch.equal(held[WORD][:200].long(), batch.x)


def bars() -> Iterator[tuple[str, str, float, float]]:
    """Which number of which checkpoint lies between which bounds."""
    yield "digits-cvae", "label_leak_linear", 9, 20
    yield "digits-cvae", "label_leak_network", 9, 20
    # Several completions, no one of which is the average digit; together they beat it.
    yield "digits-halves", "completion_mean", 0.05, 0.08
    yield "digits-halves", "completion_filling", 0.085, 0.1
    yield "digits-halves", "kl", 4, 14
    yield "fashion-halves", "completion_mean", 0.02, 0.05
    yield "fashion-halves", "completion_filling", 0.08, 0.1
    yield "digits-two-layers", "neg_elbo", 90, 96
    yield "digits-two-layers", "kl_upper", 3, 8
    yield "digits-semi", "label_error", 2, 13
    yield "digits-ae", "squared_error", 5, 20
    yield "digits-ae-2d", "squared_error", 20, 36
    yield "digits-pca", "squared_error", 26, 28
    yield "digits-linear", "excess_over_pca", -0.1, 1
    yield "digits-linear", "angle_to_pca", 0, 5
    # Width copies, noise with the image; what was trained to take it away does.
    for name, low, high in (
        ("wide-noisy", 7, 9),
        ("narrow-noisy", 5, 7),
        ("narrow-clean", 3.5, 5),
        ("wide-clean", 1, 3),
    ):
        yield f"digits-denoise-{name}", "denoised_gaussian", 13.32 + low, 13.32 + high
    yield "digits-denoise-wide-clean", "squared_error", 0, 0.5
    # A critic makes strokes as sharp as real ones, 0.183, where the VAE's have 0.09.
    yield "digits-gan", "frechet_distance", 20, 45
    yield "digits-gan", "sharpness", 0.16, 0.21
    yield "digits-vaegan", "frechet_distance", 25, 50
    yield "digits-vaegan", "sharpness", 0.16, 0.21
    yield "digits-vq", "perplexity", 30, 64
    yield "digits-vq", "dead_codes", 0, 6
    # Each code tells of one factor nearly alone, where the VAE mixes shape, size and hue.
    yield "scenes-qlae", "info_modularity", 0.8, 1
    yield "scenes-qlae", "info_explicitness", 0.9, 1
    yield "scenes-qlae", "share_shape", 0.5, 1
    yield "scenes-qlae", "share_object_hue", 0.5, 1
    yield "names", "kl", 3, 6
    yield "names-collapsed", "kl", 0, 0.3
    yield "names-transformer", "perplexity", 6, 8


@pytest.mark.parametrize(
    ("name", "metric", "low", "high"), [bar for bar in bars() if bar[0] in OTHERS]
)
def test_what_was_measured_is_what_it_is_shipped_for(
    name: str, metric: str, low: float, high: float
) -> None:
    assert low <= values(name)[metric] <= high


def test_z_holds_the_word_and_where_it_collapsed_none() -> None:
    """Ten names, written back greedily from their posterior means."""
    words = ["maria", "robert", "anna", "james", "linda", "peter", "susan", "mark", "emma", "paul"]
    read: dict[str, set[str]] = {}
    for name in ("names", "names-collapsed"):
        model, _ = checkpoint.load(MODELS / name)
        with torch.no_grad():
            z = model.encode(torch.tensor([tokens(one) for one in words])).mean
            read[name] = {word(written(model, one)) for one in z}
    assert len(read["names"]) >= 5
    assert len(read["names-collapsed"]) == 1
