"""`training.save`: a checkpoint from any network, checked and measured."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import safetensors.numpy
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

import training
from training.checkpoints import maps
from training.contract.card import CODES, DECODER, ENCODER, PREVIEW
from training.contract.errors import CheckpointError, UserError
from training.contract.files import read_card
from training.contract.graphs import Port
from training.contract.outputs import Pixels
from training.contract.spaces import Categorical, Continuous

SHAPE = (1, 4, 5)
Z = Continuous("z", 2, "standard_normal")
# Two directions of pixel space, orthonormal: what is decoded can be worked out.
AXES = np.linalg.qr(np.random.default_rng(0).standard_normal((20, 2)))[0].T.astype(np.float32)
LOG_VARIANCE = 2 * float(np.log(0.25))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.axes = nn.Parameter(torch.from_numpy(AXES))

    def forward(self, z: Tensor) -> Tensor:
        return (0.5 + 0.1 * z @ self.axes).view(-1, *SHAPE)


class Encoder(Decoder):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        mean = 10 * (x.flatten(1) - 0.5) @ self.axes.T
        return mean, torch.full_like(mean, LOG_VARIANCE)


class Point(Encoder):
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x)[0]


def codes(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal((count, 2)).clip(-3, 3).astype(np.float32)


def images(z: NDArray[np.float32]) -> NDArray[np.float32]:
    return (0.5 + 0.1 * z @ AXES).reshape(-1, *SHAPE).astype(np.float32)


def plain_decoder(path: Path, batch: Any = "n", **changes: Any) -> Path:
    """A decoder as another library may write it: ports of any name, one named as ours is."""
    weights = changes.get("weights", 0.1 * AXES)
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["latent_in", "w", "b"], ["mean"]),
            helper.make_node("Reshape", ["mean", "size"], ["picture:0"]),
        ],
        "other",
        [helper.make_tensor_value_info("latent_in", TensorProto.FLOAT, [batch, 2])],
        [helper.make_tensor_value_info("picture:0", TensorProto.FLOAT, [batch, *SHAPE])],
        [
            numpy_helper.from_array(weights.astype(np.float32), "w"),
            numpy_helper.from_array(np.full(20, 0.5, np.float32), "b"),
            numpy_helper.from_array(np.array([-1, *SHAPE]), "size"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


def test_a_linear_model_is_measured_as_it_can_be_worked_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # UMAP compiles itself for half a minute; where it puts the codes is another test's business.
    monkeypatch.setattr(maps, "umap", lambda codes, held_out, seed: (codes, held_out))
    z = codes(200)
    label = np.arange(200) % 3
    training.save(
        tmp_path / "mine",
        decode=Decoder(),
        encode=Encoder(),
        controls=[Z],
        output=Pixels(SHAPE, "gaussian", 0.1),
        examples=torch.from_numpy(images(z)),
        labels=(label, ["a", "b", "c"]),
        title="My model",
    )
    card = read_card(tmp_path / "mine")
    assert (card.title, card.summary, card.training) == ("My model", "other · 2 latents", None)
    metrics = {metric.name: metric for metric in card.metrics}
    assert metrics["mse"].value == pytest.approx(0, abs=1e-9)
    kl = 0.5 * (0.0625 + z.astype(float) ** 2 - 1 - LOG_VARIANCE)
    assert metrics["kl"].value == pytest.approx(kl.sum(1).mean(), rel=1e-4)
    assert [latent.kl_nats for latent in card.latents] == pytest.approx(kl.mean(0), rel=1e-4)
    assert [latent.std for latent in card.latents] == pytest.approx(z.std(0), rel=1e-4)
    assert {latent.posterior_std for latent in card.latents} == {0.25}
    assert {(metric.split, metric.samples) for metric in card.metrics} == {("example", 200)}

    held = safetensors.numpy.load_file(tmp_path / "mine" / CODES)
    assert card.examples is not None
    assert card.map is not None
    assert card.examples.count == len(held["umap"]) == 180, "a tenth is held out from the map"
    np.testing.assert_allclose(held["mean"], z[:180], atol=1e-4)
    np.testing.assert_array_equal(held["label"], label[:180])


def test_a_plain_onnx_file_decodes_as_it_did(tmp_path: Path) -> None:
    path = plain_decoder(tmp_path / "other.onnx")
    training.save(tmp_path / "other", decode=path, controls=[Z], output=Pixels(SHAPE))
    card = read_card(tmp_path / "other")
    assert card.graphs.decode is not None
    assert card.graphs.decode.inputs == (Port("z", "float32", ("batch", 2), "value", "z"),)
    assert card.graphs.decode.outputs == (Port("mean", "float32", ("batch", *SHAPE), "image"),)
    assert (card.graphs.encode, card.examples, card.latents, card.metrics) == (None, None, (), ())
    assert set(card.files) == {DECODER, PREVIEW}
    import onnxruntime

    session = onnxruntime.InferenceSession(tmp_path / "other" / DECODER)
    z = codes(5)
    (found,) = session.run(["mean"], {"z": z})
    np.testing.assert_allclose(found, images(z), atol=1e-6)


def test_an_encoder_that_gives_a_point_has_no_kl(tmp_path: Path) -> None:
    z = codes(50)
    card = training.save(
        tmp_path / "point",
        decode=plain_decoder(tmp_path / "other.onnx"),
        encode=Point(),
        controls=[Continuous("z", 2, None)],
        output=Pixels(SHAPE),
        examples=images(z),
        with_map=False,
    )
    assert [metric.name for metric in card.metrics] == ["mse"]
    assert {(latent.kl_nats, latent.posterior_std) for latent in card.latents} == {(None, None)}
    assert set(card.files) == {DECODER, ENCODER, CODES, "thumbnails.webp"}
    assert read_card(tmp_path / "point") == card


class Same(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 1 * x


class NotANumber(Decoder):
    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z).log() * torch.nan


class Failing(Decoder):
    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z[:, :1])


class Wordless(Decoder):
    def forward(self, z: Tensor) -> Tensor:
        raise AssertionError


class Truth(Decoder):
    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z) > 0.5


class Garbled(Encoder):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        raise ValueError("\ud800 is no letter")


class Named(Decoder):
    def forward(self, z: Tensor) -> dict[str, Tensor]:  # type: ignore[override]
        return {"image": super().forward(z)}


class Wide(Encoder):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = super().forward(x)
        return mean, log_variance + 900


class Branching(Decoder):
    def forward(self, z: Tensor) -> Tensor:
        return super().forward(z if float(z.sum()) > 0 else -z)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "of another shape": (
        {"output": Pixels((1, 5, 4))},
        r"decode gives float32 \[1, 4, 5\] for each code; the output is said to be float32 \[1, 5",
    ),
    "of NaN": ({"decode": NotANumber()}, "decode gives NaN or infinity as 'mean'"),
    "of more latents": (
        {"controls": [Continuous("z", 3, None)]},
        r"decode does not take float32 \[3, 3\], the first size being the batch's",
    ),
    "of two controls": (
        {"controls": [Z, Categorical("label", ("a", "b"))]},
        "decode takes 1 inputs; there are 2 to give it",
    ),
    "that fails": (
        {"decode": Failing()},
        r"decode fails on float32 \[3, 2\], the first size being the batch's: .*\.$",
    ),
    "that fails without a word": (
        {"decode": Wordless()},
        r"decode fails on float32 \[3, 2\], the first size being the batch's: AssertionError\.$",
    ),
    "of a dict": ({"decode": Named()}, "decode gives a dict that is not of tensors alone"),
    "with an encoder that fails with no text": (
        {"encode": Garbled()},
        r"encode fails on float32 \[3, 1, 4, 5\].*: \? is no letter\.$",
    ),
    "of truth values": ({"decode": Truth()}, "decode gives 'mean', which is not of numbers"),
    "with an encoder whose KL is infinite": (
        {"encode": Wide()},
        r"encode gives log-variances of up to 897: their KL is infinite\.$",
    ),
    "that branches on its numbers": (
        {"decode": Branching()},
        "decode runs, but cannot be written as ONNX",
    ),
    "that is nothing": ({"decode": None}, "decode is None; give a torch.nn.Module or an ONNX file"),
    "of a control by its name": ({"controls": ["z"]}, r"controls is \['z'\]; give a list, such as"),
    "of an output by its name": ({"output": "pixels"}, "output is 'pixels'; give the kind of im"),
    "of examples by their path": (
        {"examples": "photos"},
        "examples is str; give images \\(N, chan",
    ),
    "of examples that are beyond all measure": (
        {"examples": np.broadcast_to(np.uint8(1), (10**9, *SHAPE))},
        "There are 1,000,000,000 examples; at most 1,000,000",
    ),
    "of labels in rows": (
        {"labels": ([[0], [1, 2]], ["a"])},
        "labels are a list; give a whole num",
    ),
    "of labels without a list of names": ({"labels": ([0, 1, 2], 3)}, "labels is .*and their name"),
    "of a seed below 0": (
        {"seed": -1},
        "seed is -1; expected a whole number from 0 to 2,147,483,647",
    ),
    "of two controls of one name": ({"controls": [Z, Z]}, "Two controls have the same name"),
    "with an encoder that is nothing": ({"encode": 3}, "encode is 3; give a torch.nn.Module or"),
    "of labels without names": ({"labels": 3}, "labels is 3; give the index of each example's"),
    "that is not a file": ({"decode": "nothing.onnx"}, "nothing.onnx is not a readable ONNX file"),
    "for batches of one": ({"batch": 1}, "decode does not take float32"),
    "with an encoder of a third output": (
        {"encode": Same()},
        r"encode gives 'z' as float32 \[1, 4, 5\] for each image; the control z takes float32 \[2",
    ),
    "of dark examples": ({"examples": -images(codes(3))}, "examples are not all between 0 and 1"),
    "of examples of another shape": (
        {"examples": np.zeros((3, 2, 2))},
        r"examples have the shape \[3, 2, 2\], not N × \[1, 4, 5\]",
    ),
    "of a label without a name": (
        {"labels": ([0, 1, 2], ["a", "b"])},
        "labels go from 0 to 2, but there are 2 names",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), BAD.values(), ids=list(BAD))
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    change: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    given: dict[str, Any] = {
        "decode": plain_decoder(tmp_path / "other.onnx", change.get("batch", "n")),
        "controls": [Z],
        "output": Pixels(SHAPE),
        "examples": images(codes(3)),
        **{name: value for name, value in change.items() if name != "batch"},
    }
    with pytest.raises(UserError, match=sentence) as caught:
        training.save(tmp_path / "mine", **given)
    assert "\n" not in str(caught.value)
    str(caught.value).encode()
    assert not (tmp_path / "mine").exists()


def test_a_checkpoint_is_never_replaced(tmp_path: Path) -> None:
    given: dict[str, Any] = {"controls": [Z], "output": Pixels(SHAPE)}
    given["decode"] = plain_decoder(tmp_path / "other.onnx")
    training.save(tmp_path / "mine", **given)
    with pytest.raises(CheckpointError, match="holds a checkpoint; choose another folder"):
        training.save(tmp_path / "mine", **given)
