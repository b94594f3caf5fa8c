"""`publish`: write a folder for a model hub."""

import argparse
from pathlib import Path

from training.commands.arguments import add_folder

HELP = "write a folder for a model hub: README, weights, ONNX, configuration"
PUBLISHED = Path("published")


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    add_folder(parser)
    parser.add_argument("--out", type=Path, help=f"(default: {PUBLISHED}/NAME)")
    parser.add_argument("--licence", help="of the weights, as hubs spell it: mit, cc-by-4.0")


def run(options: argparse.Namespace) -> int:
    """Write the folder, once a fresh copy of it opens and its lines of Python run."""
    from training.checkpoints.publish import README, publish

    out = options.out or PUBLISHED / options.folder.name
    card = publish(options.folder, out, options.licence)
    print(
        f"{out}: {card.title}, {len(card.files)} files; a fresh copy opens and decodes. Read "
        f"{README} before you upload it."
    )
    return 0
