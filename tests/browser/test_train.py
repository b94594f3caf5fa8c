"""A model that was trained on the page of training, under the hand."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from explorer.jobs.asked import Training, Treating
from explorer.jobs.exchange import Form, Treatment
from explorer.jobs.running import HOME
from explorer.jobs.store import Store
from training.contract.clinic import read_ward
from training.contract.files import as_json, read_card
from training.contract.reading import plain

from . import checkpoints
from .conftest import plain_server
from .dropping import drag

WARD = read_ward()
PIXELS = "canvas => canvas.toDataURL()"


def job_of(home: Path, model: Path) -> str:
    """A run that ended, whose growing model is a checkpoint made by hand."""
    store = Store(home / "jobs.sqlite")
    form = Form("digits", "vae", 2, 100, 1)
    id = store.add("visitor", Training("Mine", 100, 60, "", (), form))
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
    with plain_server(tmp_path, tmp_path / "no results", tmp_path / "runs") as address:
        yield address


def test_a_link_opens_a_run_and_its_latents_follow_the_hand(
    page: Page, address: str, tmp_path: Path
) -> None:
    id = job_of(tmp_path / "runs" / HOME, tmp_path / "blots")
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
    run.get_by_role("button", name="Train another").click()
    # Runs of one title are told apart.
    expect(page.locator(".train-mine li")).to_have_text(re.compile(r"^Mine100 steps · .+\d:\d\d"))


def test_dropped_images_are_shown_as_the_model_will_see_them(page: Page, address: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for at in range(60):
            picture = io.BytesIO()
            Image.new("RGB", (40, 30), (4 * at, 90, 200)).save(picture, "PNG")
            archive.writestr(f"pets/{('cat', 'dog')[at % 2]}/{at}.png", picture.getvalue())
    page.goto(f"{address}/instrument/train/index.html")
    page.locator(".train-form").wait_for()
    drag(page, ("pets.zip", buffer.getvalue(), "application/zip"), target=".train-form")
    sheet = page.get_by_role("img", name="of the images, each 64×64 pixels")
    expect(sheet).to_be_visible(timeout=120_000)  # PyTorch is loaded first
    expect(page.locator(".own-seen")).to_contain_text("2 classes, by folder: cat 30, dog 30.")
    # Twelve by four of them, with two pixels between and around.
    size = sheet.evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size == [12 * 64 + 13 * 2, 4 * 64 + 5 * 2]
    expect(page.locator(".train-estimate")).to_contain_text(
        "images a second, as measured", timeout=120_000
    )
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Remove these images").click()
    expect(page.locator(".own-status")).to_have_text("These images were removed from the server.")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()


def test_a_patient_is_diagnosed_and_a_cure_that_was_trained_is_checked(
    page: Page, address: str, tmp_path: Path
) -> None:
    patient = WARD.patients[0]
    wrong = next(at for at in range(len(patient.cures)) if at != patient.right)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/instrument/train/index.html?clinic=1")
    page.locator(".clinic-patient").wait_for()
    expect(page.locator(".clinic-plot svg")).to_have_count(7)
    # What it has is not shown before it is found.
    expect(page.locator(".clinic-reveal")).to_be_hidden()
    expect(page.locator(".clinic-patient")).not_to_contain_text(patient.wrong)
    other, against = next(iter(patient.others.items()))
    page.get_by_role("button", name=WARD.diagnoses[other]).press("Enter")
    expect(page.locator(".because").first).to_have_text(f"Not this one. {against}")
    page.get_by_role("button", name=WARD.diagnoses[patient.found]).press("Enter")
    # There is no MNIST here: what was measured beforehand stands for what a training would give.
    page.get_by_role("button", name=patient.cures[wrong].label).press("Enter")
    page.get_by_role("button", name="See what it does").press("Enter")
    expect(page.locator(".clinic-verdict")).to_contain_text("Not cured.")
    expect(page.locator(".clinic-reveal")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    # And a run of the right cure that ended, by its link.
    home = tmp_path / "runs" / HOME
    store = Store(home / "jobs.sqlite")
    id = store.add("visitor", Treating("Cure", 9, 9, Treatment(1, patient.right)))
    store.take()
    store.picture(id, "live-0000009")
    store.move(id, ("training",), "trained")
    (home / id).mkdir()
    record = WARD.records[patient.cures[patient.right].record]
    (home / id / "live-0000009.json").write_bytes(as_json(record))
    page.goto(f"{address}/instrument/train/index.html?clinic=1&job={id}")
    expect(page.locator(".clinic-verdict")).to_contain_text("Cured.")
    expect(page.locator(".clinic-lines code")).to_have_text([patient.wrong, patient.correct])
