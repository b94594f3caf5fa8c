"""ln p(x) of test images under digits-2d, on one grid of 961 × 961 points.

`python tests/explorer/evidence.py` writes tests/data/evidence.json, which holds the refined grid of
Python and of the page to it: a uniform grid that is fine enough needs no cleverness, and a minute.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from explorer.lessons.bench import MODELS
from explorer.lessons.opened import Opened, log_odds
from training.contract.card import DECODER

FILE = Path(__file__).resolve().parents[1] / "data" / "evidence.json"
MODEL, IMAGES, SIDE, REACH = "digits-2d", 200, 961, 6.6


def main() -> None:
    model = Opened(MODELS / MODEL)
    x = model.images(range(IMAGES))
    line = np.linspace(-REACH, REACH, SIDE)
    area = (line[1] - line[0]) ** 2
    total = np.full(IMAGES, -np.inf)
    for first in line:
        z = np.stack([np.full(SIDE, first), line], 1)
        logits, rest = log_odds(model.decode(z))
        prior = -0.5 * (z**2).sum(1) - np.log(2 * np.pi)
        joint = (logits @ x.T).astype(np.float64) + (rest + prior)[:, None]
        total = np.logaddexp(total, np.logaddexp.reduce(joint, axis=0))
    found = {
        "model": MODEL,
        "decoder": model.card.files[DECODER].sha256,
        "log_evidence": [round(float(value), 4) for value in total + np.log(area)],
    }
    FILE.write_text(json.dumps(found) + "\n", "utf-8")


if __name__ == "__main__":
    main()
