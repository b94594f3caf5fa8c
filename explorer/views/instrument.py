"""The page that opens first: the instrument."""

from __future__ import annotations

import streamlit as st

from explorer import state
from explorer.instrument import instrument
from explorer.listing import listed
from explorer.server import serving


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Latent-space explorer", layout="wide")
    instrument(
        listed(serving.HERE),
        remembered=state.shared().query_on_entry,
        key="instrument",
    )
    # Until something is released, the address alone knows what a link opened, and the browser
    # clears it on the way to another page. The front end opens no model that is not here.
    position = None if state.shared().released else state.linked(state.address())
    if position is not None:
        state.remember_dropped(position.model)
        if position.model in state.entries():
            state.go_to(position)


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
