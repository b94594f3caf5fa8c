"""Data sets: what is in memory, what it hashes to, and what happens when files are not there."""

import hashlib
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from training import build
from training.__main__ import main
from training.datasets import Dataset, sprites
from training.errors import DataError

SOURCES = {"digits": "MNIST", "fashion": "FashionMNIST"}
TRAIN, TEST = 500, 200  # images shipped with the tests


def no_network(*_: object, **__: object) -> None:
    raise OSError("the network is unreachable")


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)


def idx(data: Path, name: str, file: str) -> np.ndarray:
    """The numbers of an idx file, read without torchvision."""
    content = (data / SOURCES[name] / "raw" / file).read_bytes()
    return np.frombuffer(content, np.uint8, offset=16 if "idx3" in file else 8)


@pytest.mark.parametrize("name", SOURCES)
def test_splits_are_the_files_in_order(name: str, data: Path) -> None:
    dataset = build.dataset(name, data)
    sizes = {part: len(split) for part, split in dataset.splits.items()}
    assert sizes == {"train": TRAIN - TRAIN // 10, "validation": TRAIN // 10, "test": TEST}
    images = torch.cat([split.stored for split in dataset.splits.values()])
    labels = torch.cat([split.targets for split in dataset.splits.values()])
    files = [idx(data, name, f"{part}-images-idx3-ubyte") for part in ("train", "t10k")]
    assert images.numpy().tobytes() == b"".join(file.tobytes() for file in files)
    files = [idx(data, name, f"{part}-labels-idx1-ubyte") for part in ("train", "t10k")]
    assert labels.tolist() == np.concatenate(files).tolist()


@pytest.mark.parametrize("name", SOURCES)
def test_splits_share_no_image(name: str, data: Path) -> None:
    splits = build.dataset(name, data).splits.values()
    images = [{image.numpy().tobytes() for image in split.stored} for split in splits]
    assert len(set.union(*images)) == sum(map(len, images)) == TRAIN + TEST


@pytest.mark.parametrize("name", SOURCES)
def test_images_stay_bytes_until_they_are_a_batch(name: str, data: Path) -> None:
    dataset = build.dataset(name, data)
    split = dataset.splits["train"]
    assert split.stored.dtype == torch.uint8
    assert split.stored.shape[1:] == dataset.shape == (1, 28, 28)
    batch = split.images(torch.tensor([3, 0]))
    assert batch.dtype == torch.float32
    assert batch.shape == (2, 1, 28, 28)
    torch.testing.assert_close(batch * 255, split.stored[[3, 0]].float(), rtol=0, atol=1e-4)
    assert batch.min() == 0
    assert batch.max() == 1


@pytest.mark.parametrize(
    ("name", "labels"), [("digits", [*"0123456789"]), ("fashion", ["T-shirt/top", "Trouser"])]
)
def test_hash_and_labels(name: str, labels: list[str], data: Path) -> None:
    dataset = build.dataset(name, data)
    parts = [idx(data, name, f"{part}-images-idx3-ubyte").tobytes() for part in ("train", "t10k")]
    assert dataset.sha256() == hashlib.sha256(b"".join(parts)).hexdigest()
    assert dataset.labels is not None
    assert len(dataset.labels) == 10
    assert list(dataset.labels[: len(labels)]) == labels


def test_hash_notices_one_pixel(digits: Dataset) -> None:
    before = digits.sha256()
    stored = digits.splits["test"].stored
    stored[-1, 0, -1, -1] += 1
    try:
        assert digits.sha256() != before
    finally:
        stored[-1, 0, -1, -1] -= 1
    assert digits.sha256() == before


def test_sprites_from_the_official_file(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its 50 real images stand for the 737,280."""
    monkeypatch.setattr(sprites, "COUNT", 50)
    monkeypatch.setattr(sprites, "HELD_OUT", 10)
    shutil.copy(data / "dsprites" / "real_50.npz", tmp_path / sprites.OFFICIAL)
    dataset = build.dataset("sprites", tmp_path)
    assert {part: len(split) for part, split in dataset.splits.items()} == {
        "train": 30,
        "validation": 10,
        "test": 10,
    }
    factors = torch.cat([split.targets for split in dataset.splits.values()])
    places = sprites.factors_to_index(factors.numpy())
    assert sorted(places) == list(range(50))
    with np.load(data / "dsprites" / "real_50.npz") as archive:
        real = torch.from_numpy(archive["imgs"][places]).float()
    images = [split.images(torch.arange(len(split))) for split in dataset.splits.values()]
    assert torch.equal(torch.cat(images)[:, 0], real)
    assert dataset.at_factors is not None
    assert torch.equal(dataset.at_factors(factors)[:, 0], real)
    kinds = {factor.name: factor.kind for factor in dataset.factors or ()}
    assert kinds.pop("shape") == "categorical"
    assert kinds.pop("orientation") == "circular"
    assert set(kinds.values()) == {"ordered"}
    assert {split.stored.dtype for split in dataset.splits.values()} == {torch.uint8}
    assert dataset.sha256() == build.dataset("sprites", tmp_path).sha256()
    assert dataset.factors is not None
    assert [factor.name for factor in dataset.factors] == [*sprites.FACTORS]


@pytest.mark.parametrize("recipe", ["digits", "fashion"])
def test_missing_data_offline(
    recipe: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", recipe, "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "run")]
    assert main(words) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"error: {SOURCES[recipe]} could not be read from ")
    assert str(tmp_path / "nowhere") in message
    assert "--data" in message
    assert message.count("\n") == 1
    assert not (tmp_path / "run").exists()


def write(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def header(*sizes: int, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)


DAMAGES = {
    "empty": ("train-images-idx3", write(b"")),
    "three bytes": ("train-images-idx3", write(b"\0\0\x08")),
    "no idx file": ("train-images-idx3", write(b"<html>not found</html>" * 100)),
    "cut short": ("train-images-idx3", lambda path: path.write_bytes(path.read_bytes()[:-1])),
    "too long": ("t10k-images-idx3", lambda path: path.write_bytes(path.read_bytes() + b"\0")),
    "a size of four billion": ("t10k-images-idx3", write(header(2**32 - 1, 28, 28) + b"\0" * 99)),
    "unknown number type": ("t10k-images-idx3", write(header(20, 28, 28, kind=10) + b"\0" * 99)),
    "floating point": (
        "t10k-images-idx3",
        write(header(20, 28, 28, kind=13) + b"\0" * 4 * 20 * 784),
    ),
    "other images": ("train-images-idx3", write(header(500, 32, 32) + b"\0" * 500 * 1024)),
    "no images": ("train-images-idx3", write(header(0, 28, 28))),
    "two images": ("train-images-idx3", write(header(2, 28, 28) + b"\0" * 2 * 784)),
    "labels of another file": ("train-labels-idx1", write(header(200) + b"\1" * 200)),
    "an eleventh class": ("t10k-labels-idx1", write(header(200) + b"\x0a" * 200)),
    "labels in a square": ("t10k-labels-idx1", write(header(10, 20) + b"\1" * 200)),
}


@pytest.mark.parametrize(("file", "damage"), DAMAGES.values(), ids=list(DAMAGES))
def test_damaged_files(
    file: str, damage: Callable[[Path], object], data: Path, tmp_path: Path
) -> None:
    raw = Path(shutil.copytree(data / "MNIST" / "raw", tmp_path / "MNIST" / "raw"))
    damage(raw / f"{file}-ubyte")
    with pytest.raises(DataError, match="MNIST") as caught:
        build.dataset("digits", tmp_path)
    message = str(caught.value)
    assert str(raw) in message
    assert "\n" not in message
    assert len(message) < 400 + len(str(raw))


def test_other_images_in_its_place_are_not_called_mnist(data: Path, tmp_path: Path) -> None:
    assert build.dataset("digits", data).source == "MNIST"
    shutil.copytree(data / "FashionMNIST" / "raw", tmp_path / "MNIST" / "raw")
    other = build.dataset("digits", tmp_path)
    assert other.source == "Files named as MNIST's are, with other images"
    assert other.licence.startswith("not known")


def test_damaged_official_sprites(tmp_path: Path) -> None:
    (tmp_path / sprites.OFFICIAL).write_bytes(b"PK\3\4 nothing else")
    with pytest.raises(DataError, match=sprites.OFFICIAL):
        build.dataset("sprites", tmp_path)
