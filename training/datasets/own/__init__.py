"""own: a person's images, from a folder or a file of theirs, or a data set of torchvision by name.

They are packed once, see `packing`, and read from that file image by image, so that data larger
than memory can be learned from.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.contract.card import Factor
from training.contract.fields import LONGEST_LABEL, MOST_LABELS, printable
from training.datasets import Dataset, Split
from training.datasets.own import archive, arrays, by_name, hugging_face, listing, packing, sources
from training.datasets.own.factors import factors_of
from training.datasets.own.packing import Pack
from training.datasets.own.sources import Source
from training.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

    from training.config import DataConfig

FEWEST = 50
HELD_OUT = 0.1  # of the images each for validation and test,
MOST_HELD_OUT = 10_000  # at most,
BYTES_HELD_OUT = 64 * 2**20  # and at most: measuring holds them as floats, four times as large
PACKS = "packed"


@dataclass(frozen=True)
class Own:
    """A person's images, packed, and what they said of them."""

    config: DataConfig
    source: Source
    pack: Pack

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, S, S)."""
        return (self.pack.channels, self.config.side, self.config.side)

    def report(self) -> list[str]:
        """What was found: counts, sizes, duplicates, and the broken files by name."""
        facts, count = self.pack.facts, len(self.pack.rows)
        lines = [f"{self.config.path} · {count:,} images{_per_label(self.source, self.pack.rows)}"]
        small, large = ("×".join(map(str, size or ())) for size in (facts.smallest, facts.largest))
        sizes = small if small == large else f"{small} to {large}"
        how = "the centre cut out" if self.config.fit == "crop" else "the whole of each"
        kind = "in colour" if self.pack.channels == 3 else "in grey"
        if not facts.between:
            kind = "black and white"
        side = self.config.side
        lines.append(f"  {sizes} pixels, seen as {side}×{side} {kind}, {how}")
        if facts.transparent:
            lines.append(f"  {facts.transparent:,} transparent, put on {self.config.ground}")
        if doubles := self.pack.duplicates:
            what = "duplicates" if doubles > 1 else "duplicate"
            lines.append(f"  {doubles:,} {what}, in the same split as the original")
        if getattr(self.source, "sampled", False):
            lines.append(
                f"  packed before: no folder has changed since, nor any of {listing.ASKED:,} files"
            )
        for name, reason in facts.broken.items():
            lines.append(f"  skipped: {printable(f'{name} {reason}')}")
        return lines


def opened(config: DataConfig, folder: Path, tell: packing.Tell | None = None) -> Own:
    """The images at `config.path`, packed into `folder`; `tell` is given how many are done.

    Raises:
        DataError: in one sentence, if they are missing, too few or, with `strict`, if one is
            broken.
    """
    if not config.path:
        raise DataError("There is no path to your images; name a folder with --data.path.")
    path = Path(config.path).expanduser()
    source: Source
    if config.path.startswith(by_name.PREFIX):
        source = by_name.named(config.path.removeprefix(by_name.PREFIX), folder, config.download)
        name = hashlib.sha256(config.path.encode()).hexdigest()[:16]
    else:
        name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
        source = _source(path, folder / PACKS / f"{name}-files")
    fit = packing.guessed(source, config.side, config.fit, config.ground)
    place = folder / PACKS / f"{name}-{config.side}-{config.fit}-{config.ground}"
    pack = packing.pack(source, fit, place, tell)
    broken = pack.facts.broken
    if config.strict and broken:
        first, reason = next(iter(broken.items()))
        others = f", and {len(broken) - 1} more files are broken" if len(broken) > 1 else ""
        raise DataError(
            f"{path}: {first} {reason}{others}; repair or remove them, or leave out --data.strict."
        )
    packing.enough(pack, path, FEWEST)
    return Own(config, source, pack)


def _source(path: Path, place: Path) -> Source:
    """What lies at `path`; `place` keeps the listing of a folder of very many files."""
    if not path.exists():
        raise DataError(f"There is nothing at {path}; name your images with --data.path.")
    if path.is_dir():
        if (known := sources.unchanged(path, place)) is not None:
            return known
        return hugging_face.table(path) if hugging_face.holds(path) else sources.folder(path, place)
    if not path.is_file():  # a pipe would be waited for, and a device has no end
        raise DataError(f"{path} is not a regular file; name your images with --data.path.")
    match path.suffix.lower():
        case ".npz":
            return arrays.npz(path)
        case ".csv":
            return arrays.csv(path)
        case ".zip":
            return archive.archive(path)
        case ".parquet" | ".arrow":
            return hugging_face.table(path)
    raise DataError(
        f"{path.name} is neither a folder nor a .zip, .npz, .csv, .parquet or .arrow file; name "
        "one with --data.path."
    )


def own(config: DataConfig, folder: Path, found: Own | None = None) -> Dataset:
    """The images at `config.path` as a data set; `found` is them, where they are opened already.

    A hash of an image's file decides its split, so that it stays there when others are added; where
    the source says a split of its own, that is kept.
    """
    import torch  # here, for a process that decodes images has no use for it

    found = found or opened(config, folder)
    pack = found.pack
    labels, factors, targets = _targets(found)
    most = min(MOST_HELD_OUT, max(1, BYTES_HELD_OUT // int(np.prod(found.shape))))
    given = getattr(found.source, "part", None)
    if given is None:
        parts = split(pack.digests, most)
    else:
        parts = kept_split(pack.digests, np.asarray(given)[pack.rows], most)

    def images(places: Tensor) -> Tensor:
        pixels = torch.from_numpy(pack.images(places.cpu().numpy()))
        return pixels.to(places.device).float().div_(255)

    digest = hashlib.sha256(str(found.shape).encode())
    for part in parts.values():
        digest.update(np.ascontiguousarray(pack.digests[part]).data)
    return Dataset(
        name="own",
        source=getattr(
            found.source, "origin", f"images of one's own: {Path(config.path).name:.100}"
        ),
        licence=getattr(found.source, "licence", "not stated"),
        shape=found.shape,
        splits={
            name: Split(
                torch.from_numpy(part), torch.from_numpy(targets[pack.rows[part]]).int(), images
            )
            for name, part in parts.items()
        },
        labels=labels,
        factors=factors,
        digest=digest.hexdigest(),
    )


def _targets(
    found: Own,
) -> tuple[tuple[str, ...] | None, tuple[Factor, ...] | None, NDArray[np.int64]]:
    """Labels, factors, and the targets (N,) or (N, F) of every image of the source."""
    source, config = found.source, found.config
    if config.factors:
        factors, values = factors_of(config.factors, source, found.pack.rows)
        return None, factors, values
    labels = source.labels
    if labels is not None and len(labels) > MOST_LABELS:
        print(f"{len(labels):,} folders are too many for labels; left out.", file=sys.stderr)
        labels = None
    for label in labels or ():
        if not label.isprintable() or not label.strip() or len(label) > LONGEST_LABEL:
            raise DataError(f"The class {label!r:.60} cannot be shown as a name; rename it.")
    return labels, None, np.asarray(source.label, np.int64)


def split(digests: NDArray[np.uint8], most: int) -> dict[str, NDArray[np.int64]]:
    """The places of the images of each split, by the hashes (N, 16) of their files.

    An image is held out by its own hash alone, whatever the others are. There are exceptions at
    both ends: at least two images of different hash are held out for each split and one is left to
    learn from, and of more than `most` the rest is left out.
    """
    hashes = np.ascontiguousarray(digests[:, :8]).view(">u8")[:, 0]
    order = np.argsort(hashes, kind="stable")
    position = hashes[order] / 2.0**64
    test, validation = np.searchsorted(position, [HELD_OUT, 2 * HELD_OUT])
    distinct = np.flatnonzero(np.diff(hashes[order]) > 0) + 1  # where another hash begins
    if len(distinct) < 4:
        raise DataError(f"There are only {len(distinct) + 1} different images; give more of them.")
    test = np.clip(test, distinct[1], distinct[-3])
    validation = np.clip(validation, distinct[distinct > test][1], distinct[-1])
    parts = {
        "train": np.sort(order[validation:]),
        "validation": order[test:validation][:most],
        "test": order[:test][:most],
    }
    return {name: part.astype(np.int64) for name, part in parts.items()}


def kept_split(
    digests: NDArray[np.uint8], given: NDArray[np.str_], most: int
) -> dict[str, NDArray[np.int64]]:
    """The places of the images of each split where the source says it, `given` (N,).

    Without a test split, that for validation is tested on. Without one for validation, images are
    taken for it from those to learn from, by their hashes. Of more than `most` the rest is left
    out.

    Raises:
        DataError: if nothing is left to learn from, or fewer than two images to test on.
    """
    hashes = np.ascontiguousarray(digests[:, :8]).view(">u8")[:, 0]
    order = np.argsort(hashes, kind="stable")
    said = {name: order[given[order] == name] for name in ("train", "validation", "test")}
    if not len(said["test"]):
        said["test"], said["validation"] = said["validation"], said["test"]
    if not len(said["validation"]):
        held_out = max(2, int(np.searchsorted(hashes[said["train"]] / 2.0**64, HELD_OUT)))
        said["validation"], said["train"] = np.split(said["train"], [held_out])
    for name, part in said.items():
        if len(part) < 2:
            raise DataError(f"The split {name} has {len(part)} readable images; give at least two.")
    return {
        "train": np.sort(said["train"]).astype(np.int64),
        "validation": said["validation"][:most].astype(np.int64),
        "test": said["test"][:most].astype(np.int64),
    }


def _per_label(source: Source, rows: Sequence[int] | NDArray[np.int64]) -> str:
    if source.labels is None:
        return ""
    label = np.asarray(source.label)[rows]
    counts = Counter({source.labels[at]: int((label == at).sum()) for at in np.unique(label)})
    shown = ", ".join(f"{name} {count:,}" for name, count in counts.most_common(12))
    more = f" and {len(counts) - 12} more" if len(counts) > 12 else ""
    return f" in {len(source.labels)} classes ({shown}{more})"
