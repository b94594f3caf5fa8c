"""What a person can move and a decoder takes: the controls of a model, each of one kind."""

import itertools
from typing import Annotated, Literal

from msgspec import Meta

from training.contract.fields import (
    MOST_LABELS,
    MOST_LATENTS,
    Identifier,
    Label,
    Number,
    Record,
    Word,
)

MOST_CODES = 65_536  # cells of a grid, and entries of a codebook
MOST_SYMBOLS, LONGEST_SEQUENCE = 4_096, 4_096
MOST_LEVELS = 100  # of one number

MOST_PIXELS = 4 * 2**20
LONGEST_SIDE = 16_383  # a WebP has no longer one

Side = Annotated[int, Meta(ge=1, le=LONGEST_SIDE)]
Alphabet = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=MOST_SYMBOLS)]
Levels = Annotated[tuple[Number, ...], Meta(min_length=2, max_length=MOST_LEVELS)]
Longest = Annotated[int, Meta(ge=1, le=LONGEST_SEQUENCE)]


class Continuous(Record, frozen=True, tag_field="kind", tag="continuous"):
    """`size` numbers. With the prior `standard_normal` they are N(0, I) before any data are seen.

    Without a prior (an autoencoder) nothing says how probable a point is. With `levels` each number
    takes but few values, which rise; with None it takes any. A decoder takes it as float32
    (B, size).
    """

    name: Identifier
    size: Annotated[int, Meta(ge=1, le=MOST_LATENTS)]
    prior: Literal["standard_normal"] | None
    levels: Annotated[tuple[Levels, ...], Meta(min_length=1, max_length=MOST_LATENTS)] | None = None

    def __post_init__(self) -> None:
        if self.levels is None:
            return
        if len(self.levels) != self.size:
            raise ValueError(
                f"levels has {len(self.levels)} lists; it takes {self.size}, one each."
            )
        if len({len(values) for values in self.levels}) > 1:
            raise ValueError("levels are not as many for each number.")
        for index, values in enumerate(self.levels):
            if any(a >= b for a, b in itertools.pairwise(values)):
                raise ValueError(f"levels[{index}] does not rise.")
        if self.prior is not None:
            raise ValueError("has levels and a prior of any number; one of them must be null.")


class Categorical(Record, frozen=True, tag_field="kind", tag="categorical"):
    """One of several labels. A decoder takes it as int64 (B,): the index of a label."""

    name: Identifier
    labels: Annotated[tuple[Label, ...], Meta(min_length=2, max_length=MOST_LABELS)]


class CodeGrid(Record, frozen=True, tag_field="kind", tag="code_grid"):
    """`height` × `width` cells that each hold one of `codes` entries of a codebook.

    A decoder takes it as int64 (B, height, width).
    """

    name: Identifier
    height: Annotated[int, Meta(ge=1, le=MOST_CODES)]
    width: Annotated[int, Meta(ge=1, le=MOST_CODES)]
    codes: Annotated[int, Meta(ge=2, le=MOST_CODES)]

    def __post_init__(self) -> None:
        if self.height * self.width > MOST_CODES:
            raise ValueError(
                f"height × width is {self.height * self.width:,}; a grid has at most "
                f"{MOST_CODES:,} cells."
            )


class Tokens(Record, frozen=True, tag_field="kind", tag="tokens"):
    """A sequence of at most `longest` symbols of an alphabet.

    A graph takes it as int64 (B, length): the first symbol is 1, the next 2, …; 0 stands before the
    first symbol and ends the sequence.
    """

    name: Identifier
    alphabet: Alphabet
    longest: Longest

    def __post_init__(self) -> None:
        refuse_twice("alphabet", self.alphabet)


class Image(Record, frozen=True, tag_field="kind", tag="image"):
    """An image of C × H × W of which a part is seen, such as the one half that a model completes.

    A decoder takes it as float32 (B, C + 1, H, W): the pixels in [0, 1], 0 where they are hidden,
    then a plane that is 1 where they are seen and 0 elsewhere. `seen` is the part that is seen of
    an image that has just been chosen, and that the codes of the examples were made with.
    """

    name: Identifier
    shape: tuple[Annotated[int, Meta(ge=1, le=3)], Side, Side]
    seen: Literal["left", "right", "top", "bottom"] = "left"

    def __post_init__(self) -> None:
        refuse_shape(self.shape)


Space = Continuous | Categorical | CodeGrid | Tokens | Image


def refuse_shape(shape: tuple[int, int, int]) -> None:
    """Refuse (C, H, W) of images that nothing here shows.

    Raises:
        ValueError: with the numbers.
    """
    channels, height, width = shape
    if channels == 2:
        raise ValueError("shape has 2 channels; an image has 1 (grey) or 3 (colour).")
    if height * width > MOST_PIXELS:
        raise ValueError(
            f"shape has {height * width:,} pixels; an image has at most {MOST_PIXELS:,}."
        )


def refuse_twice(field: str, names: tuple[str, ...]) -> None:
    """Refuse a list that holds one entry twice.

    Raises:
        ValueError: naming the entry.
    """
    if len(set(names)) < len(names):
        seen: set[str] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"{field} names {twice!r:.60} twice.")
