"""What page and server say to each other is declared once, for both."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from explorer import exchange


def test_the_page_has_the_types_and_limits_of_the_server() -> None:
    for path, text in exchange.made().items():
        assert path.read_text("utf-8") == text, "run `python -m explorer.exchange`"


def unbounded(schema: Any, where: str = "") -> Iterator[str]:
    """What of a JSON Schema may be of any length or size, and texts that may hold anything."""
    if isinstance(schema, list):
        for at, part in enumerate(schema):
            yield from unbounded(part, f"{where}.{at}")
    if not isinstance(schema, dict):
        return
    limits = {
        "string": {"maxLength", "pattern"},
        "array": {"maxItems"},
        "integer": {"minimum", "maximum"},
        "number": {"minimum", "maximum"},
    }
    if "enum" not in schema and not limits.get(str(schema.get("type")), set()) <= schema.keys():
        yield where
    for name, part in schema.items():
        yield from unbounded(part, f"{where}.{name}")


@pytest.mark.parametrize("sent", exchange.SENT)
def test_what_a_page_sends_is_bounded_and_printable(sent: type) -> None:
    _, declared = msgspec.json.schema_components([sent])
    assert list(unbounded(declared)) == []
