"""The explorer's routes on a port, asked without a browser."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from explorer.jobs import running
from explorer.server import serving

HEADERS = {running.HEADER: "1"}
Ask = Callable[..., tuple[int, Any]]


Get = Callable[..., tuple[http.client.HTTPResponse, bytes]]


@contextmanager
def listening(app: Any, **settings: Any) -> Iterator[int]:
    """An app on a port of its own, which is given."""
    config = uvicorn.Config(app, port=0, log_level="error", **{"ws": "none"} | settings)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@contextmanager
def served() -> Iterator[Ask]:
    """What asks: (method, path, content, headers) -> (status, content); JSON both ways."""
    with listening(serving.plain_app()) as port:
        yield asking(port)


def asking(port: int) -> Ask:
    """What asks at a port."""

    def ask(
        method: str, path: str, content: object = None, headers: dict[str, str] = HEADERS
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        body = content if content is None or isinstance(content, bytes) else json.dumps(content)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        found = answer.read()
        connection.close()
        is_json = answer.headers["content-type"].startswith("application/json")
        return answer.status, json.loads(found) if is_json else found

    return ask
