"""The routes by which a visitor's images arrive, are looked at and are removed.

The id of a set cannot be guessed: those who know it may train on it and remove it.
"""

from __future__ import annotations

import re
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from explorer import loading
from explorer.jobs import exchange, images, offers
from explorer.jobs.running import GONE, HEADER, NOT_ALLOWED, looks, supervisor
from explorer.server.answers import Answer, as_json, queried, refused
from explorer.server.archives import UploadError
from explorer.server.arriving import let_pass, receive, visitor_of

_SHEET = re.compile(r"sheet-\d+-(crop|pad)\.webp")
INSTEAD = "drop fewer images, or train with `python -m training train own`"


async def seen(request: Request) -> Response:
    """What is known of images at a size; they are looked at first."""
    size = queried(request, exchange.Size)
    return await run_in_threadpool(_seen, request.path_params["id"], size)


async def forget(request: Request) -> Response:
    """Remove images."""
    if HEADER not in request.headers:
        return refused(f"A request to remove images needs the header {HEADER}.")
    return await run_in_threadpool(_forget, request.path_params["id"])


async def sheet(request: Request) -> Response:
    """A picture of some of them as a model would see them."""
    id, name = request.path_params["id"], request.path_params["name"]
    return await run_in_threadpool(_sheet, id, name)


async def drop(request: Request) -> Response:
    """Take a zip of images; answer with its id, or with one sentence about why not."""
    pieces = request.stream()
    title = request.query_params.get("name", "")
    try:
        if not offers.allowed():
            raise UploadError(NOT_ALLOWED)
        if HEADER not in request.headers:
            raise UploadError(f"Sending images needs the header {HEADER}.")
        one, visitor = supervisor(), visitor_of(request)
        with images.arriving(one.home) as place:
            with place.open("wb") as file:
                await receive(pieces, file, visitor, "images", INSTEAD)
            accept = partial(images.accept, one.store, one.home, place, title, visitor)
            found = await run_in_threadpool(accept)
    except UploadError as error:
        await let_pass(pieces)
        return refused(loading.sendable(str(error)))
    except OSError as error:
        await let_pass(pieces)
        return refused(f"The zip could not be written: {error.strerror}; tell whoever runs this.")
    except ClientDisconnect:
        return refused(GONE, 404)
    return as_json(exchange.Sent(found.id, found.title), 201)


def _seen(id: str, size: exchange.Size) -> Response:
    found = images.find(supervisor().home, id)
    if found is None:
        return refused(images.GONE, 404)
    state = looks().state(found, size.side, size.fit)
    return as_json(exchange.Images(found.id, found.title, **state))


def _forget(id: str) -> Response:
    one = supervisor()
    found = images.find(one.home, id)
    if found is None:
        return refused(images.GONE, 404)
    if id in one.store.images_in_use():
        return refused("A run is learning from these images: stop it first.")
    images.remove(found)
    return as_json({})


def _sheet(id: str, name: str) -> Response:
    found = images.find(supervisor().home, id)
    if found is None or not _SHEET.fullmatch(name) or not (found.folder / name).is_file():
        return PlainTextResponse("There is no such file.", 404)
    headers = {"Cache-Control": "private, max-age=600", "Content-Encoding": "identity"}
    return Response((found.folder / name).read_bytes(), media_type="image/webp", headers=headers)


LISTED: tuple[tuple[str, str, Answer], ...] = (
    ("POST", "images", drop),
    ("GET", "images/{id}.json", seen),
    ("POST", "images/{id}/remove", forget),
    ("GET", "images/{id}/{name}", sheet),
)
