"""The frame of the printed pages: one file each, with style and pictures inside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

HERE = Path(__file__).parent
PAGE = Template((HERE / "page.html").read_text("utf-8"))
STYLE = (HERE / "page.css").read_text("utf-8")


def page(title: str, body: str) -> str:
    """The whole page."""
    return PAGE.substitute(title=escape(title), style=STYLE, body=body)


def shown(pictures: Sequence[tuple[str, str]]) -> str:
    """Pictures beside each other, each with its title."""
    if not pictures:
        return ""
    figures = "".join(
        f'<figure><img src="{source}" alt=""><figcaption>{escape(title)}</figcaption></figure>'
        for title, source in pictures
    )
    return f'<div class="pictures">{figures}</div>'
