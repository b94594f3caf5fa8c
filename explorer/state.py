"""What the pages share: one typed table, its defaults set once.

The front end owns the link and its fields (`web/link.js`). Python keeps the last query that it
was told of, as a whole, and the one part of it that other pages need: the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlencode

import streamlit as st

from explorer import loading, uploads
from explorer.loading import Entry
from training.contract.errors import UserError

if TYPE_CHECKING:
    from explorer.latent import Indices

KEY = "shared"
# The key of the component that hears of releases.
RELEASED = "released"
DIRECTIONS = "directions"
# As the front end has it: what exceeds this it does not read.
MOST_DIRECTIONS, LONGEST_NAME = 12, 60
# A query comes from a browser and goes back to one. As the front end has it, which leaves pins and
# directions out of what would be longer.
LONGEST_QUERY = 20_000
# They need no escape in a query, and the front end writes them so.
READABLE = ",:;"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a person is: with which model, and the query of the link that leads there."""

    model: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Codes that belong together, and what they were picked by: a name, or on the map ("")."""

    members: Indices
    picked: str = ""


@dataclass(frozen=True, slots=True)
class Groups:
    """The two groups of the Directions page; they belong to one model."""

    model: str = ""
    a: Group | None = None
    b: Group | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A direction that was made here and what was measured of it, for the front end to show."""

    model: str
    name: str
    vector: tuple[float, ...]
    coherence: float
    random_mean: float
    random_low: float
    random_high: float
    groups: str
    how: str


class FullError(UserError):
    """A link has room for no more. The message, one sentence, says what to do."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Everything that outlives a page."""

    position: Position = field(default_factory=Position)
    page: str | None = None
    groups: Groups = field(default_factory=Groups)
    directions: tuple[Measured, ...] = ()
    # What the front end told of last, and whether that was since the page was entered.
    heard: object = None
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


def hear() -> None:
    """Go where the front end was when a control was let go, if that is news.

    At the start of every run: a person who goes to another page at once ends the run that a
    release began, or takes its place.
    """
    now, told = shared(), st.session_state.get(RELEASED)
    last = told.get("last") if isinstance(told, Mapping) else None
    if last is None or last == now.heard:
        return
    st.session_state[KEY] = replace(
        now, heard=last, released=True, position=parse(last) or now.position
    )


def go_to(position: Position) -> None:
    """Make `position` the shared one."""
    st.session_state[KEY] = replace(shared(), position=position)


def choose(model: str) -> None:
    """Move to another model; a z belongs to its model and stays behind with it."""
    if model != shared().position.model:
        go_to(Position(model, urlencode({"model": model})))


def set_groups(groups: Groups) -> None:
    """Make these the groups of the Directions page."""
    st.session_state[KEY] = replace(shared(), groups=groups)


def add_direction(measured: Measured) -> None:
    """Put a direction into the shared position, where the instrument finds it.

    Raises:
        FullError: if the position, which is a link, has no room.
    """
    now = shared()
    position = now.position if now.position.model == measured.model else Position(measured.model)
    query = with_direction(
        position.query or urlencode({"model": measured.model}), measured.name, measured.vector
    )
    others = [
        other
        for other in now.directions
        if (other.model, other.name) != (measured.model, measured.name)
    ]
    st.session_state[KEY] = replace(
        now,
        position=Position(measured.model, query),
        directions=(*others, measured)[-4 * MOST_DIRECTIONS :],
    )


def with_direction(query: str, name: str, vector: Sequence[float]) -> str:
    """A link with one direction more; one of the same name is replaced.

    Raises:
        FullError: if the link has no room.
    """
    fields = dict(parse_qsl(query))
    entries = [entry for entry in fields.get(DIRECTIONS, "").split(";") if entry]
    entries = [entry for entry in entries if unquote(entry.split(":")[0]) != name]
    if len(entries) >= MOST_DIRECTIONS:
        raise FullError(
            f"There are already {MOST_DIRECTIONS} direction sliders: remove one in the "
            "instrument first."
        )
    entries.append(f"{_escaped(name)}:{','.join(map(_spelled, vector))}")
    longer = urlencode(fields | {DIRECTIONS: ";".join(entries)}, safe=READABLE)
    if len(longer) > LONGEST_QUERY:
        raise FullError(
            "The link has no room for another direction: remove one in the instrument first."
        )
    return longer


def _escaped(name: str) -> str:
    """A name without what ends it in a link; all else of it the query escapes, and once."""
    return re.sub("[%:;,]", lambda found: quote(found[0], safe=""), name)


def _spelled(value: float) -> str:
    """As the front end spells a number of a link: three decimals, and no −0."""
    return f"{round(value, 3) + 0:g}"


def meet(id: str) -> None:
    """Remember a dropped checkpoint that this visitor knows the id of."""
    now = shared()
    if id not in now.dropped and uploads.find(id) is not None:
        st.session_state[KEY] = replace(now, dropped=(*now.dropped, id))


def entries() -> dict[str, Entry]:
    """What this visitor may choose from, by id: the catalogue, and what they dropped."""
    dropped = (loading.find(id) for id in shared().dropped)
    listed = (*loading.catalogue(), *(entry for entry in dropped if entry is not None))
    return {entry.id: entry for entry in listed}


def address() -> dict[str, str]:
    """The query of the address; of a repeated field the first value, as the front end reads it."""
    return {name: st.query_params.get_all(name)[0] for name in st.query_params}


def linked(parameters: Mapping[str, str]) -> Position | None:
    """Where the address leads, or None where it names no model."""
    model = parameters.get("model", "")
    return _position(model, urlencode(dict(parameters), safe=READABLE)) if model else None


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
