"""Files from memory: the answers are those that a file server would give."""

from __future__ import annotations

import asyncio
import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from explorer.server import kept, sending, streaming

SCRIPT = b"export const answer = 42;\n" * 200
ENGINE = b"\0asm" * 500


async def _elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("from elsewhere", 203)(scope, receive, send)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    (folder / "vendor").mkdir(parents=True)
    (folder / "a.js").write_bytes(SCRIPT)
    (folder / "small.js").write_text("export {};")
    (folder / "font.woff2").write_bytes(bytes(5000))
    (folder / "page.html").write_text("<p>a page</p>")
    (folder / "engine.wasm.gz").write_bytes(gzip.compress(ENGINE))
    (tmp_path / "secret.js").write_text("secret")
    (folder / "link.js").symlink_to(tmp_path / "secret.js")
    return folder


@pytest.fixture
def app(folder: Path) -> kept.Kept:
    return kept.Kept(_elsewhere, [kept.Place("/lab/static/", [folder / "none", folder], "forever")])


def ask(
    app: kept.Kept, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    got: list[Message] = []

    async def send(message: Message) -> None:
        got.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": named}
    with ThreadPoolExecutor(1) as thread:  # here one of the browser tests may run
        thread.submit(asyncio.run, app(scope, receive, send)).result()
    headers = {name.decode(): value.decode() for name, value in got[0]["headers"]}
    return got[0]["status"], headers, b"".join(its["body"] for its in got[1:] if "body" in its)


def test_a_file_is_read_and_packed_once_for_all(
    app: kept.Kept, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(app, "/lab/static/a.js", accept_encoding="gzip, br")
    assert first[0] == 200
    assert first[1]["content-type"] == "text/javascript; charset=utf-8"
    assert first[1]["cache-control"] == "forever"
    assert first[1]["vary"] == "Accept-Encoding"
    assert first[1]["content-encoding"] == "gzip"
    assert first[1]["content-length"] == str(len(first[2]))
    assert gzip.decompress(first[2]) == SCRIPT
    assert len(first[2]) < len(SCRIPT) / 10
    monkeypatch.delattr(kept, "_read")
    assert ask(app, "/lab/static/a.js", accept_encoding="gzip") == first
    monkeypatch.undo()
    status, headers, body = ask(app, "/lab/static/a.js", accept_encoding="gzip;q=0")
    assert (status, body) == (200, SCRIPT)
    assert "content-encoding" not in headers
    assert headers["etag"] != first[1]["etag"]


def test_who_asks_while_a_file_is_packed_waits_for_that(
    app: kept.Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class that opens the page at once; the first of them leaves before it is done."""
    read, count, begun, go_on = kept._read, 0, threading.Event(), threading.Event()

    def slowly(place: kept.Place, name: str, packed: bool) -> kept.Copy | None:
        nonlocal count
        count += 1
        begun.set()
        go_on.wait()
        return read(place, name, packed)

    monkeypatch.setattr(kept, "_read", slowly)
    place = app.places[0]

    async def a_class() -> list[kept.Copy | None]:
        askers = [asyncio.create_task(app._copy(place, "/lab/static/a.js", True)) for _ in "12345"]
        await asyncio.to_thread(begun.wait)
        askers[0].cancel()
        await asyncio.sleep(0)
        go_on.set()
        return await asyncio.gather(*askers[1:])

    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(asyncio.run, a_class()).result()
    assert count == 1
    assert found[0] is not None
    assert all(copy is found[0] for copy in found)
    assert not app.reading


def test_what_does_not_get_smaller_goes_as_it_is(app: kept.Kept) -> None:
    assert ask(app, "/lab/static/small.js", accept_encoding="gzip")[2] == b"export {};"
    assert ask(app, "/lab/static/font.woff2", accept_encoding="gzip")[2] == bytes(5000)
    status, headers, body = ask(app, "/lab/static/engine.wasm", accept_encoding="gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["content-type"] == "application/wasm"
    assert gzip.decompress(body) == ENGINE
    assert ask(app, "/lab/static/engine.wasm")[2] == ENGINE


def test_what_a_browser_has_is_not_sent_again_until_it_changes(
    app: kept.Kept, folder: Path
) -> None:
    etag = ask(app, "/lab/static/a.js")[1]["etag"]
    status, headers, body = ask(app, "/lab/static/a.js", if_none_match=f'"x", {etag}')
    assert (status, body) == (304, b"")
    assert headers == {"etag": etag, "cache-control": "forever", "vary": "Accept-Encoding"}
    (folder / "a.js").write_text("export const changed = 1;")
    status, _, body = ask(app, "/lab/static/a.js", if_none_match=etag)
    assert (status, body) == (200, b"export const changed = 1;")
    (folder / "a.js").unlink()
    assert ask(app, "/lab/static/a.js")[0] == 203


def test_of_a_head_nothing_is_sent(app: kept.Kept) -> None:
    status, headers, body = ask(app, "/lab/static/a.js", "HEAD")
    assert (status, headers["content-length"], body) == (200, str(len(SCRIPT)), b"")


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/static/a.js", "GET", {}),
        ("/lab/static/none.js", "GET", {}),
        ("/lab/static/../../secret.js", "GET", {}),
        ("/lab/static/link.js", "GET", {}),
        ("/lab/static/vendor", "GET", {}),
        ("/lab/static/a\0.js", "GET", {}),
        ("/lab/static/page.html", "GET", {}),
        ("/lab/static/a.js", "POST", {}),
        ("/lab/static/a.js", "GET", {"range": "bytes=0-3"}),
    ],
)
def test_the_rest_is_for_the_app(
    app: kept.Kept, path: str, method: str, headers: dict[str, str]
) -> None:
    assert ask(app, path, method, **headers)[::2] == (203, b"from elsewhere")
    assert app.copies == {}


def test_a_large_file_is_not_kept_and_is_sent_in_pieces(
    app: kept.Kept, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LARGE_PIECE", 100)
    assert ask(app, "/lab/static/a.js")[2] == SCRIPT
    monkeypatch.setattr(kept, "LARGEST", len(SCRIPT) - 1)
    app.copies.clear()
    assert ask(app, "/lab/static/a.js")[0] == 203


def test_who_takes_nothing_is_let_go(app: kept.Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "STALLED_S", 0.01)
    sent: list[Message] = []

    async def stalled(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/lab/static/a.js", "headers": []}
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, app(scope, receive, stalled)).result(timeout=10)
    assert len(sent) == 2


def test_every_kind_of_file_of_the_front_end_has_a_type() -> None:
    assert kept.MEDIA_TYPES is sending.MEDIA_TYPES
    assert {".js", ".css", ".mjs", ".wasm", ".woff2"} <= set(sending.MEDIA_TYPES)


def test_a_file_is_not_kept_once_more_under_another_spelling_of_its_path(app: kept.Kept) -> None:
    for path in ("/lab/static//a.js", "/lab/static/./a.js", "/lab/static/vendor/../a.js"):
        assert ask(app, path)[2] == b"from elsewhere"
    assert not app.copies
    assert ask(app, "/lab/static/a.js")[2] == SCRIPT
