"""The page that opens first: the instrument."""

from __future__ import annotations

import streamlit as st

from explorer import loading, serving, state
from explorer.instrument import instrument


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Latent-space explorer", layout="wide")
    base = serving.base_path(st.get_option("server.baseUrlPath"))
    released = instrument(
        loading.describe(loading.catalogue(), base),
        base=base,
        remembered=state.shared().query_on_entry,
        key="instrument",
    )
    if released is not None:
        state.go_to(released)


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
