"""A zip of image files, read as it is: nothing of it is unpacked to disk."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from training.datasets.own.arrays import stamp
from training.datasets.own.sources import SUFFIXES, Item, labelled
from training.errors import DataError

LARGEST_FILE = 2**26  # of one image as it lies in the zip
LARGEST_CONTENT = 2**33  # of all of them, as the zip declares it: zipfile reads no more than that
_UNREADABLE = (
    *(OSError, EOFError, LookupError, ValueError, RuntimeError, NotImplementedError),
    *(OverflowError, struct.error, zipfile.BadZipFile, zlib.error),
)


@dataclass
class Archive:
    """Image files in a zip, as in a `Folder`; `others` are the files that are not images."""

    path: Path
    prefix: str
    names: list[str]
    label: list[int]
    labels: tuple[str, ...] | None
    stamp: str = field(repr=False)
    others: tuple[str, ...] = ()

    def items(self, start: int) -> Iterator[Item]:
        """The content of each file; empty where it cannot be read."""
        with zipfile.ZipFile(self.path) as archive:
            for name in self.names[start:]:
                yield _content(archive, self.prefix + name)

    def sample(self) -> list[Item]:
        """64 files from beginning to end."""
        few = np.linspace(0, len(self.names) - 1, min(64, len(self.names))).astype(int)
        with zipfile.ZipFile(self.path) as archive:
            return [_content(archive, self.prefix + self.names[at]) for at in few]


def archive(path: Path) -> Archive:
    """The PNG, JPEG and WebP files in a zip, sorted by name; hidden ones are left out.

    Raises:
        DataError: if there is none, the file is not a zip, or it would unpack to too much.
    """
    try:
        with zipfile.ZipFile(path) as opened:
            listed = [entry for entry in opened.infolist() if not entry.is_dir()]
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path.name} is not a readable zip file ({reason:.100}).") from error
    shown = [entry for entry in listed if not _hidden(entry.filename)]
    found = [entry for entry in shown if Path(entry.filename).suffix.lower() in SUFFIXES]
    others = sorted(
        entry.filename for entry in shown if Path(entry.filename).suffix.lower() not in SUFFIXES
    )
    if not found:
        zips = [name for name in others if name.lower().endswith(".zip")]
        what = f"other zips ({zips[0]:.60})" if zips else "no PNG, JPEG or WebP files"
        more = "; unpack them, and give one zip of the images." if zips else "."
        raise DataError(f"{path.name} holds {what}{more}")
    if (size := sum(entry.file_size for entry in found)) > LARGEST_CONTENT:
        raise DataError(
            f"{path.name} unpacks to {size / 2**30:.1f} GiB; the limit is "
            f"{LARGEST_CONTENT >> 30} GiB. Unpack it, and give the folder."
        )
    names = sorted(entry.filename for entry in found)
    if len(set(names)) < len(names):
        raise DataError(f"{path.name} holds two files of the same name; pack the folder again.")
    prefix = _prefix(names)
    names = [name.removeprefix(prefix) for name in names]
    label, labels = labelled(names, path.name)
    return Archive(path, prefix, names, label, labels, stamp(path), tuple(others))


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _prefix(names: list[str]) -> str:
    """The folders that hold all the others: they are stepped into, as those on disk are."""
    prefix = ""
    while True:
        inside = {name.removeprefix(prefix).partition("/")[:2] for name in names}
        if len(inside) != 1 or not next(iter(inside))[1]:
            return prefix
        prefix += "".join(next(iter(inside)))


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        entry = archive.getinfo(name)
        if entry.file_size > LARGEST_FILE:
            return b""
        with archive.open(entry) as file:
            return file.read(LARGEST_FILE)
    except _UNREADABLE:
        return b""
