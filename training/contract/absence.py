"""Why a folder has no card: its training goes on, it was cut off, or it was never one of ours."""

import shlex
from collections.abc import Iterable
from pathlib import PurePath

from training.contract.card import CARD, CODES, DECODER, ENCODER, PREVIEW, STEP, THUMBNAILS

READY = ".embedding"  # a folder of files and their card that are about to replace those beside it
RESUME, METRICS = "resume.safetensors", "metrics.jsonl"  # what a run writes before it has a card
# What only we write. MODEL is not among them: others use this name too.
OURS = frozenset({DECODER, ENCODER, STEP, CODES, THUMBNAILS, PREVIEW})
WEIGHTS = frozenset({".bin", ".ckpt", ".h5", ".keras", ".onnx", ".pickle", ".pkl", ".pt", ".pth"})
WEIGHTS |= {".safetensors"}


def why_no_card(where: str, names: Iterable[str], place: str = "") -> str:
    """One sentence: which of four causes it is, and what to do.

    Args:
        where: what the folder is called in the sentence.
        names: all that lies in it.
        place: its path as it can be typed where the reader is; "" where that is not known.
    """
    names = set(names)
    lacks = f"{where} has no {CARD}"
    if READY in names:
        command = "python -m training embed" + (f" {shlex.quote(place)}" if place else "")
        on_it = "" if place else " on this folder"
        return f"{lacks}: replacing its files was cut off; run `{command}`{on_it} again."
    if RESUME in names or (METRICS in names and DECODER not in names):
        return (
            f"{lacks}: its training has not finished; wait for it, or give the command that began "
            "it again, with --resume."
        )
    if names & OURS:
        return f"{lacks}, but other files of a checkpoint: copy the whole folder again."
    if any(PurePath(name).suffix.lower() in WEIGHTS for name in names):
        return (
            f"{lacks}: another program made these weights; `python -m training "
            "import` or `training.save` makes a checkpoint of them."
        )
    return f"{lacks} and nothing else of a checkpoint: choose another folder."
