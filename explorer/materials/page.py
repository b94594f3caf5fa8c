"""The frame of the printed pages: one file each, with style and pictures inside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from explorer.materials.measured import Measured

HERE = Path(__file__).parent
PAGE = Template((HERE / "page.html").read_text("utf-8"))
STYLE = (HERE / "page.css").read_text("utf-8")


LICENSE = '<a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>'


def page(title: str, body: str, measured: Measured) -> str:
    """The whole page, in the language of its lesson."""
    footer = escape(measured.words.page("footer", license="@")).replace("@", LICENSE)
    return PAGE.substitute(
        title=escape(title), style=STYLE, body=body, footer=footer, language=measured.language
    )


def shown(pictures: Sequence[tuple[str, str]]) -> str:
    """Pictures beside each other, each with its title."""
    if not pictures:
        return ""
    figures = "".join(
        f'<figure><img src="{source}" alt=""><figcaption>{escape(title)}</figcaption></figure>'
        for title, source in pictures
    )
    return f'<div class="pictures">{figures}</div>'
