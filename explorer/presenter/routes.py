"""The addresses of a class: an event stream to follow, and what only the teacher's key may do."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from explorer import loading
from explorer.jobs.running import HOME
from explorer.lessons import LESSONS
from explorer.presenter.exchange import Asked, Leading, Moved, Place, Prediction, Tally
from explorer.presenter.store import ClassError, Store
from explorer.server.answers import Answer, as_json, in_a_sentence, queried, refused
from explorer.server.arriving import message, visitor_of
from explorer.server.visitors import ENDLESS
from training.contract.reading import parse, read

T = TypeVar("T")

KEY = "X-Presenter"  # a header, for addresses end up in logs
QUIET_S = 10  # after so long a comment is sent: no proxy closes the stream, no page thinks it lost
MOST_FOLLOWERS = 300
LARGEST_BODY = 64_000
NO_CLASS = "This class has ended, or its code is not complete."
NO_LEADER = "Only the teacher's own link can lead this class."
NO_FILE = "This explorer cannot write to its folder `runs`, so it can keep no class."


@cache
def _store(path: Path) -> Store:
    return Store(path)


def store() -> Store:
    """The classes of this server, in the file of its training runs."""
    return _store((loading.RUNS / HOME / "jobs.sqlite").resolve())


def routes(base: str) -> list[Route]:
    """The routes below `base`."""
    classes = _Classes()
    listed: tuple[tuple[str, str, Answer], ...] = (
        ("POST", "", classes.begin),
        ("DELETE", "/{code}", classes.end),
        ("GET", "/{code}/places", classes.follow),
        ("POST", "/{code}/place", classes.move),
        ("POST", "/{code}/guesses", classes.guess),
        ("GET", "/{code}/tally.json", classes.tally),
    )
    return [
        Route(f"{base}/classes{path}", in_a_sentence(answer, NO_FILE), methods=[method])
        for method, path, answer in listed
    ]


class _Classes:
    """Who follows which class. A slow follower gets the newest place, not every one before it."""

    def __init__(self) -> None:
        self._followers: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        # Where a class is, until the file says it too, and what writes it there.
        self._newest: dict[str, str] = {}
        self._writing: dict[str, asyncio.Task[None]] = {}

    async def begin(self, request: Request) -> Response:
        place = (await _said(request, Place)).place
        code, key = await run_in_threadpool(lambda: store().begin(place, visitor_of(request)))
        return as_json(Leading(code, key), 201)

    async def move(self, request: Request) -> Response:
        code = request.path_params["code"]
        if not await _leads(request):
            return refused(NO_LEADER, 403)
        place = (await _said(request, Place)).place
        self._tell(code, Moved(place))
        self._newest[code] = place
        if code not in self._writing:
            self._writing[code] = asyncio.create_task(self._write(code))
        return Response(status_code=204)

    async def _write(self, code: str) -> None:
        """Note where a class is; of a drag the newest place, for the disk may be slower than it."""
        try:
            written = None
            while (place := self._newest[code]) != written:
                await run_in_threadpool(store().move, code, place)
                written = place
        finally:
            del self._newest[code], self._writing[code]

    async def _place(self, code: str) -> str | None:
        found = await run_in_threadpool(lambda: store().place(code))
        return None if found is None else self._newest.get(code, found)

    async def end(self, request: Request) -> Response:
        code = request.path_params["code"]
        if not await _leads(request):
            return refused(NO_LEADER, 403)
        await run_in_threadpool(store().end, code)
        self._tell(code, Moved(ended=True))
        return Response(status_code=204)

    def _tell(self, code: str, event: Moved) -> None:
        line = _line(event)
        for queue in self._followers.get(code, ()):
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(line)

    async def follow(self, request: Request) -> Response:
        code = request.path_params["code"]
        if await self._place(code) is None:
            return refused(NO_CLASS, 404)
        if len(self._followers.get(code, ())) >= MOST_FOLLOWERS:
            return refused(f"{MOST_FOLLOWERS} screens follow this class already.", 503)
        request.scope[ENDLESS] = True
        # A named encoding is left alone by what packs answers, and would hold them back.
        headers = {
            "Cache-Control": "no-store",
            "Content-Encoding": "identity",
            "X-Accel-Buffering": "no",
        }
        return StreamingResponse(
            self._places(code), media_type="text/event-stream", headers=headers
        )

    async def _places(self, code: str) -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._followers[code].add(queue)
        try:
            # Read once it listens: no move falls between the two.
            place = await self._place(code)
            yield _line(Moved(ended=True) if place is None else Moved(place))
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), QUIET_S)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._followers[code].discard(queue)
            if not self._followers[code]:
                del self._followers[code]

    async def guess(self, request: Request) -> Response:
        code = request.path_params["code"]
        said = await _said(request, Prediction)
        if said.lesson not in LESSONS:
            raise ClassError(f"There is no lesson {said.lesson}: reload the page.")
        if await self._place(code) is None:
            return refused(NO_CLASS, 404)
        await run_in_threadpool(store().guess, code, said.lesson, said.voter, said.guess)
        return Response(status_code=204)

    async def tally(self, request: Request) -> Response:
        """How many follow, and what they predict of the lesson that the query names."""
        if not await _leads(request):
            return refused(NO_LEADER, 403)
        code, lesson = request.path_params["code"], queried(request, Asked).lesson
        found = await run_in_threadpool(store().tally, code, lesson) if lesson else {}
        return as_json(Tally(len(self._followers.get(code, ())), found))


async def _leads(request: Request) -> bool:
    code, key = request.path_params["code"], request.headers.get(KEY, "")
    return await run_in_threadpool(lambda: store().leads(code, key))


def _line(event: Moved) -> str:
    return f"data: {msgspec.json.encode(event).decode()}\n\n"


async def _said(request: Request, kind: type[T]) -> T:
    """The message that was sent."""
    return read(kind, parse(await message(request, LARGEST_BODY), "The message"), "message")
