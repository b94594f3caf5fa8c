"""Images a second: our training beside pythae 0.1.2's trainer and a plain loop, in turns.

    python tests/benchmarks/training_rate.py --peer FOLDER

All train Burgess' 64×64 network (10 latents, Bernoulli, β = 1) with Adam and batches of 64 on the
same rendered sprites and the same device: ours and pythae through their own front doors
(`training.trainer.ensemble.train_each`, `BaseTrainer.train`), the plain loop in float32 over a
DataLoader. Ours includes the network's construction, one validation and its saves, on a CUDA device
the capture too; the others' image conversion and construction, and pythae's sanity check, are left
out.

How much of the machine that takes is given as a share of the floating-point operations that a large
matrix product does a second, in our precision, measured in the same turn. On a CUDA device there
are also the seconds of 300,000 steps at batch 64, for one model and for five at once. Nothing here
fails on a figure. The network that reads and writes patches stands beside.
"""

import argparse
import contextlib
import importlib
import io
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
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parents[2]))

from training import build
from training.batch import Batch
from training.config import DataConfig, RunConfig, TrainConfig
from training.contract.absence import METRICS
from training.datasets import Dataset, Split, sprites
from training.families.family import Form
from training.families.vae import VAE
from training.objectives.beta_vae import BetaVAE
from training.recipes import RECIPES
from training.trainer import devices, ensemble
from training.trainer.metrics_file import read_metrics

SHAPE = (1, sprites.SIDE, sprites.SIDE)
BATCH = 64
RATE = 1e-3
WHOLE = 300_000  # steps, as in the papers on disentanglement
SEEDS_AT_ONCE = 5  # seeds
MODEL = VAE(latents=10, likelihood="bernoulli")
GET_PEER = """\
pythae is not installed: our own figure alone. For both, into a folder of its own (without its
dependencies, or pip fetches a second torch):
  pip install --target FOLDER --no-deps pythae==0.1.2 cloudpickle scipy \\
    pydantic pydantic-core annotated-types typing-inspection
  python tests/benchmarks/training_rate.py --peer FOLDER"""

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


def ours(dataset: Dataset, precision: Any, device: torch.device, model: VAE = MODEL) -> Measure:
    """One epoch over the training split."""
    steps = len(dataset.splits["train"]) // BATCH
    plan = TrainConfig(
        steps, BATCH, RATE, schedule="constant", validate_every=steps, precision=precision
    )
    config = RunConfig(DataConfig("sprites"), model, BetaVAE(), plan)

    def measure() -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            began = time.perf_counter()
            list(ensemble.train_each({folder: config}, dataset, device))
            seconds = time.perf_counter() - began
            (line,) = (folder / METRICS).read_text().splitlines()
        return steps * BATCH / seconds, json.loads(line)["train_loss"]

    return measure


def plain(dataset: Dataset, device: torch.device) -> Measure:
    """One epoch in the loop that one would write first, in float32."""
    split = dataset.splits["train"]
    images = TensorDataset(split.images(torch.arange(len(split))))

    def measure() -> tuple[float, float]:
        # In evaluation, our transposed convolutions are torch's own.
        model = MODEL.network(Form(SHAPE)).to(device).eval()
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        total = 0.0
        began = time.perf_counter()
        for (batch,) in DataLoader(images, BATCH, shuffle=True, drop_last=True):
            x = batch.to(device)
            mean, log_variance = model.encoder(x).chunk(2, dim=1)
            z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            logits = model.decoder(z)
            reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
            kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
            loss = (reconstruction + kl) / len(x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        seconds = time.perf_counter() - began
        return len(images) / seconds, total / (len(images) // BATCH)

    return measure


def peers(
    dataset: Dataset,
    device: torch.device,
    epochs: int = 1,
    watch: Callable[[Any], None] = lambda network: None,
) -> Measure:
    """Epochs over the same images through pythae's trainer, with the same layers."""
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
        network = MODEL.network(Form(SHAPE))
        model = models.VAE(config, Encoder(network.encoder), Decoder(network.decoder))
        with tempfile.TemporaryDirectory() as folder:
            plan = trainers.BaseTrainerConfig(
                output_dir=folder,
                per_device_train_batch_size=BATCH,
                num_epochs=epochs,
                learning_rate=RATE,
                no_cuda=device.type != "cuda",
            )
            trainer = trainers.BaseTrainer(model, train, training_config=plan)
            losses = []
            step = trainer.train_step
            trainer.train_step = lambda epoch: losses.append(step(epoch)) or losses[-1]
            watch(network)
            began = time.perf_counter()
            trainer.train()
            seconds = time.perf_counter() - began
        return len(images) / seconds, float(losses[-1])

    return measure


def operations() -> float:
    """Floating-point operations an image, forward and backward, the optimizer's left out."""
    model = MODEL.network(Form(SHAPE)).eval()
    x = torch.rand(BATCH, *SHAPE)
    with FlopCounterMode(display=False) as counter:
        loss, _ = BetaVAE(1.0)(model, Batch(x), 0, torch.Generator())
        loss.backward()
    return counter.get_total_flops() / BATCH


def matrix_peak(device: torch.device, precision: torch.dtype) -> float:
    """Floating-point operations a second of a square matrix product: the best of five times."""
    side, products = (8192, 50) if device.type == "cuda" else (2048, 2)
    a, b = (torch.randn(side, side, device=device, dtype=precision) for _ in range(2))
    seconds = []
    for _ in range(5):
        wait_for(device)
        began = time.perf_counter()
        for _ in range(products):
            torch.mm(a, b)
        wait_for(device)
        seconds.append((time.perf_counter() - began) / products)
    return 2 * side**3 / min(seconds)


def wait_for(device: torch.device) -> None:
    """Until everything that was asked of the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def long_runs(steps: int, whole: bool, data: Path) -> None:
    """Print the seconds of a paper's run on a CUDA device, measured whole or projected.

    The projection times the second of two equal stretches, with the validation at its end.
    """
    device, dataset = torch.device("cuda"), build.dataset("sprites", data)
    length, every = (WHOLE, 5000) if whole else (2 * steps, steps)
    plan = TrainConfig(length, BATCH, RATE, schedule="constant", validate_every=every)
    for seeds in (1, SEEDS_AT_ONCE):
        configs = [
            RunConfig(DataConfig("sprites"), MODEL, BetaVAE(beta=4), plan, seed)
            for seed in range(seeds)
        ]
        with tempfile.TemporaryDirectory() as name:
            folders = [Path(name) / str(seed) for seed in range(seeds)]
            for folder in folders:
                folder.mkdir()
            began = time.perf_counter()
            ensemble.train(configs, dataset, folders, device)
            seconds = time.perf_counter() - began
            *_, before, last = read_metrics(folders[-1] / METRICS)
        how = "measured whole"
        if not whole:
            seconds = (last["seconds"] - before["seconds"]) * WHOLE / steps
            how = f"projected from {steps:,} steps and a validation"
        models = "one model" if seeds == 1 else f"{seeds} models at once"
        print(f"  {models}, {WHOLE:,} steps at batch {BATCH}: {seconds:,.0f} s, {how}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Images a second, beside two other trainers.")
    parser.add_argument("--peer", type=Path, help="folder that pythae was installed into")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default: 3)")
    parser.add_argument("--images", type=int, default=38_400, help="in each turn (default: 38400)")
    parser.add_argument("--precision", choices=["auto", "float32", "bfloat16"], default="auto")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument(
        "--steps", type=int, default=10_000, help="to project long runs from (default: 10000)"
    )
    parser.add_argument("--whole", action="store_true", help="take the time of whole long runs")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the data sets")
    options = parser.parse_args()
    if options.peer:
        sys.path.append(str(options.peer))
    device = devices.device(options.device)
    if device.type == "mps":
        device = torch.device("cpu")
    dataset = sprite_subset(options.images - options.images % BATCH)
    precision = devices.precision(options.precision, device)
    contenders = {f"training, {str(precision)[6:]}": ours(dataset, options.precision, device)}
    try:
        contenders["pythae 0.1.2, float32"] = peers(dataset, device)
    except ModuleNotFoundError as error:
        print(f"{GET_PEER}\n({error})\n")
    contenders["plain loop, float32"] = plain(dataset, device)
    patches = RECIPES["sprites-beta1"].run.model
    contenders["patches in place of Burgess"] = ours(dataset, options.precision, device, patches)

    weights = sum(parameter.numel() for parameter in MODEL.network(Form(SHAPE)).parameters())
    print(
        f"{devices.hardware(device)}, load {os.getloadavg()[0]:.1f} · "
        f"Python {platform.python_version()}, torch {torch.__version__}\n"
        f"Burgess 64×64, {weights:,} weights, Bernoulli, batch {BATCH}, "
        f"{options.rounds} × {len(dataset.splits['train']):,} images each, in turns"
    )
    logging.disable(logging.INFO)
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    losses: dict[str, float] = {}
    peaks = []
    with Path(os.devnull).open("w") as nowhere:
        for turn in range(options.rounds + 1):
            peak = matrix_peak(device, precision)
            for name, measure in contenders.items():
                with contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):
                    rate, losses[name] = measure()
                if turn > 0:  # the first turn warms up
                    rates[name].append(rate)
            if turn > 0:
                peaks.append(peak)
    for name, measured in rates.items():
        print(
            f"  {name:26} {statistics.median(measured):7.0f} images/s "
            f"({min(measured):.0f}–{max(measured):.0f}), "
            f"mean loss of the epoch {losses[name]:.0f} nats"
        )
    first, *others = rates
    for name in others:
        ratios = [a / b for a, b in zip(rates[first], rates[name], strict=True)]
        print(
            f"  ratio to {name:21} {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f}–{max(ratios):.2f}), turn by turn"
        )
    needed = operations()
    shares = [100 * rate * needed / peak for rate, peak in zip(rates[first], peaks, strict=True)]
    print(
        f"  share of the matrix peak   {statistics.median(shares):.1f} % "
        f"({min(shares):.1f}–{max(shares):.1f}): {needed / 1e6:.1f} million operations an image, "
        f"{statistics.median(peaks) / 1e9:,.0f} billion a second in {str(precision)[6:]} products"
    )
    if torch.cuda.is_available():
        with contextlib.redirect_stderr(io.StringIO()):
            long_runs(options.steps, options.whole, options.data)
    else:
        print(f"  no CUDA device here: the seconds of {WHOLE:,} steps are not measured")


if __name__ == "__main__":
    main()
