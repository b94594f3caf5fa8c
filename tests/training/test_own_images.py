"""A person's own images: what is read, what is refused, and that training on them works."""

import io
import json
import os
import struct
import sys
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from training import build
from training.__main__ import main
from training.config import DataConfig
from training.contract.files import read_card
from training.datasets.own import listing, opened, own, packing, seeing, sources, split
from training.datasets.own.factors import by_pattern
from training.datasets.own.images import Fit, decode
from training.errors import DataError
from training.families.convolutions import channels

from .pictures import encoded, noise


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """60 grey images of noise, half in the class `cat`, half in `dog`."""
    for at in range(60):
        path = tmp_path / "pictures" / ("cat", "dog")[at % 2] / f"{at % 3}-{at:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(noise(at)))
    return tmp_path / "pictures"


def config(path: Path, **fields: object) -> DataConfig:
    return DataConfig("own", path=str(path), side=28, **fields)  # type: ignore[arg-type]


def test_files_are_found_folder_by_folder_without_links_and_hidden_ones(tmp_path: Path) -> None:
    root = tmp_path / "all"
    inside = ("b/1.png", "b/c/2.JPG", "b-c/1.webp", ".hidden/1.png", "b/.1.png", "b/notes.txt")
    for name in inside:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    (root / "again").symlink_to(root / "b")
    (root / "b" / "2.png").symlink_to(root / "b" / "1.png")
    (root / "b" / "lost.png").symlink_to(root / "nowhere")
    (root / "b" / "round.png").symlink_to("round.png")
    found = sources.folder(root)
    assert found.names == ["b/1.png", "b/2.png", "b/c/2.JPG", "b-c/1.webp"]
    assert found.labels == ("b", "b-c")


def test_many_files_are_listed_again_when_a_folder_or_a_file_changes(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "kept"
    sources.folder(pictures, place)
    assert sources.unchanged(pictures, place) is None, "every one of few files is asked"
    monkeypatch.setattr(listing, "MANY", 2)
    first = sources.folder(pictures, place)
    again = sources.unchanged(pictures, place)
    assert again is not None
    assert again.sampled
    assert (again.names, again.stamp, again.label) == (first.names, first.stamp, first.label)

    written_over = pictures / first.names[-1]
    written_over.write_bytes(written_over.read_bytes() + b"more")
    assert sources.unchanged(pictures, place) is None
    assert sources.folder(pictures, place).stamp != first.stamp
    assert sources.unchanged(pictures, place) is not None
    (written_over.parent / "new.png").write_bytes(b"")
    assert sources.unchanged(pictures, place) is None
    sources.folder(pictures, place)
    assert sources.unchanged(pictures, place) is not None
    stats = (place / "stats.npy").read_bytes()
    for cut in (b"", stats[:20], stats[:-8]):
        (place / "stats.npy").write_bytes(cut)
        assert sources.unchanged(pictures, place) is None
    (place / "stats.npy").write_bytes(stats)
    (place / "files.json").write_text("{}")
    assert sources.unchanged(pictures, place) is None


def test_folder_with_broken_and_double_files(pictures: Path) -> None:
    (pictures / "cat" / "broken.png").write_bytes(b"not an image")
    (pictures / "dog" / "\x1b[2J.png").write_bytes(b"clears a terminal, if it is printed")
    (pictures / "dog" / "double.png").write_bytes((pictures / "cat" / "0-00.png").read_bytes())
    found = opened(config(pictures), pictures.parent)
    text = "\n".join(found.report())
    assert "61 images in 2 classes (dog 31, cat 30)" in text
    assert "30×30 pixels, seen as 28×28 in grey" in text
    assert "1 duplicate, in the same split" in text
    assert "cat/broken.png is not a PNG" in text
    assert "dog/\ufffd[2J.png is not a PNG" in text
    with pytest.raises(DataError, match=r"cat/broken\.png is not a PNG"):
        opened(config(pictures, strict=True), pictures.parent)


def test_packing_goes_on_after_an_interruption(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = own(config(pictures), pictures.parent / "whole")
    monkeypatch.setattr(packing, "CHUNK", 16)
    monkeypatch.setattr(seeing, "BATCH", 8)
    last = sorted(pictures.rglob("*.png"))[40].read_bytes()

    def interrupted(item: bytes, fit: Fit) -> object:
        if item == last:
            raise KeyboardInterrupt
        return decode(item, fit)

    with monkeypatch.context() as patch:
        patch.setattr(seeing, "_seen", interrupted)
        with pytest.raises(KeyboardInterrupt):
            own(config(pictures), pictures.parent)
    (state,) = pictures.parent.glob("packed/*/pack.json")
    assert json.loads(state.read_bytes())["done"] == 32
    again = own(config(pictures), pictures.parent)
    assert again.sha256() == whole.sha256()
    state.write_text(state.read_text().replace('"done": 6', '"done": -6'))
    assert own(config(pictures), pictures.parent).sha256() == whole.sha256()
    for name, part in again.splits.items():
        places = torch.arange(len(part))
        assert torch.equal(part.images(places), whole.splits[name].images(places))


def test_processes_see_what_threads_do(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pictures / "cat" / "broken.png").write_bytes(b"not an image")
    coloured = np.random.default_rng(0).integers(0, 256, (31, 30, 3), np.uint8)
    (pictures / "dog" / "last.png").write_bytes(encoded(coloured))  # when most were packed as grey
    threads = opened(config(pictures), tmp_path / "threads")
    assert threads.pack.channels == 3
    monkeypatch.setattr(seeing, "MANY", 2)
    monkeypatch.setattr(seeing, "here", None)
    processes = opened(config(pictures), tmp_path / "processes")
    assert processes.report() == threads.report()
    assert processes.pack.path.read_bytes() == threads.pack.path.read_bytes()
    assert np.array_equal(processes.pack.digests, threads.pack.digests)


def test_few_of_many_images_are_in_memory_at_a_time() -> None:
    count = 0

    def items() -> Iterator[np.ndarray]:
        nonlocal count
        for count in range(1, 3_000):
            yield noise(count % 7)

    sights = seeing.seen(items(), Fit(28, 1), 3_000)
    next(sights)
    assert count <= (2 * seeing.MOST_WORKERS + 2) * seeing.BATCH
    assert sum(1 for _ in sights) == 2_998


def test_a_process_that_ends_by_itself_is_told(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeing, "MANY", 2)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DataError, match="ended by itself"):
        opened(config(pictures), tmp_path)


def test_images_stay_in_their_split_when_others_are_added() -> None:
    digests = np.random.default_rng(0).integers(0, 256, (4000, 16), dtype=np.uint8)
    few, all_of_them = split(digests[:1000], 10_000), split(digests, 10_000)
    assert {name: len(part) for name, part in all_of_them.items()} == pytest.approx(
        {"train": 3200, "validation": 400, "test": 400}, abs=60
    )
    for name, part in few.items():
        assert set(part) == {place for place in all_of_them[name] if place < 1000}


@pytest.mark.parametrize("first", [0, 1, 9, 20, 250])
def test_a_few_different_images_fill_every_split(first: int) -> None:
    """Whatever their hashes are, here in the first byte of sixteen."""
    digests = np.zeros((60, 16), np.uint8)
    digests[:, 0] = first + np.arange(60) % 5
    parts = split(digests, 10_000)
    assert sorted(np.concatenate([*parts.values()])) == list(range(60))
    kinds = [set(digests[part, 0]) for part in parts.values()]
    assert [len(kind) for kind in kinds] == [1, 2, 2]
    assert len(set.union(*kinds)) == 5


@pytest.mark.parametrize("kind", ["npz", "csv"])
def test_numbers_are_read_as_they_are(tmp_path: Path, kind: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
    labels = np.arange(60) % 3 + 7
    path = tmp_path / f"numbers.{kind}"
    if kind == "npz":
        np.savez(path, images=images.astype(np.uint16) * 257, labels=labels)
    else:
        rows = np.column_stack([labels, images.reshape(60, -1)])
        np.savetxt(path, rows, "%d", ",", header="label" + ",p" * 784, comments="")
    dataset = own(config(path), tmp_path)
    assert dataset.labels == ("7", "8", "9")
    part = dataset.splits["train"]
    places = torch.arange(len(part))
    expected = torch.from_numpy(images)[part.stored][:, None].float() / 255
    torch.testing.assert_close(part.images(places), expected)
    assert torch.equal(part.targets, torch.from_numpy(labels - 7)[part.stored].int())


def refused(path: Path, **fields: object) -> str:
    with pytest.raises(DataError) as error:
        own(config(path, **fields), path.parent)
    return str(error.value)


def test_what_cannot_be_learned_from_gets_a_sentence(tmp_path: Path, pictures: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no PNG, JPEG or WebP files" in refused(empty)
    assert "nothing at" in refused(tmp_path / "nowhere")
    images = np.full((60, 28, 28), 0.5)
    images[3, 2, 1] = np.nan
    np.savez(tmp_path / "nan.npz", images=images)
    assert "has nan in image 3; floats lie in 0 to 1" in refused(tmp_path / "nan.npz")
    images[3, 2, 1] = 1.5
    np.savez(tmp_path / "over.npz", images=images)
    assert "has 1.5 in image 3" in refused(tmp_path / "over.npz")
    np.savez(tmp_path / "other.npz", pictures=images)
    assert "no array `images` but pictures" in refused(tmp_path / "other.npz")
    rows = np.full((60, 784), 9)
    rows[5, 5] = 300
    np.savetxt(tmp_path / "over.csv", rows, "%d", ",")
    assert "line 6 has 300.0; pixels go 0 to 255" in refused(tmp_path / "over.csv")
    (pictures / "Cat ").mkdir()
    (pictures / "Cat " / "0.png").write_bytes(encoded(noise(60)))
    assert "has the class 'cat' twice" in refused(pictures)


def claimed(path: Path, shape: tuple[int, ...], kind: str = "|u1", name: str = "images") -> Path:
    """An npz file whose arrays are what their headers say, and hold next to nothing."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        arrays = {"images": ((60, 28, 28), "|u1"), name: (shape, kind)}
        for array, (sizes, dtype) in arrays.items():
            with archive.open(f"{array}.npy", "w") as file:
                header = {"descr": dtype, "fortran_order": False, "shape": sizes}
                np.lib.format.write_array_header_1_0(file, header)
                file.write(bytes(60 * 28 * 28))
    return path


@pytest.mark.parametrize(
    ("shape", "kind", "name", "sentence"),
    [
        ((10**12, 28, 28), "|u1", "images", "it takes 1 to 10,000,000 images"),
        ((60, -1, 28), "|u1", "images", "its shape is (60, -1, 28)"),
        ((60, 10**5, 10**5), "<f8", "images", "images of 100,000×100,000 pixels are too large"),
        ((60, 12_000, 12_000), "<f8", "images", "`images` ends early"),
        ((10**13,), "<i8", "labels", "it takes 1 to 10,000,000 images"),
        ((10**6,), "<i8", "labels", "for each of the 60 images"),
        ((60,), "<U1000000", "labels", "for each of the 60 images"),
        ((60,), "<U200", "labels", "`labels` ends early"),
        ((60,), "|O", "labels", "`labels` is object (60,)"),
    ],
)
def test_what_a_header_claims_is_not_held(
    tmp_path: Path, shape: tuple[int, ...], kind: str, name: str, sentence: str
) -> None:
    path = claimed(tmp_path / "claims.npz", shape, kind, name)
    tracemalloc.start()
    try:
        assert sentence in refused(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**24


def test_a_zip_with_an_entry_of_no_name_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x", b"")
    content = bytearray(buffer.getvalue())
    at = content.index(b"PK\x01\x02") + 28  # in the table of contents: no name, and one byte more
    content[at : at + 4] = struct.pack("<HH", 0, 1)
    (tmp_path / "odd.zip").write_bytes(content)
    assert "is not a readable zip file" in refused(tmp_path / "odd.zip")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "images.npz")
    assert "is not a regular file" in refused(tmp_path / "images.npz")


def test_a_pattern_of_many_parts_is_tried_in_no_time() -> None:
    pattern = "*" + "".join(f"{{a{at}}}_*" for at in range(12)) + "!"
    with pytest.raises(DataError, match="does not fit"):
        by_pattern(pattern, ["a_" * 50 + ".png"])
    assert by_pattern("{a}-*_{b}", ["1-2-x_3_4.png"]) == (["a", "b"], [("1", "4")])


def test_two_images_are_too_few(tmp_path: Path) -> None:
    for name, colour in (("cat0", (200, 30, 30)), ("dog0", (30, 30, 200))):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{name}.png")
    assert "has 2 readable images; training takes at least 50" in refused(tmp_path)


def test_factors_from_names_and_from_a_table(tmp_path: Path, pictures: Path) -> None:
    dataset = own(config(pictures, factors="{kind}/{size}-{number}"), tmp_path)
    assert dataset.factors is not None
    assert [(f.name, f.size, f.kind) for f in dataset.factors] == [
        ("kind", 2, "categorical"),
        ("size", 3, "ordered"),
        ("number", 60, "ordered"),
    ]
    targets = torch.cat([part.targets for part in dataset.splits.values()])
    assert torch.equal(targets[:, 2] % 2, targets[:, 0])
    assert torch.equal(targets[:, 2] % 3, targets[:, 1])
    names = [path.relative_to(pictures).as_posix() for path in sorted(pictures.rglob("*.png"))]
    table = tmp_path / "factors.csv"
    table.write_text("file,size\n" + "".join(f"{name},{name[4]}\n" for name in names))
    again = own(config(pictures, factors=str(table)), tmp_path)
    sizes = torch.cat([part.targets for part in again.splits.values()])
    assert torch.equal(sizes[:, 0], targets[:, 1])
    table.write_text("file,size\n")
    assert "has no row for cat/0-00.png" in refused(pictures, factors=str(table))


def test_the_network_fits_the_size() -> None:
    assert [len(channels(side)) for side in (28, 64, 128, 256)] == [2, 4, 5, 6]


def test_train_and_open(tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, place = tmp_path / "run", ["--data", str(tmp_path)]
    words = [*("--data.path", str(pictures), "--data.side", "28"), *("--train.steps", "2"), *place]
    assert main(["train", "own", *words, "--out", str(out), "--dry-run"]) == 0
    with Image.open(tmp_path / "run-sheet.png") as sheet:
        training = len(own(config(pictures), tmp_path).splits["train"])
        assert sheet.size == (8 * 30 + 2, -(-training // 8) * 30 + 2)
    factors = ["--data.factors", "{kind}/{size}-*"]
    assert main(["train", "own", *words, *factors, "--out", str(out), "--no-map"]) == 0
    assert "images/s" in capsys.readouterr().err
    card = read_card(out)
    assert card.title == "pictures"
    assert card.size == 16
    assert card.examples is not None
    hub = tmp_path / "hub"
    assert main(["publish", str(out), "--out", str(hub)]) == 0
    texts = [(hub / name).read_text("utf-8") for name in ("card.json", "config.json", "README.md")]
    assert all("--data.path pictures" in text for text in (texts[0], texts[2]))
    assert all(factors[1] in text for text in texts)
    assert not any(str(tmp_path) in text for text in texts)
    assert card.data.sha256 == build.data(config(pictures, factors=factors[1]), tmp_path).sha256()
