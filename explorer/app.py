"""The explorer's entry point: `streamlit run explorer/app.py`.

Streamlit reads this file under two names. As the module `app` it is the web server: `app` below,
with routes and headers of our own. As `__main__` it is the script that draws a page, once for
every visitor and again after every interaction.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

# Streamlit puts this file's own folder on the path. The packages lie one above, and those of the
# checkout are the ones to run even where others are installed.
ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

import streamlit as st  # noqa: E402
from starlette.concurrency import run_in_threadpool  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from streamlit import net_util  # noqa: E402

from explorer import loading, state  # noqa: E402
from explorer.instrument import everywhere, released  # noqa: E402
from explorer.jobs import running as jobs  # noqa: E402
from explorer.lessons import TRANSLATED  # noqa: E402
from explorer.server import front_page, garbage, serving, uploads, visitors  # noqa: E402
from explorer.server.kept import Kept  # noqa: E402


@asynccontextmanager
async def until_it_ends(app: st.App) -> AsyncIterator[None]:
    """What the server clears away when it begins, and when it is stopped.

    A signal ends Python without `atexit`, and one that kills it without anything.
    """
    await run_in_threadpool(uploads.clear_leftovers)
    await run_in_threadpool(jobs.begin)
    collecting = asyncio.create_task(garbage.collect_now_and_then())
    try:
        yield
    finally:
        collecting.cancel()
        await run_in_threadpool(jobs.end)
        uploads.forget_all()


def spoken(language: str) -> Callable[[str], str]:
    """What a title of a page is in the language of a lesson; in English where it has none."""
    if language not in TRANSLATED:
        return str
    # Few visitors need it, and it reads what a lesson is.
    from explorer.lessons.words import read_words

    table = read_words(language).instrument
    return lambda title: table.get(title, title)


@st.fragment
def follow() -> None:
    """Follow releases, which rerun this and not the page: that would cost twice as much."""
    state.follow_release()
    released()


def brand() -> None:
    """Our name and mark, before the titles of the pages."""
    st.logo(front_page.BRAND.read_text("utf-8"))


def draw() -> None:
    """Draw the page that the address names."""
    # The pages have no icons: a browser would fetch those from the internet to show them in its
    # tab. The tab gets ours from `explorer.server.front_page`.
    said = spoken(st.query_params.get("lang", ""))
    pages = [
        st.Page("views/instrument.py", title=said("Instrument"), default=True),
        st.Page("views/lessons.py", title=said("Lessons"), url_path="lessons"),
        st.Page(
            "views/distributions.py", title=said("Small distributions"), url_path="distributions"
        ),
        st.Page("views/train.py", title=said("Train"), url_path="train"),
        st.Page("views/beta.py", title=said("β as a dial"), url_path="beta"),
        st.Page("views/results.py", title=said("Results"), url_path="results"),
        st.Page("views/card.py", title=said("Model card"), url_path="card"),
    ]
    page = st.navigation(pages, position="top")
    state.follow_release()
    state.enter(page.url_path)
    # It moves the titles aside, so it comes before a page that takes time; but it imports numpy,
    # for which the instrument on its way to the first visitor is not to wait.
    comes_first = page.url_path != ""
    if comes_first:
        brand()
    page.run()
    everywhere(page.url_path)
    follow()
    if not comes_first:
        brand()


if __name__ == "__main__":
    draw()
else:
    # To know whether a page from elsewhere may talk to it, Streamlit would ask a server on the
    # internet for this machine's address. It may not.
    net_util.get_external_ip = lambda: None
    # Who asks for a file waits no longer than this for a script that runs; Python's own is 5 ms.
    sys.setswitchinterval(0.002)
    files = visitors.raise_limit()
    visitors.bound_connections(files)
    loading.listed.times = 100
    base = serving.base_path(st.get_option("server.baseUrlPath"))
    app = st.App(
        __file__,
        lifespan=until_it_ends,
        routes=serving.routes(base, serving.HERE) + front_page.routes(base),
        middleware=[
            *serving.middleware(
                hosts=st.get_option("server.allowedHosts"),
                origins=st.get_option("server.corsAllowedOrigins"),
                page=front_page.with_scripts(),
            ),
            # First, for what is in memory needs no file, and so no turn.
            Middleware(Kept, places=serving.kept_places(base) + front_page.kept_places(base)),
            Middleware(visitors.Visitors, files=files),
        ],
    )
