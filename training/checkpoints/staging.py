"""Replacing several files of a checkpoint folder together with their card.

No file system renames several files at once. So the new ones are written into a hidden folder, and
only when all of them and their card lie there do they move into place: the old card goes first and
the new one comes last, so that no card ever stands beside files that it does not describe. What a
power cut leaves half moved, the next `recover` moves on.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from training.contract.absence import READY
from training.contract.card import CARD, CODES, THUMBNAILS, Card
from training.contract.files import PART, describe_files, read_card, save_card
from training.errors import CheckpointError
from training.trainer.terminal import stop_signals

STAGING = f"{READY}{PART}"
SHEETS = re.compile(rf"{Path(THUMBNAILS).stem}(-\d+)?\.webp")


def replace_files(folder: Path, write: Callable[[Path], Card]) -> Card:
    """Let `write` fill an empty folder, then move its files into `folder`, with the card it gives.

    Until they move, the checkpoint is as it was, and whatever interrupts leaves it so.

    Raises:
        CheckpointError: if something is in the way that is not ours to remove.
    """
    _check_room(folder)
    staging = folder / STAGING
    if staging.exists():
        shutil.rmtree(staging)  # of a process that was killed
    staging.mkdir()
    try:
        card = write(staging)
        new = tuple(sorted(path.name for path in staging.iterdir()))
        kept = tuple(name for name in card.names() if name not in new)
        files = describe_files(folder, kept) | describe_files(staging, new)
        card = save_card(staging, card, {name: files[name] for name in card.names()})
        _check_room(folder)  # again, for embedding takes minutes
        with stop_signals():  # this little is finished, and then all is done anyway
            staging.rename(folder / READY)
            recover(folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return card


def recover(folder: Path) -> None:
    """Move what is ready into place, and remove the sheets of thumbnails that it replaces.

    Raises:
        CheckpointError: if something is in the way that is not ours to remove; nothing has moved.
    """
    _check_room(folder)
    ready = folder / READY
    if not ready.exists():
        return
    if (ready / CARD).exists():
        (folder / CARD).unlink(missing_ok=True)
        for path in sorted(ready.iterdir()):
            if path.name != CARD:
                path.replace(folder / path.name)
        (ready / CARD).replace(folder / CARD)
    wanted = read_card(folder, check=()).names()
    for path in _written(folder):
        if path.name not in (CARD, CODES, *wanted):
            path.unlink()
    ready.rmdir()


def _written(folder: Path) -> list[Path]:
    """What lies in a folder by a name that `embed` writes to."""
    return sorted(path for path in folder.iterdir() if _is_written(path))


def _is_written(path: Path) -> bool:
    return path.name in (CARD, CODES) or SHEETS.fullmatch(path.name) is not None


def _check_room(folder: Path) -> None:
    """Refuse now what would stop the files halfway, or be lost under them."""
    for path in _written(folder):
        if path.is_symlink() or not path.is_file():
            raise CheckpointError(
                f"{folder.name}/{path.name} is a folder or a link where `embed` writes a file: "
                "remove it, then embed again."
            )
    for path in (folder / READY, folder / STAGING):
        # A link could make us empty another folder.
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise CheckpointError(
                f"{folder.name}/{path.name} is not a folder that `embed` made: remove it, then "
                "embed again."
            )
    ready = folder / READY
    left = sorted(ready.iterdir()) if ready.exists() else []
    names = tuple(path.name for path in left)
    if left and (CARD not in names or not all(map(_is_written, left))):
        raise CheckpointError(
            f"{folder.name}/{READY} holds files that `embed` did not leave there: remove it, then "
            "embed again."
        )
    if left:
        try:
            read_card(ready, check=tuple(name for name in names if name != CARD))
        except CheckpointError as error:
            raise CheckpointError(
                f"{folder.name}/{READY} is damaged: remove it, then embed again."
            ) from error
