"""Every figure of the models that ship is said in plain words, before how it was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.meanings import meaning
from training.contract.card import CARD

MODELS = Path(__file__).parents[2] / "assets" / "models"


@pytest.mark.parametrize(
    "folder", [path.parent for path in sorted(MODELS.glob(f"*/{CARD}"))], ids=lambda path: path.name
)
def test_every_figure_of_a_shipped_card_has_a_meaning(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text("utf-8"))
    metrics = card["metrics"] + ((card["map"] or {}).get("metrics", []))
    assert [one["name"] for one in metrics if not meaning(one["name"])] == []


def test_a_name_that_is_unknown_has_none_and_a_longer_one_that_of_its_beginning() -> None:
    assert meaning("of_someone_elses") == ""
    assert meaning("iou_star") == meaning("iou_heart") != ""
