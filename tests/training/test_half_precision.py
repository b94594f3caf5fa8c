"""Weights in half precision: stored so where that loses nothing, rounded where nothing shows it."""

from pathlib import Path

import onnx
import onnxruntime
import pytest
import safetensors.torch
import torch
from msgspec import structs
from torch import Tensor, nn

from training.checkpoints import half_precision
from training.checkpoints.checkpoint import load_weights, save_weights
from training.checkpoints.export import export_graphs
from training.checkpoints.half_precision import SMALLEST, narrowed
from training.contract.card import DECODER, ENCODER, MODEL
from training.datasets import Dataset
from training.families.family import Form
from training.families.vae import VAE
from training.models.gaussian_vae import GaussianVAE

SHAPE = (1, 28, 28)
CONFIG = VAE(3, "bernoulli", channels=(4, 8), hidden=(64,))


def model(scale: float = 1) -> GaussianVAE:
    """With two tensors of 4,096 entries and more, and others."""
    torch.manual_seed(0)
    model = CONFIG.network(Form(SHAPE))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return model.eval()


def large(model: nn.Module) -> dict[str, Tensor]:
    return {
        name: weight.detach()
        for name, weight in model.named_parameters()
        if weight.numel() >= SMALLEST
    }


def is_half(weight: Tensor) -> bool:
    return torch.equal(weight.half().float(), weight)


def test_only_what_loses_nothing_is_narrowed() -> None:
    exact = torch.arange(SMALLEST).float() / 8  # 15 bits at most, of which half precision has 11
    assert narrowed(exact[:2048].repeat(2)).dtype == torch.float16
    assert narrowed(exact) is exact
    few = exact[:2048]
    assert narrowed(few) is few
    assert narrowed(exact.double()).dtype == torch.float64


def test_what_one_column_loses_its_neighbours_make_good() -> None:
    """Inputs of rank 4 in 64 columns: plain rounding errs several times as much in the outputs."""
    torch.manual_seed(0)
    layer = nn.Linear(64, 128)
    x = torch.randn(1000, 4) @ torch.randn(4, 64)
    exact, weight = layer(x), layer.weight.detach().clone()
    with torch.no_grad():
        half_precision._round_layer(layer, (x,))
        compensated = (layer(x) - exact).square().mean().sqrt()
        assert is_half(layer.weight)
        assert (layer.weight - weight).abs().max() < 0.01 * weight.abs().max()
        layer.weight.copy_(weight.half())
        plain = (layer(x) - exact).square().mean().sqrt()
    assert compensated < plain / 3


def test_every_large_tensor_is_rounded_where_nothing_shows_it(digits: Dataset) -> None:
    rounded, before = model(), model()
    report = CONFIG.round(rounded, digits, seed=0)
    assert len(large(rounded)) == 2
    assert all(map(is_half, large(rounded).values()))
    assert report.halved == sum(weight.numel() for weight in large(rounded).values())
    assert report.weights == sum(parameter.numel() for parameter in rounded.parameters())
    for name, weight in before.named_parameters():
        if weight.numel() < SMALLEST:
            assert torch.equal(weight, rounded.get_parameter(name))

    x = digits.splits["test"].images(torch.arange(report.samples))
    with torch.no_grad():
        one, other = before.encode(x), rounded.encode(x)
        shift = (one.mean - other.mean).abs() / (0.5 * one.log_variance).exp()
        images = (before.decode(one.mean).mean - rounded.decode(one.mean).mean).abs()
    assert report.code_difference == pytest.approx(shift.max().item())
    assert 0 < report.code_difference <= 1 / 20
    assert images.max().item() <= report.image_difference <= 1 / 512
    assert report.image_difference > 0


def test_what_would_show_stays_as_it_was(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no tolerance for images the decoder is untouched, and the encoder is rounded still."""
    monkeypatch.setattr(half_precision, "IMAGE_TOLERANCE", 0)
    rounded, before = model(), model()
    report = CONFIG.round(rounded, digits, seed=0)
    assert report.image_difference == 0
    for name, weight in large(before).items():
        same = torch.equal(weight, rounded.get_parameter(name))
        assert same == name.startswith("decoder")
    assert report.halved == sum(
        weight.numel() for name, weight in large(before).items() if name.startswith("encoder")
    )


def test_weights_beyond_half_precision_stay(digits: Dataset) -> None:
    """Half precision ends at 65,504."""
    rounded = model()
    with torch.no_grad():
        rounded.decoder[2].weight[0, 0] = 1e5
    before = rounded.decoder[2].weight.detach().clone()
    CONFIG.round(rounded, digits, seed=0)
    assert torch.equal(rounded.decoder[2].weight, before)


def test_rounding_again_changes_nothing(digits: Dataset) -> None:
    rounded = model()
    first = CONFIG.round(rounded, digits, seed=0)
    kept = {name: weight.clone() for name, weight in large(rounded).items()}
    again = CONFIG.round(rounded, digits, seed=0)
    assert again == structs.replace(first, image_difference=0, code_difference=0)
    assert (again.image_difference, again.code_difference) == (0, 0)
    assert all(torch.equal(kept[name], weight) for name, weight in large(rounded).items())


def test_files_take_two_bytes_a_weight_and_give_a_float32_model(
    digits: Dataset, tmp_path: Path
) -> None:
    rounded = model()
    report = CONFIG.round(rounded, digits, seed=0)
    save_weights(rounded, tmp_path / MODEL, 1)
    stored = safetensors.torch.load_file(tmp_path / MODEL)
    halves = sum(tensor.numel() for tensor in stored.values() if tensor.dtype == torch.float16)
    assert halves == report.halved
    again = model(scale=2)
    load_weights(again, tmp_path / MODEL)
    for name, weight in rounded.state_dict().items():
        assert again.state_dict()[name].dtype == torch.float32
        assert torch.equal(again.state_dict()[name], weight)


@pytest.mark.parametrize("name", [DECODER, ENCODER])
def test_graphs_keep_weights_as_halves_and_cast_them_when_opened(
    name: str, digits: Dataset, tmp_path: Path
) -> None:
    rounded = model()
    CONFIG.round(rounded, digits, seed=0)
    export_graphs(CONFIG.graphs(rounded, Form(SHAPE)), tmp_path)
    graph = onnx.load(tmp_path / name).graph
    halves = [t for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT16]
    assert len(halves) == 1
    assert sum(node.op_type == "Cast" for node in graph.node) == len(halves)
    assert not any(
        t.data_type == onnx.TensorProto.FLOAT and onnx.numpy_helper.to_array(t).size >= SMALLEST
        for t in graph.initializer
    )

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "opened.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(tmp_path / name, options, providers=["CPUExecutionProvider"])
    opened = onnx.load(tmp_path / "opened.onnx").graph
    assert "Cast" not in {node.op_type for node in opened.node}
