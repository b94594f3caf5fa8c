"""Where a person is, as a link says it: what the front end tells Python, declared once."""

from typing import Annotated

from msgspec import Meta

from training.contract.fields import PRINTABLE, Count, Number, Record

# Of a query, in characters. The front end leaves pins and directions out of what would be longer.
LONGEST_QUERY = 20_000

Query = Annotated[str, Meta(max_length=LONGEST_QUERY, pattern=PRINTABLE)]


class Released(Record, frozen=True):
    """Where the front end was when a control was let go; `count` makes the same place news."""

    model: str
    z: tuple[Number, ...]
    query: Query
    count: Count = 0
