"""Data sets of Hugging Face on disk and of torchvision by name: small files in the same formats."""

import bz2
import gzip
import hashlib
import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from training.config import DataConfig
from training.datasets.mnist import torchvision
from training.datasets.own import by_name, opened, own
from training.errors import DataError

SETS = torchvision()[0]


def noise(count: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def config(path: object, **fields: object) -> DataConfig:
    return DataConfig("own", path=str(path), side=28, **fields)  # type: ignore[arg-type]


def targets(split: Any) -> list[int]:
    found: list[int] = split.targets.tolist()
    return found


def table(images: np.ndarray, label: list[int], names: list[str]) -> pyarrow.Table:
    features = {
        "image": {"_type": "Image"},
        "label": {"names": names, "_type": "ClassLabel"},
    }
    rows = [{"bytes": png(image), "path": None} for image in images]
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    columns = {"label": pyarrow.array(label), "image": pyarrow.array(rows, kind)}
    said = json.dumps({"info": {"features": features}})
    return pyarrow.table(columns).replace_schema_metadata({"huggingface": said})


def test_parquet_of_the_hub_keeps_its_splits_and_the_names_of_classes(tmp_path: Path) -> None:
    images = noise(90, 28, 28)
    label = [at % 2 for at in range(90)]
    (tmp_path / "hub" / "data").mkdir(parents=True)
    for split, start, stop in (("train", 0, 70), ("test", 70, 90)):
        some = table(images[start:stop], label[start:stop], ["cat", "dog"])
        place = tmp_path / "hub" / "data" / f"{split}-00000-of-00001.parquet"
        pyarrow.parquet.write_table(some, place, row_group_size=16)
    dataset = own(config(tmp_path / "hub"), tmp_path)
    assert dataset.labels == ("cat", "dog")
    assert {name: len(part) for name, part in dataset.splits.items()}["test"] == 20
    test = dataset.splits["test"]
    pixels = (test.images(torch.arange(20)) * 255).round().to(torch.uint8).numpy()[:, 0]
    found = {image.tobytes(): target for image, target in zip(pixels, targets(test), strict=True)}
    assert found == {images[at].tobytes(): label[at] for at in range(70, 90)}
    assert sum(len(part) for part in dataset.splits.values()) == 90


def test_arrow_as_save_to_disk_writes_it(tmp_path: Path) -> None:
    some = table(noise(60, 9, 9), [0] * 30 + [1] * 30, ["no", "yes"])
    path = str(tmp_path / "data-00000-of-00001.arrow")
    with pyarrow.OSFile(path, "wb") as file, pyarrow.ipc.new_stream(file, some.schema) as writer:
        writer.write_table(some, max_chunksize=7)
    (tmp_path / "cache-12.arrow").write_bytes(b"left behind")
    found = opened(config(tmp_path), tmp_path)
    assert "60 images in 2 classes (no 30, yes 30)" in found.report()[0]
    assert found.source.items(58).__next__() == some["image"][58].as_py()["bytes"]


def test_what_a_row_names_is_read_below_the_data_set_alone(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "secret.png").write_bytes(png(noise(1, 9, 9)[0]))
    rows = [{"bytes": None, "path": "../secret.png"}] * 50
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    some = pyarrow.table({"image": pyarrow.array(rows, kind)})
    pyarrow.parquet.write_table(some, tmp_path / "set" / "a.parquet")
    with pytest.raises(DataError, match="has 0 readable images"):
        opened(config(tmp_path / "set"), tmp_path)
    (tmp_path / "set" / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="is not readable as a data set"):
        opened(config(tmp_path / "set"), tmp_path)


def idx(array: np.ndarray) -> bytes:
    kind = 0x08 if array.dtype == np.uint8 else 0x0C
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    content = array.astype(">i4" if kind == 0x0C else np.uint8).tobytes()
    return gzip.compress(bytes([0, 0, kind, array.ndim]) + sizes + content)


def tarred(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def mat(images: np.ndarray, label: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    savemat(buffer, {"X": images.transpose(1, 2, 3, 0), "y": label[:, None]})
    return buffer.getvalue()


def svm(images: np.ndarray, label: np.ndarray) -> bytes:
    rows = [
        f"{target + 1} " + " ".join(f"{at + 1}:{v / 127.5 - 1:.6f}" for at, v in enumerate(image))
        for image, target in zip(images.reshape(len(images), -1), label, strict=True)
    ]
    return bz2.compress("\n".join(rows).encode())


def batches(images: np.ndarray, label: np.ndarray) -> dict[str, bytes]:
    flat = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    some = {f"data_batch_{at + 1}": slice(at * 10, at * 10 + 10) for at in range(5)}
    some["test_batch"] = slice(50, 60)
    made = {
        name: pickle.dumps({"data": flat[part], "labels": label[part].tolist()}, protocol=2)
        for name, part in some.items()
    }
    return made | {"batches.meta": pickle.dumps({"label_names": [f"c{at}" for at in range(10)]})}


def named_files(name: str, x: np.ndarray, y: np.ndarray) -> list[bytes]:
    """Of 50 images to learn from and 10 to test on, the files of that data set, in its order."""
    parts = (slice(0, 50), slice(50, 60))
    match name:
        case "KMNIST":
            return [content for part in parts for content in (idx(x[part]), idx(y[part]))]
        case "QMNIST":
            more = np.stack([y, y], 1).astype(np.int32)
            return [content for part in parts for content in (idx(x[part]), idx(more[part]))]
        case "EMNIST-letters":
            return [
                zipped(
                    {
                        f"gzip/emnist-letters-{split}-{what}-ubyte.gz": idx(array[part])
                        for split, part in zip(("train", "test"), parts, strict=True)
                        for what, array in (
                            ("images-idx3", x.transpose(0, 2, 1)),
                            ("labels-idx1", y + 1),
                        )
                    }
                )
            ]
        case "SVHN":
            return [mat(x[part], np.where(y[part] == 0, 10, y[part])) for part in parts]
        case "USPS":
            return [svm(x[part], y[part]) for part in parts]
        case "CIFAR10":
            return [tarred(batches(x, y))]
    files = {f"img_align_celeba/{at}.jpg": png(image) for at, image in enumerate(x)}
    said = "\n".join(f"{at}.jpg {0 if at < 40 else 1 if at < 50 else 2}" for at in range(60))
    return [zipped(files), said.encode()]


SHAPES = {"SVHN": (32, 32, 3), "CIFAR10": (32, 32, 3), "USPS": (16, 16), "CelebA": (28, 28, 3)}


@pytest.mark.parametrize(
    "name", ["KMNIST", "QMNIST", "EMNIST-letters", "SVHN", "CIFAR10", "USPS", "CelebA"]
)
def test_a_data_set_of_torchvision_by_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = noise(60, *SHAPES.get(name, (28, 28)))
    y = (np.arange(60) % 10).astype(np.uint8)
    files = by_name.files_of(name, tmp_path)
    assert all(len(file.md5) == 32 for file in files)
    with pytest.raises(DataError, match="is not here"):
        own(config(f"torchvision:{name}"), tmp_path)
    known = []
    for file, content in zip(files, named_files(name, x, y), strict=True):
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.write_bytes(content)
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        known.append(file._replace(md5=digest))
    with pytest.raises(DataError, match="is not the file that torchvision names: its MD5 is"):
        own(config(f"torchvision:{name}"), tmp_path)
    monkeypatch.setattr(by_name, "files_of", lambda *_: known)
    found = opened(config(f"torchvision:{name}"), tmp_path)
    items = list(found.source.items(0))
    assert len(items) == 60
    at = 57
    item = items[at]
    seen = np.asarray(Image.open(io.BytesIO(item))) if isinstance(item, bytes) else item
    assert np.array_equal(seen, x[at])
    dataset = own(config(f"torchvision:{name}"), tmp_path)
    assert len(dataset.splits["test"]) == 10
    assert dataset.licence == by_name.LICENCES.get(name, "not stated")
    if name == "CelebA":
        assert {part: len(dataset.splits[part]) for part in ("train", "validation")} == {
            "train": 40,
            "validation": 10,
        }
    else:
        assert sorted(targets(dataset.splits["test"])) == sorted(y[50:].tolist())
        assert dataset.labels is not None
        assert len(dataset.labels) == (26 if name == "EMNIST-letters" else 10)


def test_a_batch_that_calls_something_is_not_unpickled() -> None:
    class Bad:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
            return print, ("called",)

    with pytest.raises(DataError, match="asks for"):
        by_name.Arrays(io.BytesIO(pickle.dumps(Bad()))).load()
