"""How many jobs there may be, and how much of the disk they may have."""

from __future__ import annotations

import shutil
from pathlib import Path

from explorer.jobs.store import OPEN, Job, Store
from training.contract.errors import UserError

GIB = 2**30
MOST_OPEN, MOST_OPEN_EACH = 60, 3
# Of runs that are not kept; and of checkpoints that were, by all and by one visitor.
LARGEST = 1 * GIB
MOST_KEPT, MOST_KEPT_EACH = 60, 10
# What must stay free for everything else on that disk.
FREE = 1 * GIB


class QuotaError(UserError):
    """There is no room for another job. The message, one sentence, says why."""


def check_new(store: Store, home: Path, visitor: str) -> None:
    """Make room for another job.

    Raises:
        QuotaError: if there are too many, or the disk is full.
    """
    check_open(store, visitor)
    _make_room(store, home)
    if shutil.disk_usage(home).free < FREE:
        raise QuotaError("The disk of this server is nearly full: tell whoever runs it.")


def check_open(store: Store, visitor: str) -> None:
    """Refuse an unfinished job more than there may be.

    Raises:
        QuotaError: if there are too many.
    """
    unfinished = store.all(*OPEN)
    mine = [job for job in unfinished if job.visitor == visitor]
    if len(mine) >= MOST_OPEN_EACH:
        raise QuotaError(
            f"{len(mine)} runs from your address are unfinished, the most that one address may "
            "have: stop one, or wait for it."
        )
    if len(unfinished) >= MOST_OPEN:
        raise QuotaError(f"{len(unfinished)} runs are unfinished already: try again later.")


def check_keeping(store: Store, visitor: str) -> None:
    """Refuse a checkpoint more than there may be.

    Raises:
        QuotaError: if there are too many.
    """
    kept = store.all("kept", "keeping", "finishing")
    mine = [job for job in kept if job.visitor == visitor]
    for some, most, whose in (
        (mine, MOST_KEPT_EACH, "from your address"),
        (kept, MOST_KEPT, "on this server"),
    ):
        if len(some) >= most:
            raise QuotaError(
                f"{len(some)} models {whose} are kept already, which is the most: whoever runs "
                "this server can remove some from `runs`."
            )


def _make_room(store: Store, home: Path) -> None:
    """Forget the oldest runs that ended and were not kept, until the others are small enough."""
    ended: list[Job] = store.all("stopped", "trained", "failed")
    sizes = {job.id: size_of(home / job.id) for job in store.all()}
    while ended and sum(sizes.values()) > LARGEST:
        oldest = ended.pop(0)
        store.remove(oldest.id)
        shutil.rmtree(home / oldest.id, ignore_errors=True)
        del sizes[oldest.id]


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    try:
        return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    except OSError:
        return 0
