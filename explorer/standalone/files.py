"""What a server would send, by address: the front end, checkpoints, tables and lessons."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from msgspec import to_builtins

from explorer import loading, measured
from explorer.lessons import LESSONS, listing
from explorer.listing import describe
from explorer.materials import files as teaching
from explorer.opening import choose
from explorer.server import serving
from explorer.standalone.fewer import with_fewer
from training.contract.card import CARD, MODEL, Card
from training.contract.clinic import read_ward
from training.contract.errors import UserError
from training.contract.files import as_json, read_bytes
from training.contract.places import without_places
from training.contract.table import TABLE

Model = tuple[loading.Entry, Card]

# Of what is vendored, what a browser asks for; and the licences, which go where the code goes.
VENDORED = (".css", ".js", ".mjs", ".wasm", ".woff2")


def models(ids: Sequence[str]) -> list[Model]:
    """The checkpoints of these ids, in that order.

    Raises:
        UserError: if one is not there or cannot be opened.
    """
    usable = {entry.id: (entry, card) for entry, card in loading.usable(loading.catalogue())}
    for id in ids:
        if id not in usable:
            known = ", ".join(usable)
            raise UserError(f"There is no model {id} that can be opened; there are {known}.")
    return [usable[id] for id in ids]


def front_end() -> Iterator[tuple[str, bytes]]:
    """The bundle, and what is vendored beside it, as a browser gets it."""
    for path in sorted(serving.BUNDLE.rglob("*")):
        if path.suffix in (".js", ".css"):
            yield f"instrument/{path.relative_to(serving.BUNDLE).as_posix()}", path.read_bytes()
    for path in sorted((serving.WEB / "vendor").rglob("*")):
        name = path.relative_to(serving.WEB).as_posix()
        plain = name.removesuffix(".gz")
        if path.name.startswith("LICENSE") or PurePosixPath(plain).suffix in VENDORED:
            content = path.read_bytes()
            yield f"instrument/{plain}", gzip.decompress(content) if plain != name else content


def checkpoints(
    chosen: Sequence[Model], base: str, most: int | None = None
) -> Iterator[tuple[str, bytes]]:
    """The catalogue and what the page reads of each folder: all but the weights for PyTorch.

    Args:
        base: what the addresses in the catalogue begin with.
        most: examples of each model; None: all of them.
    """
    entries = [entry for entry, _ in chosen]
    yield "catalogue.json", json.dumps(describe(entries, base)).encode()
    for entry, whole in chosen:
        folder = f"checkpoints/{quote(entry.id)}"

        def read(name: str, place: Path = entry.folder) -> bytes:
            # Not what a link leads to: the page is handed on.
            return read_bytes(place / name)

        card, changed = with_fewer(whole, read, most) if most else (whole, {})
        opening = choose(entry.folder, card) if changed else loading.opening(entry)
        yield f"{folder}/{CARD}", as_json(without_places(card))
        yield f"{folder}/opening.json", json.dumps(opening).encode()
        for name in card.files:
            if name != MODEL:
                yield f"{folder}/{name}", changed.get(name) or read(name)


def lessons(ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The texts of these lessons, and their figures as measured now."""
    every = listing.lessons()
    kept = [lesson for lesson in every["lessons"] if lesson["id"] in ids]
    yield "lessons.json", json.dumps(every | {"lessons": kept}).encode()
    for id in ids:
        yield f"lessons/{id}/figures.json", json.dumps(listing.figures(id)).encode()


def lead_to_the_clinic(ids: Sequence[str]) -> bool:
    """Whether one of these lessons ends at a patient of the collapse clinic."""
    found = listing.lessons()["lessons"]
    return any(one["clinic"] is not None for one in found if one["id"] in ids)


def clinic(untreated: str) -> Iterator[tuple[str, bytes]]:
    """The patients, and what was measured of each of their cures.

    Args:
        untreated: why none is trained.
    """
    yield "clinic.json", json.dumps(to_builtins(read_ward()) | {"untreated": untreated}).encode()


def materials(ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """What a teacher takes from these lessons."""
    for id in ids:
        for name, content in teaching.all_of(id):
            yield f"lessons/{id}/{name}", content


def ladder(ids: Sequence[str]) -> measured.TableEntry | None:
    """The table for the page of β: with rows over β, and the images of one of these models."""
    for entry in measured.tables():
        known = entry.table
        if known and known.examples in ids and any(row.beta is not None for row in known.rows):
            return entry
    return None


def table(entry: measured.TableEntry) -> Iterator[tuple[str, bytes]]:
    """A table of results, with the models that it keeps."""
    assert entry.table is not None
    folder = f"results/{quote(entry.name)}"
    yield f"{folder}/{TABLE}", as_json(entry.table)
    for name in entry.files():
        yield f"{folder}/{name}", read_bytes(entry.folder / name)


def opened_by(lesson: str) -> set[str]:
    """The models that the cards of a lesson open."""
    (found,) = (one for one in listing.lessons()["lessons"] if one["id"] == lesson)
    setups = [found["setup"], *found["cards"].values()]
    single = {setup["model"] for setup in setups if setup.get("model")}
    return single.union(*(setup.get("compare") or () for setup in setups))


def lessons_of(ids: Sequence[str]) -> list[str]:
    """The lessons that open no other models than these."""
    return [lesson for lesson in LESSONS if opened_by(lesson) <= set(ids)]


def size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    return path.stat().st_size if path.is_file() else sum(map(size, path.iterdir()))
