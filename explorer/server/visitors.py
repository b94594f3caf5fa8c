"""How many visitors fit: the system's limit of open files, and a sentence for those beyond it.

A page opens six connections for its files and keeps one, its WebSocket; each takes a file, and so
does what is being sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.server.protection import (
    FULL,
    HEADERS,
    LONGEST_HEAD,
    POLICY,
    RETRY_S,
    TOO_LONG,
    policy,
)

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

_LOGGER = logging.getLogger(__name__)

ENOUGH = 65_536
# What is open anyway: models, logs, Python's own.
OWN_FILES, FILES_A_VISITOR = 64, 7
# From the page to its WebSocket, on a slow line.
OPENING_S = 20

LONGEST_HEAD_S = 20
# Of what a page says over its WebSocket: the longest is a link of 20,000 characters. Streamlit
# would keep 200 MB of a message that never ends, from each.
LONGEST_MESSAGE = 2**20

# In the scope of a request whose answer goes on until somebody leaves.
ENDLESS = "explorer.endless"

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Latent-space explorer</title>
<meta http-equiv="refresh" content="{seconds}"><meta name="color-scheme" content="light dark">
<body style="font-family: sans-serif; margin: 20vh auto; max-width: 40em; padding: 0 1em">
<p>{sentence}</p><p>This page tries again by itself every {seconds} seconds.</p>"""


def raise_limit() -> int:
    """Let this process open as many files as it may, or as are enough; how many that are.

    Where few visitors fit, the log says so.
    """
    if resource is None:
        return ENOUGH
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY:
        return ENOUGH
    if soft < most:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
        except (OSError, ValueError) as error:
            _LOGGER.warning("The limit of open files stays at %d: %s", soft, error)
    if soft < 1024:
        _LOGGER.warning(
            "This system lets the explorer open %d files at once: about %d visitors fit. "
            "`ulimit -n 4096` before the start makes room for more, where you may.",
            soft,
            fitting(soft),
        )
    return soft


def answers(files: int) -> int:
    """How many requests may be answered at once, each from a file, with this many files."""
    return max(1, files // 4)


def connections(files: int) -> int:
    """How many connections may be open then."""
    return max(1, files - OWN_FILES - answers(files))


def fitting(files: int) -> int:
    """How many visitors may be here at once."""
    return max(1, connections(files) // FILES_A_VISITOR)


class Visitors:
    """Counts the visitors, and gives those who are too many a page that tries again.

    Other requests wait for their turn.
    """

    def __init__(
        self, app: ASGIApp, files: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app, self.most, self.clock = app, fitting(files), clock
        self.turns = asyncio.Semaphore(answers(files))
        self.here = 0
        self.opening: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through `app`, if there is room."""
        if scope["type"] == "websocket":
            if self.opening:
                self.opening.popleft()
            self.here += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self.here -= 1
        elif _is_page(scope) and not self._room():
            await full(scope, receive, send)
        elif scope["type"] == "http":
            await self._in_turn(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _in_turn(self, scope: Scope, receive: Receive, send: Send) -> None:
        holds, arrives = True, scope["method"] not in ("GET", "HEAD")

        async def receive_on() -> Message:
            nonlocal holds, arrives
            if not arrives:
                return await receive()
            # Whose body is on its way waits for that, and keeps no turn meanwhile.
            if holds:
                holds = False
                self.turns.release()
            message = await receive()
            arrives = message.get("more_body", False)
            await self.turns.acquire()
            holds = True
            return message

        async def send_on(message: Message) -> None:
            nonlocal holds
            # An answer without an end takes no file, and must take no turn from those that do.
            if holds and scope.get(ENDLESS):
                holds = False
                self.turns.release()
            await send(message)

        await self.turns.acquire()
        try:
            await self.app(scope, receive_on, send_on)
        finally:
            if holds:
                self.turns.release()

    def _room(self) -> bool:
        now = self.clock()
        while self.opening and now - self.opening[0] > OPENING_S:
            self.opening.popleft()
        if self.here + len(self.opening) >= self.most:
            return False
        self.opening.append(now)
        return True


def _is_page(scope: Scope) -> bool:
    """Whether a browser asks for a page, and not for what a page is made of."""
    is_http = scope["type"] == "http"
    return is_http and Headers(scope=scope).get("accept", "").startswith("text/html")


async def full(scope: Scope, receive: Receive, send: Send) -> None:
    """Say that there is no room, and when to try again."""
    headers = HEADERS | {POLICY: policy(), "Retry-After": str(RETRY_S), "Cache-Control": "no-store"}
    answer: Response = PlainTextResponse(FULL, 503, headers=headers)
    if _is_page(scope):
        answer = HTMLResponse(PAGE.format(sentence=FULL, seconds=RETRY_S), 503, headers=headers)
    await answer(scope, receive, send)


def bound_connections(files: int) -> None:
    """Bound what a connection may send before its request is complete, and how many there are.

    An answer without an end is cut off where the server stops, which would wait for it.

    uvicorn has an option for neither that Streamlit hands on: its protocol is changed here.
    """
    from uvicorn.protocols.http import httptools_impl

    kind: Any = httptools_impl.HttpToolsProtocol
    if hasattr(kind, "most_connections"):
        kind.most_connections = connections(files)
        return
    kind.most_connections = connections(files)
    made, received, lost = kind.connection_made, kind.data_received, kind.connection_lost
    begun, complete = kind.on_message_begin, kind.on_headers_complete
    stopped = kind.shutdown

    def connection_made(self: Any, transport: asyncio.Transport) -> None:
        made(self, transport)
        self.limit_concurrency = kind.most_connections
        self.config.ws_max_size = LONGEST_MESSAGE
        self.head, self.in_head = 0, True
        self.patience = self.loop.call_later(LONGEST_HEAD_S, _give_up, self)

    def data_received(self: Any, data: bytes) -> None:
        self.head += len(data) if self.in_head else 0
        received(self, data)
        if self.in_head and self.head > LONGEST_HEAD and not self.transport.is_closing():
            _refuse(self)

    def on_message_begin(self: Any) -> None:
        begun(self)
        self.in_head, self.head = True, 0
        self.patience.cancel()
        self.patience = self.loop.call_later(LONGEST_HEAD_S, _give_up, self)

    def on_headers_complete(self: Any) -> None:
        self.in_head = False
        self.patience.cancel()
        complete(self)

    def connection_lost(self: Any, exc: Exception | None) -> None:
        self.patience.cancel()
        lost(self, exc)

    def shutdown(self: Any) -> None:
        stopped(self)
        if self.cycle is not None and self.cycle.scope.get(ENDLESS):
            self.transport.close()

    for method in (
        *(connection_made, data_received, on_message_begin, on_headers_complete, connection_lost),
        shutdown,
    ):
        setattr(kind, method.__name__, method)
    vars(httptools_impl)["service_unavailable"] = full


def _give_up(protocol: Any) -> None:
    """Close a connection on which no request came."""
    if not protocol.transport.is_closing():
        protocol.transport.close()


def _refuse(protocol: Any) -> None:
    sentence = TOO_LONG.encode()
    protocol.transport.write(
        b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\n"
        b"connection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(sentence), sentence)
    )
    protocol.transport.close()
