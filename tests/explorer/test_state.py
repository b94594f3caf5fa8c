import pytest

from explorer.links import LONGEST_QUERY
from explorer.state import Position, linked, parse

GOOD = {"model": "digits", "z": [0, 1.5], "query": "model=digits&z=0,1.5"}


def test_a_release_is_read() -> None:
    assert parse(GOOD) == Position("digits", "model=digits&z=0,1.5")


@pytest.mark.parametrize(
    "released",
    [
        None,
        "model=digits",
        {},
        GOOD | {"model": None},
        GOOD | {"query": ["model=digits"]},
        GOOD | {"query": "x" * (LONGEST_QUERY + 1)},
        GOOD | {"z": ["0"]},
        GOOD | {"count": -1},
        GOOD | {"place": "digits"},
    ],
)
def test_what_a_browser_should_not_send_is_ignored(released: object) -> None:
    assert parse(released) is None


def test_an_address_is_read_whole_as_the_front_end_writes_it() -> None:
    address = {"model": "a b", "z": "0,-1.5", "inactive": "shown"}
    assert linked(address) == Position("a b", "model=a+b&z=0,-1.5&inactive=shown")


@pytest.mark.parametrize("address", [{}, {"z": "0"}, {"model": ""}, {"model": "x" * 30_000}])
def test_an_address_that_leads_nowhere_is_no_position(address: dict[str, str]) -> None:
    assert linked(address) is None
