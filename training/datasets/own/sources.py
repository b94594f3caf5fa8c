"""Where a person's images are: a folder of files, or one of the other kinds beside this."""

import contextlib
import hashlib
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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


def folder(root: Path) -> Folder:
    """The PNG, JPEG and WebP files below `root`, sorted by name; hidden ones are left out.

    A folder that holds nothing but one folder is stepped into, as archives are often unpacked.

    Raises:
        DataError: if there is none, or if the folders do not give each file one label.
    """
    try:
        root = _inner(root)
        found = _files(root)
    except OSError as error:
        raise DataError(f"{root} cannot be read ({error.strerror}).") from error
    if not found:
        raise DataError(f"{root} holds no PNG, JPEG or WebP files; name another with --data.path.")
    names = [name for name, _ in found]
    label, labels = labelled(names, root)
    digest = hashlib.sha256()
    for name, stat in found:
        digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "replace"))
    return Folder(root, names, label, labels, digest.hexdigest())


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


def _files(root: Path) -> list[tuple[str, os.stat_result]]:
    """The images below `root` by their names in it, folder by folder, sorted by name.

    Links to folders are not followed, and what this user may not open is passed over. A million
    files are listed here before every training, so none is made a `Path`, and names are compared
    within their folder alone. Each file is asked for its time: one that is written over in its
    place leaves that of its folder as it was.
    """
    found = []
    left: list[tuple[str, str | os.DirEntry[str]]] = [("", str(root))]
    seen = 0
    while left:
        prefix, place = left.pop()
        if not isinstance(place, str):
            if not place.is_dir(follow_symlinks=False):
                with contextlib.suppress(OSError):  # gone since it was listed
                    found.append((prefix + place.name, place.stat()))
                continue
            prefix, place = f"{prefix}{place.name}/", place.path
        inside = []
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
    return found


def _inner(root: Path) -> Path:
    while True:
        inside = [path for path in root.iterdir() if not path.name.startswith((".", "__MACOSX"))]
        if len(inside) != 1 or not inside[0].is_dir():
            return root
        root = inside[0]
