"""digits (MNIST, LeCun et al. 1998) and fashion (Fashion-MNIST, Xiao et al. 2017).

Both are read, and where missing downloaded, by torchvision.
"""

import functools
import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.datasets import Dataset, Split
from training.errors import DataError

_UNREADABLE = (OSError, RuntimeError, ValueError, TypeError, KeyError, AssertionError)
# Of the whole data set, and of the part of it in tests/data: other files in their place are not
# called by its name, nor said to be under its licence.
KNOWN = {
    "MNIST": (
        "5b92582eb909c82a9bfefcd44acbe9233be3eb5b419a44cf211022ad2bf4bf96",
        "ca17594c349a7056f64c40bac8a6638f65e4d6e531ec037b8959f0b52c275860",
    ),
    "FashionMNIST": (
        "0fbbfcb392782b3b702472ead3688778e1509e8cf40f5c24d9d3303618b193ab",
        "135af95d038e9414d4c320102d8c3046c6a40e06881e12fecaa2d38cfd42904e",
    ),
}
VALIDATION = 5000  # taken from the end of the training file; the test file stays untouched

OPERATORS = [
    *("nms", "qnms", "roi_align", "_roi_align_backward", "roi_pool", "_roi_pool_backward"),
    *("ps_roi_align", "_ps_roi_align_backward", "ps_roi_pool", "_ps_roi_pool_backward"),
    *("deform_conv2d", "_deform_conv2d_backward"),
]


@functools.cache
def torchvision() -> tuple[Any, Any]:
    """`torchvision.datasets`, importable even where its binary does not fit torch's build.

    Only then (a CPU torch beside a CUDA torchvision, say) does `import torchvision` fail, on
    detection operators that we never call. Declaring their names first lets the pure Python parts
    load; the declarations last as long as the library object, so that is returned too.
    """
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise DataError("torchvision is not installed; run `pip install torchvision`.")
    declared = None
    try:
        for binary in Path(spec.origin).parent.glob("_C.*"):
            torch.ops.load_library(binary)
    except OSError:
        declared = torch.library.Library("torchvision", "DEF")
        for name in OPERATORS:
            declared.define(f"{name}(Tensor unused) -> Tensor")
    from torchvision import datasets

    return datasets, declared


def digits(folder: Path) -> Dataset:
    """MNIST: 28×28 grey levels, 10 digits. Downloads into `folder` what is not there."""
    return _load("digits", "MNIST", "CC BY-SA 3.0", folder)


def fashion(folder: Path) -> Dataset:
    """Fashion-MNIST: 28×28 grey levels, 10 kinds of clothing. Downloads what is not there."""
    return _load("fashion", "FashionMNIST", "MIT", folder)


def _load(name: str, source: str, licence: str, folder: Path) -> Dataset:
    dataset = _read(name, source, licence, folder)
    if dataset.sha256() in KNOWN[source]:
        return dataset
    return replace(
        dataset,
        source=f"Files named as {source}'s are, with other images",
        licence="not known: see where the files come from",
    )


def _read(name: str, source: str, licence: str, folder: Path) -> Dataset:
    reader = getattr(torchvision()[0], source)
    raw = folder / source / "raw"
    try:
        train, test = (reader(folder, train=part, download=True) for part in (True, False))
    except _UNREADABLE as error:
        reason = (str(error).strip().splitlines() or ["its idx files are damaged"])[0].rstrip(".:")
        raise DataError(
            f"{source} could not be read from {raw} ({reason:.150}); connect to the internet for "
            "the download, or name a folder that holds it whole with --data."
        ) from error
    for file, part in (("train", train), ("t10k", test)):
        shape, labels = tuple(part.data.shape), part.targets
        if shape[1:] != (28, 28) or shape[0] < 10:
            raise DataError(f"{raw}: {file}-images has {shape} numbers where N×28×28 belong.")
        if len(labels) != shape[0] or labels.max() >= len(part.classes):
            raise DataError(f"{raw}: {file}-labels does not give each image one of the classes.")
    held_out = min(VALIDATION, len(train.data) // 10)
    parts = {
        "train": (train.data[:-held_out], train.targets[:-held_out]),
        "validation": (train.data[-held_out:], train.targets[-held_out:]),
        "test": (test.data, test.targets),
    }
    return Dataset(
        name=name,
        source=source,
        licence=licence,
        shape=(1, 28, 28),
        splits={
            part: Split(images.unsqueeze(1).contiguous(), targets.int(), _unpack)
            for part, (images, targets) in parts.items()
        },
        labels=tuple(label.split(" - ")[0] for label in test.classes),  # "7 - seven" is digit 7
    )


def _unpack(stored: Tensor) -> Tensor:
    return stored.float() / 255
