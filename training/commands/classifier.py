"""`classifier`: train the small network in whose features samples are compared with images."""

import argparse
from pathlib import Path

from training.commands.arguments import add_data, add_seed

HELP = "train the classifier whose features are used to compare samples with images"


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("dataset", choices=["digits", "fashion"], help="what it classifies")
    parser.add_argument("--out", type=Path, help="its file (default: the shipped one's place)")
    add_seed(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Train, write and tell the accuracy."""
    from training import build
    from training.evaluation import classifiers

    dataset = build.dataset(options.dataset, options.data)
    seed = options.seed or 0
    path = options.out or classifiers.SHIPPED / f"{dataset.name}.safetensors"
    trained = classifiers.train(dataset, seed)
    classifiers.write(trained, dataset, seed, path)
    print(f"{path} · {trained.accuracy:.2%} of the test images get their label")
    return 0
