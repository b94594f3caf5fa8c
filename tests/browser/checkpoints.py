"""Checkpoints made by hand for the browser tests: small, and with images that can be worked out."""

from __future__ import annotations

import io
import math
from pathlib import Path

import msgspec
import numpy as np
import onnx
import safetensors.numpy
from msgspec.structs import replace
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image

from training.config import RunConfig, settings
from training.contract import card
from training.contract.files import read_card, write_card
from training.contract.graphs import Graphs
from training.contract.maps import Map, NearestCodes, Pca, Umap
from training.contract.measurements import Latent, Metric, Provenance
from training.contract.outputs import Pixels
from training.contract.spaces import Continuous
from training.contract.version1 import vae_graphs
from training.recipes import RECIPES

EXAMPLES, COLUMNS = 12, 5


def weights(latents: int, shape: tuple[int, int, int], inactive: int) -> NDArray[np.float32]:
    """(latents, C·H·W): a soft blot for each latent; those of the last `inactive` are empty."""
    channels, height, width = shape
    y, x = np.mgrid[:height, :width]
    blots = np.zeros((latents, *shape), np.float32)
    for latent in range(latents - inactive):
        angle = 2 * math.pi * latent / latents
        distance = (x - width * (0.5 + 0.3 * math.cos(angle))) ** 2
        distance += (y - height * (0.5 + 0.25 * math.sin(angle))) ** 2
        blots[latent, latent % channels] = 2 * np.exp(-distance / 8)
    return blots.reshape(latents, -1)


def decode(z: NDArray[np.float32], pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the decoder of these checkpoints computes: sigmoid(z W − 1), flat."""
    return np.asarray(1 / (1 + np.exp(1 - z @ pixels)), np.float32)


def encode(x: NDArray[np.float32], pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the encoder gives as mean of flat images: the z that `decode` makes them of."""
    x = np.clip(x, 1e-6, 1 - 1e-6)
    return np.asarray((np.log(x / (1 - x)) + 1) @ np.linalg.pinv(pixels), np.float32)


def write(
    folder: Path,
    *,
    latents: int = 4,
    shape: tuple[int, int, int] = (1, 12, 8),
    inactive: int = 1,
    title: str = "Blots",
    examples: int = EXAMPLES,
    mapped: bool = True,
    factors: tuple[card.Factor, ...] | None = None,
) -> None:
    """Write a whole checkpoint folder whose KL falls from latent 1 to latent 0, then 2, 3 …"""
    folder.mkdir(parents=True)
    pixels = weights(latents, shape, inactive)
    (folder / card.DECODER).write_bytes(decoder(pixels, shape))
    (folder / card.ENCODER).write_bytes(encoder(pixels, shape))
    means = codes(examples, latents)
    x = (decode(means, pixels) * 255).round() / 255
    again = np.clip(decode(means, pixels), 1e-6, 1 - 1e-6)
    tensors = {
        "mean": means,
        "log_variance": np.full((examples, latents), 2 * math.log(0.25), np.float32),
        "label": (np.arange(examples) % 10).astype(np.int32),
        "reconstruction": -(x * np.log(again) + (1 - x) * np.log(1 - again))
        .sum(1)
        .astype(np.float32),
    }
    if factors:
        tensors["factors"] = np.zeros((examples, len(factors)), np.int32)
    charted = _map(means, latents - inactive) if mapped else None
    if charted:
        tensors |= {"umap": _umap(means), "pca": project(means, charted)}
    (folder / card.CODES).write_bytes(safetensors.numpy.save(tensors))
    (folder / card.MODEL).write_bytes(safetensors.numpy.save({"weights": pixels}))
    (folder / card.THUMBNAILS).write_bytes(_sheet(decode(means, pixels), shape, COLUMNS))
    line = np.zeros((8, latents), np.float32)
    line[:, 0] = np.linspace(-2.5, 2.5, 8)
    (folder / card.PREVIEW).write_bytes(_sheet(decode(line, pixels), shape, 8))

    kl_nats = [3.0 if latent == 1 else 2.0 / (latent + 1) for latent in range(latents)]
    active = [latent < latents - inactive for latent in range(latents)]
    how = "Made by hand for a test."
    write_card(
        folder,
        card.Card(
            family="vae",
            name=folder.name,
            title=title,
            summary=f"By hand · {latents} latents",
            intent="Blots that come and go.",
            controls=(Continuous("z", latents, "standard_normal"),),
            output=Pixels(shape, "bernoulli"),
            graphs=vae_graphs(latents, shape),
            data=card.Data(
                "digits", "none", "none", "0" * 64, {"test": 100}, tuple("0123456789"), factors
            ),
            training=card.Training(
                *(0, 0, 0, 0.0, "cpu", "none", "float32"),
                command="none",
                configuration=settings(config(latents)),
            ),
            metrics=(Metric("neg_elbo", "−ELBO", 12.34, "nats", "test", 100, 0, how),),
            latents=tuple(
                Latent(kl if on else 0.001, 0.0, 1.0 if on else 0.01, 0.25, on)
                for kl, on in zip(kl_nats, active, strict=True)
            ),
            latents_provenance=Provenance("nats", "test", 100, 0, how),
            examples=card.Examples(examples, COLUMNS, "test", how),
            map=charted,
        ),
    )


def codes(examples: int, latents: int) -> NDArray[np.float32]:
    """The posterior means of the examples, (N, D)."""
    return np.random.default_rng(0).uniform(-2, 2, (examples, latents)).astype(np.float32)


def _map(means: NDArray[np.float32], active: int) -> Map:
    latents = means.shape[1]
    centre = means.mean(0)
    axes = np.zeros((2, latents))
    found = np.linalg.svd(means - centre, full_matrices=False)[2][:2]
    axes[: len(found)] = found
    how = "Made by hand for a test."
    return Map(
        latents=tuple(range(active or latents)),
        umap=Umap(15, 0.1, 0),
        pca=Pca(
            tuple(map(float, centre)),
            tuple(tuple(map(float, axis)) for axis in axes),
            (0.6, 0.3),
        ),
        nearest=NearestCodes(0.5, 1.0, 1.5, "validation", 100, how),
        metrics=(
            Metric("umap_trustworthiness", "Trustworthiness", 0.97, "of 1", "test", 12, 0, how),
            Metric("placement_error", "Placement error", 0.8, "% of the map", "test", 12, 0, how),
        ),
    )


def _umap(means: NDArray[np.float32]) -> NDArray[np.float32]:
    """Stands in for UMAP: bent, so that it is not a plane of latents."""
    first, last = means[:, 0], means[:, -1]
    return np.stack([first + np.sin(last), last**2], 1).astype(np.float32)


def project(z: NDArray[np.float32], charted: Map) -> NDArray[np.float32]:
    """(N, D) codes on the plane of the PCA, (N, 2)."""
    return np.asarray((z - charted.pca.mean) @ np.array(charted.pca.axes).T, np.float32)


def config(latents: int) -> RunConfig:
    """Of a run that could have made such a checkpoint."""
    run = RECIPES["digits"].run
    return replace(run, model=replace(run.model, latents=latents))


def decoder(
    pixels: NDArray[np.float32], shape: tuple[int, int, int], *, half: bool = False
) -> bytes:
    """The file that computes `decode`; with `half`, the weights are kept in half precision."""
    latents, size = pixels.shape
    stored = pixels.astype(np.float16) if half else pixels
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["stored"], ["weights"], to=TensorProto.FLOAT),
            helper.make_node("Gemm", ["z", "weights", "bias"], ["logits"]),
            helper.make_node("Sigmoid", ["logits"], ["flat"]),
            helper.make_node("Reshape", ["flat", "shape"], ["mean"]),
        ],
        "blots",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["batch", latents])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["batch", *shape])],
        [
            onnx.numpy_helper.from_array(stored, "stored"),
            onnx.numpy_helper.from_array(np.full(size, -1, np.float32), "bias"),
            onnx.numpy_helper.from_array(np.array([-1, *shape]), "shape"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def encoder(pixels: NDArray[np.float32], shape: tuple[int, int, int]) -> bytes:
    """The file that computes `encode`, with a posterior deviation of 1/4."""
    latents = len(pixels)
    constants = {
        "least": np.float32(1e-6),
        "most": np.float32(1 - 1e-6),
        "one": np.float32(1),
        "flat": np.array([-1, pixels.shape[1]]),
        "inverse": np.linalg.pinv(pixels).astype(np.float32),
        "zero": np.float32(0),
        "spread": np.float32(2 * math.log(0.25)),
    }
    steps = [
        ("Reshape", ["x", "flat"], "pixels"),
        ("Clip", ["pixels", "least", "most"], "clipped"),
        ("Sub", ["one", "clipped"], "rest"),
        ("Div", ["clipped", "rest"], "odds"),
        ("Log", ["odds"], "logits"),
        ("Add", ["logits", "one"], "shifted"),
        ("MatMul", ["shifted", "inverse"], "mean"),
        ("Mul", ["mean", "zero"], "nothing"),
        ("Add", ["nothing", "spread"], "log_variance"),
    ]
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, [output]) for kind, inputs, output in steps],
        "blots",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", latents])
            for name in ("mean", "log_variance")
        ],
        [
            onnx.numpy_helper.from_array(np.asarray(value), name)
            for name, value in constants.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _sheet(images: NDArray[np.float32], shape: tuple[int, int, int], columns: int) -> bytes:
    channels, height, width = shape
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * height, columns * width, channels), np.uint8)
    for at, image in enumerate(images.reshape(-1, *shape)):
        top, left = at // columns * height, at % columns * width
        place = sheet[top : top + height, left : left + width]
        place[:] = (image * 255).round().transpose(1, 2, 0)
    file = io.BytesIO()
    picture = Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet).convert("RGB")
    picture.save(file, "WEBP", lossless=True)
    return file.getvalue()


def write_generator(folder: Path, title: str = "Generator") -> None:
    """What `write` makes, with its decoder alone; nothing is measured, no example is there."""
    write(folder, title=title)
    whole = read_card(folder)
    for name in (card.ENCODER, card.CODES, card.THUMBNAILS, card.MODEL):
        (folder / name).unlink()
    changes = {
        "family": "gan",
        "output": Pixels(whole.shape),
        "graphs": Graphs(decode=whole.graphs.decode),
        "metrics": (),
        "latents": (),
        "latents_provenance": None,
    }
    _rewrite(folder, whole, changes | dict.fromkeys(("examples", "map", "training")))


def write_points(
    folder: Path,
    title: str = "Points",
    denoises: bool = False,
    levels: tuple[float, ...] | None = None,
) -> None:
    """What `write` makes, without prior and likelihood: the encoder gives z itself.

    With `denoises` its card says how well it takes noise away, with `levels` which values each of
    its numbers takes.
    """
    write(folder, title=title)
    whole = read_card(folder)
    tensors = safetensors.numpy.load((folder / card.CODES).read_bytes())
    kept = {name: tensors[name].copy() for name in ("mean", "label", "umap", "pca")}
    (folder / card.CODES).write_bytes(safetensors.numpy.save(kept))
    (folder / card.MODEL).unlink()
    encode = whole.graphs.encode
    assert encode is not None
    points = tuple(
        msgspec.structs.replace(port, role="value")
        for port in encode.outputs
        if port.role == "mean"
    )
    size = whole.size
    means = tensors["mean"].astype(float)
    changes = {
        "family": "autoencoder",
        "controls": (Continuous("z", size, None, levels and size * (levels,)),),
        "output": Pixels(whole.shape),
        "graphs": Graphs(
            decode=whole.graphs.decode, encode=msgspec.structs.replace(encode, outputs=points)
        ),
        "latents": tuple(
            Latent(None, float(means[:, at].mean()), float(means[:, at].std()), None, True)
            for at in range(size)
        ),
        "metrics": (Metric("denoised_masking", "Denoised", 9, "dB", "test", 100, 0, "By hand."),)
        if denoises
        else (),
        "training": None,
    }
    _rewrite(folder, whole, changes)


def _rewrite(folder: Path, whole: card.Card, changes: dict[str, object]) -> None:
    (folder / card.CARD).unlink()
    write_card(folder, msgspec.structs.replace(whole, name=folder.name, files={}, **changes))
