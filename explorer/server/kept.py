"""Files of the front end from memory, packed once: what a class opens at the same minute.

A page takes some seventy small modules of Streamlit's, and a few large files of ours. To open,
read and pack each of them again for everybody keeps one core busy for a good part of a second a
visitor, and Python has one.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from explorer.server.sending import MEDIA_TYPES, PACKED, inside, takes_gzip
from explorer.server.streaming import send_body

# In bytes. What is larger is read from the disk as it is sent.
LARGEST = 8 * 2**20
# Modules of less are sent as they are: they fit in one packet anyway.
WORTH_PACKING = 1000


class Place(NamedTuple):
    """Files that are served below `prefix`: from the first of the folders that has them."""

    prefix: str
    folders: Sequence[Path]
    caching: str


class Copy(NamedTuple):
    """What is kept of a file, and as it was then: the times of contents and its size."""

    file: Path
    state: tuple[int, int]
    etag: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Kept:
    """Answers for the files of some places; for whatever is not kept, `app` does.

    A file that changed on the disk is read anew. Ranges are left to `app`, and so are pages, which
    have a policy of their own.
    """

    def __init__(self, app: ASGIApp, places: Iterable[Place]) -> None:
        self.app, self.places = app, tuple(places)
        self.copies: dict[tuple[str, bool], Copy] = {}
        # What is being read: a class that comes at once waits for one reading of a file.
        self.reading: dict[tuple[str, bool], asyncio.Task[Copy | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, if that can be."""
        copy, known = None, ""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            place = next((its for its in self.places if scope["path"].startswith(its.prefix)), None)
            if place is not None:
                asked = Headers(scope=scope)
                known = asked.get("if-none-match", "")
                # Other spellings of a path, `a//b.js`, would be kept as files of their own.
                if "range" not in asked and str(PurePosixPath(scope["path"])) == scope["path"]:
                    packed = takes_gzip(asked.get("accept-encoding", ""))
                    copy = await self._copy(place, scope["path"], packed)
        if copy is None:
            await self.app(scope, receive, send)
        elif copy.etag.decode() in known:
            headers = [(name, value) for name, value in copy.headers if name in REVALIDATED]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": copy.headers})
            await send_body(send, b"" if scope["method"] == "HEAD" else copy.body)

    async def _copy(self, place: Place, path: str, packed: bool) -> Copy | None:
        copy = self.copies.get((path, packed))
        with contextlib.suppress(OSError):
            if copy is not None and _state(copy.file) == copy.state:
                return copy
        if (path, packed) not in self.reading:
            task = asyncio.create_task(self._read(place, path, packed))
            self.reading[path, packed] = task
        # A visitor who leaves does not take it from the others.
        return await asyncio.shield(self.reading[path, packed])

    async def _read(self, place: Place, path: str, packed: bool) -> Copy | None:
        copy = None
        try:
            copy = await run_in_threadpool(_read, place, path.removeprefix(place.prefix), packed)
        except OSError:
            return None
        finally:
            del self.reading[path, packed]
            if copy is None:
                self.copies.pop((path, packed), None)
            else:
                self.copies[path, packed] = copy
        return copy


REVALIDATED = (b"etag", b"cache-control", b"vary")


def _state(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_size


def _read(place: Place, name: str, packed: bool) -> Copy | None:
    """A copy for a browser that takes gzip, or for one that does not."""
    suffix = PurePosixPath(name).suffix
    if suffix not in MEDIA_TYPES or suffix == ".html":
        return None
    for folder in place.folders:
        file, lies_packed = inside(folder, name), False
        if file is None:
            file, lies_packed = inside(folder, f"{name}.gz"), True
        if file is None:
            continue
        state = _state(file)
        if state[1] > LARGEST:
            return None
        body, encoding = file.read_bytes(), "identity"
        if lies_packed:
            body, encoding = (body, "gzip") if packed else (gzip.decompress(body), "identity")
        elif packed and suffix not in PACKED and len(body) >= WORTH_PACKING:
            body, encoding = gzip.compress(body, mtime=0), "gzip"
        headers = {
            "content-type": MEDIA_TYPES[suffix],
            "content-length": str(len(body)),
            "etag": f'"{state[0]:x}-{state[1]:x}-{encoding}"',
            "cache-control": place.caching,
            "vary": "Accept-Encoding",
        }
        if encoding == "gzip":
            headers["content-encoding"] = encoding
        raw = [(key.encode(), value.encode()) for key, value in headers.items()]
        return Copy(file, state, headers["etag"].encode(), raw, body)
    return None
