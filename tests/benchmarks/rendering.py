"""Images a second that the data set `scenes` draws on demand, on one core and on two.

    python tests/benchmarks/rendering.py [--images 40000] [--batch 64] [--rounds 5]

Every round draws other images at random from the whole grid, a batch at a time, as training asks
for them. Casting the rays, which each process does once, is timed apart. Nothing here fails on a
figure.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from training.datasets import scene_geometry, scenes
from training.trainer.devices import hardware


def rate(factors: torch.Tensor, batch: int) -> float:
    """Images a second, for factors (N, 6)."""
    began = time.perf_counter()
    for part in factors.split(batch):
        scenes.unpack(part).div_(255)
    return len(factors) / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Images a second drawn by `scenes`.")
    parser.add_argument("--images", type=int, default=40_000, help="a round (default: 40000)")
    parser.add_argument("--batch", type=int, default=64, help="images at a time (default: 64)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    options = parser.parse_args()

    began = time.perf_counter()
    scene_geometry.weights()
    seconds = time.perf_counter() - began
    print(
        f"{hardware(torch.device('cpu'))}, load {os.getloadavg()[0]:.1f} · "
        f"torch {torch.__version__}\n"
        f"casting the rays of 480 geometries, once: {seconds:.1f} s\n"
        f"64×64 in colour, batches of {options.batch}, {options.rounds} × {options.images:,} images"
    )
    generator = torch.Generator().manual_seed(0)
    for threads in (1, 2):
        torch.set_num_threads(threads)
        rates = []
        for turn in range(options.rounds + 1):
            places = torch.randint(scenes.COUNT, (options.images,), generator=generator)
            factors = torch.from_numpy(scenes.index_to_factors(places.numpy())).to(torch.uint8)
            measured = rate(factors, options.batch)
            if turn > 0:  # the first turn warms up
                rates.append(measured)
        print(
            f"  {threads} thread{'s' if threads > 1 else ' '} {statistics.median(rates):8,.0f} "
            f"images/s ({min(rates):,.0f} to {max(rates):,.0f})"
        )


if __name__ == "__main__":
    main()
