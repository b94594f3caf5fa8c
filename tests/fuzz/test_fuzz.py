"""Whatever is damaged is accepted or refused in one sentence, and nothing else happens.

    FUZZ=100 python -m pytest tests/fuzz          a hundred times as many cases, other seeds

Each case has a seed, which a failure names. What browsers read is mutated in `tests/web`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from explorer import loading, pictures, state
from explorer import weights as outlines
from explorer.codes import read_codes
from explorer.listing import describe
from explorer.server import front_page, protection, streaming, uploads
from training.contract import table
from training.contract.card import CARD, CODES, DECODER, MODEL, PREVIEW, Card
from training.contract.errors import UserError
from training.contract.files import as_json, card_of, read_card
from training.contract.reading import parse
from training.errors import ConfigError

from . import mutation

TIMES = int(os.environ.get("FUZZ", "1"))
RESULTS = loading.RESULTS  # tests elsewhere put others in its place
SHIPPED = sorted(folder for folder in loading.SHIPPED.iterdir() if (folder / CARD).exists())
WITH_CODES = [folder for folder in SHIPPED if (folder / CODES).exists()]
SMALL = min(WITH_CODES, key=lambda folder: sum(file.stat().st_size for file in folder.iterdir()))


def cases(count: int) -> Iterator[random.Random]:
    """One source of chance a case; where one fails, its seed is the last that is printed."""
    first = 0 if TIMES == 1 else random.SystemRandom().randrange(2**32)
    for seed in range(first, first + count * TIMES):
        print(f"seed {seed}")
        yield random.Random(seed)


def is_sentence(error: UserError) -> None:
    """A refusal can be sent and printed: one line, with an end."""
    text = loading.sendable(str(error))
    assert text.endswith((".", "?", "…")), text
    assert "\n" not in text
    assert len(text) < 2000, text
    text.encode("utf-8")


def read(content: bytes) -> Card | None:
    """The card, or None where it is refused."""
    try:
        return card_of(parse(content, "mine/card.json"), "mine/card.json")
    except ConfigError as error:
        is_sentence(error)
        return None


def test_cards() -> None:
    trees = [json.loads((folder / CARD).read_bytes()) for folder in SHIPPED[:4]]
    for tree in trees:  # most of it is numbers in rows, all alike
        tree["training"]["history"] = tree["training"]["history"][:3]
    accepted = 0
    for chance in cases(400):
        tree = mutation.tree_of(chance, chance.choice(trees))
        content = json.dumps(tree).encode()
        if chance.random() < 0.3:
            content = mutation.bytes_of(chance, content)
        card = read(content)
        if card is not None:
            accepted += 1
            assert read(as_json(card)) == card, "what is accepted can be sent and read again"
    assert accepted, "some damage is to what may be anything"


def test_tables(tmp_path: Path) -> None:
    folder = next(file.parent for file in sorted(RESULTS.glob(f"*/{table.TABLE}")))
    tree = json.loads((folder / table.TABLE).read_bytes())
    tree["runs"] = tree["runs"][:2]
    for chance in cases(100):
        content = json.dumps(mutation.tree_of(chance, tree)).encode()
        if chance.random() < 0.3:
            content = mutation.bytes_of(chance, content)
        (tmp_path / table.TABLE).write_bytes(content)
        try:
            table.read_table(tmp_path)
        except UserError as error:
            is_sentence(error)


def test_codes_and_weights(tmp_path: Path) -> None:
    card = read_card(SMALL)
    assert card.examples is not None
    codes = (SMALL / CODES).read_bytes()
    read_codes(codes, card)
    for chance in cases(60):
        try:
            read_codes(mutation.bytes_of(chance, codes), card)
        except UserError as error:
            is_sentence(error)
    for name, is_whole in ((MODEL, outlines.is_safetensors), (DECODER, outlines.is_onnx)):
        content = (SMALL / name).read_bytes()
        assert is_whole(SMALL / name)
        refused = 0
        for chance in cases(60):
            (tmp_path / name).write_bytes(mutation.bytes_of(chance, content))
            refused += not is_whole(tmp_path / name)
        assert refused > 10 * TIMES


def test_pictures(tmp_path: Path) -> None:
    _, height, width = read_card(SMALL).shape
    content = (SMALL / PREVIEW).read_bytes()
    pictures.preview(SMALL / PREVIEW, height, width)
    for chance in cases(100):
        (tmp_path / PREVIEW).write_bytes(mutation.bytes_of(chance, content))
        with contextlib.suppress(pictures.PictureError):
            pictures.preview(tmp_path / PREVIEW, height, width)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where drops go."""
    monkeypatch.setattr(uploads, "_root", lambda: tmp_path)
    monkeypatch.setattr(uploads, "_kept", {})
    return tmp_path


def test_zips(room: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in SMALL.iterdir():
            archive.write(file, f"mine/{file.name}")
    refused = 0
    for chance in cases(60):
        with tempfile.TemporaryFile() as file:
            file.write(mutation.bytes_of(chance, buffer.getvalue()))
            try:
                uploads.accept(file, lambda: 0.0, str(chance.random()))
            except UserError as error:
                refused += 1
                is_sentence(error)
        if len(uploads._kept) > 8:
            uploads._kept.clear()
            continue
    assert refused > 10 * TIMES


LINK = "model=digits&z=0.1,-2,3&seed=7&directions=a:0.1,0.2;b%3A:1,2&pins=1,2;3,4&map=umap"


def test_links() -> None:
    for chance in cases(500):
        query = mutation.bytes_of(chance, LINK.encode()).decode("utf-8", "replace")
        query += mutation.text(chance)
        released: Any = {"model": mutation.text(chance), "query": query}
        for sent in (released, mutation.tree_of(chance, released), query, None):
            position = state.parse(sent)
            assert position is None or len(position.query) <= state.LONGEST_QUERY
        fields = dict(parse_qsl(loading.sendable(query)))
        position = state.linked(fields)
        assert (position is None) == (not fields.get("model"))


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "catalogue", tuple)
    for chance in cases(300):
        asked = mutation.text(chance)
        lines = "".join(front_page.early_lines(asked))
        # The model as data, and the script that opens it.
        assert lines.count("<script") == lines.count("</script>") == 2
        name = protection.name_in(loading.sendable(asked))
        assert name is None or protection.is_own(name) in (True, False)
        size = chance.randrange(1, 2000)
        shape = chance.choice(("bytes={}-{}", "bytes=-{}{}", "bytes={}{}-", "{}={}"))
        digits = [chance.choice(("", str(chance.randrange(3000)), "9" * 30)) for _ in range(2)]
        found = streaming.range_of(shape.format(*digits), size)
        assert found is None or (0 <= found.start <= found.stop <= size)


def test_a_card_that_is_damaged_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "SHIPPED", tmp_path / "nothing")
    monkeypatch.setattr(loading, "RUNS", tmp_path / "nothing")
    monkeypatch.setenv(loading.EXTRA, os.pathsep.join([str(tmp_path), str(SMALL)]))
    content = (SMALL / CARD).read_bytes()
    (tmp_path / "hostile").mkdir()
    make: Callable[[random.Random], bytes]
    for chance in cases(40):
        make = chance.choice((_nested, lambda chance: mutation.bytes_of(chance, content)))
        (tmp_path / "hostile" / CARD).write_bytes(make(chance))
        hostile, whole = loading.catalogue()
        assert hostile.error
        assert whole.card is not None
        json.dumps(describe([hostile, whole]), ensure_ascii=False).encode("utf-8")


def _nested(chance: random.Random) -> bytes:
    """A card that is deep somewhere."""
    deep = chance.choice(("[", '{"a":', '["x",', '"\\"'))
    return ('{"version": 2, "name": ' + deep * chance.choice((30, 985, 100_000))).encode()
