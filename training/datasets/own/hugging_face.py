"""A data set of Hugging Face on disk: Parquet or Arrow files with a column of images.

As `save_to_disk` writes it, as the hub has it (`data/train-00000-of-00001.parquet`), or as its
cache keeps it. Images are structs of bytes and path, or bytes; labels have their names from the
features that the schema or `dataset_info.json` holds.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from training.contract.fields import MOST_LABELS
from training.datasets.own.sources import Item
from training.errors import DataError

ENDINGS = (".parquet", ".arrow")
FEW = 64  # rows at a time: images lie in memory as their files
MOST_FILES = 10_000
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_SPLITS |= dict.fromkeys(("validation", "valid", "val", "dev"), "validation")


@dataclass
class Table:
    """Rows of one or more files; `part` is the split of each where the files say it."""

    root: Path
    files: list[Path]
    image: str
    names: list[str]
    label: list[int]
    labels: tuple[str, ...] | None
    part: list[str] | None
    stamp: str
    counts: list[int] = field(repr=False)

    def items(self, start: int) -> Iterator[Item]:
        """The images from the one at `start` on; empty where a row has none."""
        for path, count in zip(self.files, self.counts, strict=True):
            if start >= count:
                start -= count
                continue
            at = 0
            for batch in _batches(path, [self.image]):
                for value in batch.column(0)[max(0, start - at) :]:
                    yield self._content(value.as_py())
                at += batch.num_rows
            start = 0

    def sample(self) -> list[Item]:
        """The first few of each file."""
        found: list[Item] = []
        for path in self.files[:8]:
            batch = next(iter(_batches(path, [self.image])), None)
            if batch is not None:
                found += [self._content(value.as_py()) for value in batch.column(0)[:8]]
        return found

    def _content(self, value: Any) -> Item:
        if isinstance(value, dict):
            content, path = value.get("bytes"), value.get("path")
            if content is None and isinstance(path, str):
                return self._file(path)
            value = content
        if isinstance(value, list):
            array = np.asarray(value)
            return array.astype(np.uint8) if array.ndim in (2, 3) else b""
        return value if isinstance(value, bytes) else b""

    def _file(self, name: str) -> bytes:
        """A file that a row names, if it lies below the data set."""
        try:
            path = (self.root / name).resolve()
            return path.read_bytes() if path.is_relative_to(self.root.resolve()) else b""
        except (OSError, ValueError):
            return b""


def holds(path: Path) -> bool:
    """Whether a file, or a folder two levels deep, has Parquet or Arrow files."""
    if path.is_file():
        return path.suffix.lower() in ENDINGS
    patterns = [f"{depth}*{ending}" for depth in ("", "*/", "*/*/") for ending in ENDINGS]
    return any(True for pattern in patterns for _ in path.glob(pattern))


def table(path: Path) -> Table:
    """The images of a data set on disk.

    Raises:
        DataError: if it has no column of images, or is not what its files say.
    """
    root = path if path.is_dir() else path.parent
    files = [path] if path.is_file() else sorted(_below(path))
    if len(files) > MOST_FILES:
        raise DataError(f"{path} holds {len(files):,} files; at most {MOST_FILES:,} are read.")
    try:
        schema = _schema(files[0])
        features = _features(schema, files[0].parent) or _features(schema, root)
        image = _image_column(schema, features, path)
        label, found, counts = _labels(files, features, schema)
    except DataError:
        raise
    except Exception as error:  # pyarrow's have no class in common
        raise DataError(f"{path} is not readable as a data set ({_line(error)}).") from error
    splits = [_split_of(file, root) for file in files]
    part: list[str] | None = None
    if len({split for split in splits if split}) > 1 and all(splits):
        part = [
            split
            for split, count in zip(splits, counts, strict=True)
            if split is not None
            for _ in range(count)
        ]
    names = [
        f"{file.stem} row {at}"
        for file, count in zip(files, counts, strict=True)
        for at in range(count)
    ]
    digest = hashlib.sha256()
    for file in files:
        stat = file.stat()
        digest.update(f"{file.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return Table(
        *(root, files, image, names, label, found, part),
        *(digest.hexdigest(), counts),
    )


def _below(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        # What `map` and `filter` of the library left behind.
        cached = path.name.startswith("cache-")
        if path.suffix.lower() in ENDINGS and not hidden and not cached and path.is_file():
            yield path


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise DataError(
            "Parquet and Arrow files are read by pyarrow; run `pip install pyarrow`."
        ) from error
    return pyarrow


def _opened(path: Path) -> Any:
    """An Arrow file: the stream that the library writes, or the file format."""
    arrow = _arrow()
    mapped = arrow.memory_map(str(path))
    try:
        return arrow.ipc.open_stream(mapped)
    except arrow.ArrowInvalid:
        mapped.seek(0)
        return arrow.ipc.open_file(mapped)


def _schema(path: Path) -> Any:
    _arrow()
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet

        return pyarrow.parquet.read_schema(path)
    return _opened(path).schema


def _batches(path: Path, columns: list[str]) -> Iterator[Any]:
    arrow = _arrow()
    try:
        if path.suffix.lower() == ".parquet":
            import pyarrow.parquet

            with pyarrow.parquet.ParquetFile(path) as file:
                yield from file.iter_batches(FEW, columns=columns)
            return
        opened = _opened(path)
        batches = (
            opened
            if isinstance(opened, arrow.RecordBatchReader)
            else (opened.get_batch(at) for at in range(opened.num_record_batches))
        )
        for batch in batches:
            for start in range(0, batch.num_rows, FEW):
                yield batch.slice(start, FEW).select(columns)
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"{path.name} is damaged ({_line(error)}); get it again.") from error


def _features(schema: Any, folder: Path) -> dict[str, Any]:
    """What the library says of the columns, by name."""
    texts = [(schema.metadata or {}).get(b"huggingface", b"")]
    with contextlib.suppress(OSError):
        texts.append((folder / "dataset_info.json").read_bytes())
    for text in filter(None, texts):
        try:
            said = json.loads(text)
            found = said.get("info", said).get("features")
        except (ValueError, AttributeError):
            continue
        if isinstance(found, dict) and found:
            return {name: one for name, one in found.items() if isinstance(one, dict)}
    return {}


def _image_column(schema: Any, features: dict[str, Any], path: Path) -> str:
    said = [name for name, one in features.items() if one.get("_type") == "Image"]
    arrow = _arrow()
    looks = [
        name
        for name, kind in zip(schema.names, schema.types, strict=True)
        if (arrow.types.is_struct(kind) and "bytes" in {field.name for field in kind})
        or (name in ("image", "img", "images") and arrow.types.is_binary(kind))
    ]
    for name in (*said, *looks):
        if name in schema.names:
            return str(name)
    raise DataError(
        f"{path} has no column of images but {', '.join(map(str, schema.names)):.150}; images are "
        "structs of bytes and path, as the library `datasets` writes them."
    )


def _labels(
    files: list[Path], features: dict[str, Any], schema: Any
) -> tuple[list[int], tuple[str, ...] | None, list[int]]:
    """Labels of all rows, the names of the classes, and how many rows each file has."""
    classes = [name for name, one in features.items() if one.get("_type") == "ClassLabel"]
    plain = [name for name in ("label", "labels", "fine_label") if name in schema.names]
    column = next((name for name in (*classes, *plain) if name in schema.names), None)
    counts: list[int] = []
    values: list[Any] = []
    for path in files:
        before = len(values)
        count = 0
        for batch in _batches(path, [column] if column else schema.names[:1]):
            count += batch.num_rows
            if column:
                values += batch.column(0).to_pylist()
        counts.append(count)
        assert not column or len(values) - before == count
    if column is None or any(not isinstance(value, int | str) for value in values):
        return [0] * sum(counts), None, counts
    named = features.get(column, {}).get("names")
    if isinstance(named, list) and all(isinstance(value, int) for value in values):
        if all(0 <= value < len(named) for value in values):
            return values, tuple(str(name) for name in named), counts
        raise DataError(
            f"The column {column} has numbers without a name in its {len(named)} classes."
        )
    distinct = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    if not 2 <= len(distinct) <= MOST_LABELS:
        return [0] * sum(counts), None, counts
    place = {value: at for at, value in enumerate(distinct)}
    return [place[value] for value in values], tuple(map(str, distinct)), counts


def _line(error: Exception) -> str:
    """What pyarrow says, which is often several lines."""
    return " ".join(str(error).split())[:150].rstrip(".")


def _split_of(path: Path, root: Path) -> str | None:
    """`train`, `validation` or `test`, as the file or the folder that it lies in is called."""
    parts = path.relative_to(root).with_suffix("").parts
    for part in reversed(parts):
        for word in re.split(r"[^A-Za-z]+", part.lower()):
            if word in _SPLITS:
                return _SPLITS[word]
    return None
