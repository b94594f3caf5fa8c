"""Images that visitors drop to train on: kept as the zip they came in, each set in a folder.

A set is in no list: those who know its id, which cannot be guessed, may train on it and remove
it. What it shows was looked at by a process of its own, see `looking`.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Annotated, get_args

from msgspec import Meta

from explorer.jobs.exchange import Side
from explorer.jobs.quota import FREE, GIB, counting, size_of
from explorer.jobs.store import Store
from explorer.server.archives import UNREADABLE, Bounds, ShortReads, UploadError, entries
from training.contract.errors import UserError
from training.contract.fields import PRINTABLE, FileName, Line, Record, printable
from training.contract.files import as_json, write_bytes
from training.contract.looked import Looked
from training.contract.reading import parse, read

FOLDER = "images"
FACTS = "set.json"
PACKS = "packed"
SIDES = get_args(Side)
MIB = 2**20
LARGEST_FILE, LARGEST_UNPACKED = 64 * MIB, GIB  # of an image, and of all in a zip
MOST_SETS, MOST_EACH = 40, 3
LONGEST_TITLE = 60
LARGEST, LARGEST_EACH = 6 * GIB, 2 * GIB
UNUSED_S = 24 * 3600
AGAIN = "pack the folder of images again, as it is, and drop that"
FEWER = "leave some out, or train on all of them with `python -m training train own`"
BOUNDS = Bounds(10_000, 2**21, FEWER, AGAIN)
GONE = "These images are not on this server any more: drop them again."
_ID = re.compile(r"[A-Za-z0-9_-]{16}")


class Kept(Record, frozen=True):
    """What lies beside the zip of a set: what was dropped is called, its file, and from where."""

    title: Annotated[str, Meta(max_length=LONGEST_TITLE, pattern=PRINTABLE)]
    zip: FileName
    visitor: Line


@dataclass(frozen=True, slots=True)
class Images:
    """A set of images.

    Fields:
        id: cannot be guessed.
        title: what was dropped is called.
        zip: the file in `folder`.
        visitor: the address that it came from.
    """

    id: str
    title: str
    folder: Path
    zip: Path
    visitor: str

    def facts(self, side: int, fit: str) -> Looked | None:
        """What was found in them at this size, once they were looked at."""
        place = self.folder / f"look-{side}-{fit}.json"
        try:
            return read(Looked, parse(place.read_bytes(), place.name), place.name)
        except (OSError, UserError):
            return None


def find(home: Path, id: str) -> Images | None:
    """The set of that id, if it is still here; it is in use from now."""
    folder = home / FOLDER / id
    if not _ID.fullmatch(id):
        return None
    try:
        found = _read(folder)
        (folder / FACTS).touch()
    except (OSError, UserError):
        return None
    return found


def _read(folder: Path) -> Images:
    known = read(Kept, parse((folder / FACTS).read_bytes(), FACTS), FACTS)
    return Images(folder.name, known.title, folder, folder / known.zip, known.visitor)


@contextlib.contextmanager
def arriving(home: Path) -> Iterator[Path]:
    """A place on the disk of the sets for one that is on its way; what is left there is removed."""
    place = home / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    path = place / f".arriving-{secrets.token_hex(8)}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def accept(store: Store, home: Path, arrived: Path, title: str, visitor: str) -> Images:
    """Check a zip that may be hostile, without unpacking it, and keep it.

    Raises:
        UploadError: in one sentence, if it cannot hold images to train on, or if there is no room.
    """
    _check(arrived)
    id = secrets.token_urlsafe(12)
    folder = home / FOLDER / id
    slug = re.sub(r"[^A-Za-z0-9]+", "-", title)[:40].strip("-").lower() or "images"
    known = Kept(printable(title, LONGEST_TITLE) or "Images", f"{slug}.zip", visitor)
    with counting:
        make_room(store, home, visitor, arrived.stat().st_size)
        try:
            folder.mkdir(parents=True)
            arrived.rename(folder / known.zip)
            write_bytes(folder / FACTS, as_json(known))
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            reason = f"This explorer cannot keep what is dropped ({error.strerror})"
            raise UploadError(f"{reason}: tell whoever runs it.") from error
    return Images(id, known.title, folder, folder / known.zip, visitor)


def _check(arrived: Path) -> None:
    try:
        with ShortReads(FileIO(arrived)) as file:
            file.bounds = BOUNDS
            with zipfile.ZipFile(file) as archive:
                listed = entries(archive, BOUNDS)
    except UserError:
        raise
    except UNREADABLE as error:
        raise UploadError(f"This file is not a readable zip, or it is damaged: {AGAIN}.") from error
    for entry in listed:
        if entry.file_size > LARGEST_FILE:
            raise UploadError(
                f"{entry.filename!r:.60} in this zip unpacks to {entry.file_size / MIB:,.0f} MiB, "
                f"and the limit for an image is {LARGEST_FILE // MIB} MiB: leave it out."
            )
    if (size := sum(entry.file_size for entry in listed)) > LARGEST_UNPACKED:
        raise UploadError(
            f"This zip unpacks to {size / GIB:.1f} GiB, and the limit is "
            f"{LARGEST_UNPACKED // GIB} GiB: drop fewer images, or smaller ones."
        )


def make_room(store: Store, home: Path, visitor: str, size: int) -> None:
    """Remove sets unused for a day, then a visitor's oldest, then the oldest of all.

    Sets that an unfinished run learns from stay.

    Raises:
        UploadError: if too many of those are left, or the disk is full.
    """
    sets = all_of(home)
    in_use = store.images_in_use()
    for one in [one for one in sets if one.id not in in_use]:
        if time.time() - (one.folder / FACTS).stat().st_mtime > UNUSED_S:
            remove(one)
            sets.remove(one)
    for whose, most, largest in (
        ([one for one in sets if one.visitor == visitor], MOST_EACH, LARGEST_EACH),
        (sets, MOST_SETS, LARGEST),
    ):
        sizes = {one.id: size_of(one.folder) + _packs(one) for one in whose}
        left = [one for one in whose if one.folder.exists()]
        while len(left) >= most or sum(sizes[one.id] for one in left) + size > largest:
            unused = [one for one in left if one.id not in in_use]
            if not unused:
                raise UploadError(
                    "Your unfinished runs use all the room that this server has for images: stop "
                    "one, or wait for it."
                    if whose is not sets
                    else "This server has no room for more images: try again later."
                )
            remove(unused[0])
            left.remove(unused[0])
    if shutil.disk_usage(home).free < FREE + size:
        raise UploadError("The disk of this server is nearly full: tell whoever runs it.")


def all_of(home: Path) -> list[Images]:
    """Every set, the least recently used first."""
    found = []
    for place in (home / FOLDER).glob(f"*/{FACTS}"):
        try:
            found.append((place.stat().st_mtime, _read(place.parent)))
        except (OSError, UserError):
            continue
    return [images for _, images in sorted(found, key=lambda one: one[0])]


def clear_leftovers(home: Path) -> None:
    """Remove what a server that was killed had not taken in yet; the server begins."""
    for folder in (home / FOLDER).glob("*"):
        if folder.name.startswith(".arriving-"):
            folder.unlink(missing_ok=True)
        elif folder.is_dir() and not (folder / FACTS).exists():
            shutil.rmtree(folder, ignore_errors=True)


def remove(images: Images) -> None:
    """Remove a set and all that was made of it but trained models."""
    with counting:  # a set that is counted is there until it was
        shutil.rmtree(images.folder, ignore_errors=True)


def remove_packs(images: Images) -> None:
    """Remove what was packed at any size: a run that still needs it packs again."""
    shutil.rmtree(images.folder / PACKS, ignore_errors=True)


def _packs(images: Images) -> int:
    return sum(size_of(folder) for folder in (images.folder / PACKS).glob("*"))
