import math

import pytest

from explorer.state import LONGEST_QUERY, Position, parse

GOOD = {"model": "digits", "z": [0, 1.5], "query": "model=digits&z=0,1.5"}


def test_a_release_is_read() -> None:
    assert parse(GOOD) == Position("digits", (0.0, 1.5), "model=digits&z=0,1.5")


@pytest.mark.parametrize(
    "released",
    [
        None,
        "model=digits",
        {},
        GOOD | {"model": None},
        GOOD | {"z": "0,1"},
        GOOD | {"z": [0, "1"]},
        GOOD | {"z": [0, True]},
        GOOD | {"z": [0, math.nan]},
        GOOD | {"z": [math.inf, 0]},
        GOOD | {"query": "x" * (LONGEST_QUERY + 1)},
    ],
)
def test_what_a_browser_should_not_send_is_ignored(released: object) -> None:
    assert parse(released) is None
