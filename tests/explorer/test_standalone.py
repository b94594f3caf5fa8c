"""What goes into a page without a server."""

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.standalone import files
from training.contract.card import CODES, DECODER
from training.contract.errors import UserError


def test_what_a_link_leads_to_is_not_handed_on(
    make_checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_checkpoint("mine")
    chosen = files.models(["mine"])
    held = dict(files.checkpoints(chosen, "."))
    assert held[f"checkpoints/mine/{DECODER}"] == (folder / DECODER).read_bytes()
    (tmp_path / "secret").write_text("mine alone")
    (folder / CODES).unlink()
    (folder / CODES).symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match=f"{CODES} leads out of its folder"):
        dict(files.checkpoints(chosen, "."))  # put there since the catalogue was read
