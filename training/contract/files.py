"""card.json and the files beside it: read and checked against each other, and written.

Nothing here needs torch: the explorer reads cards without it.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from training.contract import version1
from training.contract.absence import why_no_card
from training.contract.card import (
    CARD,
    CODES,
    LARGEST_FILE,
    MODEL,
    PREVIEW,
    THUMBNAILS,
    VERSION,
    Card,
    File,
)
from training.contract.errors import CheckpointError, ConfigError
from training.contract.reading import checked, parse, read, version_of

PART = ".part"  # what a file is called that is not written yet
LARGEST_CARD = 8 * 2**20


def read_card(folder: Path, check: tuple[str, ...] | None = None) -> Card:
    """Read card.json, of version 1 or 2, and check files against the sizes and hashes it gives.

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
        raise CheckpointError(why_no_card(folder.name, _names_in(folder), str(folder)))
    content = read_bytes(path, LARGEST_CARD)
    try:
        card = card_of(parse(content, f"{folder.name}/{CARD}"), f"{folder.name}/{CARD}")
    except ConfigError as error:
        raise CheckpointError(str(error)) from error
    _check_files(folder, card, card.names() if check is None else check)
    return card


def _names_in(folder: Path) -> list[str]:
    """What lies in a folder.

    Raises:
        CheckpointError: if it cannot be read.
    """
    try:
        return [item.name for item in folder.iterdir()]
    except OSError as error:
        raise CheckpointError(f"{folder.name} cannot be read: {error.strerror}.") from error


def card_of(tree: Any, where: str) -> Card:
    """The card that parsed JSON describes; one of version 1 is made into version 2.

    Raises:
        ConfigError: naming the field.
    """
    instead = "update the program or train the checkpoint again"
    if version_of(tree, where, (version1.VERSION, VERSION), instead) == VERSION:
        return read(Card, version1.renamed(tree), where)
    old = read(version1.Card1, tree, where)
    try:
        return version1.upgrade(old)
    except ValueError as error:
        raise ConfigError(f"{where} {error}") from error


def read_bytes(path: Path, limit: int = LARGEST_FILE) -> bytes:
    """The content of a regular file inside its own folder, refused beyond `limit` bytes.

    Raises:
        CheckpointError: if it is missing, leads out of the folder, is not a file, or is too large.
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
    if name in (MODEL, PREVIEW):
        return "train it again"
    if name == CODES or name.startswith(Path(THUMBNAILS).stem):
        return "run `python -m training embed FOLDER`"
    return "run `python -m training export FOLDER`"


def describe_files(folder: Path, names: tuple[str, ...]) -> dict[str, File]:
    """Size and hash of the files of a checkpoint folder that are named."""
    return {name: _describe_file(folder / name) for name in names}


def _describe_file(path: Path) -> File:
    with _opened(path) as (file, size):
        return File(size, hashlib.file_digest(file, "sha256").hexdigest())


def write_card(folder: Path, card: Card) -> Card:
    """Write card.json with sizes and hashes of the other files: a folder with a card is whole."""
    optional = tuple(name for name in (MODEL, PREVIEW) if (folder / name).exists())
    names = tuple(dict.fromkeys((*card.names(), *optional)))
    return save_card(folder, card, describe_files(folder, names))


def save_card(folder: Path, card: Card, files: dict[str, File]) -> Card:
    """Write card.json with these sizes and hashes."""
    complete = replace(card, files=files)
    checked(complete, CARD)  # never replace a card by one that cannot be read
    write_bytes(folder / CARD, as_json(complete, indent=1))
    return complete


def as_json(value: object, indent: int | None = None) -> bytes:
    """A model of the contract as it is stored and sent."""
    text = json.dumps(to_builtins(value), indent=indent, ensure_ascii=False, allow_nan=False)
    return text.encode()


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
