"""Seconds until a loss is reached: our training, a plain loop and pythae 0.1.2's trainer.

    python tests/benchmarks/training_to_loss.py ours plain pythae --peer FOLDER

The loss is the −ELBO of 2,000 test sprites at β = 1, and 85 nats are to be reached, by our recipe
(`--recipe`, `--shortened` to as many steps, fields set as in `--model.patch 8`), and by a plain
loop and pythae with Burgess' network, each for half an hour at most. The loss is measured outside
the clock. Contestants can be run one at a time. Nothing here fails on a figure; how to get pythae,
`training_rate.py` says.
"""

import argparse
import contextlib
import dataclasses
import io
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

import torch
from msgspec.structs import replace
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).parents[2]))

from training_rate import BATCH, MODEL, RATE, SHAPE, peers

from training import build
from training.checkpoints.checkpoint import load_weights
from training.commands.train import configure
from training.config import RunConfig
from training.contract.absence import METRICS
from training.datasets import Dataset
from training.errors import ConfigError
from training.families.family import Form
from training.trainer import devices, ensemble, loop
from training.trainer.metrics_file import read_metrics

TARGET_NATS, CAP_S, EVERY_S = 85.0, 1800.0, 15.0
JUDGED = 2000  # test images
PEER_IMAGES = 200_000  # 3.3 GB


class Reached(Exception):
    """The loss is low enough, or the time is over."""


class Clock:
    """Seconds of training until a loss is reached; measuring it stops the clock."""

    def __init__(self, x: torch.Tensor, cap_s: float) -> None:
        self.x, self.cap_s = x, cap_s
        self.nats = float("inf")
        self.outside = 0.0
        self.began = time.perf_counter()
        self.next = min(EVERY_S, cap_s)

    def seconds(self) -> float:
        """Of training alone."""
        return time.perf_counter() - self.began - self.outside

    def look(self, encoder: torch.nn.Module, decoder: torch.nn.Module) -> None:
        """Measure now and then.

        Raises:
            Reached: when there is nothing to wait for.
        """
        if self.seconds() < self.next:
            return
        stopped = time.perf_counter()
        self.nats = neg_elbo(encoder, decoder, self.x)
        self.outside += time.perf_counter() - stopped
        self.next = min(self.seconds() + EVERY_S, max(self.cap_s, self.seconds()))
        if self.nats <= TARGET_NATS or self.seconds() >= self.cap_s:
            raise Reached


@torch.no_grad()
def neg_elbo(encoder: torch.nn.Module, decoder: torch.nn.Module, x: torch.Tensor) -> float:
    """−ELBO in nats at β = 1, in float32, with the same noise at every look."""
    modes = [(part, part.training) for part in (encoder, decoder)]
    for part, _ in modes:
        part.eval()
    generator = torch.Generator().manual_seed(0)
    total = 0.0
    for some in x.split(250):
        mean, log_variance = encoder(some).float().chunk(2, dim=1)
        z = mean + (0.5 * log_variance).exp() * torch.randn(mean.shape, generator=generator)
        logits = decoder(z).float()
        total += F.binary_cross_entropy_with_logits(logits, some, reduction="sum").item()
        total += 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum().item()
    for part, mode in modes:
        part.train(mode)
    return total / len(x)


def ours_to_loss(
    dataset: Dataset, config: RunConfig, x: torch.Tensor, steps: int | None
) -> tuple[float, float]:
    """Train as `config` says, keeping weights at every validation; they are judged afterwards.

    The seconds are those of the loop, its validations and saves included. With `steps` its schedule
    is that of a run so long, with ten validations.
    """
    if steps:
        short = replace(config.train, steps=steps, validate_every=-(-steps // 10))
        config = replace(config, train=short)
    every, steps = config.train.validate_every, config.train.steps
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = tuple(range(every, steps + 1, every))
        list(ensemble.train_each({folder: config}, dataset, torch.device("cpu"), snapshots=kept))
        seconds, nats = 0.0, float("inf")
        for line in read_metrics(folder / METRICS):
            path = folder / loop.SNAPSHOTS / f"{int(line['step']):07}.safetensors"
            if not path.exists():
                continue
            model = config.model.network(Form(SHAPE))
            load_weights(model, path)
            seconds, nats = line["seconds"], neg_elbo(model.encoder, model.decoder, x)
            if nats <= TARGET_NATS:
                break
    return seconds, nats


def plain_to_loss(dataset: Dataset, x: torch.Tensor, cap_s: float) -> tuple[float, float]:
    """The plain loop, epoch after epoch."""
    train = dataset.splits["train"]
    model = MODEL.network(Form(SHAPE)).eval()  # see `plain` in training_rate.py
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    clock = Clock(x, cap_s)
    with contextlib.suppress(Reached):
        while True:
            for indices in torch.randperm(len(train)).split(BATCH):
                images = train.images(indices)
                mean, log_variance = model.encoder(images).chunk(2, dim=1)
                z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
                logits = model.decoder(z)
                loss = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
                loss = loss - 0.5 * torch.sum(1 + log_variance - mean**2 - log_variance.exp())
                optimizer.zero_grad()
                (loss / len(images)).backward()
                optimizer.step()
                clock.look(model.encoder, model.decoder)
    return clock.seconds(), clock.nats


def peer_to_loss(dataset: Dataset, x: torch.Tensor, cap_s: float) -> tuple[float, float]:
    """pythae's trainer on some sprites, again and again: it takes images unpacked, 16 kB each."""
    clocks: list[Clock] = []
    train = dataset.splits["train"]
    few = torch.randperm(len(train))[: PEER_IMAGES if cap_s == CAP_S else 1_000]
    split = dataclasses.replace(train, stored=train.stored[few], targets=train.targets[few])
    part = dataclasses.replace(dataset, splits=dataset.splits | {"train": split})

    def watch(network: torch.nn.Module) -> None:
        clocks.append(Clock(x, cap_s))
        network.encoder.register_forward_hook(
            lambda layers, *_: (
                clocks[-1].look(network.encoder, network.decoder) if layers.training else None
            )
        )

    with contextlib.suppress(Reached):
        peers(part, torch.device("cpu"), epochs=10_000, watch=watch)()
    return clocks[-1].seconds(), clocks[-1].nats


def main() -> None:
    """Print the seconds of each contestant."""
    parser = argparse.ArgumentParser(
        description="Seconds to 85 nats, beside two other trainers.",
        epilog="ours: fields of model, objective and train can be set, as in --model.patch 8.",
    )
    parser.add_argument("names", nargs="+", choices=["ours", "plain", "pythae"])
    parser.add_argument("--peer", type=Path, help="folder that pythae was installed into")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the data sets")
    parser.add_argument("--recipe", default="sprites-beta1", help="ours (default: sprites-beta1)")
    parser.add_argument("--shortened", type=int, help="ours: its schedule over this many steps")
    parser.add_argument("--smoke", action="store_true", help="seconds only, to see that it runs")
    options, fields = parser.parse_known_args()
    if options.peer:
        sys.path.append(str(options.peer))
    cap_s, steps = (2.0, 2) if options.smoke else (CAP_S, options.shortened)
    try:
        _, config = configure(argparse.Namespace(recipe=options.recipe, seed=None), fields)
    except ConfigError as error:
        parser.error(str(error))
    dataset = build.dataset("sprites", options.data)
    x = dataset.splits["test"].images(torch.arange(100 if options.smoke else JUDGED))
    contestants = {
        "ours": lambda: ours_to_loss(dataset, config, x, steps),
        "plain": lambda: plain_to_loss(dataset, x, cap_s),
        "pythae": lambda: peer_to_loss(dataset, x, cap_s),
    }
    logging.disable(logging.INFO)
    length = f"its schedule over {steps:,} steps" if steps else "its full length"
    print(
        f"{devices.hardware(torch.device('cpu'))}, load {os.getloadavg()[0]:.1f}; "
        f"ours: {' '.join([options.recipe, *fields])}, {length}"
    )
    for name in options.names:
        torch.manual_seed(0)
        with contextlib.redirect_stderr(io.StringIO()):
            seconds, nats = contestants[name]()
        reached = f"{seconds:.0f} s" if nats <= TARGET_NATS else f"not reached in {seconds:.0f} s"
        print(f"  {name:8} {TARGET_NATS:g} nats: {reached}, −ELBO {nats:.1f}", flush=True)


if __name__ == "__main__":
    main()
