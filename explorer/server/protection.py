"""What stands before every answer: who may ask, and what a browser may do with what it gets.

The Host of a request is checked, for a page elsewhere can have its name lead to this machine (DNS
rebinding) and would then be of the same origin; of requests that change something, and of
WebSockets, the Origin too.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import ipaddress
import logging
import os
import re
import socket
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import chain
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOGGER = logging.getLogger(__name__)

# Pages that may show this one in a frame, beside those of its own origin.
EMBED_IN = "EXPLORER_EMBED_IN"
_ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?")

# Cross-origin isolation keeps other sites out of this page. It would also allow the decoder
# threads, which it does without: `session.js` says why.
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
POLICY = "Content-Security-Policy"
# As they are sent, once for each of the eighty files of a page.
_ADDED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_NAMES, _POLICY = frozenset(name for name, _ in _ADDED), POLICY.lower().encode()
_INLINE = re.compile(r"<script(?: type=\"?module\"?)?(?: async)?>(.*?)</script>", re.DOTALL)

# What the system lacks for a moment: a second request may get it.
BUSY = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN)
RETRY_S = 10
LONGEST_HEAD = 2**16
TOO_LONG = "The head of this request is too long."
FULL = "This explorer has more visitors than it can serve at once: try again in a few seconds."


class EmbedError(ValueError):
    """What is given as an address to embed in is not one."""


def embedding_origins(named: str) -> list[str]:
    """The origins in a list with spaces or commas.

    Raises:
        EmbedError: naming an entry that is not an origin.
    """
    origins = named.replace(",", " ").split()
    for origin in origins:
        if not _ORIGIN.fullmatch(origin.rstrip("/")):
            raise EmbedError(
                f"--embed-in {origin} is not the address of a site: give one like "
                "https://school.example, without a path."
            )
    return [origin.rstrip("/") for origin in origins]


def policy(page: str = "") -> str:
    """What a browser may load and run, and the scripts that stand inside this page.

    Decoders are WebAssembly; Streamlit runs a component from an address `blob:`, and writes the
    styles of what it draws into the page.
    """
    hashes = "".join(f" '{_digest(script)}'" for script in _INLINE.findall(page))
    framers = " ".join(["'self'", *embedding_origins(os.environ.get(EMBED_IN, ""))])
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' blob: 'wasm-unsafe-eval'{hashes}",
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' blob: data:",
            "font-src 'self' data:",
            "connect-src 'self' blob: data:",
            "media-src 'self' blob: data:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {framers}",
        ]
    )


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


class Protection:
    """Checks where a request comes from, adds headers, and answers where nothing else does.

    Plain ASGI: no body is held back.

    Args:
        hosts: names that the server answers to, beside its own; `*.example.org` stands for all
            below it, `*` for all.
        origins: sites whose pages may use the server, beside its own.
        page: with the scripts that every page holds.
    """

    def __init__(
        self, app: ASGIApp, hosts: Iterable[str] = (), origins: Iterable[str] = (), page: str = ""
    ) -> None:
        self.app = app
        self.hosts = tuple(host.strip().lower().rstrip(".") for host in hosts)
        self.origins = tuple(origin.strip().lower().rstrip("/") for origin in origins)
        self.policy = policy(page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through `app`, if at all."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        begun = False

        async def send_protected(message: Message) -> None:
            nonlocal begun
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message["headers"] = self._protected(message.get("headers", ()))
            begun = True
            await send(message)

        refusal = self._refusal(scope)
        try:
            app: ASGIApp = refusal or self.app
            if refusal is not None and scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            if scope["type"] == "websocket":
                receive = _of_bytes(receive)
            await app(scope, receive, send_protected)
        except Exception as error:
            busy = isinstance(error, OSError) and error.errno in BUSY
            if not busy:
                _LOGGER.exception("%s %s", scope["type"], scope["path"])
            if begun or scope["type"] != "http":
                if busy:
                    return
                raise
            await (_full() if busy else _failed())(scope, receive, send_protected)

    def _protected(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        others = [header for header in headers if header[0].lower() not in _NAMES]
        if all(name.lower() != _POLICY for name, _ in others):
            others.append((_POLICY, self.policy.encode()))
        return others + _ADDED

    def _refusal(self, scope: Scope) -> Response | None:
        # Sent in one piece, it is read whole before anything can cut it off.
        said = [scope["path"].encode(), scope["query_string"], *chain(*scope["headers"])]
        if sum(map(len, said)) > LONGEST_HEAD:
            return PlainTextResponse(TOO_LONG, 431)
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = name_in(host)
        if name is None or not self._is_ours(name):
            # Not the name itself where it might be anything.
            shown = name if name and re.fullmatch(r"[a-z0-9.-]{1,253}", name) else "NAME"
            return PlainTextResponse(
                f"This explorer does not answer to the name {shown}. Whoever runs it can allow it: "
                f"latent-explorer --server.allowedHosts {shown}",
                421,
            )
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if changes and origin is not None and not self._may_use(origin, host):
            return PlainTextResponse("Pages of other sites may not use this explorer.", 403)
        return None

    def _is_ours(self, name: str) -> bool:
        return is_own(name) or any(matches(name, host) for host in self.hosts)

    def _may_use(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` is one of ours, also behind a proxy that renames the host."""
        if origin.lower() in self.origins:
            return True
        try:
            there = urlsplit(origin.lower())
            same = _without_usual_port(there.netloc) == _without_usual_port(host.lower())
            name = there.hostname or ""
        except ValueError:
            return False
        return same or any(matches(name, host) for host in self.hosts if host != "*")


def _of_bytes(receive: Receive) -> Receive:
    """What comes over a WebSocket, until somebody sends a text, which no page of ours does.

    Streamlit reads the bytes of each message, and would fail where there are none.
    """

    async def received() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and message.get("bytes") is None:
            return {"type": "websocket.disconnect", "code": 1003, "reason": "Only bytes are read."}
        return message

    return received


@lru_cache(64)
def name_in(host: str) -> str | None:
    """The name or address in a Host header, without its port; None where there is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if parts.username or parts.password or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname.rstrip(".") if parts.hostname else None


@lru_cache(64)
def is_own(name: str) -> bool:
    """Whether a name stands for this machine, for any visitor.

    An address does: to rebind, an attacker needs a name.
    """
    try:
        ipaddress.ip_address(name)
        return True
    except ValueError:
        return name == "localhost" or name.endswith(".localhost") or name in _own_names()


@cache
def _own_names() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset({name, f"{name.partition('.')[0]}.local"})


def matches(name: str, pattern: str) -> bool:
    """Whether a name is the pattern, or below it where that begins with `*.`."""
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def _without_usual_port(host: str) -> str:
    return re.sub(r":(80|443)$", "", host)


def _full() -> Response:
    return PlainTextResponse(FULL, 503, headers={"Retry-After": str(RETRY_S)})


def _failed() -> Response:
    return PlainTextResponse("The explorer could not answer this; its log says why.", 500)
