"""Checkpoints that were not trained here: what a command that needs the run says of them."""

from pathlib import Path

from training.contract.files import read_card
from training.errors import CheckpointError


def refuse_taken_over(folder: Path, instead: str) -> None:
    """Refuse a folder that `import` or `training.save` made: there is no run to build it from.

    Args:
        instead: what leads to what is wanted; a sentence.

    Raises:
        CheckpointError: which says so.
    """
    card = read_card(folder, check=())
    if card.training is None or card.training.configuration is None:
        raise CheckpointError(
            f"{folder} was not trained by `python -m training`: it was made by `import` or "
            f"`training.save`. {instead}"
        )
