"""What the server sends beside Streamlit: the front end, checkpoint folders, tables of results.

The same routes serve two hosts: the Streamlit app (`explorer.app`) and, without Streamlit, a plain
static page (`plain_app`), which the browser tests open.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from explorer import loading, measured, uploads
from explorer.archives import UploadError
from explorer.arriving import let_pass, receive, visitor_of
from explorer.jobs import routes as jobs
from explorer.listing import describe
from explorer.presenter import routes as presenter
from explorer.protection import POLICY, Protection, policy
from explorer.streaming import FileAnswer, range_of
from training.contract.card import CARD, Card
from training.contract.files import as_json
from training.contract.table import TABLE, Table

WEB = Path(__file__).resolve().parent / "instrument" / "web"

# What `npm run build` makes of it: one module for all pages and one style sheet each, served at
# the addresses of the sources they are made of. Who works on the sources sets the variable to
# anything, and has them as they are.
BUNDLE = WEB.with_name("bundle")
SOURCES = "EXPLORER_SOURCES"

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

DROP_HEADER = "X-Checkpoint"
INSTEAD = "put such a checkpoint into the explorer's `runs`"
# Unpacking and hashing take a core each; who opens a page should not wait for a class that drops.
_unpacking = asyncio.Semaphore(2)
# Lessons are measured one after the other. A class that opens one waits here: each that waited on a
# thread would take it from those who ask for files, and there are forty.
_measuring = asyncio.Semaphore(1)


# Streamlit's pages lie beside each other, and all that we serve lies below where they do.
HERE = "."


def base_path(configured: str) -> str:
    """Streamlit's `server.baseUrlPath` as a prefix for paths: '' or '/some/path'."""
    trimmed = configured.strip("/")
    return f"/{trimmed}" if trimmed else ""


def routes(base: str = "", here: str = "") -> list[Route]:
    """The routes of our own, every one below `base`.

    `here` is what the addresses in answers begin with: "." where a page is beside them all, so that
    they lead to the same place behind a proxy which adds a prefix of its own.
    """
    return [
        Route(f"{base}/instrument/{{path:path}}", _web_file),
        Route(f"{base}/checkpoints/{{id}}/opening.json", _opening),
        Route(f"{base}/checkpoints/{{id}}/{{name}}", _checkpoint_file),
        Route(f"{base}/results/{{table}}/{{path:path}}", _result_file),
        Route(f"{base}/catalogue.json", partial(_catalogue, here=here)),
        Route(f"{base}/lessons.json", _lessons),
        Route(f"{base}/lessons/{{id}}/figures.json", _figures),
        Route(f"{base}/lessons/{{id}}/{{name}}", _material),
        Route(f"{base}/lessons/{{id}}/{{language}}/{{name}}", _material),
        Route(f"{base}/uploads", partial(_drop, here=here), methods=["POST"]),
        Route(f"{base}/uploads/{{id}}", partial(_dropped, here=here)),
        *jobs.routes(base),
        *presenter.routes(base),
    ]


def middleware(
    hosts: Iterable[str] = (), origins: Iterable[str] = (), page: str = ""
) -> list[Middleware]:
    """What stands before every answer; `protection.Protection` says what is given."""
    return [Middleware(Protection, hosts=tuple(hosts), origins=tuple(origins), page=page)]


def plain_app() -> Starlette:
    """The front end and the checkpoints without Streamlit: open `/instrument/index.html`."""
    return Starlette(routes=routes(), middleware=middleware())


async def _web_file(request: Request) -> Response:
    name = request.path_params["path"]
    bundled = None if os.environ.get(SOURCES) else await run_in_threadpool(_inside, BUNDLE, name)
    return await send_file(request, WEB if bundled is None else BUNDLE, name)


async def _checkpoint_file(request: Request) -> Response:
    entry = await run_in_threadpool(loading.find, request.path_params["id"])
    name = request.path_params["name"]
    # What the card vouches for and the card itself, and nothing else that lies there.
    if entry is None or entry.card is None or name not in {CARD, *entry.card.files}:
        return _not_found()
    if name == CARD:
        return _checked(entry.card, request.headers.get("if-none-match", ""))
    return await send_file(request, entry.folder, name)


async def _opening(request: Request) -> Response:
    """Where a model opens that no link says a place of."""
    entry = await run_in_threadpool(loading.find, request.path_params["id"])
    return _not_found() if entry is None else _json(await run_in_threadpool(loading.opening, entry))


def _checked(model: Card | Table, known: str) -> Response:
    """A card or a table as it was read and checked, of the newest version whatever the file has."""
    body = as_json(model)
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Cache-Control": "no-cache",
    }
    if headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def _result_file(request: Request) -> Response:
    entry = await run_in_threadpool(measured.find_table, request.path_params["table"])
    path = request.path_params["path"]
    if entry is None or entry.table is None:
        return _not_found()
    if path == TABLE:
        return _checked(entry.table, request.headers.get("if-none-match", ""))
    if not await run_in_threadpool(measured.is_whole, entry, path):
        return _not_found()
    return await send_file(request, entry.folder, path)


async def _catalogue(request: Request, here: str) -> Response:
    listed = await run_in_threadpool(loading.catalogue)
    body = json.dumps(describe(listed, here))
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-cache"})


async def _lessons(_: Request) -> Response:
    """Every lesson: its front matter and its text."""
    from explorer.lessons import listing  # numpy, which no first page waits for

    return _json(await run_in_threadpool(listing.lessons))


async def _figures(request: Request) -> Response:
    """The figures of a lesson, measured on the checkpoints that are here."""
    from explorer.lessons import listing

    async with _measuring:
        found = await run_in_threadpool(listing.figures, request.path_params["id"])
    return _not_found() if found is None else _json(found)


async def _material(request: Request) -> Response:
    """A file for the teacher of a lesson: a page to read and print, or one to keep."""
    from explorer.materials import files

    id, name = request.path_params["id"], request.path_params["name"]
    language = request.path_params.get("language", "en")
    found = None
    if name in files.NAMES:
        async with _measuring:
            found = await run_in_threadpool(files.materials, id, language)
    if found is None or name not in found:
        return _not_found()
    suffix = PurePosixPath(name).suffix
    headers = {"Cache-Control": "no-cache"}
    if suffix != ".html":
        headers["Content-Disposition"] = f'attachment; filename="{id}-{name}"'
    kind = MEDIA_TYPES.get(suffix, "application/octet-stream")
    return Response(found[name], media_type=kind, headers=headers)


async def _drop(request: Request, here: str) -> Response:
    """Take a zipped checkpoint; answer with its entry, or with one sentence about why not."""
    pieces = request.stream()
    try:
        # A page of another site may send a form, but no such header: for that, its browser would
        # ask for leave, which nothing here gives.
        if DROP_HEADER not in request.headers:
            raise UploadError(f"A dropped checkpoint must be sent with the header {DROP_HEADER}.")
        with tempfile.TemporaryFile() as zipped:
            visitor = visitor_of(request)
            await receive(pieces, zipped, visitor, "checkpoints", INSTEAD)
            async with _unpacking:
                dropped = await run_in_threadpool(uploads.accept, zipped, visitor=visitor)
    except UploadError as error:
        await let_pass(pieces)
        return _json({"error": loading.printable(str(error))}, 422)
    except ClientDisconnect:
        return _not_found()
    entry = await run_in_threadpool(loading.find, dropped.id)
    return _json(describe([entry], here)[0] if entry else None, 201)


async def _dropped(request: Request, here: str) -> Response:
    """The entry of a dropped checkpoint, for whoever knows its id."""
    entry = loading.find(request.path_params["id"])
    if entry is None or not entry.dropped:
        return _not_found()
    return _json(describe([entry], here)[0])


def _json(content: object, status: int = 200) -> Response:
    return Response(
        json.dumps(content),
        status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def send_file(request: Request, root: Path, name: str) -> Response:
    """The file `name` below `root`, if that is where it really lies; 304 if the browser has it."""
    return await run_in_threadpool(_file_answer, root, name, request.headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and not to refuse it (`gzip;q=0`)."""
    for item in accepted.lower().split(","):
        name, *parameters = map(str.strip, item.split(";"))
        if name == "gzip":
            return not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return False


def _file_answer(root: Path, name: str, asked: Headers) -> Response:
    path = _inside(root, name)
    packed = path is None
    if packed:
        path = _inside(root, f"{name}.gz")
    if path is None:
        return _not_found()
    stat = path.stat()
    unpack = packed and not _takes_gzip(asked.get("accept-encoding", ""))
    headers = {
        "ETag": f'"{stat.st_mtime_ns:x}-{stat.st_size:x}{"-plain" if unpack else ""}"',
        "Cache-Control": "no-cache",
    }
    if packed:
        headers["Vary"] = "Accept-Encoding"
    if headers["ETag"] in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    suffix = PurePosixPath(name).suffix
    media_type = MEDIA_TYPES.get(suffix, "application/octet-stream")
    if packed or suffix in PACKED:
        # Streamlit's gzip layer, which packs the rest, leaves a named encoding alone. It would
        # spend a good part of a second on weights at every request.
        headers["Content-Encoding"] = "gzip" if packed and not unpack else "identity"
    if suffix == ".html":
        headers[POLICY] = policy(path.read_text("utf-8"))
    if unpack:
        return FileAnswer(cast(BinaryIO, gzip.open(path)), None, headers, media_type)
    file = path.open("rb")
    size = os.fstat(file.fileno()).st_size
    if not (packed or suffix in PACKED):
        return FileAnswer(file, size, headers, media_type)
    # Of what goes out as it lies there; a range of what is packed on its way would be of what is
    # not.
    headers["Accept-Ranges"] = "bytes"
    same = asked.get("if-range", headers["ETag"]) == headers["ETag"]
    wanted = range_of(asked.get("range", ""), size) if same else None
    if wanted is None:
        return FileAnswer(file, size, headers, media_type)
    if not wanted:
        file.close()
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    file.seek(wanted.start)
    headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    return FileAnswer(file, len(wanted), headers, media_type, 206)


def _inside(root: Path, name: str) -> Path | None:
    """The regular file `name` below `root`: no hidden part, no way out by dots or by links."""
    if any(part.startswith(".") for part in PurePosixPath(name).parts) or "\0" in name:
        return None
    root = root.resolve()
    try:
        file = (root / name).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):
        return None


def _not_found() -> Response:
    return PlainTextResponse("There is no such file.", 404, headers={"Cache-Control": "no-store"})
