"""Checkpoints that visitors drop: a zip becomes a checkpoint folder, or one sentence.

A dropped checkpoint is kept in a private temporary folder for as long as the server lives. It is
in no catalogue: those who know its id, which cannot be guessed, find it.
"""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from explorer import weights
from explorer.server.archives import UNREADABLE, Bounds, ShortReads, UploadError, entries
from explorer.server.private_folder import PrivateFolder
from training.contract.absence import why_no_card
from training.contract.card import CARD, CODES, Card
from training.contract.errors import CheckpointError, UserError
from training.contract.files import LARGEST_CARD, read_bytes, read_card

GIB = 2**30
LARGEST_UNPACKED = 2**29
# The one file that is read as a whole; the codes of 70,000 images and ten latents have 7 MB.
LARGEST_CODES = 2**28
# The others, by kind: a browser has to hold a picture or a graph as a whole.
LARGEST = {".webp": 2**26, ".safetensors": 2**29}
LARGEST_GRAPH = 2**28
PIECE = 2**16

MOST_KEPT = 60
LARGEST_KEPT = 2 * GIB
# One address may use 1/SHARES of each of the two, so that two visitors cannot fill them for all.
SHARES = 4
ID = re.compile("[a-z0-9-]{1,40}~[A-Za-z0-9_-]{16}")
# What was opened within this time is in somebody's hands.
IN_USE_S = 30 * 60

AGAIN = "pack the checkpoint's folder again, as it is, and drop that"
# A table of contents with that many entries is shorter.
BOUNDS = Bounds(2000, 2**19, f"a checkpoint has few, so {AGAIN}", AGAIN)


@dataclass(slots=True)
class Dropped:
    """A checkpoint that was dropped; `used` is when somebody last asked for it.

    `visitor` is the address that it came from.
    """

    id: str
    folder: Path
    card: Card
    bytes: int
    used: float
    visitor: str = ""


_kept: dict[str, Dropped] = {}
_lock = threading.Lock()


def find(id: str, clock: Callable[[], float] = time.monotonic) -> Dropped | None:
    """The dropped checkpoint of that id, if it is still kept."""
    dropped = _kept.get(id)
    if dropped is None:
        return None
    if not (dropped.folder / CARD).exists():  # the temporary folder was cleared
        with _lock:
            _kept.pop(id, None)
        return None
    dropped.used = clock()
    return dropped


def may_be_id(id: str) -> bool:
    """Whether it is spelt like the id of a dropped checkpoint, kept or not."""
    return ID.fullmatch(id) is not None


def accept(
    zipped: BinaryIO, clock: Callable[[], float] = time.monotonic, visitor: str = ""
) -> Dropped:
    """Unpack a zip that may be hostile, check it as any checkpoint, and keep it.

    Raises:
        UploadError: in one sentence, if it is anything else than a whole checkpoint, or if there
            is no room; nothing of it is left then.
    """
    try:
        home = Path(tempfile.mkdtemp(dir=_root()))
    except OSError as error:
        raise UploadError(no_place(error)) from error
    try:
        folder = _unpack(zipped, home)
        card = read_card(folder)
        weights.check(folder, card)
        _check_codes(folder, card)
        size = sum(file.stat().st_size for file in folder.iterdir())
        id = f"{_slug(card.title)}~{secrets.token_urlsafe(12)}"
        return _keep(Dropped(id, folder, card, size, 0, visitor), clock())
    except CheckpointError as error:
        reason = str(error)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    shutil.rmtree(home, ignore_errors=True)
    # Not from that error: its traceback would keep what was read in memory.
    raise UploadError(reason)


def no_place(error: OSError) -> str:
    """The sentence for a visitor, where the disk is full or the temporary folder is gone."""
    return f"This explorer cannot keep what is dropped ({error.strerror}): tell whoever runs it."


def _check_codes(folder: Path, card: Card) -> None:
    """Refuse codes now that the front end or a page would refuse later.

    Raises:
        CheckpointError: in one sentence, if they do not fit the card.
    """
    # Other codes than numbers are for the front end alone, which checks them when it reads them.
    if card.examples is None or not card.size:
        return
    # numpy takes longer to import than the first page takes to draw.
    from explorer.codes import read_codes

    read_codes(read_bytes(folder / CODES, LARGEST_CODES), card)


_folder = PrivateFolder("explorer-drops-")


def _root() -> Path:
    """The folder for everything dropped. Only this user may enter it; it goes with the process."""
    return _folder.path()


def clear_leftovers() -> None:
    """Remove what servers that were killed have left; the server begins."""
    _folder.clear_leftovers()


def forget_all() -> None:
    """Remove everything that was dropped: the server ends."""
    with _lock:
        _kept.clear()
        _folder.remove()


def _keep(dropped: Dropped, now: float) -> Dropped:
    dropped.used = now
    with _lock:
        _make_room(
            dropped,
            [other for other in _kept.values() if other.visitor == dropped.visitor],
            MOST_KEPT // SHARES,
            LARGEST_KEPT // SHARES,
            "Your share of this explorer's room for dropped checkpoints is used up, and all are",
        )
        _make_room(
            dropped,
            list(_kept.values()),
            MOST_KEPT,
            LARGEST_KEPT,
            "This explorer has no room for another dropped checkpoint, and all are",
        )
        _kept[dropped.id] = dropped
    return dropped


def _make_room(dropped: Dropped, kept: list[Dropped], most: int, largest: int, full: str) -> None:
    """Forget those of `kept` that nobody used longest, until one more keeps within both bounds.

    Raises:
        UploadError: beginning with `full`, if what is left is in use.
    """
    kept.sort(key=lambda other: other.used)
    while len(kept) >= most or sum(other.bytes for other in kept) + dropped.bytes > largest:
        if not kept or dropped.used - kept[0].used < IN_USE_S:
            raise UploadError(
                f"{full} in use: try again in half an hour, or copy the folder into its `runs`."
            )
        oldest = kept.pop(0)
        del _kept[oldest.id]
        shutil.rmtree(oldest.folder.parent, ignore_errors=True)


def _unpack(zipped: BinaryIO, home: Path) -> Path:
    """Write the checkpoint in the zip to a new folder in `home`: what its card lists, no more."""
    try:
        zipped.flush()
        file = ShortReads(FileIO(zipped.fileno(), closefd=False))
        file.bounds = BOUNDS
        with zipfile.ZipFile(file) as archive:
            inside, members = _checkpoint(entries(archive, BOUNDS))
            folder = home / _slug(inside.name)
            folder.mkdir()
            room = LARGEST_UNPACKED - _write(archive, members[CARD], folder / CARD, LARGEST_CARD)
            files = read_card(folder, check=()).files
            for name, file_card in files.items():
                most = (
                    LARGEST_CODES
                    if name == CODES
                    else LARGEST.get(PurePosixPath(name).suffix, LARGEST_GRAPH)
                )
                if file_card.bytes > most:
                    raise UploadError(
                        f"{name} in this zip is larger than {most >> 20} MiB: put such a "
                        "checkpoint into the explorer's `runs` instead."
                    )
                if file_card.bytes > room:
                    raise UploadError(
                        f"The files that {CARD} lists add up to more than "
                        f"{LARGEST_UNPACKED >> 20} MiB: put such a "
                        "checkpoint into the explorer's `runs` instead."
                    )
                if name in members:
                    room -= _write(archive, members[name], folder / name, file_card.bytes)
            return folder
    except UserError:
        raise
    except OSError as error:
        raise UploadError(f"This zip could not be unpacked: {error.strerror or error}.") from error
    except UNREADABLE as error:
        raise UploadError(f"This file is not a readable zip, or it is damaged: {AGAIN}.") from error


def _checkpoint(
    listed: list[zipfile.ZipInfo],
) -> tuple[PurePosixPath, dict[str, zipfile.ZipInfo]]:
    """The one folder of the zip that has a card, and what lies directly in it."""
    paths = [PurePosixPath(entry.orig_filename) for entry in listed]
    folders = {path.parent for path in paths if path.name == CARD}
    if len(folders) != 1:
        raise UploadError(
            f"This zip holds {len(folders)} checkpoints: drop one at a time."
            if folders
            else why_no_card("This zip", (path.name for path in paths))
        )
    (folder,) = folders
    members: dict[str, zipfile.ZipInfo] = {}
    for path, entry in zip(paths, listed, strict=True):
        if path.parent == folder:
            if path.name in members:
                raise UploadError(f"This zip holds {path.name!r:.60} twice: {AGAIN}.")
            members[path.name] = entry
    return folder, members


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, limit: int) -> int:
    """Unpack one entry; return how many bytes really came out, which no header is asked for."""
    count = 0
    with archive.open(entry) as source, path.open("xb") as target:
        while piece := source.read(PIECE):
            count += len(piece)
            if count > limit:
                raise UploadError(
                    f"{path.name} in this zip unpacks to more than the {limit:,} bytes that it "
                    f"may have: {AGAIN}."
                )
            target.write(piece)
    return count


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name)[:40].strip("-").lower() or "checkpoint"
