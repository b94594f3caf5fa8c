"""Models of other programs, taken over."""

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from PIL import Image
from torch import Tensor, nn

from training.__main__ import main
from training.contract.files import read_card
from training.errors import CheckpointError, DataError
from training.importing import described, diffusers, images, pythae, weights
from training.importing.autoencoder_kl import AutoencoderKl
from training.importing.directions import along
from training.importing.found import Said
from training.importing.import_model import import_model
from training.saving import graphs

KL = Path(__file__).parent.parent / "data" / "autoencoder-kl"


def pythae_folder(folder: Path, **changes: Any) -> Path:
    """A VAE of 2×3 pixels and 2 latents, as pythae 0.1.2 writes its default networks."""
    config = {
        "name": "VAEConfig",
        "input_dim": [1, 2, 3],
        "latent_dim": 2,
        "uses_default_encoder": True,
        "uses_default_decoder": True,
        "reconstruction_loss": "bce",
    }
    sizes = {
        "encoder.layers.0.0": (512, 6),
        "encoder.embedding": (2, 512),
        "encoder.log_var": (2, 512),
        "decoder.layers.0.0": (512, 2),
        "decoder.layers.1.0": (6, 512),
    }
    torch.manual_seed(0)
    tensors: dict[str, Tensor] = {}
    for name, (rows, columns) in sizes.items():
        tensors |= {
            f"{name}.weight": torch.randn(rows, columns) / 8,
            f"{name}.bias": torch.ones(rows),
        }
    folder = folder / "final_model"
    folder.mkdir(parents=True)
    (folder / "model_config.json").write_text(json.dumps(config | changes))
    torch.save({"model_state_dict": tensors}, folder / "model.pt")
    return folder


def test_a_folder_of_pythae_computes_what_its_documentation_says(tmp_path: Path) -> None:
    folder = pythae_folder(tmp_path)
    held = torch.load(folder / "model.pt", weights_only=True)["model_state_dict"]
    found = pythae.read(folder, Said())
    assert (found.shape, found.size, found.prior, found.likelihood) == (
        (1, 2, 3),
        2,
        True,
        "bernoulli",
    )

    def layer(name: str, x: Tensor) -> Tensor:
        return x @ held[f"{name}.weight"].T + held[f"{name}.bias"]

    x, z = torch.rand(4, 1, 2, 3), torch.randn(4, 2)
    hidden = layer("encoder.layers.0.0", x.reshape(4, 6)).clamp(min=0)
    expected = layer("encoder.embedding", hidden), layer("encoder.log_var", hidden)
    assert isinstance(found.encode, nn.Module)
    assert isinstance(found.decode, nn.Module)
    torch.testing.assert_close(found.encode(x), expected)
    pixels = layer("decoder.layers.1.0", layer("decoder.layers.0.0", z).clamp(min=0)).sigmoid()
    torch.testing.assert_close(found.decode(z), pixels.reshape(4, 1, 2, 3))


def test_what_of_pythae_is_not_flat_or_runs_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="its latents lie on a sphere"):
        pythae.read(pythae_folder(tmp_path / "sphere", name="SVAEConfig"), Said())
    with pytest.raises(CheckpointError, match=r"embedding.weight has the shape \[2, 512\]"):
        pythae.read(pythae_folder(tmp_path / "more", latent_dim=3), Said())
    found = pythae.read(pythae_folder(tmp_path / "mixture", name="VAMPConfig"), Said())
    assert not found.prior
    assert "pseudo-inputs" in found.left[0]
    own = pythae_folder(tmp_path / "own")
    (own / "encoder.pkl").write_bytes(b"\x80\x04")
    with pytest.raises(CheckpointError, match=r"saved as a pickle .* --class module:Class"):
        pythae.read(own, Said())


def test_the_autoencoder_kl_computes_what_diffusers_does() -> None:
    reference = np.load(KL / "reference.npz")  # computed by diffusers 0.42.1 from this folder
    sizes = diffusers._sizes(described.configuration(KL / "config.json"), KL)
    tensors, _ = weights.read_weights(KL / diffusers.FILES[0])
    network = described.filled(AutoencoderKl, (sizes,), diffusers._renamed(tensors), KL).eval()
    with torch.no_grad():
        mean, log_variance = network.encode(torch.from_numpy(reference["x"]) * 2 - 1)
        decoded = network.decode(torch.from_numpy(reference["mean"]))
    np.testing.assert_allclose(mean, reference["mean"], atol=1e-5)
    np.testing.assert_allclose(log_variance, reference["log_variance"], atol=1e-5)
    np.testing.assert_allclose(decoded, reference["img"], atol=1e-5)
    assert reference["img"].std() > 0.1

    with pytest.raises(CheckpointError, match="give --images FOLDER"):
        diffusers.read(KL, Said())
    pictures = np.random.default_rng(0).random((6, 3, 16, 16), np.float32)
    found = diffusers.read(KL, Said(images=pictures, directions=4))
    assert (found.shape, found.size, found.prior) == ((3, 16, 16), 4, False)
    assert "2×8×8 are moved along the 4 leading principal directions of 6 codes" in found.notes[0]


class Linear(nn.Module):
    def encode(self, x: Tensor) -> Tensor:
        return 2 * x.flatten(1)

    def decode(self, z: Tensor) -> Tensor:
        return z.reshape(-1, 1, 3, 4) / 2


def test_directions_are_those_of_pca() -> None:
    pictures = np.random.default_rng(0).random((30, 1, 3, 4), np.float32)
    decode, encode, _ = along(Linear(), pictures, 3)
    centred = 2 * pictures.reshape(30, 12) - 2 * pictures.reshape(30, 12).mean(0)
    variances = np.linalg.eigvalsh(np.cov(centred.T))[::-1][:3]
    coordinates = encode(torch.from_numpy(pictures))
    np.testing.assert_allclose(encode.along.deviation**2, variances, rtol=1e-4)
    np.testing.assert_allclose(coordinates.std(0), 1, rtol=1e-4)
    torch.testing.assert_close(encode(decode(coordinates)), coordinates, rtol=1e-3, atol=1e-4)
    with pytest.raises(CheckpointError, match="30 images have 29 directions"):
        along(Linear(), pictures, 30)


MODULE = """
import torch
class Vae(torch.nn.Module):
    def __init__(self, latents):
        super().__init__()
        self.encoder = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 2 * latents))
        self.out = torch.nn.Linear(latents, 12)
    def encode(self, x):
        return self.encoder(x).chunk(2, 1)
    def decode(self, z):
        return self.out(z)
"""


def test_a_lightning_checkpoint_opens_with_its_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "of_a_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "of_a_test", raising=False)
    module = __import__("of_a_test").Vae(2)
    held = {
        "state_dict": module.state_dict(),
        "hyper_parameters": {"latents": 2, "learning_rate": 1e-3},
        "pytorch-lightning_version": "2.6.0",
    }
    torch.save(held, tmp_path / "last.ckpt")
    for at in range(20):
        grey = np.random.default_rng(at).integers(0, 256, (3, 4), np.uint8)
        path = tmp_path / "seen" / str(at % 2) / f"{at}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(grey).save(path)
    command = ["import", str(tmp_path / "last.ckpt"), "--out", str(tmp_path / "mine"), "--no-map"]
    command += ["--images", str(tmp_path / "seen")]
    assert main(command) == 2
    assert "give --class module:Class" in capsys.readouterr().err
    command += ["--class", "of_a_test:Vae"]
    assert main(command) == 2
    assert "--values logits if a sigmoid is still to come" in capsys.readouterr().err
    assert main([*command, "--values", "logits"]) == 0
    assert "This runs the code of of_a_test" in capsys.readouterr().err

    card = read_card(tmp_path / "mine")
    assert card.intent.startswith(
        "Imported from Lightning 2.6.0, of_a_test:Vae (last.ckpt, SHA-256 "
    )
    assert (card.family, card.size, card.data.labels) == ("vae", 2, ("0", "1"))
    assert {metric.name for metric in card.metrics} == {"mse", "kl"}
    import onnxruntime

    session = onnxruntime.InferenceSession(tmp_path / "mine" / "decoder.onnx")
    z = torch.randn(3, 2)
    (decoded,) = session.run(None, {"z": z.numpy()})
    expected = module.decode(z).sigmoid().reshape(3, 1, 3, 4).detach()
    np.testing.assert_allclose(decoded, expected, atol=1e-5)

    # There is no run to build it from: each command that needs one says what to do instead.
    for command_name, instead in (
        ("evaluate", "import MODEL --images FOLDER --out NEW"),
        ("embed", "import MODEL --images FOLDER --out NEW"),
        ("export", "import MODEL --out NEW"),
    ):
        capsys.readouterr()
        assert main([command_name, str(tmp_path / "mine")]) == 2
        assert f"`python -m training {instead}`" in capsys.readouterr().err

    # The pair of ONNX files that this wrote comes in again, and decodes the same.
    card, left = import_model(tmp_path / "mine", tmp_path / "again", Said(), with_map=False)
    assert (card.size, card.shape) == (2, (1, 3, 4))
    assert ["images" in sentence for sentence in left] == [True]
    again = onnxruntime.InferenceSession(tmp_path / "again" / "decoder.onnx")
    np.testing.assert_array_equal(again.run(None, {"z": z.numpy()})[0], decoded)


class Hidden:
    pass


@pytest.mark.parametrize(
    "held",
    [
        lambda weights: {"state_dict": weights.state_dict(), "hyper_parameters": Hidden()},
        lambda weights: {"epoch": 3, "by": Hidden(), "model": weights.state_dict()},
        lambda weights: {"epoch": 3, "model": weights},
        lambda weights: {**weights.state_dict(), "by": Hidden()},
        lambda weights: weights,
    ],
    ids=["Lightning", "a checkpoint", "a module in one", "a state dict and more", "a module"],
)
def test_a_pickle_of_objects_is_not_opened_and_three_lines_mend_it(
    held: Callable[[nn.Module], object], tmp_path: Path
) -> None:
    path = tmp_path / "last.ckpt"
    weights_of = nn.Linear(2, 3)
    torch.save(held(weights_of), path)
    with pytest.raises(CheckpointError, match=r"\(\S*\.(Hidden|Linear)\)\.\nOpening it") as caught:
        weights.read_weights(path)
    lines = [line.strip() for line in str(caught.value).splitlines() if line.startswith("    ")]
    assert len(lines) == 3
    exec("\n".join(lines), {})
    saved = safetensors.torch.load_file(tmp_path / "last.safetensors")
    nn.Linear(2, 3).load_state_dict(saved)
    assert saved["weight"].equal(weights_of.weight)


def test_images_of_a_folder_are_brought_to_the_models_size(tmp_path: Path) -> None:
    for at, name in enumerate(("cats/a.png", "dogs/b.png", "dogs/c.jpg")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 20), (90 * at, 0, 0)).save(path)
    (tmp_path / "dogs" / "broken.png").write_bytes(b"no image")
    assert images.read(tmp_path, (3, 6, 8)).images.shape == (3, 3, 6, 8)
    shown = images.read(tmp_path, (1, 8, 8))
    assert shown.images.shape == (3, 1, 8, 8)
    assert shown.labels is not None
    index, names = shown.labels
    # The luma of no red, of red 90 and of red 180.
    assert sorted(zip((255 * shown.images[:, 0, 0, 0]).round(), index, strict=True)) == [
        (0, 0),
        (27, 1),
        (54, 1),
    ]
    assert names == ("cats", "dogs")
    assert shown.skipped == ("dogs/broken.png",)
    assert images.common_shape(tmp_path) == (3, 20, 40)
    Image.new("L", (40, 21)).save(tmp_path / "dogs" / "other.png")
    assert images.common_shape(tmp_path) is None
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="holds no image"):
        images.read(tmp_path / "none", (1, 8, 8))


def test_what_the_map_is_measured_with_is_of_every_class(tmp_path: Path) -> None:
    grey = np.repeat(np.arange(4, dtype=np.uint8), 20)  # as files lie, class by class
    np.savez(tmp_path / "all.npz", images=np.full((80, 2, 2), grey[:, None, None]), labels=grey)
    for at, level in enumerate(grey):
        path = tmp_path / f"folder/{level}/{at}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2), int(level)).save(path)
    for place in ("all.npz", "folder"):
        shown = images.read(tmp_path / place, (1, 2, 2))
        assert shown.labels is not None
        index, names = shown.labels
        assert names == ("0", "1", "2", "3")
        assert ((255 * shown.images[:, 0, 0, 0]).round() == index).all()
        assert set(index[-16:]) == {0, 1, 2, 3}, "the last are held out from the map"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"latent_dim": 10**12}, "has the shape|cannot be built"),
        ({"latent_dim": 0}, "does not say name, latent_dim"),
        ({"latent_dim": -3}, "does not say name, latent_dim"),
        ({"latent_dim": float("inf")}, "is not readable JSON"),
        ({"input_dim": [3, 10**9, 10**9]}, "not an image size"),
        ({"input_dim": 5}, "does not say name, latent_dim and input_dim"),
        ({"input_dim": [1, 2, 3, 4]}, "which are not images"),
    ],
)
def test_what_a_folder_of_pythae_claims_is_not_built(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    folder = pythae_folder(tmp_path, **changes)
    with pytest.raises(CheckpointError, match=sentence):
        pythae.read(folder, Said())


@pytest.mark.parametrize(
    "changes",
    [
        {"layers_per_block": 10**9},
        {"block_out_channels": []},
        {"block_out_channels": [4, 10**9]},
        {"block_out_channels": ["x"]},
        {"norm_num_groups": 0},
        {"norm_num_groups": 3},
        {"latent_channels": -1},
        {"latent_channels": None},
        {"sample_size": 10**9},
        {"sample_size": [1, 2, 3]},
        {"down_block_types": 7},
    ],
)
def test_what_a_folder_of_diffusers_claims_is_not_built(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    config = json.loads((KL / "config.json").read_text("utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(config | changes))
    (tmp_path / diffusers.FILES[0]).symlink_to(KL / diffusers.FILES[0])
    pictures = np.zeros((6, 3, 16, 16), np.float32)
    with pytest.raises(CheckpointError) as refusal:
        diffusers.read(tmp_path, Said(images=pictures))
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


def test_weights_that_claim_more_than_they_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number that is laid over a million times a million places takes one place in a file."""
    laid_out = torch.zeros(1).expand(10**6, 10**6)
    torch.save({"a": laid_out}, tmp_path / "large.pt")
    with pytest.raises(CheckpointError, match="claims more weights than a file of 1 GiB can hold"):
        weights.read_weights(tmp_path / "large.pt")
    with (
        zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a/data/0", "w") as file,
    ):
        file.write(bytes(2**20))
    monkeypatch.setattr(weights, "LARGEST_FILE", 2**19)
    with pytest.raises(CheckpointError, match="is larger than 1 GiB"):
        weights.read_weights(tmp_path / "bomb.pt")
    for content in (b"", b"PK\x03\x04", b"\x80\x02", b"\x80\x02}q\x00.", b"\x80\x02cos\nsystem\n"):
        (tmp_path / "odd.pt").write_bytes(content)
        with pytest.raises(CheckpointError):
            weights.read_weights(tmp_path / "odd.pt")


def test_a_graph_without_an_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "LONGEST_S", 0.3)
    node, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        [node("Identity", ["on"], ["still on"]), node("Identity", ["y"], ["same"])],
        "body",
        [value("trip", 7, []), value("on", 9, []), value("y", 1, None)],
        [value("still on", 9, []), value("same", 1, None)],
    )
    graph = onnx.helper.make_graph(
        [
            node("Reshape", ["z", "to"], ["x"]),
            node("Loop", ["trips", "", "x"], ["mean"], body=body),
        ],
        "decoder",
        [value("z", 1, ["batch", 12])],
        [value("mean", 1, ["batch", 1, 3, 4])],
        [
            onnx.helper.make_tensor("to", 7, [4], [-1, 1, 3, 4]),
            onnx.helper.make_tensor("trips", 7, [], [2**62]),
        ],
    )
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(
        onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), tmp_path / "d.onnx"
    )
    with pytest.raises(CheckpointError, match="may never come to an end"):
        import_model(tmp_path / "d.onnx", tmp_path / "out", Said())
    assert not (tmp_path / "out").exists()
