"""What the server sends beside Streamlit: the front end, checkpoint folders, tables of results.

The same routes serve two hosts: the Streamlit app (`explorer.app`) and, without Streamlit, a plain
static page (`plain_app`), which the browser tests open.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from explorer import loading, measured
from explorer.jobs import routes as jobs
from explorer.listing import describe, listed
from explorer.presenter import routes as presenter
from explorer.server import uploads
from explorer.server.archives import UploadError
from explorer.server.arriving import let_pass, receive, visitor_of
from explorer.server.kept import Place
from explorer.server.protection import Protection
from explorer.server.sending import MEDIA_TYPES, inside, not_found, send_file
from training.contract.card import CARD, Card
from training.contract.files import as_json
from training.contract.table import TABLE, Table

WEB = Path(__file__).resolve().parents[1] / "instrument" / "web"

# What `npm run build` makes of it: one module for all pages and one style sheet each, served at
# the addresses of the sources they are made of. A developer sets the variable to anything, and gets
# them as they are.
BUNDLE = WEB.with_name("bundle")
SOURCES = "EXPLORER_SOURCES"

DROP_HEADER = "X-Checkpoint"
INSTEAD = "put such a checkpoint into the explorer's `runs`"
# Unpacking and hashing take a core each; a page that opens should not wait for a class that drops.
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


def kept_places(base: str = "") -> list[Place]:
    """The front end, which a class asks for at once; sources change while one works on them."""
    if os.environ.get(SOURCES):
        return []
    return [Place(f"{base}/instrument/", [BUNDLE, WEB], "no-cache")]


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
    bundled = None if os.environ.get(SOURCES) else await run_in_threadpool(inside, BUNDLE, name)
    return await send_file(request, WEB if bundled is None else BUNDLE, name)


async def _checkpoint_file(request: Request) -> Response:
    entry = await run_in_threadpool(loading.find, request.path_params["id"])
    name = request.path_params["name"]
    # What the card vouches for and the card itself, and nothing else that lies there.
    if entry is None or entry.card is None or name not in {CARD, *entry.card.files}:
        return not_found()
    if name == CARD:
        return _checked(entry.card, request.headers.get("if-none-match", ""))
    return await send_file(request, entry.folder, name)


async def _opening(request: Request) -> Response:
    """Where a model opens that no link says a place of."""
    entry = await run_in_threadpool(loading.find, request.path_params["id"])
    return not_found() if entry is None else _json(await run_in_threadpool(loading.opening, entry))


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
        return not_found()
    if path == TABLE:
        return _checked(entry.table, request.headers.get("if-none-match", ""))
    if not await run_in_threadpool(measured.is_whole, entry, path):
        return not_found()
    return await send_file(request, entry.folder, path)


async def _catalogue(request: Request, here: str) -> Response:
    body = json.dumps(await run_in_threadpool(listed, here))
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
    return not_found() if found is None else _json(found)


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
        return not_found()
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
        return _json({"error": loading.sendable(str(error))}, 422)
    except OSError as error:
        await let_pass(pieces)
        return _json({"error": uploads.no_place(error)}, 503)
    except ClientDisconnect:
        return not_found()
    entry = await run_in_threadpool(loading.find, dropped.id)
    return _json(describe([entry], here)[0] if entry else None, 201)


async def _dropped(request: Request, here: str) -> Response:
    """The entry of a dropped checkpoint, for those who know its id."""
    entry = await run_in_threadpool(loading.find, request.path_params["id"])
    if entry is None or not entry.dropped:
        return not_found()
    return _json(describe([entry], here)[0])


def _json(content: object, status: int = 200) -> Response:
    return Response(
        json.dumps(content),
        status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
