"""What a person knows of their images: from the names of the files, or from a CSV."""

import csv
import re
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from training.contract.card import MOST_FACTORS, Factor
from training.contract.fields import MOST_LABELS
from training.datasets.own.sources import Source
from training.errors import DataError


def factors_of(
    given: str, source: Source, rows: NDArray[np.int64]
) -> tuple[tuple[Factor, ...], NDArray[np.int64]]:
    """Factors, and the index of the value that each has of every image of the source, (N, F).

    Args:
        given: a pattern such as "{shape}-{size}", which names without their ending fit, or the path
            of a CSV with a column `file` and one a factor.
        rows: the images that must have them; the others have index 0.

    Raises:
        DataError: naming the image that has none.
    """
    known = [source.names[row] for row in rows]
    if "{" in given:
        names, values = by_pattern(given, known)
    else:
        names, values = by_table(Path(given).expanduser(), known)
    if len(names) > MOST_FACTORS:
        raise DataError(f"There are {len(names)} factors; at most {MOST_FACTORS} are used.")
    targets = np.zeros((len(source.names), len(names)), np.int64)
    factors = []
    for at, name in enumerate(names):
        factor, column = factor_of(name, [row[at] for row in values])
        factors.append(factor)
        targets[rows, at] = column
    return tuple(factors), targets


def by_pattern(pattern: str, names: list[str]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The parts in braces of a pattern, and what stands there in every name; * is any text."""
    pieces = re.split(r"\{(\w+)\}", pattern)
    factors = pieces[1::2]
    if not factors or len(set(factors)) < len(factors):
        raise DataError(
            f"--data.factors {pattern!r:.80} needs different names in braces, as in "
            "{shape}-{size}."
        )
    wanted = [part for part in re.split(r"(\{\w+\}|\*)", pattern) if part]
    values = []
    for name in names:
        path = PurePosixPath(name)
        within = path.with_suffix("").as_posix() if "/" in pattern else path.stem
        found = _values(wanted, within)
        if found is None:
            raise DataError(
                f"{name!r:.80} does not fit --data.factors {pattern!r:.80}; rename the file."
            )
        values.append(found)
    return factors, values


def _values(wanted: list[str], name: str) -> tuple[str, ...] | None:
    """What stands in the place of each `{factor}`; a value ends where the text after it begins.

    Not by a regular expression: of many parts, it would try every way to share out the name.
    """
    failed: set[tuple[int, int]] = set()

    def rest(part: int, start: int) -> tuple[str, ...] | None:
        if part == len(wanted):
            return () if start == len(name) else None
        if (part, start) in failed:
            return None
        text = wanted[part]
        is_factor = text.startswith("{") and text.endswith("}")
        if is_factor:
            slash = name.find("/", start)
            ends = range(start + 1, (len(name) if slash < 0 else slash) + 1)
        elif text == "*":
            ends = range(len(name), start - 1, -1)
        else:
            ends = range(start + len(text), start + len(text) + name.startswith(text, start))
        for end in ends:
            found = rest(part + 1, end)
            if found is not None:
                return (name[start:end], *found) if is_factor else found
        failed.add((part, start))
        return None

    return rest(0, 0)


def by_table(path: Path, names: list[str]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The columns of a CSV beside `file`, and the values of every name."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            fields = [field for field in reader.fieldnames or () if field != "file"]
            if "file" not in (reader.fieldnames or ()) or not fields:
                raise DataError(
                    f"{path.name} has no column `file` with factors beside it; its first line "
                    "names the columns, as in file,shape,size."
                )
            table = {row["file"]: tuple(row[field] or "" for field in fields) for row in reader}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a readable CSV file ({error!s:.100}).") from error
    for name in names:
        if name not in table:
            raise DataError(f"{path.name} has no row for {name}; add one, or remove the image.")
    return fields, [table[name] for name in names]


def factor_of(name: str, texts: list[str]) -> tuple[Factor, NDArray[np.int64]]:
    """A factor from the values that images have: ordered where all are numbers."""
    values = sorted(set(texts))
    try:
        values = sorted(values, key=float)
        if not np.isfinite([float(value) for value in values]).all():
            raise ValueError
        ordered = True
    except ValueError:
        values, ordered = sorted(values), False
    if len(values) > MOST_LABELS:
        raise DataError(
            f"The factor {name} has {len(values):,} different values; {MOST_LABELS:,} are the "
            "most. Round numbers first."
        )
    for value in values:
        if not value.strip() or not value.isprintable():
            raise DataError(f"The factor {name} has the value {value!r:.40}; give each a name.")
    place = {value: index for index, value in enumerate(values)}
    factor = Factor(name, len(values), "ordered" if ordered else "categorical", tuple(values))
    return factor, np.array([place[text] for text in texts])
