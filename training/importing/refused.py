"""Where a pickle that is not opened keeps its weights: found by reading its steps, running none."""

import pickletools
import zipfile
from itertools import pairwise
from pathlib import Path

MOST = 2**24  # bytes of steps that are read
_ASIDE = {"PROTO", "FRAME", "MARK", "BINPUT", "LONG_BINPUT", "MEMOIZE", "PUT"}
_DICTS = (("EMPTY_DICT", None), ("GLOBAL", "collections OrderedDict"))


def way_to_weights(path: Path, holders: tuple[str, ...]) -> str:
    """What follows the opened file in Python to come to its state dict.

    `["state_dict"]` of a checkpoint, `.state_dict()` of a module that was saved whole, both where
    a checkpoint holds such a module, and nothing where the file itself is the state dict.

    Args:
        holders: the names under which programs keep weights, the likeliest first.
    """
    steps = _steps(path)
    if not steps:
        return f'["{holders[0]}"]'
    if steps[0] not in _DICTS:
        return ".state_dict()"
    for name in holders:
        for step, after in pairwise(steps):
            if step[0].endswith("UNICODE") and step[1] == name:
                if after in _DICTS:
                    return f'["{name}"]'
                if after[0] == "GLOBAL":
                    return f'["{name}"].state_dict()'
    return ""


def _steps(path: Path) -> list[tuple[str, object]]:
    """The names and arguments of a pickle's steps; none where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            (entry,) = (one for one in archive.infolist() if one.filename.endswith("/data.pkl"))
            with archive.open(entry) as file:
                content = file.read(MOST)
        found = ((step.name, argument) for step, argument, _ in pickletools.genops(content))
        return [(name, argument) for name, argument in found if name not in _ASIDE]
    except Exception:  # of what is damaged, each step raises its own
        return []
