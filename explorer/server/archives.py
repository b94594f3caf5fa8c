"""Zips that anybody may have made.

What they list is read within bounds, and checked before anything is unpacked.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from io import BufferedReader
from typing import NamedTuple

from training.contract.errors import UserError

DEEPEST = 8
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


class UploadError(UserError):
    """What was dropped cannot be taken. The message, one sentence, says why."""


class Bounds(NamedTuple):
    """What a zip of some kind may be.

    Fields:
        entries: how many it may list.
        contents: bytes of its table of contents: zipfile would read one of any length.
        fewer: what to do with one that lists more.
        again: what to do with one that no honest program packs.
    """

    entries: int
    contents: int
    fewer: str
    again: str

    def too_many(self) -> str:
        """The sentence for one that lists more."""
        return f"This zip holds more than {self.entries:,} files: {self.fewer}."


class ShortReads(BufferedReader):
    """A file that refuses to be read in large pieces.

    zipfile reads the table of contents at once, as long as the zip says it is, and makes an object
    of each entry: 300 MB of that would take gigabytes of memory.
    """

    bounds: Bounds

    def read(self, size: int | None = -1, /) -> bytes:
        """Read `size` bytes, or all, if that is not much.

        Raises:
            UploadError: if it is.
        """
        most = self.bounds.contents
        asked = most + 1 if size is None or size < 0 else size
        if asked <= most + 1 and len(found := super().read(asked)) <= most:
            return found
        raise UploadError(self.bounds.too_many())


def entries(archive: zipfile.ZipFile, bounds: Bounds) -> list[zipfile.ZipInfo]:
    """What the zip lists, without folders and what operating systems add.

    Raises:
        UploadError: if any entry, wanted or not, is what no honest program packs.
    """
    listed = archive.infolist()
    if len(listed) > bounds.entries:
        raise UploadError(bounds.too_many())
    end = 0
    for entry in sorted(listed, key=lambda entry: entry.header_offset):
        # Its data begins behind a header of 30 bytes and its name.
        if entry.header_offset < end:
            raise UploadError(f"Entries of this zip overlap: {bounds.again}.")
        end = entry.header_offset + 30 + len(entry.orig_filename) + entry.compress_size
    if end > archive.start_dir:
        raise UploadError(f"This zip is cut short: {bounds.again}.")
    return [entry for entry in listed if _checked(entry, bounds.again)]


def _checked(entry: zipfile.ZipInfo, again: str) -> bool:
    """Whether an entry is a file that somebody packed."""
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
            f"This zip holds an entry named {shown}, which is not a plain path inside it: {again}."
        )
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UploadError(f"{shown} in this zip is a link, not a file: {again}.")
    if name.endswith("/") or parts[0] == "__MACOSX" or parts[-1].startswith("."):
        return False
    if entry.flag_bits & ENCRYPTED:
        raise UploadError(f"{shown} in this zip is encrypted: {again}, without a password.")
    if entry.compress_type not in METHODS:
        raise UploadError(f"{shown} in this zip uses an unsupported compression: {again}.")
    return True
