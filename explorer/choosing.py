"""The model picker that the pages share: at the model of the address, else of the instrument."""

from __future__ import annotations

import streamlit as st

from explorer import loading, state
from explorer.instrument import head
from explorer.listing import describe
from explorer.loading import Entry
from explorer.server import serving, uploads
from explorer.wording import plain

# Of a model's name in a link, which may be as long as one likes.
LONGEST_NAME = 60


def model(page: str, title: str = "") -> Entry | None:
    """Draw the title, `title` or else the name of a model, and the picker beside it.

    Return what is chosen, or None where the link names what is not here. `page` is the prefix of
    the keys. There must be a checkpoint.
    """
    key, start = f"{page}.head", f"{page}.start"
    linked = state.address().get("model")
    state.remember_dropped(linked or state.shared().position.model)
    entries = state.entries()
    if key not in st.session_state:  # The page was just entered.
        st.session_state[start] = state.shared().position.model or _first(entries)
    asked: str = linked or st.session_state[start]
    chosen = entries.get(asked)
    # The front end fetches the catalogue by itself. In here it would be a message so large that
    # Streamlit keeps it to send its hash the next time, which a run cut short loses.
    own = [entry for entry in entries.values() if entry.dropped or entry is chosen]
    opens = head(
        describe(own, serving.HERE),
        title=title,
        model=chosen.id if chosen and chosen.card else None,
        key=key,
        on_picked=lambda: _put_into_address(key),
    )
    if chosen is None:
        st.markdown(
            f"The link asks for the model “{plain(_cut(asked))}”, which is not here: "
            + (
                "it was dropped on the page, and what is dropped is kept until the server stops. "
                "Drop it again, or choose another above."
                if uploads.may_be_id(asked)
                else f"choose another above, or set `{loading.EXTRA}` to the folder that has it "
                "and start again."
            )
        )
    elif opens:
        state.choose(chosen.id)
        st.switch_page("views/instrument.py")
    return chosen


def _put_into_address(key: str) -> None:
    if picked := st.session_state[key].get("picked"):
        st.query_params["model"] = picked


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _first(entries: dict[str, Entry]) -> str:
    return next((entry.id for entry, _ in loading.usable(entries.values())), next(iter(entries)))
