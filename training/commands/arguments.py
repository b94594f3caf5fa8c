"""Arguments that several commands take, and how they are read."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from training.config import configuration, with_seed
from training.contract.card import Card
from training.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from training.datasets import Dataset

RUNS = Path("runs")
DATA = Path("data")


def add_folder(parser: argparse.ArgumentParser) -> None:
    """The checkpoint that the command works on."""
    parser.add_argument(
        "folder", type=lambda name: Path(name).resolve(), help="a checkpoint folder"
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """Where images are read from, and downloaded to."""
    parser.add_argument(
        "--data", type=Path, default=DATA, help=f"folder of the data sets (default: {DATA})"
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """What the command trains on."""
    parser.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda", "mps"],
        default="auto",
        help="where to train (default: auto, a GPU if there is one)",
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """The seed of the one run that the command makes or measures."""
    parser.add_argument("--seed", type=int, help="seed of every random number")


def add_no_map(parser: argparse.ArgumentParser) -> None:
    """Whether maps are fitted, which takes most of the time after a training."""
    parser.add_argument("--no-map", action="store_true", help="leave out UMAP and PCA")


def seeds_in(text: str) -> list[int]:
    """What `--seeds` lists.

    Raises:
        ConfigError: if these are not whole numbers.
    """
    try:
        return [int(word) for word in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            f"--seeds got {text!r:.60}; it takes whole numbers with commas."
        ) from error


def seed_of(options: argparse.Namespace, card: Card) -> int:
    """The seed that was given, or that of the run."""
    config = configuration(card, options.folder.name)
    seed: int = config.seed if options.seed is None else options.seed
    return with_seed(config, seed).seed  # refuses what is not a seed


def data_of(options: argparse.Namespace, card: Card) -> "Dataset":
    """The images that a checkpoint was trained on.

    Raises:
        CheckpointError: if those in `--data` are others.
    """
    from training import build

    config = configuration(card, options.folder.name)
    dataset = build.data(config.data, options.data)
    if dataset.sha256() != card.data.sha256:
        raise CheckpointError(
            f"The {dataset.name} images in {config.data.path or options.data} are not those "
            f"{options.folder.name} was trained on (their SHA-256 differs); its card is left as it "
            "is."
        )
    form = config.model.form(card)
    for what, said, found in (
        ("shape", form.shape, dataset.shape),
        ("labels", form.labels, dataset.labels),
    ):
        if said != found:
            raise CheckpointError(
                f"{options.folder.name}/card.json says {what} {said!r:.60}; the {dataset.name} "
                f"data have {found!r:.60}: copy the folder again, or train it again."
            )
    return dataset
