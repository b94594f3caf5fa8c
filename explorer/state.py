"""What the pages share: one typed table, its defaults set once.

The front end owns the link and its fields (`web/link.js`). Python keeps the last query that it
was given, as a whole, and the one part of it that other pages need: the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import streamlit as st
from msgspec import ValidationError

from explorer import loading
from explorer.links import LONGEST_QUERY, Released
from explorer.loading import Entry
from explorer.server import uploads
from training.contract.reading import convert

KEY = "shared"
# The key of the component that tells of releases.
RELEASED = "released"
# They need no escape in a query, and the front end writes them so.
READABLE = ",:;"


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
    # What the front end sent last, and whether that was since the page was entered.
    last: object = None
    released: bool = False
    # The ids of the checkpoints that this visitor dropped, or was sent a link to.
    dropped: tuple[str, ...] = ()
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
        st.session_state[KEY] = replace(
            now, page=page, released=False, query_on_entry=now.position.query
        )


def follow_release() -> None:
    """Go where the front end was when a control was let go, if that is news.

    In the run of a fragment that a release begins, and at the start of every other: a person who
    goes to another page at once ends that run, or takes its place.
    """
    now, component = shared(), st.session_state.get(RELEASED)
    last = component.get("last") if isinstance(component, Mapping) else None
    if last is None or last == now.last:
        return
    position = parse(last) or now.position
    st.session_state[KEY] = replace(now, last=last, released=True, position=position)
    remember_dropped(position.model)


def go_to(position: Position) -> None:
    """Make `position` the shared one."""
    st.session_state[KEY] = replace(shared(), position=position)


def choose(model: str) -> None:
    """Move to another model; a z belongs to its model and stays behind with it."""
    if model != shared().position.model:
        go_to(Position(model, urlencode({"model": model})))


def remember_dropped(id: str) -> None:
    """Remember a dropped checkpoint that this visitor knows the id of."""
    now = shared()
    if id in now.dropped or not uploads.may_be_id(id):
        return
    entry = loading.find(id)
    if entry is not None and entry.dropped:
        st.session_state[KEY] = replace(now, dropped=(*now.dropped, id))


def entries() -> dict[str, Entry]:
    """What this visitor may choose from, by id: the catalogue, and what they dropped."""
    dropped = (loading.find(id) for id in shared().dropped)
    listed = (*loading.listed(), *(entry for entry in dropped if entry is not None))
    return {entry.id: entry for entry in listed}


def address() -> dict[str, str]:
    """The query of the address; of a repeated field the first value, as the front end reads it."""
    return {name: st.query_params.get_all(name)[0] for name in st.query_params}


def linked(parameters: Mapping[str, str]) -> Position | None:
    """Where the address leads, or None where it names no model."""
    model = parameters.get("model", "")
    query = urlencode(dict(parameters), safe=READABLE)
    return Position(model, query) if model and len(query) <= LONGEST_QUERY else None


def parse(released: object) -> Position | None:
    """What the front end sent on release, or None where it does not have the agreed shape."""
    try:
        found = convert(released, Released)
    except ValidationError:
        return None
    return Position(found.model, found.query)
