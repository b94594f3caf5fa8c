"""What is seen of a visitor's zip of images, and that a worker trains on it."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from training.config import DataConfig
from training.contract.kinds import KINDS
from training.contract.reading import checked
from training.contract.worker import Order
from training.datasets.own import archive, opened
from training.errors import DataError
from training.workers.live import Worker
from training.workers.look import look
from training.workers.watch import Watch


def picture(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (30, 30), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """60 grey images of two classes, and what people pack beside them."""
    files = {f"all/{('cat', 'dog')[at % 2]}/{at:02}.png": picture(at) for at in range(60)}
    files |= {"all/notes.txt": b"", "__MACOSX/all/cat/._00.png": b"", "all/cat/no.png": b"none"}
    files["all/no\nt\u202ees.txt"] = b""
    return packed(tmp_path / "pets.zip", files)


def test_a_zip_is_seen_as_the_folder_that_it_holds(pictures: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(pictures) as zipped:
        zipped.extractall(tmp_path / "unpacked")
    found, folder = (
        opened(DataConfig("own", path=str(path), side=28), tmp_path / "data")
        for path in (pictures, tmp_path / "unpacked" / "all")
    )
    assert found.report()[1:] == folder.report()[1:]
    assert "60 images in 2 classes (cat 30, dog 30)" in found.report()[0]
    assert (found.pack.digests == folder.pack.digests).all()
    assert found.source.others == ("all/no\nt\u202ees.txt", "all/notes.txt")  # type: ignore[attr-defined]


def test_zips_of_no_images_get_a_sentence(tmp_path: Path) -> None:
    for files, sentence in (
        ({"more.zip": b""}, "holds other zips"),
        ({"notes.txt": b""}, "holds no PNG, JPEG or WebP files"),
        ({"cat/1.png": b"", "2.png": b""}, "not every image has a label"),
    ):
        with pytest.raises(DataError, match=sentence):
            archive.archive(packed(tmp_path / "a.zip", files))
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(DataError, match="is not a readable zip file"):
        archive.archive(tmp_path / "a.zip")


def test_what_was_seen_can_be_trained_on_and_says_nothing_of_this_server(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "snapshot", lambda self: None)
    said: list[dict[str, Any]] = []
    look(
        pictures, "pets.zip", tmp_path, 28, "crop", lambda what, **f: said.append({**f, "is": what})
    )
    assert [event["is"] for event in said] == ["packing", "looked", "timed"]
    facts = checked(said[-1]["facts"], "facts")
    assert facts.images == facts.train + facts.validation + facts.test == 60
    assert facts.labels == (("cat", 30), ("dog", 30))
    assert facts.broken == {"cat/no.png": "is not a PNG, JPEG or WebP image"}
    assert facts.others == ("all/no t\ufffdes.txt", "all/notes.txt")
    with Image.open(tmp_path / "sheet-28-crop.webp") as sheet:
        assert sheet.size == (12 * 30 + 2, -(-facts.train // 12) * 30 + 2)
    for one in KINDS:
        assert facts.networks[f"{one} normal"].seconds > 0

    network = facts.networks["vae half"]
    told = io.StringIO()
    worker = Worker(io.StringIO(), told)
    worker.ended.wait()
    worker.ended.clear()
    worker.stop.clear()
    steps = ["--model.latents=2", "--train.steps=2", "--train.validate_every=1"]
    order = Order(
        "train",
        job="a",
        folder=str(tmp_path / "run"),
        data=str(tmp_path),
        images=str(pictures),
        recipe=network.recipe,
        overrides=(*network.overrides, *steps),
        title="Pets",
    )
    worker._do(order)
    assert [json.loads(line)["what"] for line in told.getvalue().splitlines()][-1] == "trained"
    state = (tmp_path / "run" / "resume.safetensors").read_bytes()
    assert b"pets.zip" in state
    assert str(tmp_path).encode() not in state
