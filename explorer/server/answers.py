"""Answers of the routes that keep something: JSON, or the sentence that says why there is none."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from msgspec import ValidationError, to_builtins
from msgspec.structs import fields
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from training.contract.errors import UserError
from training.contract.fields import Record
from training.contract.reading import convert, read

_LOGGER = logging.getLogger(__name__)

Answer = Callable[[Request], Awaitable[Response]]
T = TypeVar("T", bound=Record)


def as_json(content: Any, status: int = 200) -> Response:
    """Of this moment, a message as its model declares it: no browser keeps it."""
    return JSONResponse(to_builtins(content), status, headers={"Cache-Control": "no-store"})


def refused(sentence: str, status: int = 422) -> Response:
    """Why not, for the page to show."""
    return as_json({"error": sentence}, status)


def queried(request: Request, kind: type[T]) -> T:
    """The query of a request as its model declares it.

    Raises:
        ConfigError: if it is not of that kind.
    """
    query: dict[str, Any] = dict(request.query_params)
    for field in fields(kind):  # a query writes numbers, too, as text
        with suppress(ValidationError, KeyError):
            query[field.name] = convert(query[field.name], field.type, strict=False)
    return read(kind, query, "The query of this address")


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
