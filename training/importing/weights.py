"""Weights of other programs. A pickle is read only as far as it is data and no code."""

import hashlib
import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from training.checkpoints.checkpoint import read_tensors
from training.contract.card import LARGEST_FILE
from training.contract.fields import printable
from training.errors import CheckpointError
from training.importing.refused import way_to_weights

PICKLES = (".pt", ".pth", ".bin", ".ckpt")
WEIGHTS = (".safetensors", *PICKLES)
# Where programs keep the state dict among other things, and what they put before every name.
HOLDERS = ("state_dict", "model_state_dict", "model")
PREFIXES = ("module.", "_orig_mod.")

SAFE_COPY = """{where} holds Python objects beside its weights ({what}).
Opening it would run code, so it was not opened.
If you trust where it comes from, these three lines save the weights alone:

    import torch, safetensors.torch
    held = torch.load({path!r}, map_location="cpu", weights_only=False){way}
    safetensors.torch.save_file({{k: v.clone() for k, v in held.items(){only}}}, {safe!r})

Then import {safe}."""


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a file by their names, and what else it holds (of a pickle, plain data only).

    Raises:
        CheckpointError: if the file holds no weights, or would run code.
    """
    if path.suffix == ".safetensors":
        return _named(read_tensors(path)[0]), {}
    if not path.is_file():
        raise CheckpointError(f"{path.name} is not a regular file.")
    if max(path.stat().st_size, _unpacked(path)) > LARGEST_FILE:
        raise CheckpointError(f"{path.name} is larger than 1 GiB: save its weights as safetensors.")
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        what = _refused(str(error))
        if what is None:
            raise _unreadable(path, error) from error
        way = way_to_weights(path, HOLDERS)
        raise CheckpointError(
            SAFE_COPY.format(
                where=path.name,
                what=what,
                path=str(path),
                safe=str(path.with_suffix(".safetensors")),
                way=way,
                only="" if way else " if hasattr(v, 'clone')",
            )
        ) from error
    except Exception as error:  # each step raises its own for what is not a pickle of torch
        raise _unreadable(path, error) from error
    rest = held if isinstance(held, dict) else {}
    for name in HOLDERS:
        if isinstance(rest.get(name), dict):
            held = rest[name]
            break
    if not isinstance(held, dict) or not all(isinstance(value, Tensor) for value in held.values()):
        raise CheckpointError(
            f"{path.name} holds {type(held).__name__}, not a state dict: save it with "
            "torch.save(model.state_dict(), …)."
        )
    # What is laid over one number in memory can be as large as it says once it is copied.
    if sum(value.numel() for value in held.values()) * 4 > 2 * LARGEST_FILE:
        raise CheckpointError(f"{path.name} claims more weights than a file of 1 GiB can hold.")
    return _named(held), {name: value for name, value in rest.items() if name not in HOLDERS}


def _unpacked(path: Path) -> int:
    """Bytes of all that a zip, as PyTorch writes them, says that it holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return 0  # an older pickle, or what PyTorch says is none


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _named(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """In float32, and without what wrappers put before every name."""
    for prefix in PREFIXES:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in tensors.items()
    }


def _unreadable(path: Path, error: Exception) -> CheckpointError:
    reason = " ".join(str(error).rpartition("WeightsUnpickler error:")[2].split())
    return CheckpointError(
        f"{path.name} is not a readable PyTorch file ({reason[:150].rstrip('. ')}): copy it again."
    )


def _refused(message: str) -> str | None:
    """The class or function that torch names where it refuses to run code; None if it is damage."""
    found = re.search(r"GLOBAL (\S+)|(?:function|class) ([\w.<>']+)", message)
    if found is None:
        return None
    name = (found[1] or found[2]).strip("'<>")
    return printable(name, 80)
