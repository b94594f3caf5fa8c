"""Streamlit's own page, ahead of itself: what the instrument needs is on its way early."""

from __future__ import annotations

import re
from functools import cache, partial
from html import escape
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import quote

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from explorer import loading, serving, uploads
from training.card import CARD, DECODER

HERE = Path(__file__).resolve().parent
ICON = "icon.svg"
HOST = "streamlit.js"
INSTRUMENT = "instrument.js"
STYLES = re.compile(r"^const STYLES = \[(.+?)\];$", re.MULTILINE | re.DOTALL)
# Not those of `import("…")`, which are fetched when they are needed.
IMPORTED = re.compile(r'^(?:import|export|}).* from "(\.\.?/[\w./-]+\.js)";$', re.MULTILINE)
STREAMLIT_PAGE = Path(streamlit.__file__).parent / "static" / "index.html"


def routes(base: str) -> list[Route]:
    """Two of Streamlit's addresses: its page, and the icon that the page names."""
    return [
        Route(f"{base}/", partial(_page, base=base)),
        # `st.set_page_config` could name an icon too, but imports numpy to do it, while the first
        # visitor waits.
        Route(f"{base}/favicon.png", _icon),
    ]


async def _page(request: Request, base: str) -> Response:
    """Streamlit's page, with a few lines more: start the engine, fetch the model of the link.

    Both take about as long as Streamlit itself needs to start, and would otherwise begin after it.
    """
    # Of a repeated field the first value, as the front end reads it.
    model = next(iter(request.query_params.getlist("model")), "")
    early = await run_in_threadpool(lambda: "".join(early_lines(model, base)))
    # First in the head: a browser asks in the order of the page, and for six files at a time.
    body = (await run_in_threadpool(STREAMLIT_PAGE.read_text, "utf-8")).replace(
        "<head>", f"<head>{early}", 1
    )
    return HTMLResponse(body, headers={"Cache-Control": "no-cache"})


def early_lines(model: str, base: str) -> list[str]:
    """What to add to the page's head for a link to `model`, or to none."""
    lines = [f'<script type="module" async src="{base}/instrument/early.js"></script>']
    lines += [_preload(f"{base}/instrument/{path}") for path in _engine()]
    lines += [f'<link rel="modulepreload" href="{base}/instrument/{path}">' for path in _modules()]
    lines += [
        f'<link rel="preload" as="style" href="{base}/instrument/{name}">' for name in _styles()
    ]
    usable = [entry.id for entry, _ in loading.usable(loading.catalogue())]
    known = model in usable or uploads.find(model) is not None
    chosen = model if known else next(iter(usable), None)
    if chosen is not None:
        folder = f"{base}/checkpoints/{quote(chosen)}"
        lines += [_preload(f"{folder}/{name}") for name in (CARD, DECODER)]
    return lines


def _preload(path: str) -> str:
    # `crossorigin`, because that is the mode in which fetch() asks, and only an equal one matches.
    return f'<link rel="preload" as="fetch" crossorigin href="{escape(path)}">'


@cache
def _modules() -> list[str]:
    """The engine's, and what the host imports before it runs; what it fetches later can wait."""
    found: set[str] = set()
    waiting = [HOST]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            paths = IMPORTED.findall((serving.WEB / name).read_text("utf-8"))
            waiting += [normpath(PurePosixPath(name).parent / path) for path in paths]
    engine = (file.relative_to(serving.WEB) for file in serving.WEB.glob("vendor/ort*.mjs"))
    return sorted(found) + sorted(file.as_posix() for file in engine)


@cache
def _styles() -> list[str]:
    """Those that the instrument asks for; other pages have others."""
    named = STYLES.search((serving.WEB / INSTRUMENT).read_text("utf-8"))
    return re.findall(r'"([\w-]+\.css)"', named[1]) if named else []


def _engine() -> list[str]:
    found = [*serving.WEB.glob("vendor/*.wasm"), *serving.WEB.glob("vendor/*.wasm.gz")]
    return sorted({file.relative_to(serving.WEB).as_posix().removesuffix(".gz") for file in found})


async def _icon(request: Request) -> Response:
    return await serving.send_file(request, HERE, ICON)
