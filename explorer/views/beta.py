"""β as a dial: the models of a ladder over β, side by side."""

from __future__ import annotations

import streamlit as st

from explorer import measured
from explorer.instrument import ListedTable, ladder


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="β as a dial", layout="wide")
    ladder(_ladders(), key="beta")


def _ladders() -> list[ListedTable]:
    """The tables that have rows over β, and those that cannot be read, with the reason."""
    listed: list[ListedTable] = []
    for entry in measured.tables():
        if entry.table is None:
            listed.append({"name": entry.name, "error": entry.error})
        elif any(row.beta is not None for row in entry.table.rows):
            listed.append({"name": entry.name, "title": entry.table.title})
    return listed


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
