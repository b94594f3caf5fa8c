"""Training: choose data and a model, and watch it grow."""

from __future__ import annotations

import streamlit as st

from explorer.instrument import training


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Train", layout="wide")
    training(key="training")


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
