"""`embed`: encode images again: codes, thumbnails, and the maps of a checkpoint."""

import argparse
import sys
from pathlib import Path

from msgspec.structs import replace

from training.checkpoints.locking import changing
from training.commands.arguments import (
    add_data,
    add_folder,
    add_no_map,
    add_seed,
    data_of,
    seed_of,
)
from training.commands.report import INTERRUPTED, report_map
from training.commands.taken_over import refuse_taken_over
from training.config import configuration
from training.contract.card import ENCODER, MODEL, PREVIEW, Card
from training.contract.files import read_card
from training.errors import ConfigError

HELP = "encode images again: codes, thumbnails, and the maps of a checkpoint"


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("--split", default="test", help="train, validation or test (the default)")
    parser.add_argument(
        "--count", type=int, help="how many images of it (default: all, 10,000 or 48 MiB at most)"
    )
    add_no_map(parser)
    add_folder(parser)
    add_seed(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Encode images again and draw their maps; the checkpoint changes only when all is done."""
    from training.checkpoints import checkpoint, staging
    from training.checkpoints.embed import Plan
    from training.checkpoints.embed import embed as embed_into
    from training.checkpoints.finish import MAP_PACKAGE, versions

    folder: Path = options.folder
    with changing(folder):
        staging.recover(folder)
        refuse_taken_over(
            folder,
            "To encode other images and draw their map, make it again with them: "
            "`python -m training import MODEL --images FOLDER --out NEW`.",
        )
        card = read_card(folder, check=())
        # Codes and thumbnails are made anew; the new card will vouch for all the others.
        graphs = tuple(graph.file for graph in card.graphs.named().values())
        kept = tuple(name for name in (MODEL, *graphs, PREVIEW) if name in card.files)
        card = read_card(folder, check=kept)
        model = checkpoint.model_of(card, folder).eval()
        family = configuration(card, folder.name).model
        if card.examples is None and ENCODER not in graphs:
            raise ConfigError(
                f"{folder.name} has no encoder, so there are no codes of images to write."
            )
        plan = Plan(options.split, options.count, not options.no_map, seed_of(options, card))
        dataset = data_of(options, card)

        def write(into: Path) -> Card:
            examples, map_card = embed_into(family, model, dataset, card.latents, plan, into)
            made_with = {name: made for name, made in card.versions.items() if name != MAP_PACKAGE}
            if map_card is not None:
                made_with[MAP_PACKAGE] = versions(True)[MAP_PACKAGE]
            return replace(
                card,
                output=family.output(model, dataset.form),
                examples=examples,
                versions=made_with,
                files={name: card.files[name] for name in kept},
                map=map_card,
            )

        try:
            card = staging.replace_files(folder, write)
        except KeyboardInterrupt:
            print(f"Stopped; {folder} is as it was.", file=sys.stderr)
            return INTERRUPTED
    report_map(folder, card)
    return 0
