"""A model that was trained on the page of training, under the hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer.jobs.routes import HOME
from explorer.jobs.store import Store
from training.contract.files import read_card
from training.contract.reading import plain

from . import checkpoints
from .conftest import plain_server

PIXELS = "canvas => canvas.toDataURL()"


def job_of(home: Path, model: Path) -> str:
    """A run that ended, whose growing model is a checkpoint made by hand."""
    store = Store(home / "jobs.sqlite")
    form = {"data": "digits", "family": "vae"}
    asked = {"title": "Mine", "steps": 100, "seconds": 60, "recipe": "", "overrides": []}
    id = store.add("visitor", asked | {"form": form})
    store.take()
    for step, loss in ((50, 300.0), (100, 200.0)):
        store.note(id, step, 1.0, loss, loss + 10)
    store.picture(id, "live-0000100")
    store.move(id, ("training",), "trained")
    card = read_card(model)
    graph = card.graphs.decode
    assert graph is not None
    codes = np.random.default_rng(0).normal(size=(40, card.size)).round(3)
    facts = {
        "step": 100,
        "graph": plain(graph),
        "shape": plain(card.output)["shape"],
        "codes": codes.tolist(),
        "kl": list(range(card.size, 0, -1)),
        "mean": [0.0] * card.size,
        "deviation": [1.0] * card.size,
        "targets": [at % 10 for at in range(40)],
        "labels": None,
    }
    (home / id).mkdir()
    (home / id / "live-0000100.json").write_text(json.dumps(facts))
    shutil.copy(model / graph.file, home / id / "live-0000100.onnx")
    return id


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    checkpoints.write(tmp_path / "blots")
    with plain_server(tmp_path, tmp_path / "no results") as address:
        yield address


def test_a_link_opens_a_run_and_its_latents_follow_the_hand(
    page: Page, address: str, tmp_path: Path
) -> None:
    id = job_of(tmp_path / "no runs" / HOME, tmp_path / "blots")
    page.goto(f"{address}/instrument/train/index.html?job={id}")
    run = page.locator(".train-run[data-step='100']")
    run.wait_for()
    expect(run.locator(".train-status")).to_contain_text("Trained · Step 100 of 100")
    expect(run.locator(".train-loss-words")).to_contain_text("210.0 at step 100")
    expect(run.get_by_role("button", name="Keep this model")).to_be_enabled()
    picture = run.locator(".train-picture")
    before = picture.evaluate(PIXELS)
    strongest = run.get_by_role("slider").first
    for _ in range(30):
        strongest.press("ArrowRight")
    expect(run.locator(".train-slider output").first).to_have_text("0.30")
    page.wait_for_function(
        "before => document.querySelector('.train-picture').toDataURL() !== before", arg=before
    )
