"""`export`: write the ONNX files of a checkpoint again."""

import argparse

from training.checkpoints.locking import changing
from training.commands.arguments import add_folder
from training.commands.taken_over import refuse_taken_over
from training.config import configuration
from training.contract.files import read_card, write_card

HELP = "write the ONNX files of a checkpoint again"


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    add_folder(parser)


def run(options: argparse.Namespace) -> int:
    """Write the ONNX files again from the weights, checked against PyTorch."""
    from training.checkpoints import checkpoint
    from training.checkpoints import export as onnx

    with changing(options.folder):
        refuse_taken_over(
            options.folder,
            "Its ONNX files were written then, from a network that is not in the folder. To write "
            "them again, make it again: `python -m training import MODEL --out NEW`.",
        )
        # Only the ONNX files may differ from the card: the new card will vouch for all the others.
        card = read_card(options.folder, check=())
        graphs = [graph.file for graph in card.graphs.named().values()]
        rest = tuple(name for name in card.names() if name not in graphs)
        read_card(options.folder, check=rest)
        model = checkpoint.model_of(card, options.folder)
        family = configuration(card, options.folder.name).model
        traced = family.graphs(model, family.form(card))
        difference = onnx.export_graphs(traced, options.folder)
        write_card(options.folder, card)
    files = " and ".join(graphs)
    print(f"{options.folder}: {files} differ from PyTorch by at most {difference:.1e}.")
    return 0
