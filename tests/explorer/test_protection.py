"""Who may ask, and what a browser may do with the answer."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import hashlib
import os
import re
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Scope
from starlette.websockets import WebSocket, WebSocketDisconnect

from explorer.__main__ import main
from explorer.server import front_page, protection, serving


async def _hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def _fails(request: Request) -> PlainTextResponse:
    raise RuntimeError("unforeseen")


async def _lacks_files(request: Request) -> PlainTextResponse:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


async def _socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


async def _listens(socket: WebSocket) -> None:
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.send_bytes(await socket.receive_bytes())


@dataclass
class Answer:
    status: int
    headers: Headers
    text: str


def said(app: ASGIApp, scope: Scope, *frames: Message) -> list[Message]:
    """All that an app sends to a client that asks, sends this and leaves."""
    messages: list[Message] = []
    kind = scope["type"]
    incoming: list[Message] = [
        {"type": "http.request" if kind == "http" else "websocket.connect"},
        *({"type": "websocket.receive"} | frame for frame in frames),
        {"type": f"{kind}.disconnect", "code": 1000},
    ]

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        messages.append(message)

    async def ask() -> None:
        with contextlib.suppress(RuntimeError):  # what the app raises further, once it answered
            await app(scope, receive, send)

    with ThreadPoolExecutor(1) as pool:  # one that drives a browser has a loop already
        pool.submit(lambda: asyncio.run(ask())).result()
    return messages


class Client:
    """A client that asks an app by a name."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app, self.host = app, host

    def scope(self, kind: str, path: str, headers: dict[str, str]) -> Scope:
        named = {"host": self.host} | headers
        raw = [(name.encode(), value.encode()) for name, value in named.items()]
        return {"type": kind, "path": path, "headers": raw, "query_string": b""}

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        scope = self.scope("http", path, headers) | {"method": method, "client": ("::1", 1)}
        start, *rest = said(self.app, scope)
        body = b"".join(message.get("body", b"") for message in rest)
        return Answer(start["status"], Headers(raw=start["headers"]), body.decode())

    def connects(self, **headers: str) -> bool:
        first = said(self.app, self.scope("websocket", "/stream", headers))[0]
        return bool(first["type"] == "websocket.accept")


def client(
    host: str = "localhost:8501", hosts: Sequence[str] = (), origins: Sequence[str] = ()
) -> Client:
    app = Starlette(
        routes=[
            Route("/", _hello, methods=["GET", "POST"]),
            Route("/fails", _fails),
            Route("/busy", _lacks_files),
            WebSocketRoute("/stream", _socket),
            WebSocketRoute("/listens", _listens),
        ],
        middleware=serving.middleware(hosts, origins),
    )
    return Client(app, host)


@pytest.mark.parametrize("path", ["/", "/nowhere", "/fails", "/busy"])
def test_every_answer_says_what_a_browser_may_do_with_it(path: str) -> None:
    headers = client().ask(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-eval" not in policy.replace("'wasm-unsafe-eval'", "")
    assert re.search(r"script-src 'self' blob: 'wasm-unsafe-eval'(;| 'sha256)", policy)


def test_a_refusal_says_it_too() -> None:
    answer = client("evil.example").ask("/")
    assert answer.status == 421
    assert "content-security-policy" in answer.headers


def test_the_scripts_inside_streamlits_page_may_run_and_no_others() -> None:
    page = front_page.with_early("")
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    # What is data is not run.
    inside = [script for kind, script in scripts if script and "application/json" not in kind]
    assert len(inside) == 3
    policy = protection.policy(front_page.with_scripts())
    assert policy.count("'sha256-") == 3
    for script in inside:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8501", "127.0.0.1:8501", "192.168.1.7", "[::1]:8501", "x.localhost"],
)
def test_the_server_answers_to_its_addresses(host: str) -> None:
    assert client(host).ask("/").text == "hello"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "localhost.evil.example", "a@localhost", "", "."]
)
def test_a_name_that_was_rebound_is_refused(host: str) -> None:
    answer = client().ask("/", host=host)
    assert answer.status == 421
    assert "server.allowedHosts" in answer.text
    assert not client().connects(host=host)


def test_a_name_that_was_given_is_answered() -> None:
    hosts = ["Hub.school.example", "*.room.example"]
    assert client("hub.school.example", hosts).ask("/").status == 200
    assert client("a.room.example:80", hosts).ask("/").status == 200
    assert client("room.example", hosts).ask("/").status == 421
    assert client("localhost", hosts).ask("/").status == 200
    assert client("anything.example", hosts=["*"]).ask("/").status == 200


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("http://localhost:8501", True),
        ("http://localhost:9999", False),
        ("http://evil.example", False),
        ("http://localhost:8501.evil.example", False),
        ("null", False),
        ("http://[", False),
    ],
)
def test_pages_of_other_sites_may_not_use_it(origin: str, welcome: bool) -> None:
    assert client().connects(origin=origin) is welcome
    answer = client().ask("/", "POST", origin=origin)
    assert answer.status == (200 if welcome else 403)
    assert client().ask("/", origin=origin).status == 200


def test_an_origin_that_was_given_is_welcome() -> None:
    assert client(origins=["https://there.example"]).connects(origin="https://there.example")
    # Behind a proxy that asks by another name than the browser.
    assert client(hosts=["hub.example"]).connects(origin="https://hub.example")
    assert client("hub.example:443", hosts=["hub.example"]).connects(origin="https://hub.example")
    assert not client(hosts=["*"]).connects(origin="https://evil.example")


def test_what_the_system_lacks_for_a_moment_is_a_sentence_and_a_retry() -> None:
    answer = client().ask("/busy")
    assert (answer.status, answer.text) == (503, protection.FULL)
    assert int(answer.headers["retry-after"]) > 0
    answer = client().ask("/fails")
    assert (answer.status, answer.headers["content-type"][:10]) == (500, "text/plain")
    assert "unforeseen" not in answer.text


def test_a_teachers_page_may_show_it_in_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(protection.EMBED_IN, "https://school.example/, http://localhost:8000")
    allowed = "frame-ancestors 'self' https://school.example http://localhost:8000"
    assert client().ask("/").headers["content-security-policy"].endswith(allowed)


@pytest.mark.parametrize(
    "named", ["school.example", "https://a.example/page", "https://a.example; script-src *", "'*'"]
)
def test_what_is_no_address_of_a_site_is_refused(named: str) -> None:
    with pytest.raises(protection.EmbedError, match="is not the address of a site"):
        protection.embedding_origins(named)


def test_a_plain_page_may_run_the_script_that_it_holds() -> None:
    client = Client(serving.plain_app(), "localhost")
    answer = client.ask("/instrument/index.html")
    assert answer.headers["content-security-policy"] == protection.policy(answer.text)
    assert "'sha256-" in answer.headers["content-security-policy"]
    # Firefox holds a page that it has to the headers of the answer that it may be shown again.
    again = client.ask("/instrument/index.html", **{"if-none-match": answer.headers["etag"]})
    assert again.status == 304
    assert again.headers["content-security-policy"] == answer.headers["content-security-policy"]


def test_a_site_that_is_left_out_of_the_command_line_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["latent-explorer", "--embed-in"])
    with pytest.raises(SystemExit, match="--embed-in names no site"):
        main()


def test_a_text_over_a_websocket_ends_it_without_an_error() -> None:
    """Streamlit reads bytes alone."""
    asks = client()
    scope = asks.scope("websocket", "/listens", {})
    text: Message = {"text": "hello", "bytes": None}
    messages = said(asks.app, scope, {"bytes": b"1"}, {"text": "hello"}, {"bytes": b"2"})
    assert [message.get("bytes") for message in messages] == [None, b"1"]
    assert said(asks.app, scope, text)[0]["type"] == "websocket.accept"
