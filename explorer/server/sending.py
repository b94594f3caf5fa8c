"""A file of a folder as an answer: what it is called, how it is packed, and whether it is known."""

from __future__ import annotations

import gzip
import os
import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from explorer.server.protection import POLICY, policy
from explorer.server.streaming import FileAnswer, MemoryAnswer, range_of

# Our own table: `mimetypes` answers from the operating system, and a module that is not served as
# JavaScript does not run.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

# Weights, pictures and fonts, which do not get smaller.
PACKED = frozenset({".onnx", ".safetensors", ".webp", ".woff2"})

# A class asks for the files of a model in the same minute. To read one from the disk for everybody,
# a piece at a time, takes five times as long as to send it. In files, and in bytes of each.
KEPT, LARGEST_KEPT = 32, 2**21


async def send_file(request: Request, root: Path, name: str) -> Response:
    """The file `name` below `root`, if that is where it really lies; 304 if the browser has it."""
    return await run_in_threadpool(_file_answer, root, name, request)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and not to refuse it (`gzip;q=0`)."""
    for item in accepted.lower().split(","):
        name, *parameters = map(str.strip, item.split(";"))
        if name == "gzip":
            return not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return False


def _file_answer(root: Path, name: str, request: Request) -> Response:
    asked = request.headers
    path = inside(root, name)
    packed = path is None
    if packed:
        path = inside(root, f"{name}.gz")
    if path is None:
        return not_found()
    stat = path.stat()
    # A copy may bring the time of its original: only the other one tells that it is new here.
    changed = max(stat.st_mtime_ns, stat.st_ctime_ns)
    unpack = packed and not takes_gzip(asked.get("accept-encoding", ""))
    headers = {
        "ETag": f'"{changed:x}-{stat.st_size:x}{"-plain" if unpack else ""}"',
        "Cache-Control": "no-cache",
    }
    if packed:
        headers["Vary"] = "Accept-Encoding"
    suffix = PurePosixPath(name).suffix
    if suffix == ".html":
        # Also of a page that is known: its headers are those of the newest answer.
        headers[POLICY] = policy(path.read_text("utf-8"))
    if headers["ETag"] in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    media_type = MEDIA_TYPES.get(suffix, "application/octet-stream")
    if packed or suffix in PACKED:
        # Streamlit's gzip layer, which packs the rest, leaves a named encoding alone. It would
        # spend a good part of a second on weights at every request.
        headers["Content-Encoding"] = "gzip" if packed and not unpack else "identity"
    if unpack:
        return FileAnswer(cast(BinaryIO, gzip.open(path)), None, headers, media_type)
    goes_as_it_lies = packed or suffix in PACKED
    if goes_as_it_lies:
        # A range of what is packed on its way would be of what is not.
        headers["Accept-Ranges"] = "bytes"
        is_whole = request.method == "GET" and "range" not in asked
        if is_whole and stat.st_size <= LARGEST_KEPT:
            body = _content(path, changed, stat.st_size)
            return MemoryAnswer(body, headers=headers, media_type=media_type)
    file = path.open("rb")
    size = os.fstat(file.fileno()).st_size
    if not goes_as_it_lies:
        return FileAnswer(file, size, headers, media_type)
    # Of a head there are no ranges.
    may = request.method == "GET" and asked.get("if-range", headers["ETag"]) == headers["ETag"]
    wanted = range_of(asked.get("range", ""), size) if may else None
    if wanted is None:
        return FileAnswer(file, size, headers, media_type)
    if not wanted:
        file.close()
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    file.seek(wanted.start)
    headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    return FileAnswer(file, len(wanted), headers, media_type, 206)


@lru_cache(KEPT)
def _content(path: Path, _changed: int, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def inside(root: Path, name: str) -> Path | None:
    """The regular file `name` below `root`: no hidden part, no way out by dots or by links."""
    if any(part.startswith(".") for part in PurePosixPath(name).parts) or "\0" in name:
        return None
    root = root.resolve()
    try:
        file = (root / name).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):
        return None


def not_found() -> Response:
    """404, in a sentence."""
    return PlainTextResponse("There is no such file.", 404, headers={"Cache-Control": "no-store"})
