"""Answers of the routes that keep something: JSON, or the sentence that says why there is none."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from msgspec import ValidationError, to_builtins
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from training.contract.errors import UserError
from training.contract.reading import convert

_LOGGER = logging.getLogger(__name__)

Answer = Callable[[Request], Awaitable[Response]]
T = TypeVar("T")


def as_json(content: Any, status: int = 200) -> Response:
    """Of this moment, a message as its model declares it: no browser keeps it."""
    return JSONResponse(to_builtins(content), status, headers={"Cache-Control": "no-store"})


def refused(sentence: str, status: int = 422) -> Response:
    """Why not, for the page to show."""
    return as_json({"error": sentence}, status)


def queried(request: Request, kind: type[T]) -> T:
    """The query of a request as its model declares it.

    Raises:
        UserError: if it is not of that kind.
    """
    try:
        return convert(dict(request.query_params), kind, strict=False)
    except ValidationError as error:
        what, _, place = str(error).rpartition(" - at `$.")
        name = place.rstrip("`")
        why = (
            f"{name} cannot be {request.query_params.get(name)!r:.60}" if what else f"{error!s:.90}"
        )
        raise UserError(f"The query of this address is refused: {why}.") from error


def in_a_sentence(answer: Answer, unwritable: str) -> Answer:
    """The same answer; where there is none, the sentence that says why.

    Args:
        unwritable: where the folder `runs` is read-only or full, or is none.
    """

    async def said(request: Request) -> Response:
        try:
            return await answer(request)
        except (OSError, sqlite3.Error):
            # The log says which file it was, for the person who runs the server.
            _LOGGER.warning("%s was not answered", request.url.path, exc_info=True)
            return refused(unwritable, 503)
        except UserError as error:
            return refused(str(error))
        except ClientDisconnect:
            return Response()  # nobody is left to receive it

    return said
