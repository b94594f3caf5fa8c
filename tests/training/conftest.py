"""What the training tests share: the shipped digits, and one tiny run through the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from training import build
from training.__main__ import main
from training.config import DataConfig, RunConfig, TrainConfig
from training.contract.absence import METRICS
from training.contract.card import Card
from training.datasets import Dataset
from training.families.vae import VAE
from training.objectives.beta_vae import BetaVAE
from training.overrides import override


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    # Sums depend on how they are split over threads, and these networks are too small for two.
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _own_draws() -> None:
    # What a test draws without a seed is the same whichever tests its process ran before it.
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def data() -> Path:
    return Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def digits(data: Path) -> Dataset:
    return build.dataset("digits", data)


@pytest.fixture(scope="session")
def tiny() -> Callable[..., RunConfig]:
    """A run of a fraction of a second, with overrides: 37 steps, 28 of them to an epoch."""
    base = RunConfig(
        DataConfig("digits", "binarized"),
        VAE(3, "bernoulli", channels=(4, 4), hidden=(16,)),
        BetaVAE(),
        TrainConfig(37, batch_size=16, validate_every=10, precision="float32"),
    )

    def configure(**changes: object) -> RunConfig:
        return override(base, {path: str(value) for path, value in changes.items()})

    return configure


@pytest.fixture(scope="session")
def metrics() -> Callable[[Path], list[dict[str, float]]]:
    """Reads metrics.jsonl without the one field that is never the same twice."""

    def read(folder: Path) -> list[dict[str, float]]:
        lines = [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]
        return [{name: line[name] for name in line if name != "seconds"} for line in lines]

    return read


@pytest.fixture(scope="session")
def train_digits(data: Path) -> list[str]:
    """The command line of a run that takes a second: 60 steps, 28 to an epoch."""
    sizes = "--model.channels 4,4 --model.hidden 16 --model.latents 3 --train.batch_size 16"
    plan = "--train.steps 60 --train.validate_every 20 --train.precision float32 "
    plan += "--train.optimizer adamw --train.warmup 0 "  # what the recipe has is for longer runs
    plan += "--seed 5 --no-map"
    return ["train", "digits", "--data", str(data), *sizes.split(), *plan.split()]


@pytest.fixture(scope="session")
def finished(train_digits: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint folder; not to be written to."""
    folder = tmp_path_factory.mktemp("finished") / "digits"
    assert main([*train_digits, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def thumbnails() -> Callable[[Path, Card], NDArray[np.uint8]]:
    """Reads the images (N, C, H, W) back from the sheets of a folder, left to right."""

    def read(folder: Path, card: Card) -> NDArray[np.uint8]:
        colours, height, width = card.shape
        images = []
        for name in card.examples.sheets:
            with Image.open(folder / name) as sheet:
                pixels = np.asarray(sheet.convert("L" if colours == 1 else "RGB"))
            cells = pixels.reshape(-1, height, card.examples.columns, width, colours)
            images.append(cells.transpose(0, 2, 4, 1, 3).reshape(-1, *card.shape))
        return np.concatenate(images)[: card.examples.count]

    return read


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished checkpoint folder, to be damaged."""
    return Path(shutil.copytree(finished, tmp_path / "models" / "digits"))
