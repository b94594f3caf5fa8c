"""What goes into a page without a server."""

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from msgspec import json
from PIL import Image

from explorer import loading
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


@pytest.mark.parametrize("address", ["http://[::1", "https://", "http://a:b", "school.example"])
def test_what_is_no_address_of_a_site_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    out = tmp_path / "site"
    assert command.main(["site", "--out", str(out), "--address", address]) == 1
    assert capsys.readouterr().err == (
        f"--address {address} is not an address: write https://school.example/vae/.\n"
    )
    assert not out.exists()
