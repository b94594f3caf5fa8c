"""Finding and reading checkpoint folders: the only caches of the explorer live here.

Folders are looked for at every request, and a card is read again only when a file of its folder
changed, so that a new checkpoint appears without a restart.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from training.card import CARD, DECODER, MODEL, Card, read_card
from training.errors import CheckpointError

SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "models"
# The default output folder of `python -m training train`, below where the app was started.
RUNS = Path("runs")
EXTRA = "EXPLORER_MODELS"

# A folder with any of these is a checkpoint or is on the way to be one; others are passed over.
SIGNS = (CARD, MODEL, DECODER, "metrics.jsonl")


@dataclass(frozen=True, slots=True)
class Entry:
    """A checkpoint folder: either its card, or one sentence about why it has none."""

    id: str
    folder: Path
    card: Card | None
    error: str


class Listing(TypedDict, total=False):
    """What the front end hears of an entry; `error` and the rest exclude one another."""

    id: str
    url: str
    title: str
    summary: str
    intent: str
    preview: str
    error: str


def catalogue() -> tuple[Entry, ...]:
    """Every checkpoint folder in the order: shipped, `EXPLORER_MODELS`, `runs`.

    An id is the name of its folder. A name that came up before is told apart by its parent folder
    (`digits~runs`) and then by a number, so the first in that order keeps its links.
    """
    entries: dict[str, Entry] = {}
    seen: set[Path] = set()
    for folder in _folders():
        real = folder.resolve()
        if real in seen:
            continue
        seen.add(real)
        id = _free_id(folder, entries.keys())
        entries[id] = Entry(id, folder, *_read(folder))
    return tuple(entries.values())


def find(id: str) -> Entry | None:
    """The entry of that id, if there is one."""
    return next((entry for entry in catalogue() if entry.id == id), None)


def usable(entries: Iterable[Entry]) -> list[tuple[Entry, Card]]:
    """Those that have a card, with it."""
    return [(entry, entry.card) for entry in entries if entry.card is not None]


def describe(entries: Sequence[Entry], base: str = "") -> list[Listing]:
    """The catalogue as the front end reads it, every address below `base`."""
    return [_describe(entry, base) for entry in entries]


def _describe(entry: Entry, base: str) -> Listing:
    if entry.card is None:
        return {"id": entry.id, "error": entry.error}
    url = f"{base}/checkpoints/{quote(entry.id)}/"
    return {
        "id": entry.id,
        "url": url,
        "title": entry.card.title,
        "summary": entry.card.summary,
        "intent": entry.card.intent,
        "preview": f"{url}preview.webp",
    }


def nothing_found() -> str:
    """What to do when there is no checkpoint at all, in one sentence."""
    return (
        "There is no checkpoint yet: run `python -m training train digits`, or set "
        f"`{EXTRA}` to a folder that has some, then reload this page."
    )


def _folders() -> Iterator[Path]:
    yield from _inside(SHIPPED)
    for name in filter(None, os.environ.get(EXTRA, "").split(os.pathsep)):
        folder = Path(name).expanduser()
        alone = _is_checkpoint(folder) or not folder.is_dir()
        yield from [folder] if alone else _inside(folder)
    yield from _inside(RUNS)


def _inside(parent: Path) -> list[Path]:
    try:
        return sorted(folder for folder in parent.iterdir() if _is_checkpoint(folder))
    except OSError:
        return []


def _is_checkpoint(folder: Path) -> bool:
    if folder.name.startswith("."):
        return False
    try:
        return folder.is_dir() and any((folder / sign).exists() for sign in SIGNS)
    except OSError:
        return False


def _free_id(folder: Path, taken: Iterable[str]) -> str:
    taken = set(taken)
    name = folder.resolve().name
    qualified = f"{name}~{folder.resolve().parent.name}"
    candidates = [name, qualified, *(f"{qualified}~{n}" for n in range(2, len(taken) + 3))]
    return next(candidate for candidate in candidates if candidate not in taken)


def _read(folder: Path) -> tuple[Card | None, str]:
    if not folder.is_dir():
        return None, f"{EXTRA} names {folder}, which is no folder; correct it and start again."
    try:
        state = tuple(
            sorted((item.name, stat.st_mtime_ns, stat.st_size) for item, stat in _stats(folder))
        )
    except OSError as error:
        return None, f"{folder.name}: the folder cannot be read ({error.strerror})."
    return _read_unchanged(folder.resolve(), state)


def _stats(folder: Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    with os.scandir(folder) as items:
        for item in items:
            if item.is_file():
                yield item, item.stat()


@lru_cache(maxsize=256)
def _read_unchanged(
    folder: Path, state: tuple[tuple[str, int, int], ...]
) -> tuple[Card | None, str]:
    """The card of a folder whose files are in that `state` (name, time, size).

    Reading it hashes every file, which is worth doing once a file, not once a request.
    """
    try:
        return read_card(folder), ""
    except CheckpointError as error:
        return None, str(error)
