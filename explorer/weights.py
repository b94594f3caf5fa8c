"""Whether files of weights are whole, by their headers alone: no tensor is read for it."""

from __future__ import annotations

import os
from io import BufferedReader
from pathlib import Path

from training.contract.card import MODEL, Card
from training.contract.errors import CheckpointError

MOST_FIELDS = 10_000
# Field numbers and wire types of ONNX's ModelProto (onnx.proto3) and of protobuf's encoding.
GRAPH = 7
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5


def check(folder: Path, card: Card) -> None:
    """Refuse files that are not what their names say.

    Raises:
        CheckpointError: in one sentence, naming the file.
    """
    for graph in card.graphs.named().values():
        if not is_onnx(folder / graph.file):
            raise CheckpointError(
                f"{folder.name}/{graph.file} is not a whole ONNX file; export it again."
            )
    if MODEL in card.files and not is_safetensors(folder / MODEL):
        raise CheckpointError(
            f"{folder.name}/{MODEL} is not a whole safetensors file; copy it again."
        )


def is_safetensors(path: Path) -> bool:
    """Whether the header of a safetensors file is valid and describes all that follows it."""
    import safetensors  # with numpy, which takes longer to import than a page to draw

    try:
        with safetensors.safe_open(path, framework="numpy"):
            return True
    except (safetensors.SafetensorError, OSError, ValueError):
        return False


def is_onnx(path: Path) -> bool:
    """Whether a file is a protobuf message from end to end, and holds one graph at least.

    The message is walked over from field to field, so that one of a gigabyte is not read either.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        graphs = 0
        for _ in range(MOST_FIELDS):
            if file.tell() == size:
                return graphs > 0
            key = _varint(file)
            if key is None:
                return False
            field, kind = key >> 3, key & 7
            length = {EIGHT_BYTES: 8, FOUR_BYTES: 4}.get(kind, 0)
            if kind in (VARINT, LENGTH):
                value = _varint(file)
                if value is None:
                    return False
                length = value if kind == LENGTH else 0
            elif length == 0:
                return False
            graphs += field == GRAPH and kind == LENGTH and length > 0
            if field == 0 or file.tell() + length > size:
                return False
            file.seek(length, os.SEEK_CUR)
    return False


def _varint(file: BufferedReader) -> int | None:
    """The next whole number, seven bits a byte, the lowest first; None where there is none."""
    value = 0
    for shift in range(0, 64, 7):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    return None
