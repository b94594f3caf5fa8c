"""`clinic`: train the patients of the collapse clinic, and the cures that are offered to each."""

import argparse
from pathlib import Path

from training.commands.arguments import add_data
from training.contract.clinic import SHIPPED

HELP = "train the broken scripts of the collapse clinic, and their cures"


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("--out", type=Path, default=SHIPPED, help="its file (default: the shipped)")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Train, measure and write: about five minutes on one core."""
    import torch

    from training import build
    from training.clinic import ward

    torch.set_num_threads(1)
    made = ward.ward(build.dataset("digits", options.data), print)
    ward.write(made, options.out)
    print(f"{options.out} · {len(made.patients)} patients, {len(made.records)} runs")
    return 0
