"""Images a second: our training loop beside pythae 0.1.2's trainer, in turns, on this machine.

    python tests/benchmarks/training.py --peer FOLDER

Both train Burgess' 64×64 network (10 latents, Bernoulli, β = 1) with Adam and batches of 64 on the
same rendered sprites, through their own front doors: `training.loop.train`, and pythae's
`BaseTrainer.train`. Ours includes the network's construction, one validation and its saves; the
peer's image conversion, construction and sanity check are left out. Nothing here fails on a figure.
"""

import argparse
import contextlib
import importlib
import json
import logging
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from training import build, loop
from training.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from training.datasets import Dataset, Split, sprites
from training.objective_config import BetaVAEConfig

SHAPE = (1, sprites.SIDE, sprites.SIDE)
BATCH = 64
RATE = 1e-3
MODEL = ModelConfig(latents=10, likelihood="bernoulli")
GET_PEER = """\
pythae is not installed: our own figure alone. For both, into a folder of its own (without its
dependencies, or pip fetches a second torch):
  pip install --target FOLDER --no-deps pythae==0.1.2 cloudpickle scipy \\
    pydantic pydantic-core annotated-types typing-inspection
  python tests/benchmarks/training.py --peer FOLDER"""

Measure = Callable[[], tuple[float, float]]  # images a second, training loss at the end


def sprite_subset(images: int) -> Dataset:
    """Sprites drawn from the grid, kept packed as the whole grid is."""
    places = np.random.default_rng(0).choice(sprites.COUNT, images + 2 * BATCH, replace=False)
    factors = sprites.index_to_factors(places)
    packed = np.packbits(sprites.render(factors)).reshape(-1, sprites.BYTES)
    parts = np.split(np.arange(len(places)), [images, images + BATCH])
    splits = {
        name: Split(
            torch.from_numpy(packed[part]),
            torch.from_numpy(factors[part].astype(np.int32)),
            lambda stored: sprites.unpack(stored).float(),
        )
        for name, part in zip(("train", "validation", "test"), parts, strict=True)
    }
    return Dataset("sprites", "rendered here", "Apache-2.0", SHAPE, splits)


def ours(dataset: Dataset, precision: Any) -> Measure:
    """Epochs over the training split through `training.loop.train`."""
    steps = len(dataset.splits["train"]) // BATCH
    plan = TrainConfig(
        steps, BATCH, RATE, schedule="constant", validate_every=steps, precision=precision
    )
    config = RunConfig(DataConfig("sprites"), MODEL, BetaVAEConfig(), plan)

    def measure() -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            began = time.perf_counter()
            loop.train(config, dataset, folder, torch.device("cpu"))
            seconds = time.perf_counter() - began
            (line,) = (folder / loop.METRICS).read_text().splitlines()
        return steps * BATCH / seconds, json.loads(line)["train_loss_nats"]

    return measure


def peers(dataset: Dataset) -> Measure:
    """One epoch over the same images through pythae's trainer, with the same layers."""
    data, models, nn, trainers, output = (
        importlib.import_module(f"pythae.{name}")
        for name in ("data.datasets", "models", "models.nn", "trainers", "models.base.base_utils")
    )

    class Encoder(nn.BaseEncoder):  # type: ignore[name-defined, misc]
        def __init__(self, layers: torch.nn.Module) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, x: torch.Tensor) -> Any:
            mean, log_variance = self.layers(x).chunk(2, dim=1)
            return output.ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(nn.BaseDecoder):  # type: ignore[name-defined, misc]
        def __init__(self, layers: torch.nn.Module) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, z: torch.Tensor) -> Any:
            return output.ModelOutput(reconstruction=torch.sigmoid(self.layers(z)))

    split = dataset.splits["train"]
    images = split.images(torch.arange(len(split)))
    train = data.BaseDataset(images, torch.zeros(len(images)))
    config = models.VAEConfig(input_dim=SHAPE, latent_dim=MODEL.latents, reconstruction_loss="bce")

    def measure() -> tuple[float, float]:
        network = build.model(MODEL, SHAPE)
        model = models.VAE(config, Encoder(network.encoder), Decoder(network.decoder))
        with tempfile.TemporaryDirectory() as folder:
            plan = trainers.BaseTrainerConfig(
                output_dir=folder,
                per_device_train_batch_size=BATCH,
                num_epochs=1,
                learning_rate=RATE,
                no_cuda=True,
            )
            trainer = trainers.BaseTrainer(model, train, training_config=plan)
            losses = []
            step = trainer.train_step
            trainer.train_step = lambda epoch: losses.append(step(epoch)) or losses[-1]
            began = time.perf_counter()
            trainer.train()
            seconds = time.perf_counter() - began
        return len(images) / seconds, float(losses[-1])

    return measure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Images a second, beside pythae 0.1.2.")
    parser.add_argument("--peer", type=Path, help="folder that pythae was installed into")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default: 3)")
    parser.add_argument("--images", type=int, default=38_400, help="in each turn (default: 38400)")
    parser.add_argument("--precision", choices=["auto", "float32", "bfloat16"], default="auto")
    options = parser.parse_args()
    if options.peer:
        sys.path.append(str(options.peer))

    dataset = sprite_subset(options.images - options.images % BATCH)
    precision = build.precision(options.precision, torch.device("cpu"))
    contenders = {f"training.loop, {str(precision)[6:]}": ours(dataset, options.precision)}
    try:
        contenders["pythae 0.1.2, float32"] = peers(dataset)
    except ModuleNotFoundError as error:
        print(f"{GET_PEER}\n({error})\n")

    weights = sum(parameter.numel() for parameter in build.model(MODEL, SHAPE).parameters())
    print(
        f"{loop.hardware(torch.device('cpu'))}, load {os.getloadavg()[0]:.1f} · "
        f"Python {platform.python_version()}, torch {torch.__version__}\n"
        f"Burgess 64×64, {weights:,} weights, Bernoulli, batch {BATCH}, "
        f"{options.rounds} × {len(dataset.splits['train']):,} images each, in turns"
    )
    logging.disable(logging.INFO)
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    losses: dict[str, float] = {}
    with Path(os.devnull).open("w") as nowhere:
        for turn in range(options.rounds + 1):
            for name, measure in contenders.items():
                with contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):
                    rate, losses[name] = measure()
                if turn > 0:  # the first turn warms up
                    rates[name].append(rate)
    for name, measured in rates.items():
        print(
            f"  {name:26} {statistics.median(measured):7.0f} images/s "
            f"({min(measured):.0f}–{max(measured):.0f}), "
            f"mean loss of the epoch {losses[name]:.0f} nats"
        )
    if len(rates) > 1:
        first, second = rates.values()
        ratios = [a / b for a, b in zip(first, second, strict=True)]
        print(
            f"  ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}), "
            "turn by turn"
        )


if __name__ == "__main__":
    main()
