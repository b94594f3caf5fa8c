"""Large files, and parts of them: what is read for whom."""

import http.client
import io
import os
import socket
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import pytest

from explorer.server import streaming

from .served import Get


@pytest.mark.parametrize(
    ("asked", "status", "sent", "content_range"),
    [
        ("bytes=0-3", 206, slice(0, 4), "bytes 0-3/1000"),
        ("bytes=990-", 206, slice(990, 1000), "bytes 990-999/1000"),
        ("bytes=990-5000", 206, slice(990, 1000), "bytes 990-999/1000"),
        ("bytes=-7", 206, slice(993, 1000), "bytes 993-999/1000"),
        ("bytes=1000-", 416, slice(0, 0), "bytes */1000"),
        ("bytes=-0", 416, slice(0, 0), "bytes */1000"),
        ("bytes=5-2", 200, slice(0, 1000), None),
        ("bytes=0-1,5-6", 200, slice(0, 1000), None),
        ("lines=0-1", 200, slice(0, 1000), None),
        ("bytes=" + "9" * 5000 + "-", 200, slice(0, 1000), None),
    ],
)
def test_a_range_of_a_file_is_sent(
    get: Get, web: Path, asked: str, status: int, sent: slice, content_range: str | None
) -> None:
    content = bytes(range(250)) * 4
    (web / "a.onnx").write_bytes(content)
    answer, body = get("/instrument/a.onnx", range=asked, accept_encoding="gzip")
    assert (answer.status, body) == (status, content[sent])
    assert answer.getheader("content-range") == content_range
    assert answer.getheader("content-length") == str(len(body))
    assert answer.getheader("accept-ranges") == "bytes"


def test_a_range_of_an_older_file_is_not_mixed_with_a_newer(get: Get, web: Path) -> None:
    (web / "a.onnx").write_bytes(b"older")
    etag = get("/instrument/a.onnx")[0].getheader("etag") or ""
    answer, body = get("/instrument/a.onnx", range="bytes=0-1", if_range=etag)
    assert (answer.status, body) == (206, b"ol")
    (web / "a.onnx").write_bytes(b"newer still")
    answer, body = get("/instrument/a.onnx", range="bytes=0-1", if_range=etag)
    assert (answer.status, body) == (200, b"newer still")


def test_a_file_of_a_model_is_read_once_for_all_until_it_changes(
    get: Get, web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (web / "a.onnx").write_bytes(b"older")
    read: list[Path] = []
    original = Path.open

    def opened(self: Path, mode: str) -> IO[Any]:
        read.append(self)
        return original(self, mode)

    with monkeypatch.context() as watched:
        watched.setattr(Path, "open", opened)
        assert [get("/instrument/a.onnx")[1] for _ in range(3)] == [b"older"] * 3
    assert read == [web / "a.onnx"]
    (web / "a.onnx").write_bytes(b"newer still")
    assert get("/instrument/a.onnx")[1] == b"newer still"
    # A copy of the same length that has the time of what it replaces.
    times = (web / "a.onnx").stat()
    (web / "b.onnx").write_bytes(b"newest copy")
    os.utime(web / "b.onnx", ns=(times.st_atime_ns, times.st_mtime_ns))
    (web / "b.onnx").replace(web / "a.onnx")
    assert get("/instrument/a.onnx")[1] == b"newest copy"


LARGE = 2**30


@pytest.fixture
def large(web: Path) -> str:
    """The address of a file of 1 GiB, which is sparse and so takes no space."""
    with (web / "large.onnx").open("wb") as file:
        file.truncate(LARGE)
    return "/instrument/large.onnx"


def test_the_head_of_a_file_costs_no_reading(
    get: Get, large: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr(
        streaming.FileAnswer, "__init__", _counting(streaming.FileAnswer.__init__, read)
    )
    answer, body = get(large, "HEAD", range="bytes=0-9")
    assert (answer.status, body) == (200, b""), "of a head there are no ranges"
    assert answer.getheader("content-length") == str(LARGE)
    assert sum(read) == 0


def _counting(
    original: Callable[..., None], read: list[int], closed: threading.Event | None = None
) -> Callable[..., None]:
    """Files that note how much of them is read, and when they are closed."""

    def init(self: object, file: BinaryIO, *rest: object) -> None:
        class Counted(io.BufferedReader):
            def read(self, size: int | None = -1, /) -> bytes:
                read.append(len(content := super().read(size)))
                return content

            def close(self) -> None:
                super().close()
                if closed is not None:
                    closed.set()

        original(self, Counted(cast(io.RawIOBase, file.detach())), *rest)  # type: ignore[attr-defined]

    return init


def test_who_reads_nothing_holds_no_memory(port: int, large: str) -> None:
    connections = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(6)]
    tracemalloc.start()
    try:
        for connection in connections:
            connection.request("GET", large)
            assert connection.getresponse().status == 200
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        for connection in connections:
            connection.close()
    assert peak < 10_000_000, "of 6 GiB"


def test_who_left_is_not_read_for(port: int, large: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    closed = threading.Event()
    monkeypatch.setattr(
        streaming.FileAnswer, "__init__", _counting(streaming.FileAnswer.__init__, read, closed)
    )
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"GET {large} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert connection.recv(10_000)
    connection.close()
    assert closed.wait(60)
    assert sum(read) < LARGE // 10
