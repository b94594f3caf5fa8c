"""The widget in a real JupyterLab, on a network that was made in the notebook's own kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from .app import ROOT, free_port

NETWORK = """
import torch, explorer
from torch import nn
class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.decoder = nn.Sequential(nn.Linear(2, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
view = explorer.show(Plain(), images=torch.rand(40, 1, 8, 8))
view
"""
LONGEST_START_S = 120
CELLS = (NETWORK, "print('z is', view.z)", "view.z = [1.0, -1.0]")
PLACES = """
window.places = [];
addEventListener("message", ({ data }) => data?.z && places.push(data.z));
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """The address of a notebook with these cells."""
    cells = [
        {"cell_type": "code", "source": source, "id": f"cell{at}", "metadata": {}, "outputs": []}
        | {"execution_count": None}
        for at, source in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    root = tmp_path / "notebooks"
    root.mkdir()
    (root / "mine.ipynb").write_text(json.dumps(notebook))
    port = free_port()
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="]
    homes = ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = os.environ | {home: str(tmp_path / home) for home in homes}
    with subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={root}"],
        env=environment | {"PYTHONPATH": str(ROOT)},
        cwd=root,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        rest = threading.Thread(target=server.stderr.read)
        late = threading.Timer(LONGEST_START_S, server.kill)
        late.start()
        try:
            said = next((line for line in server.stderr if "is running at" in line), None)
            late.cancel()
            assert said is not None, f"JupyterLab ended, or took {LONGEST_START_S} s to start"
            rest.start()
            yield f"http://localhost:{port}/lab/tree/mine.ipynb"
        finally:
            server.terminate()
            if rest.ident is not None:
                rest.join()


def test_a_slider_moves_without_python_and_python_reads_and_sets_it(
    lab: str, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(lab)
    expect(page.get_by_text("| Idle")).to_be_visible()  # a cell that is run before is not
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    cells.first.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    # The latent that does most stands first, whichever it is of a network with random weights.
    slider = page.frame_locator("iframe").locator(".sliders .range[aria-label^='z₀']")
    expect(slider).to_be_visible(timeout=LONGEST_START_S * 1000)  # PyTorch is loaded first
    page.evaluate(PLACES)
    slider.press("ArrowRight")
    moved = float(str(slider.get_attribute("aria-valuetext")).replace("−", "-"))
    # What is run once the notebook knows of it comes to the kernel later.
    page.wait_for_function("moved => places.some(([z]) => Math.abs(z - moved) < 0.01)", arg=moved)
    cells.nth(1).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    said = cells.nth(1).locator(".jp-OutputArea-output")
    expect(said).to_contain_text("z is [")
    z = json.loads(said.inner_text().removeprefix("z is"))
    assert z[0] == pytest.approx(moved, abs=0.01)
    cells.nth(2).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(slider).to_have_attribute("aria-valuetext", "1.00")
