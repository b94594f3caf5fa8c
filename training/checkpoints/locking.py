"""Keeping two processes from writing to one folder."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from training.contract.files import read_card
from training.errors import CheckpointError

LOCK = ".lock"


@contextlib.contextmanager
def writing_to(folder: Path, otherwise: str, timeout: float = 0) -> Iterator[None]:
    """Keep other processes from writing to the folder.

    Args:
        timeout: seconds to wait for another process.

    Raises:
        CheckpointError: if another process is writing to it; `otherwise` says what to do.
    """
    lock = FileLock(folder / LOCK, timeout=timeout)
    try:
        lock.acquire()
    except Timeout as error:
        raise CheckpointError(f"Another process is writing to {folder}; {otherwise}.") from error
    try:
        yield
    finally:
        # Before it is released: later, it may be another process's. Windows removes it by itself.
        with contextlib.suppress(OSError):
            (folder / LOCK).unlink(missing_ok=True)
        lock.release()


@contextlib.contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to a checkpoint.

    Raises:
        CheckpointError: if it is not a checkpoint, or another process is writing to it.
    """
    if not folder.is_dir():
        read_card(folder)  # refuses it
    with writing_to(folder, "wait for it"):
        yield
