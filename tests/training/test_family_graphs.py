"""What a browser gets of each family: the graphs by their ports, and what they compute together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from training.checkpoints.export import Traced, export_graphs
from training.datasets import names
from training.families.autoencoder import Autoencoder
from training.families.conditional_vae import ConditionalVAE
from training.families.family import Form
from training.families.gan import GAN
from training.families.text_vae import TextVAE
from training.families.transformer import Transformer
from training.families.vqvae import VQVAE
from training.models import transformer
from training.models.decoding import greedy
from training.models.pixel_patches import PixelPatches

SHAPE = (1, 8, 8)
FORM = Form(SHAPE)

Run = Callable[..., dict[str, NDArray[Any]]]


def runs(traced: tuple[Traced, ...], folder: Path) -> dict[str, Run]:
    """Each exported graph as a function of its inputs, by the name of its file."""
    assert export_graphs(traced, folder) < 1e-5

    def run(one: Traced) -> Run:
        session = onnxruntime.InferenceSession(
            folder / one.graph.file, providers=["CPUExecutionProvider"]
        )
        for ports, nodes in (
            (one.graph.inputs, session.get_inputs()),
            (one.graph.outputs, session.get_outputs()),
        ):
            assert [port.name for port in ports] == [node.name for node in nodes]
            kinds = {"tensor(float)": "float32", "tensor(int64)": "int64"}
            assert [port.dtype for port in ports] == [kinds[node.type] for node in nodes]
            for port, node in zip(ports, nodes, strict=True):
                assert port.shape[1:] == tuple(node.shape[1:])
        outputs = [port.name for port in one.graph.outputs]

        def call(**inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
            return dict(zip(outputs, session.run(outputs, inputs), strict=True))

        return call

    return {one.graph.file: run(one) for one in traced}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_conditional_vae(tmp_path: Path) -> None:
    family = ConditionalVAE(2, channels=(4, 6), hidden=(10,))
    form = Form(SHAPE, ("a", "b", "c"))
    model = family.network(form)
    graphs = runs(family.graphs(model, form), tmp_path)
    z, label = np.zeros((1, 2), np.float32), np.array([2])
    image = graphs["decoder.onnx"](z=z, label=label)["mean"]
    expected = model.decode(torch.zeros(1, 2), torch.tensor([2])).mean
    np.testing.assert_allclose(image, expected.detach(), atol=1e-6)
    assert abs(image - graphs["decoder.onnx"](z=z, label=np.array([1]))["mean"]).max() > 1e-4


def test_autoencoder(tmp_path: Path) -> None:
    """What it shows is in [0, 1], whatever the decoder gives."""
    family = Autoencoder(2, name="linear")
    model = family.network(FORM)
    graphs = runs(family.graphs(model, FORM), tmp_path)
    z = np.array([[30.0, -20.0]], np.float32)
    raw = model.decode(torch.from_numpy(z)).detach().numpy()
    assert raw.min() < 0
    assert raw.max() > 1
    np.testing.assert_allclose(
        graphs["decoder.onnx"](z=z)["image"], raw.clip(0, 1), rtol=1e-5, atol=1e-5
    )
    x = torch.rand(2, *SHAPE)
    np.testing.assert_allclose(
        graphs["encoder.onnx"](x=x.numpy())["z"], model.encode(x).detach(), atol=1e-5
    )


def test_vqvae_and_its_prior(tmp_path: Path) -> None:
    """Codes that the prior writes one by one are those that PyTorch writes, and so is the image."""
    family = VQVAE(
        channels=(4, 6), codes=5, dimensions=3, prior_width=16, prior_layers=2, prior_heads=2
    )
    model = family.network(FORM)
    assert family.controls(FORM)[0].height == 2
    graphs = runs(family.graphs(model, FORM), tmp_path)
    tokens = written(graphs["step.onnx"], model["prior"])
    codes = torch.tensor(tokens).view(1, 2, 2)
    np.testing.assert_allclose(
        graphs["decoder.onnx"](codes=codes.numpy())["mean"],
        model["vqvae"].decode(codes).mean.detach(),
        atol=1e-6,
    )
    x = torch.rand(3, *SHAPE)
    assert (graphs["encoder.onnx"](x=x.numpy())["codes"] == model["vqvae"].encode(x).numpy()).all()


def written(step: Run, model: transformer.Transformer) -> tuple[int, ...]:
    """The likeliest tokens by a step graph, each after those before, against PyTorch's."""
    cache, token = model.begin(1), np.zeros(1, np.int64)
    position, keys_values = (part.numpy() for part in cache)
    tokens = []
    for _ in range(model.length):
        given = step(token=token, position=position, keys_values=keys_values)
        token = given["logits"].argmax(1)
        position, keys_values = given["next_position"], given["next_keys_values"]
        tokens.append(int(token[0]))
    assert tuple(tokens) == greedy(model.step, cache, model.length, None).tokens
    return tuple(tokens)


def test_transformer(tmp_path: Path) -> None:
    family = Transformer(width=16, layers=2, heads=2)
    model = family.network(FORM)
    graphs = runs(family.graphs(model, FORM), tmp_path)
    tokens = written(graphs["step.onnx"], model)
    image = graphs["decoder.onnx"](codes=np.array(tokens).reshape(1, 2, 2))["image"]
    assert image.shape == (1, 1, 4, 4)
    assert set(image.flatten()) <= {0, 1}


def test_words(tmp_path: Path) -> None:
    family = TextVAE(latents=3, embedding=5, read_units=4, write_units=6)
    form = Form((names.LONGEST,), alphabet=names.ALPHABET)
    model = family.network(form).eval()
    graphs = runs(family.graphs(model, form), tmp_path)
    word = np.array([names.tokens("maria")])
    z = graphs["encoder.onnx"](word=word)["mean"]
    token, hidden, cell = np.zeros(1, np.int64), *np.zeros((2, 1, 6), np.float32)
    letters: list[int] = []
    while len(letters) < names.LONGEST:
        given = graphs["step.onnx"](token=token, z=z, hidden=hidden, cell=cell)
        token, hidden, cell = given["logits"].argmax(1), given["next_hidden"], given["next_cell"]
        if token[0] == 0:
            break
        letters.append(int(token[0]))
    code = model.encode(torch.from_numpy(word)).mean
    expected = greedy(
        lambda token, state: model.step(token, state, code), model.begin(1), names.LONGEST, 0
    )
    assert tuple(letters) == expected.tokens


def test_gan(tmp_path: Path) -> None:
    family = GAN(latents=3, channels=(8, 6))
    graphs = runs(family.graphs(family.network(FORM), FORM), tmp_path)
    assert graphs.keys() == {"decoder.onnx"}  # nothing leads from an image back to z
    image = graphs["decoder.onnx"](z=np.zeros((1, 3), np.float32))["image"]
    assert image.shape == (1, *SHAPE)


def test_patches_by_hand_and_back() -> None:
    patches = PixelPatches((1, 4, 8), shrink=1, patch=2)
    x = torch.tensor(
        [
            *([1.0, 0, 0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 0, 1, 1]),
            *([0.6, 0.4, 0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0, 1]),
        ]
    )[None, None]
    tokens = patches.read(x)
    assert tokens.tolist() == [[[1, 8, 0, 15], [1, 6, 0, 8]]]
    torch.testing.assert_close(patches(tokens), (x > 0.5).float())
    smaller = PixelPatches((1, 4, 8), shrink=2, patch=1)
    assert smaller.read(x).tolist() == [[[0, 0, 0, 1], [0, 0, 0, 0]]]


@pytest.mark.parametrize("shape", [(1, 6, 8), (3, 8, 8)])
def test_images_that_cannot_be_read_in_patches(shape: tuple[int, int, int]) -> None:
    with pytest.raises(Exception, match="cannot be read in patches of 2×2 pixels"):
        PixelPatches(shape, shrink=2, patch=2)
