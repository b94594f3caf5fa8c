"""One page that opens from disk, with everything in it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path, PurePosixPath
from string import Template

from explorer.server.sending import MEDIA_TYPES
from explorer.standalone import files
from explorer.standalone.fewer import FEWER

# `shelf/held.js` has the same name for a machine that there is not (RFC 6761).
HELD = "https://held.invalid"

# What the page does: alone it keeps its place in its address, in a notebook it tells its host.
SHOW = 'showInstrument(root, "%s/instrument/", %s)'
IN_NOTEBOOK = f'showInNotebook(root, "{HELD}/instrument/", $model)'

PAGE = Template(Path(__file__).with_name("page.html").read_text("utf-8"))


def page(
    models: Sequence[files.Model],
    lessons: Sequence[str],
    query: str,
    title: str,
    show: str = "",
) -> str:
    """The HTML of a page that holds these models and lessons.

    Args:
        query: what it opens on, as the explorer's links have it; empty where its host says that.
        show: what it calls of the front end, where it does not stand alone.
    """
    parts = dict(files.front_end())
    parts |= dict(files.checkpoints(models, HELD, FEWER if len(models) > 1 else None))
    parts |= dict(files.lessons(lessons))
    alone: dict[str, object] = {"hasServer": False, "lessons": bool(lessons)}
    if files.lead_to_the_clinic(lessons):
        parts |= dict(files.clinic("This page has no server to train on."))
        alone["clinic"] = ""  # in this page
    style = parts.pop("instrument/static.css").decode()
    sheet = "instrument/vendor/katex/katex.min.css"
    parts[sheet] = with_fonts(parts[sheet].decode(), parts).encode()
    kept = {name: content for name, content in parts.items() if not name.endswith(".woff2")}
    return PAGE.substitute(
        title=escape(title),
        style=style,
        held="\n".join(held(kept.items())),
        query=json.dumps(query),
        show=show or SHOW % (HELD, json.dumps(alone)),
    )


def held(parts: Iterable[tuple[str, bytes]]) -> Iterable[str]:
    """Each file as a script that no browser runs; what two models share is there once."""
    first: dict[bytes, str] = {}
    for name, content in parts:
        kind = MEDIA_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
        data = f'data-file="{escape(name)}" data-type="{kind.partition(";")[0]}"'
        same = first.setdefault(content, name)
        if same != name:
            yield f'<script type="application/gzip" {data} data-same="{escape(same)}"></script>'
            continue
        packed = base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()
        yield f'<script type="application/gzip" {data}>{packed}</script>'


def with_fonts(style: str, parts: dict[str, bytes]) -> str:
    """A style sheet that has its fonts inside, each in the one format that all browsers read."""

    def inside(match: re.Match[str]) -> str:
        font = parts[f"instrument/vendor/katex/{match[1]}"]
        return f'url(data:font/woff2;base64,{base64.b64encode(font).decode()}) format("woff2")'

    first = re.compile(r'url\((fonts/[\w-]+\.woff2)\) format\("woff2"\)[^;}]*')
    return first.sub(inside, style)
