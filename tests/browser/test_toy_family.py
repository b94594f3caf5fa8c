"""What a new family trains opens in the page as it is, and moves under a drag.

`tests/test_toys.py` proves that the family is one file and one line; the page needs none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from playwright.sync_api import Browser

from training.contract.card import DECODER

from .conftest import plain_server
from .instrument import Instrument

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "toys" / "gratings.py"
LIST, AFTER = "training/families/__init__.py", '    "gan.GAN",'
LINE = '    "gratings.Gratings",'
TRAIN = "--train.steps 20 --train.validate_every 10 --train.batch_size 50 --no-map"
TRAIN += " --train.optimizer adamw --train.warmup 0"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one checkpoint: gratings, trained in a copy of the tree."""
    root = tmp_path_factory.mktemp("toy")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "training", root / "training", ignore=ignored)
    shutil.copyfile(TOY, root / "training" / "families" / TOY.name)
    lines = (root / LIST).read_text("utf-8").split("\n")
    lines.insert(lines.index(AFTER) + 1, LINE)
    (root / LIST).write_text("\n".join(lines), "utf-8")
    out = root / "models" / "gratings"
    words = f"train digits --model.family gratings --data {ROOT / 'tests' / 'data'} --out {out}"
    subprocess.run(
        [sys.executable, "-m", "training", *words.split(), *TRAIN.split()],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        check=True,
    )
    return out.parent


@pytest.fixture(scope="module")
def address(models: Path) -> Iterator[str]:
    with plain_server(models, models / "no results") as address:
        yield address


def test_a_new_family_follows_a_drag(browser: Browser, address: str, models: Path) -> None:
    decode = onnxruntime.InferenceSession(models / "gratings" / DECODER).run
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    instrument = Instrument(page, address).open("model=gratings&z=0,0")
    box = instrument.slider(1).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"], middle, steps=5)
    z, ground = np.array([[0, 3]], np.float32), np.zeros(1, np.int64)
    image = decode(None, {"z": z, "ground": ground})[0][0, 0]
    instrument.wait_for_pixels(page.locator("canvas.picture"), 255 * image)
    page.mouse.up()
    instrument.wait_for_z(0, 3)
    page.close()
