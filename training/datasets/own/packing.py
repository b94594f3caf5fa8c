"""All images of a source as the model sees them, in one file that is read as it is needed.

Packing is what takes time, and happens once. It writes in chunks and notes after each how far it
came, so that it goes on there after an interruption.
"""

import contextlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct, field, to_builtins
from numpy.typing import NDArray
from tqdm import tqdm

from training.contract.fields import Count, Positive, Protocol, Verbatim
from training.contract.files import write_bytes
from training.contract.reading import parse, read
from training.datasets.own.images import ColourFound, Fit, Seen, is_grey
from training.datasets.own.seeing import DIGEST, seen
from training.datasets.own.sources import Source
from training.errors import DataError

IMAGES, DIGESTS, STATE = "images.u8", "digests.u8", "pack.json"
CHUNK = 512
FORMAT = 1

Tell = Callable[[int], None]


class Facts(Struct, forbid_unknown_fields=True):
    """How far packing came, and what was seen on the way.

    Fields:
        key: what the images were packed from, and how.
        done: files of the source, those of `broken` among them: a reason for each name.
        colour, between: whether an image has a colour, or a grey level between black and white.
        smallest, largest: width and height.
    """

    key: Protocol
    done: Count = 0
    broken: dict[Verbatim, Verbatim] = field(default_factory=dict)
    colour: bool = False
    between: bool = False
    transparent: Count = 0
    smallest: tuple[Positive, Positive] | None = None
    largest: tuple[Positive, Positive] | None = None


class Pack:
    """The images of a source, brought to one size.

    Fields:
        rows: the place in the source of each packed image, (N,).
        digests: a hash of the file of each, (N, 16) uint8.
    """

    def __init__(self, folder: Path, fit: Fit, facts: Facts) -> None:
        digests = np.fromfile(folder / DIGESTS, np.uint8).reshape(-1, DIGEST)
        self.rows: NDArray[np.int64] = np.flatnonzero(digests.any(1))
        self.digests: NDArray[np.uint8] = digests[self.rows]
        self.facts = facts
        self.stored = (len(self.rows), fit.channels, fit.side, fit.side)
        self.channels = fit.channels if facts.colour else 1
        self.path = folder / IMAGES

    @property
    def duplicates(self) -> int:
        """How many images are copies of others, told apart by half of each hash: a fast sort."""
        halves = np.ascontiguousarray(self.digests[:, :8]).view(np.uint64)
        return len(halves) - len(np.unique(halves))

    def images(self, places: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images at these places, (B, C, S, S).

        The file is mapped anew each time: pages of a mapping that stays count as this process's
        memory, up to the whole file.
        """
        mapped = np.memmap(self.path, np.uint8, "r", shape=self.stored)
        found: NDArray[np.uint8] = np.ascontiguousarray(mapped[places, : self.channels])
        return found


def pack(source: Source, fit: Fit, folder: Path, tell: Tell | None = None) -> Pack:
    """Pack a source into `folder`, or go on with it, or read what is there already.

    Args:
        tell: is given how many images are done, after each chunk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if fit.channels == 1:
        try:
            return _pack(source, fit, folder, tell)
        except ColourFound:
            fit = Fit(fit.side, 3, fit.fit, fit.ground)
    return _pack(source, fit, folder, tell)


def guessed(source: Source, side: int, how: Any, ground: Any) -> Fit:
    """The size that is asked for, with one channel if no image of a sample has colours."""
    grey = all(
        is_grey(item) if isinstance(item, bytes) else item.ndim == 2 or item.shape[2] == 1
        for item in source.sample()
    )
    return Fit(side, 1 if grey else 3, how, ground)


def _pack(source: Source, fit: Fit, folder: Path, tell: Tell | None) -> Pack:
    key = f"{FORMAT} {source.stamp} {fit}"
    facts = _begun(folder, key)
    total, size = len(source.names), fit.channels * fit.side**2
    if facts.done < total:
        with (
            _open(folder / IMAGES, size * (facts.done - len(facts.broken))) as images,
            _open(folder / DIGESTS, DIGEST * facts.done) as digests,
            contextlib.closing(seen(source.items(facts.done), fit, total - facts.done)) as sights,
            tqdm(total=total, initial=facts.done, desc="Packing", unit=" images") as bar,
        ):
            for sight, digest in sights:
                name = source.names[facts.done]
                facts.done += 1
                if isinstance(sight, str):
                    facts.broken[name] = sight
                    digests.write(bytes(DIGEST))  # all zero: no hash is
                else:
                    _count(facts, sight)
                    images.write(sight.pixels.data)
                    digests.write(digest)
                if facts.done % CHUNK and facts.done < total:
                    continue
                images.flush()
                digests.flush()
                write_bytes(folder / STATE, json.dumps(to_builtins(facts)).encode())
                bar.update(facts.done - bar.n)
                if tell is not None:
                    tell(facts.done)
    return Pack(folder, fit, facts)


def _begun(folder: Path, key: str) -> Facts:
    """How far packing came, if what lies there was begun from the same images."""
    with contextlib.suppress(OSError, ValueError):
        facts = read(Facts, parse((folder / STATE).read_bytes(), STATE), STATE)
        if facts.key == key:
            return facts
    return Facts(key)


def _open(path: Path, length: int) -> Any:
    """A file to append to, cut where the last whole chunk ended."""
    file = path.open("r+b" if path.exists() else "w+b")
    file.truncate(length)
    file.seek(length)
    return file


def _count(facts: Facts, seen: Seen) -> None:
    x = seen.pixels
    facts.between = facts.between or bool(((x > 0) & (x < 255)).any())
    if len(x) == 3 and not facts.colour:
        facts.colour = bool((x != x[:1]).any())
    facts.transparent += seen.transparent
    size = (seen.width, seen.height)
    facts.smallest = min(facts.smallest or size, size, key=math.prod)
    facts.largest = max(facts.largest or size, size, key=math.prod)


def enough(pack: Pack, where: object, fewest: int) -> None:
    """Refuse a source of too few images.

    Raises:
        DataError: saying how many there are.
    """
    if len(pack.rows) < fewest:
        raise DataError(
            f"{where} has {len(pack.rows)} readable images; training takes at least {fewest}."
        )
