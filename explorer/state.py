"""What the pages share: one typed table, its defaults set once.

The front end owns the link and its fields (`web/link.js`). Python keeps the last query that it
was told of, as a whole, and the one part of it that other pages need: the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import streamlit as st

KEY = "shared"
# A query comes from a browser and goes back to one; nothing that we write is nearly as long.
LONGEST_QUERY = 20_000


@dataclass(frozen=True, slots=True)
class Position:
    """Where a person is: with which model, and the query of the link that leads there."""

    model: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """Everything that outlives a page."""

    position: Position = field(default_factory=Position)
    page: str | None = None
    # The position's query when the page was entered. It stays as it was while the page is open:
    # what the component is given should not change with every release.
    query_on_entry: str = ""


def shared() -> Shared:
    """The table of this session."""
    value = st.session_state.setdefault(KEY, Shared())
    assert isinstance(value, Shared)
    return value


def enter(page: str) -> None:
    """Note that `page` is being drawn."""
    now = shared()
    if page != now.page:
        st.session_state[KEY] = replace(now, page=page, query_on_entry=now.position.query)


def go_to(position: Position) -> None:
    """Make `position` the shared one."""
    st.session_state[KEY] = replace(shared(), position=position)


def choose(model: str) -> None:
    """Move to another model; a z belongs to its model and stays behind with it."""
    if model != shared().position.model:
        go_to(Position(model, urlencode({"model": model})))


def address() -> dict[str, str]:
    """The query of the address; of a repeated field the first value, as the front end reads it."""
    return {name: st.query_params.get_all(name)[0] for name in st.query_params}


def linked(parameters: Mapping[str, str]) -> Position | None:
    """Where the address leads, or None where it names no model."""
    model = parameters.get("model", "")
    # A comma needs no escape in a query, and the front end writes it so.
    return _position(model, urlencode(dict(parameters), safe=",")) if model else None


def parse(released: object) -> Position | None:
    """What the front end sent on release, or None where it does not have the agreed shape."""
    if not isinstance(released, Mapping):
        return None
    model, query = released.get("model"), released.get("query")
    if not (isinstance(model, str) and isinstance(query, str)):
        return None
    return _position(model, query)


def _position(model: str, query: str) -> Position | None:
    return Position(model, query) if len(query) <= LONGEST_QUERY else None
