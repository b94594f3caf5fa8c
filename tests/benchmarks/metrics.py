"""Seconds that the metrics of one model take, each for itself, and all of them.

    python tests/benchmarks/metrics.py [assets/models/sprites-beta4] [--threads 2] [--samples 5]
        [--images 50000]

The functions are those of `python -m training evaluate FOLDER`, on the same images. The bound on
the likelihood costs as many decoded images as it has samples, so here it has few. Nothing here
fails on a figure.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from training import build
from training.checkpoints import checkpoint
from training.config import configuration
from training.evaluation.evaluate import measure, measure_likelihood
from training.evaluation.factors import DRAWN
from training.metrics import Floats, Integers
from training.metrics.beta_vae import beta_vae_score
from training.metrics.dci import dci
from training.metrics.encode import encode, encode_random
from training.metrics.explicitness import explicitness
from training.metrics.factor_vae import factor_vae_score
from training.metrics.infomec import infomec
from training.metrics.mig import mig
from training.metrics.modularity import modularity
from training.metrics.sap import sap
from training.trainer.devices import hardware
from training.trainer.loop import prepare

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Seconds that the metrics of one model take.")
    default = ROOT / "assets" / "models" / "sprites-beta4"
    parser.add_argument("folder", type=Path, nargs="?", default=default)
    parser.add_argument("--threads", type=int, default=2, help="(default: 2)")
    parser.add_argument("--samples", type=int, default=5, help="of the bound (default: 5)")
    parser.add_argument("--images", type=int, default=DRAWN, help="of a split, at most")
    parser.add_argument("--data", type=Path, default=ROOT / "data")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    model, card = checkpoint.load(options.folder)
    config = configuration(card, card.name)
    dataset = build.dataset(config.data.name, options.data)
    if dataset.factors is None:
        parser.error(f"{card.name} has no true factors; name a checkpoint of sprites or scenes.")
    splits = {
        name: replace(
            split, stored=split.stored[: options.images], targets=split.targets[: options.images]
        )
        for name, split in dataset.splits.items()
    }
    dataset = replace(dataset, splits=splits)
    drawn = min(DRAWN, options.images)
    seed = config.seed
    generator = torch.Generator().manual_seed(seed)

    def encoder(x: torch.Tensor) -> torch.Tensor:
        return model.encode(prepare(x, config, generator)).mean

    def codes_and_factors(name: str) -> tuple[Floats, Integers]:
        split = dataset.splits[name]
        return encode(encoder, split.images, torch.arange(len(split))), split.targets.numpy()

    print(f"{hardware(torch.device('cpu'))}, load {os.getloadavg()[0]:.1f} · {card.name}")
    began = time.perf_counter()
    with timed("−ELBO, KL, reconstruction, active units"):
        measure(model, dataset, config, seed)
    with timed("codes of the validation and the test split"):
        fitted, scored = codes_and_factors("validation"), codes_and_factors("test")
    with timed("MIG, modularity"):
        mig(*scored)
        modularity(*scored)
    with timed("DCI"):
        dci(*fitted, *scored, seed=seed)
    with timed("SAP, twice: of the model, of a perfect code"):
        sap(*fitted, *scored)
        sap(*fitted, *scored)
    with timed("explicitness, twice likewise"):
        explicitness(*fitted, *scored)
        explicitness(*fitted, *scored)
    with timed("InfoMEC"):
        infomec(*scored, seed=seed)
    with timed(f"codes of {drawn:,} images at random factors"):
        at_random = encode_random(encoder, dataset, drawn, seed)
    with timed("FactorVAE score"):
        factor_vae_score(*at_random, seed=seed)
    with timed("β-VAE score"):
        beta_vae_score(*at_random, seed=seed)
    with timed(f"bound on the likelihood, {options.samples} samples an image"):
        measure_likelihood(model, dataset, config, seed, options.samples)
    print(f"  {'all':44} {time.perf_counter() - began:6.1f} s")


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Print how long the block takes."""
    began = time.perf_counter()
    yield
    print(f"  {name:44} {time.perf_counter() - began:6.1f} s")


if __name__ == "__main__":
    main()
