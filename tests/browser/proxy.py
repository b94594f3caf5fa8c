"""A proxy that strips its prefix, as JupyterHub's does: the app behind it does not know."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def stripping(address: str, prefix: str) -> Iterator[str]:
    """Where the app at `address` is found below `prefix`; anything else there is answered 404."""
    port = urlsplit(address).port
    ready = threading.Event()
    found: list[int] = []
    stop: list[Callable[[], object]] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, EOFError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, rest = head.split(b" ", 2)
            if not path.startswith(prefix.encode()):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                return
            path = b"/" + path[len(prefix) :]
            if b"upgrade: websocket" not in rest.lower():
                # One request a connection, so that every one is seen here.
                rest = re.sub(rb"(?i)connection: [^\r]*", b"Connection: close", rest)
            behind, beyond = await asyncio.open_connection("localhost", port)
            with contextlib.closing(beyond):
                beyond.write(b" ".join((method, path, rest)))
                await asyncio.gather(_copy(reader, beyond), _copy(behind, writer))

    async def serve() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
        found.append(server.sockets[0].getsockname()[1])
        ready.set()
        await stopped.wait()
        server.close()
        # What is still open: each closes its two ends.
        open_still = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_still:
            task.cancel()
        await asyncio.gather(*open_still, return_exceptions=True)
        await asyncio.sleep(0)  # a closed connection lets go of its socket in the next turn

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    ready.wait()
    yield f"http://127.0.0.1:{found[0]}{prefix}"
    stop[0]()
    thread.join()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(2**16):
            writer.write(piece)
            await writer.drain()
    writer.close()
