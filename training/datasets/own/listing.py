"""What lay in a folder of very many files, kept so that a later run need not ask each again.

Adding, removing or renaming a file changes the time of its folder; writing over one in its place
does not. Of the files themselves a sample is asked, another each time.
"""

import hashlib
import io
import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from training.contract.fields import Record, Verbatim
from training.contract.files import write_bytes

MANY = 100_000  # of fewer files every one is asked, which takes a second
ASKED = 10_000


@dataclass
class Listing:
    """Image files below `root` by their names in it, with the folders that were looked into.

    Fields:
        stats: size and time of each file, (N, 2).
        times: the time of each of `folders`; "" is `root`.
    """

    root: Path
    names: list[str]
    stats: NDArray[np.int64]
    folders: list[str] = field(repr=False)
    times: list[int] = field(repr=False)

    @property
    def stamp(self) -> str:
        """What changes when a file does."""
        digest = hashlib.sha256("\0".join(self.names).encode("utf-8", "replace"))
        digest.update(self.stats.data)
        return digest.hexdigest()


Nanoseconds = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class Kept(Record, frozen=True):
    """A listing as it is written down, but for `stats`, which have a file of their own."""

    root: Verbatim
    names: list[Verbatim]
    folders: list[Verbatim]
    times: list[Nanoseconds]


_KEPT = msgspec.json.Decoder(Kept)


def keep(listing: Listing, place: Path) -> None:
    """Write a listing of many files into the folder `place`; of few, nothing."""
    if len(listing.names) <= MANY:
        return
    said = Kept(str(listing.root), listing.names, listing.folders, listing.times)
    try:
        files = msgspec.json.encode(said)
    except UnicodeEncodeError:  # a name that is not UTF-8: these files are listed each time
        return
    place.mkdir(parents=True, exist_ok=True)
    stats = io.BytesIO()
    np.save(stats, listing.stats)
    # At once, for another training may have the old one mapped into its memory.
    write_bytes(place / "stats.npy", stats.getvalue())
    write_bytes(place / "files.json", files)


def kept(place: Path, root: Path) -> Listing | None:
    """The listing of `root` in `place`, if no folder and no file of a sample has changed since."""
    try:
        said = _KEPT.decode((place / "files.json").read_bytes())
        stats = np.load(place / "stats.npy", mmap_mode="r")
        found = Listing(Path(said.root), said.names, stats, said.folders, said.times)
        if found.root != root or stats.shape != (len(found.names), 2):
            return None
        for name, time in zip(found.folders, found.times, strict=True):
            if (root / name).stat().st_mtime_ns != time:
                return None
        for at in random.sample(range(len(stats)), min(ASKED, len(stats))):
            if stat_of((root / found.names[at]).stat()) != tuple(stats[at]):
                return None
    except (OSError, EOFError, ValueError):
        return None
    return found


def stat_of(stat: os.stat_result) -> tuple[int, int]:
    """What of a file changes when it is written over."""
    return stat.st_size, stat.st_mtime_ns
