"""What `training.workers.look` says of a visitor's images, and what the page shows of it."""

from typing import Annotated, Literal

from msgspec import Meta

from training.contract.fields import Count, Magnitude, Positive, Record, Text, Word

Size = tuple[Positive, Positive]


class Looked(Record, frozen=True):
    """The images of a zip, at the size and fit that were chosen.

    Fields:
        labels: each class and how many images it has; none where the images have no classes.
        smallest, largest: width and height of images, in pixels.
        transparent: how many images have transparency.
        binary: whether all pixels are black or white.
        duplicates: how many images are in it more than once.
        broken: why a file was left out, by its name; of `more_broken` only how many.
        others: files that are not images; of `more_others` only how many.
        train, validation, test: how many images are in each part.
        columns, shown: how many images the sheet has in a row, and in all.
        batch: images in a step.
        networks: what makes each kind and width of model, as "vae normal".
    """

    images: Positive
    labels: tuple[tuple[Text, Positive], ...]
    smallest: Size
    largest: Size
    transparent: Count
    binary: bool
    duplicates: Count
    broken: dict[Text, Text]
    more_broken: Count
    others: tuple[Text, ...]
    more_others: Count
    packed_bytes: Count
    train: Positive
    validation: Count
    test: Count
    side: Positive
    fit: Literal["crop", "pad"]
    channels: Annotated[int, Meta(ge=1, le=3)]
    columns: Positive
    shown: Positive
    batch: Positive
    networks: dict[Word, "Network"]


class Network(Record, frozen=True):
    """The recipe and the overrides of `python -m training train` that make a model of images.

    Fields:
        seconds: that a step takes on this machine; None before it was measured.
    """

    recipe: Word
    overrides: tuple[Text, ...]
    seconds: Magnitude | None = None


class LookEvent(Record, frozen=True, omit_defaults=True):
    """What happened while images were looked at.

    Fields:
        what: `packing`, with how many images are `done`; `looked` with the facts, and `timed` with
            the same and the seconds of a step; `refused` with a sentence.
    """

    what: Literal["packing", "looked", "timed", "refused"]
    done: Count = 0
    facts: Looked | None = None
    sentence: Text = ""
