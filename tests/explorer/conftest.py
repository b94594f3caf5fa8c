import gzip
import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from msgspec import structs
from PIL import Image
from streamlit.web.server.starlette.starlette_gzip_middleware import SelectiveGZipMiddleware

from explorer import loading
from explorer.server import serving
from training.config import (
    DataConfig,
    RunConfig,
    TrainConfig,
    settings,
    to_json,
)
from training.contract.card import CODES, DECODER, ENCODER, MODEL, PREVIEW
from training.contract.files import describe_files
from training.contract.measurements import Information, Latent, Metric, Provenance
from training.contract.table import Published, Row, Run, Stage, Table, write_table
from training.contract.version1 import FILES
from training.families.vae import VAE
from training.objectives.beta_vae import BetaVAE

from .served import listening

MakeCheckpoint = Callable[..., Path]

RUN = RunConfig(
    data=DataConfig("digits"),
    model=VAE(latents=3, likelihood="bernoulli"),
    objective=BetaVAE(beta=1.0),
    train=TrainConfig(steps=500),
)
MEASURED = {"unit": "nats", "split": "test", "samples": 10_000, "seed": 7}
# What the encoder made of four examples.
TENSORS = {
    "mean": np.arange(12, dtype=np.float32).reshape(4, 3) / 10,
    "log_variance": np.full((4, 3), -4, np.float32),
    "label": np.array([0, 1, 1, 0], np.int32),
    "reconstruction": np.full(4, 2.5, np.float32),
}


WEIGHTS = {"weight": np.arange(100, dtype=np.float32)}


def graph_of(content: bytes) -> bytes:
    """The outline of an ONNX file: a message of protobuf whose only field is the graph."""
    assert 128 <= len(content) < 2**14
    return bytes([7 << 3 | 2, len(content) & 127 | 128, len(content) >> 7]) + content


def card_of(folder: Path) -> dict[str, Any]:
    """A card as it is written, for whatever files the folder has."""
    return {
        "version": 1,
        "name": folder.name,
        "title": "Three latents",
        "summary": "VAE · β 1 · 3 latents",
        "intent": "A model that exists to be *tested*.",
        "command": "python -m training train digits --model.latents 3",
        "controls": {"kind": "continuous", "latents": 3},
        "image": {"shape": [1, 2, 2], "likelihood": "bernoulli"},
        "data": {
            "name": "digits",
            "source": "MNIST",
            "licence": "CC BY-SA 3.0",
            "sha256": "ab" * 32,
            "splits": {"train": 55_000, "validation": 5_000, "test": 10_000},
            "labels": ["zero", "one"],
            "factors": None,
        },
        "config": to_json(RUN),
        "training": {
            "images": 64_000,
            "steps": 500,
            "best_step": 400,
            "seconds": 754.0,
            "device": "cpu",
            "hardware": "a machine with two cores",
            "precision": "float32",
            "history": [
                {"step": step, "train_loss_nats": 200 - step / 5, "validation_loss_nats": 130.0}
                for step in range(100, 600, 100)
            ],
        },
        "metrics": [
            {"name": "neg_elbo", "label": "−ELBO", "value": 123.456, "how": "Summed.", **MEASURED},
            {
                "name": "active_units",
                "label": "Active units",
                "value": 2.0,
                "how": "Counted.",
                **MEASURED,
                "unit": "latents",
            },
        ],
        "latents": [
            {"kl_nats": kl, "mean": 0.0, "std": 1.0, "posterior_std": 0.1, "active": kl > 0.01}
            for kl in (1.25, 0.004, 2.5)
        ],
        "latents_provenance": {"how": "KL for each latent.", **MEASURED},
        "examples": {"count": 4, "columns": 2, "split": "test", "how": "As shown."},
        "versions": {"python": "3.11", "torch": "2.13"},
        "files": {name: to_json(file) for name, file in describe_files(folder, FILES).items()},
    }


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for checkpoints that is all the explorer sees: nothing shipped, no runs."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(loading, "SHIPPED", tmp_path / "nothing shipped")
    monkeypatch.setattr(loading, "RUNS", tmp_path / "no runs")
    monkeypatch.setattr(loading, "RESULTS", tmp_path / "results")
    monkeypatch.setenv(loading.EXTRA, str(folder))
    return folder


@pytest.fixture
def make_checkpoint(models: Path) -> MakeCheckpoint:
    """Writes a checkpoint folder whose card is true of its files; only its codes are real."""

    def make(
        id: str,
        parent: Path | None = None,
        contents: dict[str, bytes] | None = None,
        **changes: object,
    ) -> Path:
        folder = (parent or models) / id
        folder.mkdir(parents=True)
        for name in FILES:
            (folder / name).write_bytes(f"{id} {name} ".encode() * 40)
        for name in (DECODER, ENCODER):
            (folder / name).write_bytes(graph_of(f"{id} {name} ".encode() * 40))
        (folder / MODEL).write_bytes(safetensors.numpy.save(WEIGHTS))
        (folder / CODES).write_bytes(safetensors.numpy.save(TENSORS))
        Image.new("L", (16, 8), 128).save(folder / PREVIEW, lossless=True)
        for name, content in (contents or {}).items():
            (folder / name).write_bytes(content)
        (folder / "card.json").write_text(json.dumps(card_of(folder) | changes), "utf-8")
        return folder

    return make


TABLE = Table(
    name="sprites",
    title="Disentanglement on sprites",
    intent="How β, and *other* objectives, trade reconstruction for factors.",
    command="python -m training reproduce sprites",
    metrics=("mig", "neg_elbo"),
    rows=(
        Row("sprites-beta1", "β = 1", "The plain VAE.", (0, 1), beta=1),
        Row(
            "sprites-beta4",
            "β = 4",
            "A rung.",
            (0, 1),
            beta=4,
            published=(Published("mig", 0.31, "Somebody 2018, Table 2"),),
        ),
    ),
)


def run_of(
    folder: Path, recipe: str, seed: int, mig: float, steps: tuple[int, ...] = (500,)
) -> Run:
    """A run whose models, one a step, are written into a table's folder."""

    def stage(step: int) -> Stage:
        name = f"{recipe}-s{seed}" + (f"-{step}" if step != steps[-1] else "")
        (folder / name).mkdir(parents=True)
        for file in (DECODER, ENCODER):
            (folder / name / file).write_bytes(f"{name} {file} ".encode() * 40)
        return Stage(
            step=step,
            images=step * 64,
            metrics=(
                Metric("mig", "MIG", mig, "of 1", "test", 100, seed, "Gaps between *latents*."),
                Metric("neg_elbo", "−ELBO", 30 - step / 100, "nats", "test", 100, seed, "Summed."),
            ),
            latents=tuple(Latent(kl, 0.0, 1.0, 0.1, kl > 0.01) for kl in (1.25, 0.004, 2.5)),
            information=Information(
                ((0.5, 0.1), (0.0, 0.0), (0.2, 0.4)), (1.1, 0.7), "test", 100, seed, "Binned."
            ),
            folder=name,
            files=describe_files(folder / name, (DECODER, ENCODER)),
        )

    return Run(
        recipe=recipe,
        seed=seed,
        command=f"python -m training train {recipe} --seed {seed}",
        config=settings(structs.replace(RUN, seed=seed)),
        images=32_000,
        seconds=754.0,
        hardware="a machine with two cores",
        precision="float32",
        latents_provenance=Provenance("nats", "test", 100, seed, "KL for each latent."),
        stages=tuple(map(stage, steps)),
    )


@pytest.fixture
def make_table() -> Callable[..., Path]:
    """Writes a table of results with three of its four runs, and their models."""

    def make(name: str = "sprites", **changes: Any) -> Path:
        folder = loading.RESULTS / name
        folder.mkdir(parents=True)
        runs = (
            run_of(folder, "sprites-beta1", 0, 0.05),
            run_of(folder, "sprites-beta1", 1, 0.15),
            run_of(folder, "sprites-beta4", 0, 0.25, steps=(0, 125, 500)),
        )
        write_table(folder, structs.replace(TABLE, **({"name": name, "runs": runs} | changes)))
        return folder

    return make


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    # Packed on the way, as Streamlit has it.
    with listening(SelectiveGZipMiddleware(serving.plain_app())) as port:
        yield port


@pytest.fixture
def get(port: int) -> Callable[..., tuple[http.client.HTTPResponse, bytes]]:
    def get(
        path: str, method: str = "GET", **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    return get


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A web folder of its own, with a secret beside it."""
    folder = tmp_path / "web"
    (folder / "vendor").mkdir(parents=True)
    (folder / "a.js").write_text("export {};")
    (folder / "vendor" / "engine.wasm.gz").write_bytes(gzip.compress(b"\0asm" * 500))
    (folder / ".hidden").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(serving, "WEB", folder)
    return folder
