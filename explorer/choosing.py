"""The model picker that the pages share: at the model of the address, else of the instrument."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from explorer import loading, state, uploads
from explorer.loading import Entry
from explorer.wording import plain

# Of a model's name in a link, which may be as long as one likes.
LONGEST_NAME = 60


def model(page: str, title: str = "") -> Entry | None:
    """Draw the title, `title` or else the name of a model, and the picker beside it.

    Return what is chosen, or None where the link names what is not here. `page` is the prefix of
    the keys. There must be a checkpoint.
    """
    picker, start = f"{page}.model", f"{page}.start"
    linked = state.address().get("model")
    state.remember_dropped(linked or state.shared().position.model)
    entries = state.entries()
    if picker not in st.session_state:  # The page was just entered.
        st.session_state[start] = state.shared().position.model or _first(entries)
    asked: str = linked or st.session_state[start]
    known = asked if asked in entries else None
    if picker not in st.session_state or st.session_state[picker] != known:
        st.session_state[picker] = known
    row = st.container(horizontal=True, vertical_alignment="center")
    row.title(title or _title(entries.get(asked)), anchor=False, width="content")
    chosen: str | None = row.selectbox(
        "Model",
        list(entries),
        format_func=_names(entries).__getitem__,
        key=picker,
        on_change=_put_into_address,
        args=(picker,),
        width=240,
        placeholder="Choose a model",
        label_visibility="collapsed",
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
        return None
    row.page_link("views/instrument.py", label="Open in the instrument", icon=":material/tune:")
    return entries[chosen]


def _title(entry: Entry | None) -> str:
    if entry is None:
        return "No such model"
    return plain(entry.card.title if entry.card else entry.id)


def _put_into_address(picker: str) -> None:
    # Only when another model was picked: each time, the browser's history grows by one, and where
    # nothing else changed, its Back would lead to the page that one is on.
    if st.session_state[picker] is not None:
        st.query_params["model"] = st.session_state[picker]


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _first(entries: dict[str, Entry]) -> str:
    return next((entry.id for entry, _ in loading.usable(entries.values())), next(iter(entries)))


def _names(entries: dict[str, Entry]) -> dict[str, str]:
    """What the picker calls each entry. No two alike: Streamlit tells options apart by name."""
    titles = Counter(entry.card.title for entry in entries.values() if entry.card is not None)
    names: dict[str, str] = {}
    dropped = 0
    for id, entry in entries.items():
        dropped += entry.dropped
        if entry.card is None:
            names[id] = f"{id} (cannot be used)"
        elif entry.dropped:
            names[id] = f"{entry.card.title} (dropped{f' {dropped}' if dropped > 1 else ''})"
        elif titles[entry.card.title] > 1:
            names[id] = f"{entry.card.title} ({id})"
        else:
            names[id] = entry.card.title
    return names
