"""Finding and reading checkpoint folders.

Folders are looked for at every request, and a card is read again only when a file of its folder
changed, so that a new checkpoint appears without a restart.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from explorer.recent import Recent
from explorer.server import uploads
from training.contract import table
from training.contract.absence import why_no_card
from training.contract.card import CARD, CODES, DECODER, MODEL, Card
from training.contract.errors import CheckpointError
from training.contract.files import read_card

_LOGGER = logging.getLogger(__name__)

SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "models"
# The default output folder of `python -m training train`, below where the app was started.
RUNS = Path("runs")
EXTRA = "EXPLORER_MODELS"
FIRST = "EXPLORER_FIRST"  # the folders that the command line names: they head the list
RESULTS = table.SHIPPED
# Below `RUNS`: checkpoints that show a visitor's images, and that are found by their ids alone.
PRIVATE = ".jobs/kept"

# A folder with any of these is a checkpoint or is on the way to be one; others are passed over.
SIGNS = (CARD, MODEL, DECODER, "metrics.jsonl")


@dataclass(frozen=True, slots=True)
class Entry:
    """A checkpoint folder: either its card, or one sentence about why it has none.

    A dropped one came from a visitor, and is in no catalogue.
    """

    id: str
    folder: Path
    card: Card | None
    error: str
    dropped: bool = False


class _Found(NamedTuple):
    """A folder as it was named, where it really lies, and why it cannot be used, if so."""

    folder: Path
    real: Path
    error: str = ""


def catalogue() -> tuple[Entry, ...]:
    """Every checkpoint folder in the order: shipped, named at the start, `EXPLORER_MODELS`, `runs`.

    An id is the name of its folder. A name that came up before is told apart by its parent folder
    (`digits~runs`) and then by a number, so the first in that order keeps its links. Those that
    were named at the start then come first: a page without a link opens the first.
    """
    entries: dict[str, Entry] = {}
    seen: set[Path] = set()
    for folder, real, error in _folders():
        if real in seen:
            continue
        seen.add(real)
        id = _free_id(real, entries.keys())
        card, reason = (None, error) if error else _read(folder, real)
        entries[id] = Entry(id, folder, card, sendable(reason))
    first = [Path(name) for name in _listed_in(FIRST)]
    return tuple(sorted(entries.values(), key=lambda entry: not _is_below(entry.folder, first)))


# For pages, of which a class opens many at once. Of a late binding, for tests put another in its
# place.
listed = Recent(lambda: catalogue())


def find(id: str) -> Entry | None:
    """The entry of that id, if there is one: listed, or dropped by somebody and listed nowhere."""
    dropped = uploads.find(id)
    if dropped is not None:
        return Entry(id, dropped.folder, dropped.card, "", dropped=True)
    if uploads.may_be_id(id) and (private(id) / CARD).exists():
        card, reason = _read(private(id), private(id).resolve())
        return Entry(id, private(id), card, sendable(reason), dropped=True)
    among = (entry for look in (listed, listed.anew) for entry in look() if entry.id == id)
    return next(among, None)


def private(id: str) -> Path:
    """Where a checkpoint is that was trained here on a visitor's images."""
    return RUNS / PRIVATE / id


def usable(entries: Iterable[Entry]) -> list[tuple[Entry, Card]]:
    """Those that have a card, with it."""
    return [(entry, entry.card) for entry in entries if entry.card is not None]


def _typed(folder: Path) -> str:
    """The path as it can be typed where the server was started; "" where it is kept private.

    Commands are suggested only for what lies in `runs` below that folder.
    """
    here = Path.cwd()
    below = folder.is_relative_to(RUNS.resolve()) and folder.is_relative_to(here)
    return sendable(str(folder.relative_to(here))) if below else ""


def opening(entry: Entry) -> dict[str, str]:
    """The part of a link that leads to what a model opens on."""
    # numpy, which nothing waits for that opens a link to a place.
    from explorer import opening

    if entry.card is None:
        return {}
    if CODES not in entry.card.files:
        return opening.choose(entry.folder, entry.card)
    known = entry.card.files[CODES].sha256
    if known not in _openings:
        try:
            _openings[known] = opening.choose(entry.folder, entry.card)
        except Exception:
            # What is wrong with the file, the page says once it has read it.
            _LOGGER.info("%s has no example to open on", sendable(entry.id), exc_info=True)
            return {}
    return _openings[known]


def nothing_found() -> str:
    """What to do when there is no checkpoint at all, in one sentence."""
    return (
        "There is no checkpoint yet: run `python -m training train digits` and reload this page, "
        f"or set `{EXTRA}` to a folder of checkpoints and restart the explorer."
    )


def sendable(text: str) -> str:
    """Text that can be sent: the name of a folder may hold bytes that are not text."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def named() -> list[str]:
    """The folders that the command line and `EXPLORER_MODELS` name."""
    return [*_listed_in(FIRST), *_listed_in(EXTRA)]


def _folders() -> Iterator[_Found]:
    yield from _inside_if_there(SHIPPED)
    for name in named():
        yield from _named(name)
    yield from _inside_if_there(RUNS)


def _listed_in(variable: str) -> list[str]:
    return list(filter(None, os.environ.get(variable, "").split(os.pathsep)))


def _is_below(folder: Path, places: Iterable[Path]) -> bool:
    return any(folder.is_relative_to(place) for place in places)


def _named(name: str) -> list[_Found]:
    """What one name in `EXPLORER_MODELS` stands for; a name that leads nowhere keeps its reason."""
    try:
        folder = Path(name).expanduser()
        # Nothing has this but a folder that one may enter.
        (folder / "..").stat()
        return [_Found(folder, folder.resolve())] if _is_checkpoint(folder) else _inside(folder)
    except (FileNotFoundError, NotADirectoryError):
        what = "is not a folder"
    except (OSError, RuntimeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error).rstrip(".")
        what = f"cannot be opened ({reason})"
    sentence = f"{EXTRA} names {name}, which {what}; correct it and start again."
    return [_Found(Path(name), Path(name), sentence)]


def _inside(parent: Path) -> list[_Found]:
    folders = sorted(folder for folder in parent.iterdir() if _is_checkpoint(folder))
    return [_Found(folder, folder.resolve()) for folder in folders]


def _inside_if_there(parent: Path) -> list[_Found]:
    try:
        return _inside(parent)
    except (OSError, RuntimeError):
        return []


def _is_checkpoint(folder: Path) -> bool:
    if folder.name.startswith("."):
        return False
    try:
        return folder.is_dir() and any((folder / sign).exists() for sign in SIGNS)
    except OSError:
        return False


def _free_id(real: Path, taken: Iterable[str]) -> str:
    taken = set(taken)
    name = sendable(real.name or str(real))
    qualified = f"{name}~{sendable(real.parent.name)}"
    candidates = [name, qualified, *(f"{qualified}~{n}" for n in range(2, len(taken) + 3))]
    return next(candidate for candidate in candidates if candidate not in taken)


_openings: dict[str, dict[str, str]] = {}

# Name, size, and the times of contents and of permissions of every file.
_State = tuple[tuple[str, int, int, int], ...]

# What the folders held when they were last read, by where they lie: reading hashes every file,
# which is worth doing once a file, not once a request.
_last_read: dict[Path, tuple[_State, tuple[Card | None, str]]] = {}


def _read(folder: Path, real: Path) -> tuple[Card | None, str]:
    try:
        state = tuple(
            sorted(
                (item.name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
                for item, stat in _stats(folder)
            )
        )
    except OSError as error:
        return None, f"{folder.name}: the folder cannot be read ({error.strerror})."
    known = _last_read.get(real)
    if known is None or known[0] != state:
        known = _last_read[real] = (state, _read_anew(real))
    return known[1]


def _read_anew(folder: Path) -> tuple[Card | None, str]:
    try:
        if not (folder / CARD).exists():
            names = [item.name for item in folder.iterdir()]
            return None, why_no_card(folder.name, names, _typed(folder))
        return read_card(folder), ""
    except CheckpointError as error:
        return None, str(error)
    except Exception as error:
        return None, unforeseen(folder / CARD, error)


def unforeseen(path: Path, error: Exception) -> str:
    """What is said of a folder that no check foresaw: it must not take the others with it."""
    _LOGGER.exception("%s could not be read", sendable(str(path)))
    return (
        f"{path.parent.name}/{path.name} could not be read ({type(error).__name__}): copy the "
        "folder again, or move it elsewhere."
    )


def _stats(folder: Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    with os.scandir(folder) as items:
        for item in items:
            if item.is_file():
                yield item, item.stat()
