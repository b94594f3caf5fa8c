"""What is said of the data sets before they are read is what is read."""

from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from training import build
from training.config import DataConfig
from training.datasets import sprites
from training.forms import FORMS


@pytest.mark.parametrize("name", sorted({*FORMS} - {"sprites"}))
def test_a_data_set_has_the_form_that_is_declared(name: str, data: Path) -> None:
    assert build.dataset(name, data).form == FORMS[name]


def test_sprites_have_the_form_that_is_declared() -> None:
    """Without drawing all of them."""
    (sprite,) = sprites.render(sprites.index_to_factors([5]))
    assert sprite.reshape(FORMS["sprites"].shape).shape[-2:] == (sprites.SIDE, sprites.SIDE)


def test_every_data_set_that_comes_along_is_declared() -> None:
    assert {*get_args(get_type_hints(DataConfig)["name"])} == {*FORMS, "own"}
