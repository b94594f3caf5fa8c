"""How many fit: the limit of open files, and the sentence for those who come after that."""

from __future__ import annotations

import asyncio
import resource
import socket
import subprocess
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from explorer.server import serving, visitors

from .served import listening

PAGE = (b"accept", b"text/html,application/xhtml+xml")


async def _hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def run(work: Coroutine[Any, Any, None]) -> None:
    """Wait for it, on a loop of a thread of its own: here one of the browser tests may run."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def ask(app: visitors.Visitors, *headers: tuple[bytes, bytes]) -> list[Message]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": list(headers)}
    run(app(scope, receive, send))
    return messages


def test_past_what_fits_a_page_is_a_sentence_and_a_retry() -> None:
    now = [0.0]
    app = visitors.Visitors(_hello, 1024, lambda: now[0])
    app.most = 2
    assert [ask(app, PAGE)[0]["status"] for _ in range(3)] == [200, 200, 503]
    start, body = ask(app, PAGE)
    assert b'http-equiv="refresh" content="10"' in body["body"]
    assert b"try again in a few seconds" in body["body"]
    assert (b"retry-after", b"10") in start["headers"]
    assert ask(app)[0]["status"] == 200, "those who are here get their files"
    now[0] = visitors.OPENING_S + 1
    assert ask(app, PAGE)[0]["status"] == 200, "the two never came"


def test_who_leaves_makes_room() -> None:
    app = visitors.Visitors(_hello, 1)
    assert app.most == 1

    async def visit() -> None:
        gone = asyncio.Event()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "websocket.disconnect"}

        async def send(message: Message) -> None:
            pass

        stays = asyncio.ensure_future(app({"type": "websocket"}, receive, send))
        await asyncio.sleep(0)
        assert app.here == 1
        assert not app._room()
        gone.set()
        await stays

    run(visit())
    assert app.here == 0
    assert ask(app, PAGE)[0]["status"] == 200


def test_no_more_is_answered_at_once_than_there_are_files_for() -> None:
    at_once, most = [0], [0]

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        await asyncio.sleep(0.01)
        at_once[0] -= 1

    async def crowd() -> None:
        app = visitors.Visitors(slow, 16)
        scope = {"type": "http", "method": "GET", "headers": []}
        await asyncio.gather(*(app(scope, receive, send) for _ in range(40)))

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        pass

    run(crowd())
    assert most[0] == visitors.answers(16) == 4


def test_whose_body_is_on_its_way_keeps_no_turn() -> None:
    async def taken(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await _hello(scope, receive, send)

    async def crowd() -> None:
        app = visitors.Visitors(taken, 4)
        pieces: asyncio.Queue[Message] = asyncio.Queue()
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def whole() -> Message:
            return {"type": "http.request", "more_body": False}

        scope = {"type": "http", "headers": []}
        slow = [
            asyncio.ensure_future(app({**scope, "method": "POST"}, pieces.get, send))
            for _ in range(3)
        ]
        await asyncio.sleep(0)
        other = asyncio.ensure_future(app({**scope, "method": "GET"}, whole, send))
        for _ in range(10):
            await asyncio.sleep(0)
        assert (other.done(), len(sent)) == (True, 2)
        for more in (True, True, True, False, False, False):
            pieces.put_nowait({"type": "http.request", "more_body": more})
        await asyncio.gather(*slow)
        assert len(sent) == 8
        assert app.turns._value == visitors.answers(4) == 1, "none is lost, none is made"

    run(crowd())


def test_the_limit_of_open_files_is_raised_and_said_where_it_is_low() -> None:
    script = (
        "import logging, resource, sys; logging.basicConfig()\n"
        "from explorer.server import visitors\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))\n"
        "print(visitors.raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
    )

    def limits(soft: int, hard: int) -> tuple[str, str]:
        command = [sys.executable, "-c", script, str(soft), str(hard)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip(), done.stderr

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert hard == resource.RLIM_INFINITY or hard >= 1024
    assert limits(256, 1024) == ("1024 1024 1024", "")
    figures, said = limits(128, 256)
    assert figures == "256 256 256"
    assert "about 18 visitors fit. `ulimit -n 4096`" in said
    assert visitors.fitting(1024) >= 100


def serve() -> AbstractContextManager[int]:
    return listening(serving.plain_app(), http="httptools")


def say(port: int, *pieces: bytes, waits: bool = False) -> bytes:
    """What is answered to these pieces, until the connection is closed; `waits` after the first."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        answer = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
                if waits and not answer:
                    answer += connection.recv(2**16)
            while piece := connection.recv(2**16):
                answer += piece
        except ConnectionError:
            pass
        return answer


HEAD = b"GET /catalogue.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


def test_a_head_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    visitors.bound_connections(1024)
    monkeypatch.setattr(visitors, "LONGEST_HEAD_S", 0.5)
    with serve() as port:
        assert b"200 OK" in say(port, HEAD + b"X: " + b"x" * 30_000 + b"\r\n\r\n")
        assert b" 431 " in say(port, HEAD + b"X: " + b"x" * 66_000 + b"\r\n\r\n"), "in one piece"
        many = b"X: y\r\n" * 1_000_000
        answer = say(port, HEAD, *(many[at : at + 50_000] for at in range(0, len(many), 50_000)))
        assert b"200 OK" not in answer
        assert say(port, HEAD[:20]) == b"", "and a time"
        body = b"POST /uploads HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        body += b"Content-Length: 1000000\r\n\r\n"
        assert b" 422 " in say(port, body, *[bytes(100_000)] * 10), "a body is not a head"


def test_past_the_last_connection_there_is_a_sentence() -> None:
    files = next(files for files in range(1024) if visitors.connections(files) == 3)
    visitors.bound_connections(files)
    try:
        with serve() as port:
            idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
            answer = say(port, HEAD + b"\r\n")
            assert b" 503 " in answer
            assert b"try again in a few seconds" in answer
            for connection in idle:
                connection.close()
            answers = (say(port, HEAD + b"\r\n") for _ in range(1000))
            assert any(b"200 OK" in answer for answer in answers), "it has noticed that they left"
    finally:
        visitors.bound_connections(visitors.ENOUGH)


async def _listens(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes a WebSocket, receives one message, and says how many bytes that had."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await receive()
        message = await receive()
        if message["type"] == "websocket.receive":
            await send({"type": "websocket.close", "reason": str(len(message["bytes"]))})


UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def piece(content: bytes, *, first: bool = False, last: bool = False) -> bytes:
    """A piece of a message of bytes, as a browser would send it."""
    kind = (0x80 if last else 0) | (2 if first else 0)
    return bytes([kind, 0x80 | 127]) + len(content).to_bytes(8, "big") + bytes(4) + content


def test_a_message_over_a_websocket_has_an_end() -> None:
    visitors.bound_connections(1024)
    half = bytes(visitors.LONGEST_MESSAGE // 2)
    begin = piece(half, first=True)
    too_long = (1009).to_bytes(2, "big")
    with listening(_listens, http="httptools", ws="websockets-sansio") as port:
        assert b"1048576" in say(port, UPGRADE, begin, piece(half, last=True), waits=True)
        # The next is too long for the whole, and so is one by itself; of neither more is taken.
        for before, claims in (([begin], len(half) + 1), ([], 2**40)):
            head = bytes([0 if before else 2, 0xFF]) + claims.to_bytes(8, "big") + bytes(4)
            assert too_long in say(port, UPGRADE, *before, head, waits=True)
