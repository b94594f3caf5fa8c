"""A file as an answer: whole or a range of it, in pieces, no more of it in memory than a few."""

from __future__ import annotations

import asyncio
import re
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PIECE = 2**16
# Of what is in memory anyway.
LARGE_PIECE = 2**18
# How long a reader may take for one piece, before the connection is somebody else's.
STALLED_S = 60


class FileAnswer(Response):
    """What is left in `file`, or `size` bytes of it; it is closed afterwards, whatever happens.

    Asked for the head alone, the server reads nothing.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: int | None,
        headers: dict[str, str],
        media_type: str,
        status: int = 200,
    ) -> None:
        self.file, self.size = file, size
        self.status_code, self.media_type, self.background = status, media_type, None
        length = {} if size is None else {"Content-Length": str(size)}
        self.init_headers(headers | length)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, for as long as somebody takes it."""
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            start = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **start})
            left = 0 if scope["method"] == "HEAD" else self.size
            more = True
            while more and not gone.done():
                piece = await run_in_threadpool(
                    self.file.read, PIECE if left is None else min(PIECE, left)
                )
                left = None if left is None else left - len(piece)
                more = bool(piece) and left != 0
                async with asyncio.timeout(STALLED_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError:
            return  # the server closes a connection whose answer is not complete
        finally:
            gone.cancel()
            self.file.close()


class MemoryAnswer(Response):
    """A body that many may ask for at once, and that all of them share."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, for as long as somebody takes it."""
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        await send_body(send, bytes(self.body))


async def send_body(send: Send, body: bytes) -> None:
    """Send what is in memory, of which no more than a piece waits for who reads slowly."""
    for start in range(0, max(1, len(body)), LARGE_PIECE):
        more = start + LARGE_PIECE < len(body)
        piece = body[start : start + LARGE_PIECE]
        try:
            async with asyncio.timeout(STALLED_S):
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        except TimeoutError:
            return  # the server closes a connection whose answer is not complete


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def range_of(asked: str, size: int) -> range | None:
    """The bytes that a Range header asks for; an empty range where the file has none of them.

    None where the whole file is to be sent: for several ranges, too, as a server may.
    """
    found = re.fullmatch(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", asked)
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        return range(max(0, size - int(found[2])), size)
    end = size if found[2] == "" else min(size, int(found[2]) + 1)
    if found[2] != "" and int(found[2]) < int(found[1]):
        return None
    return range(int(found[1]), max(end, int(found[1]))) if int(found[1]) < size else range(0)
