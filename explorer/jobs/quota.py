"""How many jobs there may be, and how much of the disk they may have."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from pathlib import Path

from explorer.jobs.asked import Asked
from explorer.jobs.store import OPEN, Job, Store
from training.contract.errors import UserError

GIB = 2**30
MOST_OPEN, MOST_OPEN_EACH = 60, 3
# Of runs that ended and are not kept: a list of any length would make each request slower.
MOST_ENDED = 300
# Bytes of runs that are not kept; and of checkpoints that were, by all and by one visitor.
LARGEST = 1 * GIB
MOST_KEPT, MOST_KEPT_EACH = 60, 10
# What must stay free for everything else on that disk.
FREE = 1 * GIB


# Held while it is counted whether there is room, for a run or for images, and what was counted for
# is done: many requests of one visitor come at once.
counting = threading.RLock()


class QuotaError(UserError):
    """There is no room for another job. The message, one sentence, says why."""


def add(store: Store, home: Path, visitor: str, asked: Asked) -> str:
    """Put a job into the queue; returns its id.

    Raises:
        QuotaError: if there are too many, or the disk is full.
    """
    with counting:
        check_new(store, home, visitor)
        return store.add(visitor, asked)


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
    """Forget runs that ended and were not kept until the others are few and small enough.

    The oldest of all, where they are too large; where too many, the oldest of who has most.
    """
    ended: list[Job] = store.all("stopped", "trained", "failed")

    def forget(job: Job) -> None:
        ended.remove(job)
        store.remove(job.id)
        shutil.rmtree(home / job.id, ignore_errors=True)

    while len(ended) > MOST_ENDED:
        ((visitor, _),) = Counter(job.visitor for job in ended).most_common(1)
        forget(next(job for job in ended if job.visitor == visitor))
    sizes = {job.id: size_of(home / job.id) for job in store.all()}
    while ended and sum(sizes.values()) > LARGEST:
        del sizes[ended[0].id]
        forget(ended[0])


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    try:
        return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    except OSError:
        return 0
