"""Small distributions: what the models are made of, each small enough to hold in a hand."""

from __future__ import annotations

import streamlit as st

from explorer.instrument import distributions


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Small distributions", layout="wide")
    distributions(key="distributions")


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
