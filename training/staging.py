"""Replacing several files of a checkpoint folder together with their card.

No file system renames several files at once. So the new ones are written into a hidden folder, and
only when all of them and their card lie there do they move into place: the old card goes first and
the new one comes last, so that no card ever stands beside files that it does not describe. What a
power cut leaves half moved, the next `recover` moves on.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from training.card import (
    CARD,
    PART,
    READY,
    THUMBNAILS,
    Card,
    describe_files,
    read_card,
    save_card,
)
from training.loop import stop_signals

STAGING = f"{READY}{PART}"


def replace_files(folder: Path, write: Callable[[Path], Card]) -> Card:
    """Let `write` fill an empty folder, then move its files into `folder`, with the card it gives.

    Until they move, the checkpoint is as it was, and whatever interrupts leaves it so.
    """
    staging = folder / STAGING
    shutil.rmtree(staging, ignore_errors=True)  # of a process that was killed
    staging.mkdir()
    try:
        card = write(staging)
        new = tuple(sorted(path.name for path in staging.iterdir()))
        kept = tuple(name for name in card.names() if name not in new)
        files = describe_files(folder, kept) | describe_files(staging, new)
        card = save_card(staging, card, {name: files[name] for name in card.names()})
        with stop_signals():  # this little is finished, and then all is done anyway
            staging.rename(folder / READY)
            recover(folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return card


def recover(folder: Path) -> None:
    """Move what is ready into place, and remove the sheets of thumbnails that it replaces."""
    ready = folder / READY
    if not ready.is_dir() or ready.is_symlink():  # a link could make it empty another folder
        return
    if (ready / CARD).exists():
        (folder / CARD).unlink(missing_ok=True)
        for path in sorted(ready.iterdir()):
            if path.name != CARD:
                path.replace(folder / path.name)
        (ready / CARD).replace(folder / CARD)
    wanted = read_card(folder, check=()).names()
    for path in folder.glob(f"{Path(THUMBNAILS).stem}-*.webp"):
        if path.name not in wanted:
            path.unlink()
    ready.rmdir()
