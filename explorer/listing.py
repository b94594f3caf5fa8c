"""The catalogue as the front end reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from explorer import loading, measured
from explorer.loading import Entry, sendable
from training.contract.card import PREVIEW


class Listing(TypedDict, total=False):
    """What the front end receives of an entry; `error` and the rest exclude one another.

    `formerly`: the ids whose place this model took, as the tables of results say: links to them
    open it.
    """

    id: str
    url: str
    path: str
    title: str
    summary: str
    intent: str
    preview: str
    formerly: list[str]
    decoder: str
    dropped: bool
    error: str


_last: tuple[tuple[Entry, ...], str, list[Listing]] | None = None


def listed(base: str = "") -> list[Listing]:
    """The catalogue of a moment ago; every address begins with `base`."""
    global _last
    entries, last = loading.listed(), _last
    if last is None or last[0] is not entries or last[1] != base:
        last = _last = (entries, base, describe(entries, base))
    return last[2]


def describe(entries: Sequence[Entry], base: str = "") -> list[Listing]:
    """The catalogue as the front end reads it; every address begins with `base`."""
    formerly = _formerly()
    return [_describe(entry, base, formerly.get(entry.id, [])) for entry in entries]


def _formerly() -> dict[str, list[str]]:
    """The ids whose place a checkpoint took, by its id: those of the rows that its row replaced."""
    found: dict[str, list[str]] = {}
    for results in (entry.table for entry in measured.tables() if entry.table is not None):
        rows = {row.recipe: row for row in results.rows}
        for run in results.runs:
            if run.checkpoint is not None and rows[run.recipe].formerly:
                found.setdefault(run.checkpoint, []).extend(rows[run.recipe].formerly)
    return found


def _describe(entry: Entry, base: str, formerly: list[str]) -> Listing:
    if entry.card is None:
        return {"id": entry.id, "error": entry.error}
    url = f"{base}/checkpoints/{quote(entry.id)}/"
    decode = entry.card.graphs.decode
    listing: Listing = {
        "id": entry.id,
        "url": url,
        "path": path_of(entry.folder),
        "title": entry.card.title,
        "summary": entry.card.summary,
        "intent": entry.card.intent,
        "preview": f"{url}{PREVIEW}" if PREVIEW in entry.card.files else "",
        "decoder": decode.file if decode else "",
    }
    if formerly:
        listing["formerly"] = formerly
    if entry.dropped:
        listing["dropped"] = True
    return listing


def path_of(folder: Path) -> str:
    """How a person names the folder in code of their own, with slashes.

    Where it lies in the checkout or below `runs`; of any other only its name, because where the
    server keeps things is private.
    """
    real = folder.resolve()
    checkout = loading.SHIPPED.parent.parent
    runs = loading.RUNS.resolve()
    if real.is_relative_to(checkout):
        path = real.relative_to(checkout)
    elif real.is_relative_to(runs):
        path = loading.RUNS.name / real.relative_to(runs)
    else:
        path = Path(real.name)
    return sendable(path.as_posix())
