"""What a metric says, in plain words, for the pages that list figures."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "instrument" / "web" / "meanings.json"


def meaning(name: str) -> str:
    """A sentence by a metric's name, or by how its name begins; "" where there is none."""
    known = _sentences()
    begun = (key for key in known if key.endswith("_") and name.startswith(key))
    return known.get(name) or known.get(next(begun, ""), "")


@cache
def _sentences() -> dict[str, str]:
    found: dict[str, str] = json.loads(FILE.read_text("utf-8"))
    return found
