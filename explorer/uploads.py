"""Checkpoints that visitors drop: a zip by anybody becomes a checkpoint folder, or one sentence.

A dropped checkpoint is kept in a private temporary folder for as long as the server lives. It is
in nobody's catalogue: who knows its id, which cannot be guessed, finds it.
"""

from __future__ import annotations

import re
import secrets
import shutil
import stat
import struct
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader, FileIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from explorer import weights
from explorer.private_folder import PrivateFolder
from training.contract.absence import why_no_card
from training.contract.card import CARD, CODES, Card
from training.contract.errors import CheckpointError, UserError
from training.contract.files import LARGEST_CARD, read_bytes, read_card

MB, GIB = 10**6, 2**30
LARGEST_ZIP = 300 * MB
LARGEST_UNPACKED = 2**29
# The one file that is read as a whole; the codes of 70,000 images and ten latents have 7 MB.
LARGEST_CODES = 2**28
# The others, by kind: a browser has to hold a picture or a graph as a whole.
LARGEST = {".webp": 2**26, ".safetensors": 2**29}
LARGEST_GRAPH = 2**28
MOST_ENTRIES = 2000
# A table of contents with that many entries is shorter; zipfile would read one of any length.
LONGEST_READ = 2**19
DEEPEST = 8
PIECE = 2**16

MOST_KEPT = 60
LARGEST_KEPT = 2 * GIB
# One address may use 1/SHARES of each of the two, so that two visitors cannot fill them for all.
SHARES = 4
# What was opened within this time is in somebody's hands.
IN_USE_S = 30 * 60

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1 | 0x40 | 0x2000
# zipfile lets out whatever the bytes lead it into.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OverflowError,
    ValueError,
)
AGAIN = "pack the checkpoint's folder again, as it is, and drop that"


class UploadError(UserError):
    """What was dropped cannot be taken. The message, one sentence, says why."""


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
    return re.fullmatch(r"[a-z0-9-]{1,40}~[A-Za-z0-9_-]{16}", id) is not None


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
        raise UploadError(
            f"This explorer cannot keep what is dropped ({error.strerror}): tell whoever runs it."
        ) from error
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
        file = _ShortReads(FileIO(zipped.fileno(), closefd=False))
        with zipfile.ZipFile(file) as archive:
            inside, members = _checkpoint(_entries(archive))
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
                        f"{name} in this zip has more than {most >> 20} MiB: put such a "
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


class _ShortReads(BufferedReader):
    """A file that refuses to be read in large pieces.

    zipfile reads the table of contents at once, as long as the zip says it is, and makes an object
    of each entry: 300 MB of that would take gigabytes of memory.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        """Read `size` bytes, or all, if that is not much.

        Raises:
            UploadError: if it is.
        """
        asked = LONGEST_READ + 1 if size is None or size < 0 else size
        if asked <= LONGEST_READ + 1 and len(found := super().read(asked)) <= LONGEST_READ:
            return found
        raise UploadError(_too_many())


def _too_many() -> str:
    return f"This zip holds more than {MOST_ENTRIES:,} files; a checkpoint has few, so {AGAIN}."


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """What the zip lists, without folders and what operating systems add.

    Raises:
        UploadError: if any entry, wanted or not, is what no honest program packs.
    """
    listed = archive.infolist()
    if len(listed) > MOST_ENTRIES:
        raise UploadError(_too_many())
    end = 0
    for entry in sorted(listed, key=lambda entry: entry.header_offset):
        # Its data begins behind a header of 30 bytes and its name.
        if entry.header_offset < end:
            raise UploadError(f"Entries of this zip overlap: {AGAIN}.")
        end = entry.header_offset + 30 + len(entry.orig_filename) + entry.compress_size
    if end > archive.start_dir:
        raise UploadError(f"This zip is cut short: {AGAIN}.")
    return [entry for entry in listed if _checked(entry)]


def _checked(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry may be part of a checkpoint."""
    name = entry.orig_filename
    shown = f"{name!r:.60}"
    parts = name.removesuffix("/").split("/")
    if (
        "\\" in name
        or ":" in name
        or any(ord(letter) < 32 for letter in name)
        or any(part in ("", ".", "..") for part in parts)
        or len(parts) > DEEPEST
    ):
        raise UploadError(
            f"This zip holds an entry named {shown}, which points outside the zip: {AGAIN}."
        )
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UploadError(f"{shown} in this zip is a link, not a file: {AGAIN}.")
    if name.endswith("/") or parts[0] == "__MACOSX" or parts[-1].startswith("."):
        return False
    if entry.flag_bits & ENCRYPTED:
        raise UploadError(f"{shown} in this zip is encrypted: {AGAIN}, without a password.")
    if entry.compress_type not in METHODS:
        raise UploadError(f"{shown} in this zip uses an unsupported compression: {AGAIN}.")
    return True


def _checkpoint(
    entries: list[zipfile.ZipInfo],
) -> tuple[PurePosixPath, dict[str, zipfile.ZipInfo]]:
    """The one folder of the zip that has a card, and what lies directly in it."""
    paths = [PurePosixPath(entry.orig_filename) for entry in entries]
    folders = {path.parent for path in paths if path.name == CARD}
    if len(folders) != 1:
        raise UploadError(
            f"This zip holds {len(folders)} checkpoints: drop one at a time."
            if folders
            else why_no_card("This zip", (path.name for path in paths))
        )
    (folder,) = folders
    members: dict[str, zipfile.ZipInfo] = {}
    for path, entry in zip(paths, entries, strict=True):
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
