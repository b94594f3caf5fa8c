"""Data sets of torchvision by name, `torchvision:KMNIST`: from the files that it names.

torchvision says where each file is and its MD5; a file that was put there by hand is checked
against it too, before anything is read from it. The splits are the data set's own.
"""

import bz2
import gzip
import hashlib
import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.datasets.own.sources import Item
from training.errors import DataError

PREFIX = "torchvision:"
EMNIST = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
NAMES = ("KMNIST", "QMNIST", *(f"EMNIST-{one}" for one in EMNIST), "SVHN", "CIFAR10", "USPS")
NAMES += ("CelebA",)
# As the pages of the data sets say; torchvision passes on none.
LICENCES = {
    "KMNIST": "CC BY-SA 4.0",
    "QMNIST": "BSD 3-Clause, as its repository",
    "SVHN": "for non-commercial use only",
    "CelebA": "for non-commercial research only",
}
_IDX_KINDS = {0x08: ">u1", 0x0C: ">i4"}


class File(NamedTuple):
    """A file as torchvision names it; `url` is empty where it lies behind a form."""

    path: Path
    url: str
    md5: str


class Piece(NamedTuple):
    """Images of one split, `train`, `validation` or `test`, with a label each."""

    split: str
    label: NDArray[np.int64]
    images: Callable[[], Iterator[Item]]


@dataclass
class Named:
    """A data set of torchvision; `part` is the split of each image."""

    title: str
    names: list[str]
    label: list[int]
    labels: tuple[str, ...] | None
    part: list[str]
    origin: str
    licence: str
    colour: bool
    stamp: str
    pieces: list[Piece] = field(repr=False)

    def items(self, start: int) -> Iterator[Item]:
        """The images from the one at `start` on."""
        for piece in self.pieces:
            if start >= len(piece.label):
                start -= len(piece.label)
                continue
            for at, item in enumerate(piece.images()):
                if at >= start:
                    yield item
            start = 0

    def sample(self) -> list[Item]:
        """One image of the kind that all are."""
        return [np.zeros((1, 1, 3) if self.colour else (1, 1), np.uint8)]


def named(name: str, folder: Path, download: bool) -> Named:
    """The data set of that name, from the files in `folder`, which are fetched if that is asked.

    Raises:
        DataError: if there is none of that name, or a file is missing or another one.
    """
    if name not in NAMES:
        raise DataError(f"There is no data set {PREFIX}{name}; choose one of {', '.join(NAMES)}.")
    files = files_of(name, folder)
    _check(name, files, download)
    family = name.partition("-")[0]
    labels, pieces = _READERS[family](name, [file.path for file in files])
    part = [piece.split for piece in pieces for _ in piece.label]
    label = [int(one) for piece in pieces for one in piece.label]
    numbers = [f"{piece.split} {at}" for piece in pieces for at in range(len(piece.label))]
    return Named(
        title=name,
        names=numbers,
        label=label,
        labels=labels,
        part=part,
        origin=f"{name}, from {', '.join(sorted({file.url or file.path.name for file in files}))}",
        licence=LICENCES.get(name, "not stated"),
        colour=family in ("SVHN", "CIFAR10", "CelebA"),
        stamp=hashlib.sha256(" ".join(file.md5 for file in files).encode()).hexdigest() + name,
        pieces=pieces,
    )


def files_of(name: str, folder: Path) -> list[File]:
    """Where the files of a data set are, and what torchvision says of them."""
    from training.datasets.mnist import torchvision

    sets = torchvision()[0]
    match name.partition("-")[0]:
        case "KMNIST":
            mirror, raw = sets.KMNIST.mirrors[0], folder / "KMNIST" / "raw"
            return [File(raw / file, mirror + file, md5) for file, md5 in sets.KMNIST.resources]
        case "QMNIST":
            raw, known = folder / "QMNIST" / "raw", sets.QMNIST.resources
            both = [*known["train"], *known["test"]]
            return [File(raw / url.rpartition("/")[2], url, md5) for url, md5 in both]
        case "EMNIST":
            raw = folder / "EMNIST" / "raw"
            return [File(raw / "gzip.zip", sets.EMNIST.url, sets.EMNIST.md5)]
        case "CIFAR10":
            known = sets.CIFAR10
            return [File(folder / known.filename, known.url, known.tgz_md5)]
        case "CelebA":
            wanted = ("img_align_celeba.zip", "list_eval_partition.txt")
            known = {file: md5 for _, md5, file in sets.CelebA.file_list}
            return [File(folder / "celeba" / file, "", known[file]) for file in wanted]
        case family:
            known = getattr(sets, family).split_list
            rows = [known[split] for split in ("train", "test")]
            return [File(folder / file, url, md5) for url, file, md5 in rows]


def _check(name: str, files: list[File], download: bool) -> None:
    missing = [file for file in files if not file.path.is_file()]
    if missing and not (download and all(file.url for file in missing)):
        places = ", ".join(str(file.path) for file in missing)
        sources = ", ".join(file.url for file in missing if file.url)
        how = (
            f"add --data.download to fetch {'them' if len(missing) > 1 else 'it'} ({sources})"
            if sources
            else "download it from its page by hand, which asks you to fill in a form"
        )
        raise DataError(f"{name} is not here: {places} missing; {how}.")
    for file in missing:
        _download(file)
    for file in files:
        digest = hashlib.md5(usedforsecurity=False)
        with file.path.open("rb") as content:
            while block := content.read(2**20):
                digest.update(block)
        if digest.hexdigest() != file.md5:
            raise DataError(
                f"{file.path} is not the file that torchvision names: its MD5 is "
                f"{digest.hexdigest()}, not {file.md5}. Remove it, and get it again."
            )


def _download(file: File) -> None:
    from torchvision.datasets.utils import download_url

    try:
        download_url(file.url, str(file.path.parent), file.path.name, file.md5)
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(
            f"{file.url} could not be fetched ({str(error).strip():.150}); connect to the "
            f"internet, or put it at {file.path} yourself."
        ) from error


def idx(content: bytes) -> NDArray[Any]:
    """The array of a file in the format of MNIST: two zeros, kind, dimensions, sizes, numbers."""
    kind, dimensions = content[2], content[3]
    shape = np.frombuffer(content, ">u4", dimensions, 4)
    return np.frombuffer(content, _IDX_KINDS[kind], offset=4 + 4 * dimensions).reshape(shape)


def _of_arrays(split: str, label: NDArray[Any], images: Callable[[], NDArray[Any]]) -> Piece:
    return Piece(split, label.astype(np.int64), lambda: iter(images()))


def _kmnist(name: str, paths: list[Path]) -> tuple[tuple[str, ...], list[Piece]]:
    from training.datasets.mnist import torchvision

    def read(path: Path) -> NDArray[Any]:
        return idx(gzip.decompress(path.read_bytes()))

    pieces = []
    for split, images, label in (("train", paths[0], paths[1]), ("test", paths[2], paths[3])):
        values = read(label)
        values = values[:, 0] if values.ndim == 2 else values  # QMNIST says more than the class
        pieces.append(_of_arrays(split, values, partial(read, images)))
    classes = getattr(torchvision()[0], name).classes
    return tuple(one.partition(" - ")[0] for one in classes), pieces


def _emnist(name: str, paths: list[Path]) -> tuple[tuple[str, ...], list[Piece]]:
    from training.datasets.mnist import torchvision

    kind = name.partition("-")[2]
    classes = torchvision()[0].EMNIST.classes_split_dict[kind]
    first = 1 if classes[0] == "N/A" else 0  # letters count from 1

    def read(split: str, what: str) -> NDArray[Any]:
        with zipfile.ZipFile(paths[0]) as archive:
            content = archive.read(f"gzip/emnist-{kind}-{split}-{what}-ubyte.gz")
        return idx(gzip.decompress(content))

    def upright(split: str) -> NDArray[np.uint8]:
        # The file has each image with rows and columns exchanged.
        return read(split, "images-idx3").transpose(0, 2, 1)

    pieces = [
        _of_arrays(split, read(split, "labels-idx1") - first, partial(upright, split))
        for split in ("train", "test")
    ]
    return tuple(classes[first:]), pieces


def _svhn(_: str, paths: list[Path]) -> tuple[tuple[str, ...], list[Piece]]:
    from scipy.io import loadmat

    def images(path: Path) -> NDArray[Any]:
        found: NDArray[Any] = loadmat(path, variable_names=["X"])["X"].transpose(3, 0, 1, 2)
        return found

    pieces = []
    for split, path in zip(("train", "test"), paths, strict=True):
        label = loadmat(path, variable_names=["y"])["y"].reshape(-1) % 10  # 10 is the digit 0
        pieces.append(_of_arrays(split, label, partial(images, path)))
    return tuple("0123456789"), pieces


def _cifar(_: str, paths: list[Path]) -> tuple[tuple[str, ...], list[Piece]]:
    def batches(*names: str) -> Iterator[dict[str, Any]]:
        with tarfile.open(paths[0]) as archive:
            for name in names:
                file = archive.extractfile(f"cifar-10-batches-py/{name}")
                assert file is not None
                yield Arrays(io.BytesIO(file.read()), encoding="latin1").load()

    def images(names: tuple[str, ...]) -> Iterator[Item]:
        for batch in batches(*names):
            yield from batch["data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)

    pieces = []
    train = tuple(f"data_batch_{at}" for at in range(1, 6))
    for split, names in (("train", train), ("test", ("test_batch",))):
        label = np.concatenate([np.asarray(batch["labels"]) for batch in batches(*names)])
        pieces.append(Piece(split, label.astype(np.int64), partial(images, names)))
    (meta,) = batches("batches.meta")
    return tuple(meta["label_names"]), pieces


class Arrays(pickle.Unpickler):
    """Reads arrays and plain values, and calls nothing else that a pickle may name."""

    def find_class(self, module: str, name: str) -> Any:
        """What arrays are made of.

        Raises:
            DataError: if something else is asked for.
        """
        inside = module.replace("numpy._core", "numpy.core")
        known = {
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
            ("_codecs", "encode"),
        }
        if (inside, name) not in known:
            raise DataError(f"A batch of CIFAR-10 asks for {module}.{name}, which no array needs.")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _usps(_: str, paths: list[Path]) -> tuple[tuple[str, ...], list[Piece]]:
    pieces = []
    for split, path in zip(("train", "test"), paths, strict=True):
        with bz2.open(path, "rt") as file:
            rows = [line.split() for line in file]
        values = np.array(
            [[pair.partition(":")[2] for pair in row[1:]] for row in rows], np.float64
        )
        images = ((values.reshape(-1, 16, 16) + 1) * 127.5).round().astype(np.uint8)
        label = np.array([int(row[0]) - 1 for row in rows])
        pieces.append(_of_arrays(split, label, partial(np.asarray, images)))
    return tuple("0123456789"), pieces


def _celeba(_: str, paths: list[Path]) -> tuple[None, list[Piece]]:
    splits = ("train", "validation", "test")
    rows = [line.split() for line in paths[1].read_text("utf-8").splitlines() if line.strip()]

    def images(names: list[str]) -> Iterator[Item]:
        with zipfile.ZipFile(paths[0]) as archive:
            for name in names:
                yield archive.read(f"img_align_celeba/{name}")

    pieces = []
    for at, split in enumerate(splits):
        names = [name for name, part in rows if int(part) == at]
        none = np.zeros(len(names), np.int64)
        pieces.append(Piece(split, none, partial(images, names)))
    return None, pieces


_READERS: dict[str, Callable[[str, list[Path]], tuple[tuple[str, ...] | None, list[Piece]]]] = {
    "KMNIST": _kmnist,
    "QMNIST": _kmnist,
    "EMNIST": _emnist,
    "SVHN": _svhn,
    "CIFAR10": _cifar,
    "USPS": _usps,
    "CelebA": _celeba,
}
