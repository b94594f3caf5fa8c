"""Zips as an attacker packs them: each gives one sentence, and leaves nothing behind."""

from __future__ import annotations

import gc
import hashlib
import io
import json
import shutil
import stat
import struct
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from explorer import loading
from explorer.listing import describe
from explorer.server import uploads
from explorer.server.archives import UploadError
from training.config import to_json
from training.contract.card import CARD, CODES, DECODER, MODEL
from training.contract.files import describe_files
from training.contract.version1 import FILES

from .conftest import TENSORS

MakeCheckpoint = Callable[..., Path]
Pack = Callable[..., bytes]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's uploads go, and all that is kept."""
    folder = tmp_path / "dropped"
    folder.mkdir()
    monkeypatch.setattr(uploads, "_root", lambda: folder)
    monkeypatch.setattr(uploads, "_kept", {})
    return folder


@pytest.fixture
def checkpoint(make_checkpoint: MakeCheckpoint, tmp_path: Path) -> Path:
    return make_checkpoint("mine", tmp_path)


def accept(content: bytes, now: float = 0.0, visitor: str = "") -> uploads.Dropped:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        return uploads.accept(file, lambda: now, visitor)


def packed(folder: Path, prefix: str = "mine/", method: int = zipfile.ZIP_STORED) -> bytes:
    """The folder as a person packs it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, prefix + file.name)
    return buffer.getvalue()


def with_entries(folder: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    """The folder packed, and entries beside its files."""
    buffer = io.BytesIO(packed(folder))
    with zipfile.ZipFile(buffer, "a") as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return buffer.getvalue()


def renamed(content: bytes, before: bytes, after: bytes) -> bytes:
    assert len(before) == len(after)
    assert content.count(before) == 2, "the name in the entry and in the table of contents"
    return content.replace(before, after)


@pytest.mark.parametrize("prefix", ["", "mine/", "a/b/c/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_packed_checkpoint_is_kept_and_found_by_its_id_alone(
    checkpoint: Path, prefix: str, method: int
) -> None:
    dropped = accept(packed(checkpoint, prefix, method))
    assert dropped.id.startswith("three-latents~")
    assert len(dropped.id) >= len("three-latents~") + 16
    assert uploads.may_be_id(dropped.id)
    assert not uploads.may_be_id("three-latents~runs")
    assert {file.name for file in dropped.folder.iterdir()} == {CARD, *FILES}
    for file in dropped.folder.iterdir():
        assert file.read_bytes() == (checkpoint / file.name).read_bytes()

    entry = loading.find(dropped.id)
    assert entry is not None
    assert entry.card == dropped.card
    assert loading.catalogue() == ()
    assert describe([entry])[0]["dropped"] is True


def test_the_same_zip_twice_is_two_checkpoints(checkpoint: Path) -> None:
    content = packed(checkpoint)
    assert accept(content).id != accept(content).id


def test_only_what_the_card_lists_is_unpacked(checkpoint: Path, root: Path) -> None:
    (checkpoint / "last.pt").write_bytes(b"a pickle")
    (checkpoint / "metrics.jsonl").write_text("{}")
    inner = packed(checkpoint)
    dropped = accept(
        with_entries(
            checkpoint,
            ("__MACOSX/mine/._card.json", b"junk"),
            ("mine/.DS_Store", b"junk"),
            ("mine/deeper/card.txt", b"junk"),
            ("mine/inner.zip", inner),
            ("other/model.safetensors", b"junk"),
        )
    )
    assert {file.name for file in root.rglob("*") if file.is_file()} == {CARD, *FILES}
    assert dropped.folder.parent.parent == root


def _named(name: str) -> Pack:
    return lambda folder: with_entries(folder, (name, b"x"))


def _symlink(folder: Path) -> bytes:
    entry = zipfile.ZipInfo("mine/decoder.txt")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return with_entries(folder, (entry, b"/etc/passwd"))


def _encrypted(folder: Path) -> bytes:
    content = bytearray(packed(folder))
    at = content.index(b"PK\x01\x02") + 8
    content[at] |= 1
    return bytes(content)


def _lzma(folder: Path) -> bytes:
    return packed(folder, method=zipfile.ZIP_LZMA)


def _twice(folder: Path) -> bytes:
    content = with_entries(folder, ("mine/decodex.onnx", b"x"))
    return renamed(content, b"mine/decodex.onnx", b"mine/decoder.onnx"[:17])


def _bomb(folder: Path) -> bytes:
    """decoder.onnx unpacks to a thousand times what the card says."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in folder.iterdir():
            bomb = file.name == DECODER
            archive.writestr(file.name, bytes(50_000_000) if bomb else file.read_bytes())
    return buffer.getvalue()


def _lying_bomb(folder: Path) -> bytes:
    """As above, with the size that the card says in the headers."""
    size = struct.pack("<L", (folder / DECODER).stat().st_size)
    return _bomb(folder).replace(struct.pack("<L", 50_000_000), size)


def _card_bomb(folder: Path) -> bytes:
    (folder / CARD).write_bytes(b" " * 9_000_000)
    return packed(folder, method=zipfile.ZIP_DEFLATED)


def _claiming(bytes_of_decoder: int) -> Pack:
    def pack(folder: Path) -> bytes:
        tree = json.loads((folder / CARD).read_text("utf-8"))
        tree["files"][DECODER]["bytes"] = bytes_of_decoder
        (folder / CARD).write_text(json.dumps(tree), "utf-8")
        return packed(folder)

    return pack


def _many(folder: Path) -> bytes:
    return with_entries(folder, *((f"mine/{number}", b"") for number in range(2001)))


def _quoted(folder: Path) -> bytes:
    """The first entry's data, as long as it says it is, holds the second entry."""
    content = bytearray(packed(folder))
    at = content.index(b"PK\x01\x02")
    size = struct.unpack_from("<L", content, at + 20)[0]
    struct.pack_into("<LL", content, at + 20, size + 400, size + 400)
    return bytes(content)


def _zip64(folder: Path) -> bytes:
    """The table of contents says 2⁶⁰ bytes, through an end record for large zips."""
    content = packed(folder)
    at = content.rindex(b"PK\x05\x06")
    large = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 7, 7, 2**60, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return content[:at] + large + locator + end


def _damaged(folder: Path) -> bytes:
    content = bytearray(packed(folder, method=zipfile.ZIP_DEFLATED))
    at = content.index(b"mine/card.json") + len(b"mine/card.json") + 30
    content[at : at + 40] = b"\xff" * 40
    return bytes(content)


def _without(name: str) -> Pack:
    def pack(folder: Path) -> bytes:
        (folder / name).unlink()
        return packed(folder)

    return pack


def _changed(folder: Path) -> bytes:
    content = (folder / DECODER).read_bytes()
    (folder / DECODER).write_bytes(b"X" + content[1:])
    return packed(folder)


def _foreign(folder: Path) -> bytes:
    """The card lists a pickle, hash and all."""
    pickle = b"cos\nsystem\n"
    (folder / "model.pt").write_bytes(pickle)
    tree = json.loads((folder / CARD).read_text("utf-8"))
    digest = hashlib.sha256(pickle).hexdigest()
    tree["files"]["model.pt"] = {"bytes": len(pickle), "sha256": digest}
    (folder / CARD).write_text(json.dumps(tree), "utf-8")
    return packed(folder)


def _codes(**changes: np.ndarray) -> Pack:
    """Codes that do not fit their card, which vouches for them."""

    def pack(folder: Path) -> bytes:
        _vouch(folder, safetensors.numpy.save(TENSORS | changes))
        return packed(folder)

    return pack


def _vouch(folder: Path, codes: bytes) -> None:
    (folder / CODES).write_bytes(codes)
    tree = json.loads((folder / CARD).read_text("utf-8"))
    tree["files"][CODES] = to_json(describe_files(folder, FILES)[CODES])
    (folder / CARD).write_text(json.dumps(tree), "utf-8")


def _codes_at(size: int) -> Pack:
    def pack(folder: Path) -> bytes:
        _vouch(folder, bytes(size))
        return packed(folder, method=zipfile.ZIP_DEFLATED)

    return pack


def _changing(name: str, change: Callable[[bytes], bytes]) -> Pack:
    """One file is another, and the card vouches for it."""

    def pack(folder: Path) -> bytes:
        (folder / name).write_bytes(change((folder / name).read_bytes()))
        tree = json.loads((folder / CARD).read_text("utf-8"))
        tree["files"][name] = to_json(describe_files(folder, FILES)[name])
        (folder / CARD).write_text(json.dumps(tree), "utf-8")
        return packed(folder)

    return pack


def _with(name: str, content: bytes) -> Pack:
    return _changing(name, lambda _: content)


def _two(folder: Path) -> bytes:
    return with_entries(folder, ("other/card.json", b"{}"))


def _cut(folder: Path) -> bytes:
    return packed(folder)[:-2000]


ATTACKS: dict[str, tuple[Pack, str]] = {
    "absolute": (_named("/etc/passwd"), "is not a plain path inside it"),
    "up": (_named("../evil.json"), "is not a plain path inside it"),
    "up inside": (_named("mine/../../evil.json"), "is not a plain path inside it"),
    "up to a card": (_named("../card.json"), "is not a plain path inside it"),
    "here": (_named("mine/./card.json"), "is not a plain path inside it"),
    "backslash": (_named("mine\\..\\evil.json"), "is not a plain path inside it"),
    "drive": (_named("C:evil.json"), "is not a plain path inside it"),
    "double slash": (_named("mine//evil.json"), "is not a plain path inside it"),
    "control": (_named("mine/evil\n.json"), "is not a plain path inside it"),
    "very deep": (_named("a/" * 9 + "x"), "is not a plain path inside it"),
    "nul": (
        lambda folder: renamed(_named("mine/evil@x")(folder), b"mine/evil@x", b"mine/evil\0x"),
        "is not a plain path inside it",
    ),
    "symlink": (_symlink, "is a link"),
    "encrypted": (_encrypted, "is encrypted"),
    "another method": (_lzma, "uses an unsupported compression"),
    "twice": (_twice, "twice"),
    "bomb": (_bomb, "decoder.onnx in this zip unpacks to more than"),
    "bomb with small headers": (_lying_bomb, "damaged"),
    "bomb for a card": (_card_bomb, "card.json in this zip unpacks to more than"),
    "card that allows a bomb": (
        _claiming(2**30),
        "decoder.onnx in this zip is larger than 256 MiB",
    ),
    "card that owes bytes": (_claiming(-(2**40)), "bytes is -1099511627776; expected"),
    "many entries": (_many, "more than 2,000 files"),
    "overlap": (_quoted, "overlap"),
    "endless table": (_zip64, "damaged"),
    "damaged": (_damaged, "damaged"),
    "cut short": (_cut, "damaged"),
    "no zip": (lambda folder: b"PK no zip", "damaged"),
    "empty": (lambda folder: b"", "damaged"),
    "no card": (_without(CARD), "no card.json"),
    "no decoder": (_without(DECODER), "mine/decoder.onnx is missing"),
    "two checkpoints": (_two, "2 checkpoints"),
    "changed file": (_changed, "the SHA-256 differs"),
    "codes of others": (_codes(mean=np.zeros((5, 3), np.float32)), "not hold 4 codes of 3"),
    "codes that are not numbers": (
        _codes(mean=np.full((4, 3), np.nan, np.float32)),
        "that are NaN or infinite",
    ),
    "labels beyond the card": (_codes(label=np.full(4, 2**31 - 1, np.int32)), "labels that are"),
    "no codes": (_codes_at(20), "codes.safetensors cannot be read"),
    "large codes": (_codes_at(3_000_000), "codes.safetensors in this zip is larger than 2 MiB"),
    "weights that are none": (_with(MODEL, b"junk" * 50), "model.safetensors is not a whole safe"),
    "weights cut short": (
        _changing(MODEL, lambda content: content[:-4]),
        "not a whole safetensors",
    ),
    "a graph that is none": (_with(DECODER, bytes(1000)), "decoder.onnx is not a whole ONNX file"),
    "a graph cut short": (_changing(DECODER, lambda content: content[:-4]), "not a whole ONNX"),
    "a graph of nothing": (_with(DECODER, b"\x08\x0a"), "decoder.onnx is not a whole ONNX file"),
    "an empty graph": (_with(DECODER, b""), "decoder.onnx is not a whole ONNX file"),
    "pickle": (_foreign, "'model.pt', not one of a checkpoint's"),
}


@pytest.mark.parametrize(("pack", "reason"), ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_gives_one_sentence_and_leaves_nothing(
    checkpoint: Path,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pack: Pack,
    reason: str,
) -> None:
    monkeypatch.setattr(uploads, "LARGEST_CODES", 2**21)
    content = pack(checkpoint)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(UploadError) as refusal:
        accept(content)
    sentence = str(refusal.value)
    assert reason in sentence
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert "\n" not in sentence
    assert set(tmp_path.rglob("*")) == before, "nothing was written, inside or outside"
    assert uploads._kept == {}


def test_a_long_table_of_contents_is_not_read_into_memory() -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", *(20, 0, 20, 0), *([0] * 14))
    table = entry * 400_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(table), 0, 0)
    with tempfile.TemporaryFile() as file:
        file.write(table + end)
        tracemalloc.start()
        try:
            with pytest.raises(UploadError, match="more than 2,000 files"):
                uploads.accept(file)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4_000_000, "of a table of 18 MB"


def test_a_refused_zip_leaves_no_memory_held(checkpoint: Path) -> None:
    _vouch(checkpoint, bytes(20_000_000))
    content = packed(checkpoint, method=zipfile.ZIP_DEFLATED)
    gc.disable()
    tracemalloc.start()
    try:
        with pytest.raises(UploadError, match="cannot be read") as refusal:
            accept(content)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert refusal.value.__context__ is None
    assert held < 4_000_000, "while the error is in hand, and nothing swept up"


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for two, from any visitor."""
    monkeypatch.setattr(uploads, "MOST_KEPT", 2)
    monkeypatch.setattr(uploads, "SHARES", 1)


def test_two_visitors_cannot_fill_it_for_a_third(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = packed(checkpoint)
    monkeypatch.setattr(uploads, "MOST_KEPT", 4 * uploads.SHARES)
    kept = [accept(content, visitor=visitor) for visitor in ("one", "two") for _ in range(4)]
    for visitor in ("one", "two"):
        with pytest.raises(UploadError, match="Your share of this explorer's room"):
            accept(content, visitor=visitor)
    kept.append(accept(content, visitor="three"))
    assert [uploads.find(dropped.id, lambda: 0.0) for dropped in kept] == kept
    accept(content, now=uploads.IN_USE_S + 1, visitor="one")
    assert len(uploads._kept) == len(kept), "one's own oldest made room"


@pytest.mark.usefixtures("room")
def test_the_one_that_nobody_used_longest_makes_room(checkpoint: Path, root: Path) -> None:
    content = packed(checkpoint)
    first, second = accept(content, now=0), accept(content, now=10)
    assert uploads.find(first.id, lambda: 20.0) is first
    third = accept(content, now=20 + uploads.IN_USE_S)
    assert uploads.find(second.id) is None
    assert not second.folder.exists()
    assert [uploads.find(first.id), uploads.find(third.id)] == [first, third]
    assert len(list(root.iterdir())) == 2


@pytest.mark.usefixtures("room")
def test_nothing_that_is_in_use_makes_room(checkpoint: Path, root: Path) -> None:
    content = packed(checkpoint)
    kept = [accept(content, now=0), accept(content, now=0)]
    with pytest.raises(UploadError, match="all are in use"):
        accept(content, now=uploads.IN_USE_S - 1)
    assert [uploads.find(dropped.id) for dropped in kept] == kept
    assert len(list(root.iterdir())) == 2


def test_what_is_kept_is_bounded_in_bytes(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = accept(packed(checkpoint), now=0)
    monkeypatch.setattr(uploads, "SHARES", 1)
    monkeypatch.setattr(uploads, "LARGEST_KEPT", first.bytes * 3 // 2)
    accept(packed(checkpoint), now=uploads.IN_USE_S)
    assert uploads.find(first.id) is None


def test_a_checkpoint_whose_folder_was_cleared_away_is_gone(checkpoint: Path) -> None:
    dropped = accept(packed(checkpoint))
    shutil.rmtree(dropped.folder)
    assert uploads.find(dropped.id) is None
    assert uploads._kept == {}


def test_no_place_to_keep_anything_is_one_sentence(
    checkpoint: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_root", lambda: root / "gone")
    with pytest.raises(UploadError, match=r"cannot keep what is dropped \(No such file"):
        accept(packed(checkpoint))
