"""Where a person's images are: a folder of files, or one of the other kinds beside this."""

import contextlib
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.datasets.own.listing import Listing, keep, kept, stat_of
from training.errors import DataError

Item = bytes | NDArray[np.uint8]  # the content of a file, or an image (H, W) or (H, W, C)
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
MOST_ENTRIES = 3_000_000  # files and folders that are looked at; all of a disk has more


class Source(Protocol):
    """Images in an order that stays; `label` gives each the index of one of `labels`, if any.

    `stamp` changes when the images do.
    """

    names: list[str]
    label: list[int]
    labels: tuple[str, ...] | None
    stamp: str

    def items(self, start: int) -> Iterator[Item]:
        """The images from the one at `start` on."""
        ...

    def sample(self) -> list[Item]:
        """A few of them, from which the kind of all is guessed."""
        ...


@dataclass
class Folder:
    """Files below a folder; where they lie in folders of it, the folder is the label."""

    root: Path
    names: list[str]
    label: list[int]
    labels: tuple[str, ...] | None
    stamp: str = field(repr=False)
    sampled: bool = False  # whether only a sample of the files was asked for changes

    def items(self, start: int) -> Iterator[Item]:
        """The content of each file; empty where it cannot be read."""
        for name in self.names[start:]:
            yield self._content(name)

    def sample(self) -> list[Item]:
        """64 files from beginning to end."""
        few = np.linspace(0, len(self.names) - 1, min(64, len(self.names))).astype(int)
        return [self._content(self.names[at]) for at in few]

    def _content(self, name: str) -> bytes:
        try:
            return (self.root / name).read_bytes()
        except OSError:
            return b""


def folder(root: Path, place: Path | None = None) -> Folder:
    """The PNG, JPEG and WebP files below `root`, sorted by name; hidden ones are left out.

    A folder that holds nothing but one folder is stepped into, as archives are often unpacked.

    Args:
        place: where the listing of many files is kept for the next time.

    Raises:
        DataError: if there is none, or if the folders do not give each file one label.
    """
    try:
        root = _inner(root)
        found = listed(root)
    except OSError as error:
        raise DataError(f"{root} cannot be read ({error.strerror}).") from error
    if not found.names:
        raise DataError(f"{root} holds no PNG, JPEG or WebP files; name another with --data.path.")
    if place is not None:
        keep(found, place)
    return Folder(root, found.names, *labelled(found.names, root), found.stamp)


def unchanged(root: Path, place: Path) -> Folder | None:
    """The folder by the listing in `place`, if one is kept and nothing has changed since."""
    found = None
    with contextlib.suppress(OSError):
        found = kept(place, _inner(root))
    if found is None:
        return None
    label, labels = labelled(found.names, found.root)
    return Folder(found.root, found.names, label, labels, found.stamp, sampled=True)


def labelled(names: list[str], where: object) -> tuple[list[int], tuple[str, ...] | None]:
    """The first folder in the name of each image as its label; no labels where none has one.

    Raises:
        DataError: if some have one and others not, or two folders are called the same.
    """
    firsts = [name.partition("/")[0] if "/" in name else "" for name in names]
    found = sorted({first for first in firsts if first})
    if found and "" in firsts:
        raise DataError(
            f"{where} holds images both beside and inside its folders ({names[firsts.index('')]}, "
            f"{found[0]}/…), so not every image has a label; put each into a folder, or all into "
            "one."
        )
    same: dict[str, str] = {}
    for name in found:
        key = unicodedata.normalize("NFKC", name).casefold().strip()
        if key in same:
            raise DataError(
                f"{where} has the class {name!r} twice: the folders {same[key]!r} and {name!r} "
                "differ in letter case or spaces alone; rename one of them."
            )
        same[key] = name
    place = {name: at for at, name in enumerate(found)}
    return [place.get(first, 0) for first in firsts], tuple(found) or None


def listed(root: Path) -> Listing:
    """The images below `root` by their names in it, folder by folder, sorted by name.

    Links to folders are not followed, and what this user may not open is passed over. There may be
    a million files, so none is made a `Path`, and names are compared within their folder alone.
    Each is asked for its time: one that is written over in its place leaves that of its folder as
    it was.

    Raises:
        DataError: if `root` cannot be read, or holds too many files.
    """
    names: list[str] = []
    stats: list[tuple[int, int]] = []
    folders: list[str] = []
    times: list[int] = []
    left: list[tuple[str, str | os.DirEntry[str]]] = [("", str(root))]
    seen = 0
    while left:
        prefix, place = left.pop()
        if not isinstance(place, str):
            if not place.is_dir(follow_symlinks=False):
                with contextlib.suppress(OSError):  # gone since it was listed
                    stats.append(stat_of(place.stat()))
                    names.append(prefix + place.name)
                continue
            prefix, place = f"{prefix}{place.name}/", place.path
        inside = []
        folders.append(prefix)
        times.append(Path(place).stat().st_mtime_ns)
        with contextlib.suppress(PermissionError), os.scandir(place) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_ENTRIES:
                    raise DataError(
                        f"{root} holds more than {MOST_ENTRIES:,} files and folders; name the "
                        "folder of your images."
                    )
                name = entry.name
                if name.startswith("."):
                    continue
                with contextlib.suppress(OSError):  # a link to itself, or into a closed folder
                    if entry.is_dir(follow_symlinks=False) or (
                        f".{name.rpartition('.')[2].lower()}" in SUFFIXES and entry.is_file()
                    ):
                        inside.append(entry)
        inside.sort(key=lambda entry: entry.name, reverse=True)
        left.extend((prefix, entry) for entry in inside)
    return Listing(root, names, np.array(stats, np.int64).reshape(-1, 2), folders, times)


def _inner(root: Path) -> Path:
    """The folder that holds more than one folder alone, as archives are often unpacked."""
    while True:
        with os.scandir(root) as entries:
            shown = (one for one in entries if not one.name.startswith((".", "__MACOSX")))
            inside = list(islice(shown, 2))
        if len(inside) != 1 or not inside[0].is_dir():
            return root
        root = root / inside[0].name
