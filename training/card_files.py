"""card.json and the files beside it: read and checked against each other, and written.

Nothing here needs torch: the explorer reads cards without it.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from training.card import (
    CARD,
    DECODER,
    ENCODER,
    FILES,
    MODEL,
    PREVIEW,
    VERSION,
    Card,
    FileCard,
)
from training.config import from_json, to_json
from training.errors import CheckpointError, ConfigError

PART = ".part"  # what a file is called that is not written yet
READY = ".embedding"  # a folder of files and their card that are about to replace those beside it
LARGEST_CARD = 8 * 2**20
LARGEST_FILE = 2**30


def read_card(folder: Path, check: tuple[str, ...] | None = None) -> Card:
    """Read card.json and check files against the sizes and hashes it gives.

    Args:
        folder: a checkpoint folder.
        check: the names of the files to check; None: all of them.

    Raises:
        CheckpointError: in one sentence, if anything is missing, changed or not what it says.
    """
    path = folder / CARD
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder} is not a folder; name a checkpoint folder such as assets/models/digits."
        )
    if not path.exists():
        if (folder / READY / CARD).exists():
            raise CheckpointError(
                f"{folder.name} has no {CARD}: `python -m training embed` was cut off while it "
                "replaced files; run it again."
            )
        raise CheckpointError(
            f"{folder.name} has no {CARD}: its training has not finished; "
            "`python -m training train … --resume` goes on with it."
        )
    tree = _read_json(folder, path)
    if not isinstance(tree, dict) or tree.get("version") != VERSION:
        version = tree.get("version") if isinstance(tree, dict) else None
        raise CheckpointError(
            f"{folder.name}/{CARD} has version {version!r:.20}, this program reads {VERSION}; "
            "update the program or train the checkpoint again."
        )
    try:
        card = from_json(Card, tree, CARD)
    except ConfigError as error:
        raise CheckpointError(f"{folder.name}: {error}") from error
    _check_files(folder, card, card.names() if check is None else check)
    return card


def _read_json(folder: Path, path: Path) -> Any:
    content = read_bytes(path, LARGEST_CARD)
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise CheckpointError(f"{folder.name}/{CARD} is not readable JSON: {reason}.") from error


def _refuse_constant(text: str) -> None:
    raise ValueError(f"it holds {text}, which is no number")


def read_bytes(path: Path, limit: int = LARGEST_FILE) -> bytes:
    """The content of a regular file inside its own folder, refused beyond `limit` bytes.

    Raises:
        CheckpointError: if it is missing, leads out of the folder, is no file, or is too large.
    """
    with _opened(path, limit) as (file, _):
        return file.read()


@contextlib.contextmanager
def _opened(path: Path, limit: int = LARGEST_FILE) -> Iterator[tuple[BufferedReader, int]]:
    """A regular file inside its own folder, open for reading, and its size.

    Raises:
        CheckpointError: as `read_bytes`; also for what goes wrong while it is read.
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        if path.resolve().parent != path.parent.resolve():
            raise CheckpointError(f"{where} leads out of its folder; put the file itself there.")
        if not path.exists():
            raise CheckpointError(f"{where} is missing; copy the whole checkpoint folder again.")
        if not path.is_file():
            raise CheckpointError(f"{where} is not a regular file.")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise CheckpointError(f"{where} has {size:,} bytes; at most {limit:,} are read.")
            yield file, size
    except (OSError, RuntimeError) as error:  # before Python 3.13, RuntimeError for circular links
        reason = getattr(error, "strerror", None) or "its links lead in a circle"
        raise CheckpointError(f"{where} cannot be read: {reason}.") from error


def _check_files(folder: Path, card: Card, names: tuple[str, ...]) -> None:
    known = set(card.names())
    for name in card.files:
        if name not in known:
            raise CheckpointError(
                f"{folder.name}/{CARD} lists the file {name!r:.80}, not one of a checkpoint's: "
                f"{', '.join(FILES)}, and the further sheets that its examples need."
            )
    for name in names:
        if name not in card.files:
            raise CheckpointError(f"{folder.name}/{CARD} does not list {name}; {_made_by(name)}.")
        expected = card.files[name]
        # In pieces: of a file that anybody made, no more is held than that.
        with _opened(folder / name) as (file, size):
            if size != expected.bytes:
                raise CheckpointError(
                    f"{folder.name}/{name} has {size:,} bytes, its card says "
                    f"{expected.bytes:,}: it was cut short or changed, so copy it again."
                )
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != expected.sha256:
            raise CheckpointError(
                f"{folder.name}/{name} is not the file its card describes (the SHA-256 differs); "
                f"copy it again, or {_made_by(name)}."
            )


def _made_by(name: str) -> str:
    """What to do to have a file again."""
    if name in (DECODER, ENCODER):
        return "run `python -m training export FOLDER`"
    if name in (MODEL, PREVIEW):
        return "train it again"
    return "run `python -m training embed FOLDER`"


def describe_files(folder: Path, names: tuple[str, ...] = FILES) -> dict[str, FileCard]:
    """Size and hash of the files of a checkpoint folder that are named."""
    return {name: _describe_file(folder / name) for name in names}


def _describe_file(path: Path) -> FileCard:
    with _opened(path) as (file, size):
        return FileCard(size, hashlib.file_digest(file, "sha256").hexdigest())


def write_card(folder: Path, card: Card) -> Card:
    """Write card.json with sizes and hashes of the other files: a folder with a card is whole."""
    return save_card(folder, card, describe_files(folder, card.names()))


def save_card(folder: Path, card: Card, files: dict[str, FileCard]) -> Card:
    """Write card.json with these sizes and hashes."""
    complete = dataclasses.replace(card, files=files)
    from_json(Card, to_json(complete), CARD)  # never replace a card by one that cannot be read
    text = json.dumps(to_json(complete), indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(folder / CARD, text.encode())
    return complete


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file at once: a reader, or a crash at any moment, finds the old one or the new."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
