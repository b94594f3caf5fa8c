from urllib.parse import parse_qs

import pytest

from explorer.state import (
    LONGEST_QUERY,
    MOST_DIRECTIONS,
    FullError,
    Position,
    linked,
    parse,
    with_direction,
)

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


def test_a_direction_is_spelled_as_the_front_end_does() -> None:
    longer = with_direction("model=a+b&z=0,1", "1 → 7; x:y, 5%", (0.6, -0.8, 1e-9, -0.0001))
    assert parse_qs(longer) == {
        "model": ["a b"],
        "z": ["0,1"],
        "directions": ["1 → 7%3B x%3Ay%2C 5%25:0.6,-0.8,0,0"],
    }
    assert longer.endswith("1+%E2%86%92+7%253B+x%253Ay%252C+5%2525:0.6,-0.8,0,0")


def test_a_direction_of_the_same_name_is_replaced() -> None:
    query = with_direction(with_direction("model=a", "one", (1, 0)), "two", (0, 1))
    query = with_direction(query, "one", (0.6, 0.8))
    assert parse_qs(query)["directions"] == ["two:0,1;one:0.6,0.8"]


def test_a_direction_of_a_link_that_escaped_more_is_known_by_its_name() -> None:
    assert with_direction("directions=a%2520%25E2%2586%2592%2520b:1,0", "a → b", (0, 1)) == (
        "directions=a+%E2%86%92+b:0,1"
    )


def test_a_link_that_is_full_takes_no_direction_more() -> None:
    query = "model=a"
    for at in range(MOST_DIRECTIONS):
        query = with_direction(query, str(at), (1, 0))
    with pytest.raises(FullError, match="remove one"):
        with_direction(query, "more", (1, 0))
    with pytest.raises(FullError, match="no room"):
        with_direction("model=a", "long", (0.123,) * 4000)
