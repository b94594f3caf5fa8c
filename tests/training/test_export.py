"""Exported networks against PyTorch, whatever the batch; a broken export changes nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from msgspec.structs import replace

from training.__main__ import main
from training.checkpoints import checkpoint, export
from training.checkpoints.export import Traced
from training.contract.card import CARD, DECODER, ENCODER, THUMBNAILS
from training.contract.files import read_card
from training.contract.outputs import LikelihoodName
from training.errors import CheckpointError
from training.families.family import Form
from training.families.vae import VAE
from training.models.gaussian_vae import GaussianVAE

TOLERANCE = 1e-4


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def tiny_model(
    likelihood: LikelihoodName, shape: tuple[int, int, int], scale: float
) -> GaussianVAE:
    """Weights larger than fresh ones, so that outputs reach both ends of their range."""
    torch.manual_seed(0)
    config = VAE(3, likelihood, channels=(4, 4), hidden=(16,), activation="silu")
    model = config.network(Form(shape))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return model


def graphs(model: GaussianVAE, shape: tuple[int, int, int]) -> tuple[Traced, ...]:
    return VAE(model.latents, "bernoulli").graphs(model, Form(shape))


@pytest.mark.parametrize(
    ("likelihood", "shape"),
    [
        ("bernoulli", (1, 28, 28)),
        ("continuous_bernoulli", (1, 28, 28)),
        ("gaussian", (3, 8, 12)),
        ("gaussian_learned", (1, 8, 8)),
    ],
)
def test_onnx_is_the_model(
    likelihood: LikelihoodName, shape: tuple[int, int, int], tmp_path: Path
) -> None:
    model = tiny_model(likelihood, shape, scale=3)
    assert export.export_graphs(graphs(model, shape), tmp_path) <= TOLERANCE
    ours = str(Path(export.__file__).parent).encode()
    assert not any(ours in file.read_bytes() for file in tmp_path.iterdir()), (
        "a path of this machine"
    )
    decoder, encoder = session(tmp_path / DECODER), session(tmp_path / ENCODER)
    names = [
        ([node.name for node in part.get_inputs()], [node.name for node in part.get_outputs()])
        for part in (decoder, encoder)
    ]
    assert names == [(["z"], ["mean"]), (["x"], ["mean", "log_variance"])]

    lowest, highest = 1.0, 0.0
    for batch in (1, 3, 100):
        z = 3 * torch.randn(batch, 3)
        z[0] = 0
        x = torch.rand(batch, *shape)
        with torch.no_grad():
            posterior, image = model.encode(x), model.decode(z).mean
        (decoded,) = decoder.run(["mean"], {"z": z.numpy()})
        mean, log_variance = encoder.run(["mean", "log_variance"], {"x": x.numpy()})
        assert decoded.dtype == mean.dtype == log_variance.dtype == np.float32
        for ours, theirs in (
            (decoded, image),
            (mean, posterior.mean),
            (log_variance, posterior.log_variance),
        ):
            torch.testing.assert_close(torch.from_numpy(ours), theirs, rtol=0, atol=TOLERANCE)
        lowest, highest = min(lowest, decoded.min()), max(highest, decoded.max())
    assert 0 <= lowest < 0.1 < 0.9 < highest <= 1


def test_a_broken_export_keeps_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The encoder's export goes wrong: neither file is touched, nothing is left behind."""
    shape = (1, 8, 8)
    good, other = (tiny_model("bernoulli", shape, scale) for scale in (1, 2))
    export.export_graphs(graphs(good, shape), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert before.keys() == {DECODER, ENCODER}
    original = export.to_onnx

    def broken(module: Any, examples: Any, inputs: list[str], outputs: list[str]) -> bytes:
        module = graphs(other, shape)[1].module if inputs == ["x"] else module
        return original(module, examples, inputs, outputs)

    monkeypatch.setattr(export, "to_onnx", broken)
    with pytest.raises(CheckpointError, match=rf"{ENCODER} differs .* it was not written"):
        export.export_graphs(graphs(good, shape), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def test_export_command_mends_its_own_files_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_card(folder)
    rewrite(folder / DECODER, lambda content: content[:100])
    with pytest.raises(CheckpointError, match=DECODER):
        checkpoint.load(folder)
    assert main(["export", str(folder)]) == 0
    assert "differ from PyTorch by at most" in capsys.readouterr().out
    model, after = checkpoint.load(folder)
    assert replace(after, files={}) == replace(before, files={})
    z = torch.randn(5, 3)
    with torch.no_grad():
        expected = model.decode(z).mean
    (decoded,) = session(folder / DECODER).run(["mean"], {"z": z.numpy()})
    torch.testing.assert_close(torch.from_numpy(decoded), expected, rtol=0, atol=TOLERANCE)

    # A card vouches for every file, so it is not written for one that is not as it was.
    card = (folder / CARD).read_bytes()
    rewrite(folder / THUMBNAILS, lambda content: content[:-1])
    assert main(["export", str(folder)]) == 2
    assert THUMBNAILS in capsys.readouterr().err
    assert (folder / CARD).read_bytes() == card
