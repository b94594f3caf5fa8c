"""What the page and the server say to each other of a class, declared once: `api.js` is the page.

The types of the page's code are made of these models, see `explorer.exchange`.
"""

from typing import Annotated

from msgspec import Meta

from explorer.links import Query
from training.contract.fields import PRINTABLE, Record, Word

LONGEST_GUESS = 100

Guess = Annotated[str, Meta(max_length=LONGEST_GUESS, pattern=PRINTABLE)]
Voter = Annotated[str, Meta(min_length=1, max_length=LONGEST_GUESS, pattern=PRINTABLE)]


class Place(Record, frozen=True):
    """Where a class is: the query of its page."""

    place: Query


class Prediction(Record, frozen=True):
    """What an anonymous voter predicts of a lesson."""

    lesson: Word
    voter: Voter
    guess: Guess


class Asked(Record, frozen=True):
    """The lesson whose predictions are counted; none where no lesson is open."""

    lesson: Guess = ""


class Leading(Record, frozen=True):
    """What the teacher holds: the code of the class, and the key that leads it."""

    code: str
    key: str


class Tally(Record, frozen=True):
    """How many follow, and how often each prediction was made."""

    followers: int
    guesses: dict[str, int]


class Moved(Record, frozen=True, omit_defaults=True):
    """What a follower receives: the new place, or that the class has ended."""

    place: str | None = None
    ended: bool = False
