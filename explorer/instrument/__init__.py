"""The front end in `web/` as Streamlit components: typed wrappers, one a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypedDict

import streamlit as st

from explorer import state
from explorer.listing import Listing
from explorer.server.serving import HERE

# Streamlit runs this from a `blob:` address, from which no relative import leads anywhere. The
# address of our modules is made from the page's own, whose prefix a proxy may have added.
ASSETS = f"{HERE}/instrument/"
JS = """
export default async function (component) {
  const [given] = component.data;
  const data = { ...given, assets: new URL(given.assets, document.baseURI).href };
  const { %s: host } = await import(data.assets + "explorer.js");
  return host({ ...component, data });
}
"""


@cache
def _component(name: str) -> Any:
    return st.components.v2.component(name, js=JS % name)


def instrument(
    catalogue: Sequence[Listing],
    *,
    remembered: str,
    key: str,
) -> None:
    """Show the instrument.

    `remembered` is the query to open with where the address has none. All of the data should stay
    the same from run to run, for whatever changes is sent anew.
    """
    data = {
        "catalogue": list(catalogue),
        "assets": ASSETS,
        "remembered": remembered,
    }
    # In a list, because Streamlit looks for data frames among the values of a dict, and imports
    # pandas to know one: a third of a second for the first visitor.
    _component("instrument")(key=key, data=[data])


def everywhere(page: str) -> None:
    """What stands on all pages: follows a class.

    It also has the page drawn anew where the server is there again after it was not.
    """
    data = {"assets": ASSETS, "page": page}
    _component("everywhere")(key="everywhere", data=[data], on_reconnected_change=_heard)


def released() -> None:
    """Reports every release to `state.follow_release`; stands on all pages, in a fragment."""
    _component("released")(key=state.RELEASED, data=[{"assets": ASSETS}], on_last_change=_heard)


def head(
    catalogue: Sequence[Listing],
    *,
    title: str,
    model: str | None,
    key: str,
    on_picked: Callable[[], None],
) -> bool:
    """Show a page's title and the model picker; True where a person asks for the instrument.

    `catalogue` holds the chosen model and what was dropped, which is in no other list. Without a
    `title` the chosen `model` is the title. What was picked is in the session under
    `key`, as `picked`.
    """
    data = {"catalogue": list(catalogue), "assets": ASSETS, "title": title, "model": model}
    returned = _component("head")(
        key=key, data=[data], on_picked_change=on_picked, on_opened_change=_heard
    )
    return bool(returned.opened)


class ListedTable(TypedDict, total=False):
    """A table of results for the page of the ladder: its title, or why it cannot be read."""

    name: str
    title: str
    error: str


def ladder(tables: Sequence[ListedTable], *, key: str) -> None:
    """Show models over β side by side; the front end fetches the tables by itself."""
    data = {"tables": list(tables), "assets": ASSETS}
    _component("ladder")(key=key, data=[data])


def lessons(*, key: str) -> None:
    """Show the list of lessons; the front end fetches it by itself."""
    _component("lessons")(key=key, data=[{"assets": ASSETS}])


def distributions(*, key: str) -> None:
    """Show the page of small distributions, which needs nothing but itself."""
    _component("distributions")(key=key, data=[{"assets": ASSETS}])


def training(*, key: str) -> None:
    """Show the form of a run, and the runs that were asked for; the front end fetches them."""
    _component("training")(key=key, data=[{"assets": ASSETS}])


def _heard() -> None:
    """A state key exists for Streamlit only where it has a callback; there is nothing to do."""
