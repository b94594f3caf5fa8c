"""A page that stays open while the server ends and another begins."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from . import checkpoints
from .app import free_port, serve


def test_a_page_says_what_happened_and_draws_itself_anew(
    context: BrowserContext, tmp_path: Path
) -> None:
    page, port = context.new_page(), free_port()
    checkpoints.write(tmp_path / "own", title="Before")
    with serve([tmp_path / "own"], port=port) as address:
        page.goto(f"{address}/card?model=own")
        expect(page.get_by_role("heading", name="Before")).to_be_visible()
        page.wait_for_selector("[data-keys=listening]", state="attached")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("connects again by itself", timeout=60_000)
    # Streamlit's own words, which are about a script of the reader's.
    expect(dialog.get_by_text("yourscript.py")).to_be_hidden()
    shutil.rmtree(tmp_path / "own")
    checkpoints.write(tmp_path / "own", title="After")
    with serve([tmp_path / "own"], port=port):
        expect(page.get_by_role("heading", name="After")).to_be_visible(timeout=60_000)
        expect(dialog).to_be_hidden()
        assert page.url.endswith("/card?model=own")
    page.close()
