"""Streamlit's own page, ahead of itself: what the instrument needs is on its way early."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from explorer import loading
from explorer.listing import describe
from explorer.server import sending, serving
from explorer.server.kept import Place
from training.contract.card import CARD

HERE = Path(__file__).resolve().parents[1]
ICON = "icon.svg"
# The name, in front of the pages' own.
BRAND = serving.WEB / "brand.svg"
# What the first image needs of the front end: `tools/bundle.js` makes the list.
PRELOADS = serving.BUNDLE / "preloads.json"
# The page loads this before Streamlit has started: until Streamlit asks for the instrument, the
# engine compiles and the model opens. Should that fail, the instrument tries again and says so.
EARLY = """<script type="module" async>
import { openEarly } from "./instrument/explorer.js";
const entry = JSON.parse(document.getElementById("early-model").textContent);
openEarly(new URL("./instrument/", document.baseURI).href, entry);
</script>"""
# They wear what the front end would otherwise give them late, and what they show would move.
DRESSED = ("lessons", "distributions", "train", "beta", "results", "card")
# They speak for the server, should it be gone before Streamlit has asked for anything of ours.
SPEAK = """<script type="module">
import { speakForTheServer } from "./instrument/explorer.js";
speakForTheServer();
</script>"""
DRESS = f'<link rel="stylesheet" href="{serving.HERE}/instrument/around.css">{SPEAK}</head>'
STREAMLIT = Path(streamlit.__file__).parent / "static"
STREAMLIT_PAGE = STREAMLIT / "index.html"
# Their names hold a hash of their content.
IMMUTABLE = "public, immutable, max-age=31536000"


def routes(base: str) -> list[Route]:
    """Streamlit's page, the icon that it names, the other pages, and one of old."""
    return [
        Route(f"{base}/", _page),
        *(Route(f"{base}/{name}", _dressed) for name in DRESSED),
        # `st.set_page_config` could name an icon too, but imports numpy to do it, while the first
        # visitor waits.
        Route(f"{base}/favicon.png", _icon),
        Route(f"{base}/directions", _directions),
    ]


def kept_places(base: str) -> list[Place]:
    """Streamlit's front end, which it would read from the disk for everybody, and never packs."""
    return [Place(f"{base}/static/", [STREAMLIT / "static"], IMMUTABLE)]


def with_scripts() -> str:
    """All the scripts that stand inside our pages, for the policy that lets them run."""
    return STREAMLIT_PAGE.read_text("utf-8") + EARLY + SPEAK


async def _page(request: Request) -> Response:
    """Streamlit's page, with a few lines more: start the engine, fetch the model of the link.

    Both take about as long as Streamlit itself needs to start, and would otherwise begin after it.
    A link to the collapse clinic leads to the page that trains, which has it.
    """
    if "clinic" in request.query_params:
        return RedirectResponse(f"./train?{urlencode(request.query_params.multi_items())}", 307)
    # Of a repeated field the first value, as the front end reads it.
    model = next(iter(request.query_params.getlist("model")), "")
    body = await run_in_threadpool(with_early, model)
    return HTMLResponse(body, headers={"Cache-Control": "no-cache"})


async def _dressed(request: Request) -> Response:
    """Streamlit's page, with the margins and titles that all pages share."""
    body = STREAMLIT_PAGE.read_text("utf-8").replace("</head>", DRESS, 1)
    return HTMLResponse(body, headers={"Cache-Control": "no-cache"})


def with_early(model: str) -> str:
    """The page for a link to `model`, or to none."""
    # First in the head: a browser asks in the order of the page, and for six files at a time.
    early = "".join(early_lines(model))
    page = STREAMLIT_PAGE.read_text("utf-8").replace("</head>", DRESS, 1)
    return page.replace("<head>", f"<head>{early}", 1)


def early_lines(model: str) -> list[str]:
    """What to add to the page's head for a link to `model`, or to none."""
    assets = f"{serving.HERE}/instrument/"
    preloads = _preloads()
    chosen = loading.find(model) if model else None
    if chosen is None or chosen.card is None:
        chosen = next((entry for entry, _ in loading.usable(loading.listed())), None)
    # As data: a script that differs from page to page has no hash that the policy could name.
    entry = json.dumps(describe([chosen], serving.HERE)[0] if chosen else None)
    data = entry.replace("<", "\\u003c")
    lines = [f'<script type="application/json" id="early-model">{data}</script>', EARLY]
    lines += [_preload(assets + path) for path in preloads["fetched"]]
    lines += [f'<link rel="modulepreload" href="{assets}{path}">' for path in preloads["modules"]]
    lines += [
        f'<link rel="preload" as="style" href="{assets}{path}">' for path in preloads["styles"]
    ]
    if chosen is not None:
        folder = f"{serving.HERE}/checkpoints/{quote(chosen.id)}"
        decode = chosen.card.graphs.decode if chosen.card else None
        names = [CARD] + ([decode.file] if decode else [])
        lines += [_preload(f"{folder}/{name}") for name in names]
    return lines


def _preload(path: str) -> str:
    # `crossorigin`, because that is the mode in which fetch() asks, and only an equal one matches.
    return f'<link rel="preload" as="fetch" crossorigin href="{escape(path)}">'


@cache
def _preloads() -> dict[str, list[str]]:
    """Names below `instrument/`: modules, styles, and what they fetch."""
    preloads: dict[str, list[str]] = json.loads(PRELOADS.read_text("utf-8"))
    return preloads


async def _directions(request: Request) -> Response:
    """Directions had a page of their own; they are a tab of the instrument."""
    query = urlencode([*request.query_params.multi_items(), ("view", "directions")])
    return RedirectResponse(f"./?{query}", 308)


async def _icon(request: Request) -> Response:
    return await sending.send_file(request, HERE, ICON)
