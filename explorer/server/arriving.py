"""What visitors send, while it arrives: to disk piece by piece, within bounds of bytes and time."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections import Counter
from collections.abc import AsyncIterator
from typing import BinaryIO

from starlette.requests import ClientDisconnect, Request

from explorer.server.archives import UploadError
from training.contract.errors import UserError

MB = 10**6
LARGEST_ZIP = 300 * MB
# How long it may take to arrive; how many bytes, and how many zips, may be arriving at once.
LONGEST_S = 15 * 60
LONGEST_REST_S = 60
LONGEST_MESSAGE_S = 20
MOST_ARRIVING, MOST_ZIPS = 2**30, 48
# Of them, what one address may have: two cannot take them from all.
MOST_FROM_ONE, MOST_ZIPS_FROM_ONE = MOST_ARRIVING // 3, MOST_ZIPS // 3
_arriving: Counter[str] = Counter()
_zips: Counter[str] = Counter()


async def receive(
    pieces: AsyncIterator[bytes], file: BinaryIO, visitor: str, what: str, instead: str
) -> None:
    """Write the body to `file`, as long as it is not too long and does not take too long.

    A slow sender holds a connection and a file, but no turn (`visitors.Visitors`).

    Args:
        what: the things that are sent, as a plural.
        instead: what to do with a zip that is too large.

    Raises:
        UploadError: if it is.
    """
    too_many = f"Too many {what} are being dropped at once: try again in a minute."
    if _zips.total() >= MOST_ZIPS or _zips[visitor] >= MOST_ZIPS_FROM_ONE:
        raise UploadError(too_many)
    _zips[visitor] += 1
    count = 0
    try:
        async with asyncio.timeout(LONGEST_S):
            async for piece in pieces:
                count += len(piece)
                _arriving[visitor] += len(piece)
                if count > LARGEST_ZIP:
                    raise UploadError(
                        f"This zip is larger than {LARGEST_ZIP // MB} MB: {instead} instead."
                    )
                if _arriving.total() > MOST_ARRIVING or _arriving[visitor] > MOST_FROM_ONE:
                    raise UploadError(too_many)
                file.write(piece)
    except TimeoutError as error:
        raise UploadError("The zip took too long to arrive: drop it again.") from error
    finally:
        for counted, its in ((_arriving, count), (_zips, 1)):
            counted[visitor] -= its
            if not counted[visitor]:
                del counted[visitor]


async def message(request: Request, most: int) -> bytes:
    """The body of a request that a page of ours makes in a moment.

    Raises:
        UserError: if it is longer than `most` bytes, or is not here in time.
    """
    body = b""
    try:
        async with asyncio.timeout(LONGEST_MESSAGE_S):
            async for piece in request.stream():
                body += piece
                if len(body) > most:
                    raise UserError(f"This message is too long: at most {most:,} bytes are taken.")
    except TimeoutError as error:
        raise UserError("This message took too long to arrive: send it again.") from error
    return body


async def let_pass(pieces: AsyncIterator[bytes]) -> None:
    """Take what is still on its way: a browser that is cut off while it sends shows no sentence."""
    count = 0
    with contextlib.suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(LONGEST_REST_S):
            async for piece in pieces:
                count += len(piece)
                if count > LARGEST_ZIP:
                    return


def visitor_of(request: Request) -> str:
    """Where a request comes from: an address, or of a long one the part that a household shares.

    Behind a proxy on this machine, uvicorn takes it from what the proxy says.
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    short = address.version == 4
    return host if short else str(ipaddress.ip_network((int(address), 64), strict=False))
