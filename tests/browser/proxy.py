"""A proxy that strips its prefix, as JupyterHub's does: the app behind it hears nothing of it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def stripping(address: str, prefix: str) -> Iterator[str]:
    """Where the app at `address` is found below `prefix`; anything else there is answered 404."""
    port = urlsplit(address).port
    ready, loop = threading.Event(), asyncio.new_event_loop()
    found: list[int] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, rest = head.split(b" ", 2)
            if not path.startswith(prefix.encode()):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                writer.close()
                return
            path = b"/" + path[len(prefix) :]
            if b"upgrade: websocket" not in rest.lower():
                # One request a connection, so that every one is seen here.
                rest = re.sub(rb"(?i)connection: [^\r]*", b"Connection: close", rest)
            behind, beyond = await asyncio.open_connection("localhost", port)
            beyond.write(b" ".join((method, path, rest)))
            await asyncio.gather(_copy(reader, beyond), _copy(behind, writer))

    async def run() -> None:
        server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
        found.append(server.sockets[0].getsockname()[1])
        ready.set()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.create_task(run())
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait()
    yield f"http://127.0.0.1:{found[0]}{prefix}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(2**16):
            writer.write(piece)
            await writer.drain()
    writer.close()
