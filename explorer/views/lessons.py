"""The lessons: what there is to learn here, in the order of a class or of one who learns alone."""

from __future__ import annotations

import streamlit as st

from explorer.instrument import lessons


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Lessons", layout="wide")
    lessons(key="lessons")


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
