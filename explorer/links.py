"""Where a person is, as a link says it: what the front end tells Python, declared once."""

from typing import Annotated

from msgspec import Meta

from training.contract.fields import MOST_LATENTS, PRINTABLE, Count, Number, Record

# Of a query, in characters. The front end leaves pins and directions out of what would be longer.
LONGEST_QUERY = 20_000

Query = Annotated[str, Meta(max_length=LONGEST_QUERY, pattern=PRINTABLE)]


class Released(Record, frozen=True):
    """Where the front end was when a control was let go; `count` makes the same place news.

    `model` is the id that stands in the query too, and so no longer.
    """

    model: Query
    z: Annotated[tuple[Number, ...], Meta(max_length=MOST_LATENTS)]
    query: Query
    count: Count = 0
