"""What goes into a page without a server."""

import errno
import hashlib
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from msgspec import json
from PIL import Image

from explorer import loading
from explorer.__main__ import main
from explorer.standalone import command, files, page
from explorer.standalone.fewer import FEWER
from training.contract.card import CARD, CODES, DECODER, ENCODER, THUMBNAILS, Card
from training.contract.errors import UserError

SHIPPED = loading.SHIPPED  # before a test hides it


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


def test_a_page_of_several_models_has_fewer_examples_and_shares_what_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "SHIPPED", SHIPPED)
    chosen = files.models(["digits", "digits-2d"])
    fewer = dict(files.checkpoints(chosen, ".", FEWER))
    for entry, whole in chosen:
        of = f"checkpoints/{entry.id}"
        card = json.decode(fewer[f"{of}/{CARD}"], type=Card)
        assert card.examples is not None
        assert card.examples.count == FEWER
        for name, file in card.files.items():
            if (content := fewer.get(f"{of}/{name}")) is not None:
                assert file.sha256 == hashlib.sha256(content).hexdigest()
        assert card.files[ENCODER] == whole.files[ENCODER]  # the networks are whole
        codes = safetensors.numpy.load(fewer[f"{of}/{CODES}"])
        before = safetensors.numpy.load_file(entry.folder / CODES)
        assert all(np.array_equal(codes[name], before[name][:FEWER]) for name in before)
        sheet = np.asarray(Image.open(io.BytesIO(fewer[f"{of}/{THUMBNAILS}"])))
        with Image.open(entry.folder / THUMBNAILS) as first:
            assert np.array_equal(sheet, np.asarray(first)[: len(sheet)])
        assert len(sheet) == -(-FEWER // card.examples.columns) * 28
    held = "\n".join(page.held(fewer.items()))
    assert len(held) < 6_000_000
    shared = re.findall(r'data-file="([^"]+)"[^>]* data-same="([^"]+)"', held)
    assert (f"checkpoints/digits-2d/{THUMBNAILS}", f"checkpoints/digits/{THUMBNAILS}") in shared


def test_a_page_that_cannot_be_written_leaves_the_one_that_was_there(
    make_checkpoint: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    make_checkpoint("mine")
    out = tmp_path / "page.html"
    out.write_text("the page of last week")
    monkeypatch.setattr(page, "page", lambda *_: "half of a page")
    monkeypatch.setattr(os, "fsync", full)
    assert command.main(["export", "mine", "--out", str(out)]) == 1
    assert capsys.readouterr().err == f"{out} could not be written: No space left on device.\n"
    assert out.read_text() == "the page of last week"
    assert command.main(["export", "mine", "--out", os.devnull]) == 1
    assert "is not a file" in capsys.readouterr().err


def test_a_name_that_is_not_text_is_written_as_well_as_it_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = io.TextIOWrapper(io.BytesIO(), "utf-8")
    monkeypatch.setattr(sys, "stderr", told)
    monkeypatch.setattr(sys, "argv", ["explorer", "export", "caf\udce9", "--out", "page.html"])
    with pytest.raises(SystemExit):
        main()
    told.flush()
    assert b"There is no model and no lesson caf?." in told.buffer.getvalue()
