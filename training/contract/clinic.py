"""The ward of the collapse clinic: what was measured of each broken script and of its cures.

Nothing here needs torch: the explorer reads it without.
"""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from training.contract.fields import Count, Identifier, Line, Number, Paragraph, Positive, Record
from training.contract.files import read_bytes
from training.contract.reading import parse, read

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "clinic" / "ward.json"
LARGEST = 8 * 2**20
PIXELS = 28 * 28

# What a plot shows; null where a run had no finite number.
Curve = Annotated[tuple[Number | None, ...], Meta(max_length=1000)]
# Bytes of pictures of 28×28, one after the other, in base64.
Pictures = Annotated[str, Meta(max_length=100_000, pattern=r"^[A-Za-z0-9+/=]*(?![\s\S])")]


class Measured(Record, frozen=True):
    """Means over the test images, in nats an image, whatever the script prints.

    Fields:
        neg_elbo: reconstruction + KL, with one draw of q(z|x) an image.
        active: latents whose posterior mean has a variance above 0.01 over images.
    """

    neg_elbo: Number | None
    reconstruction: Number | None
    kl: Number | None
    active: Number | None


class Seen(Record, frozen=True):
    """What was seen of a run, each curve a number for each of `steps`.

    Fields:
        reported, reconstruction, kl: the loss and its parts as the script prints them, the mean
            since the step before.
        honest: −ELBO of held-out images, in nats an image.
        encoder, decoder: length of the gradient of their weights, the mean since the step before.
        kl_by_latent: nats, mean over held-out images, at the last step.
        reconstructions, samples: pictures, as the script shows them.
        test: of the weights that the script hands over; None while it trains.
    """

    steps: Annotated[tuple[Positive, ...], Meta(max_length=1000)]
    reported: Curve
    reconstruction: Curve
    kl: Curve
    honest: Curve
    encoder: Curve
    decoder: Curve
    kl_by_latent: Curve
    reconstructions: Pictures
    samples: Pictures
    test: Measured | None


class Cure(Record, frozen=True):
    """What may be changed in a script, and the number of its run among the records."""

    label: Line
    record: Count


class Patient(Record, frozen=True):
    """A script with a line that is wrong.

    Fields:
        complaint: what its owner says.
        record: the number of its run among the records.
        found: what it has, among the diagnoses.
        others: what it may be taken for, with what the plots say against that.
        right: the cure that is one, from 0.
        wrong, correct: the two lines.
        because: what it was.
    """

    complaint: Line
    record: Count
    found: Identifier
    others: dict[Identifier, Line]
    cures: Annotated[tuple[Cure, ...], Meta(min_length=2, max_length=6)]
    right: Count
    wrong: Line
    correct: Line
    because: Paragraph


class Ward(Record, frozen=True):
    """All patients.

    Fields:
        held_out, test: images that were measured on while it trained, and at the end.
        floor: what a perfect reconstruction of the test images reads after a second sigmoid.
        originals: the test images whose reconstructions are shown.
        healthy: the number of the run without a fault among the records.
    """

    source: Line
    licence: Line
    torch: Line
    held_out: Positive
    test: Positive
    floor: Number
    originals: Pictures
    diagnoses: dict[Identifier, Line]
    healthy: Count
    records: tuple[Seen, ...]
    patients: Annotated[tuple[Patient, ...], Meta(min_length=1, max_length=20)]


def read_ward(path: Path = SHIPPED) -> Ward:
    """The ward that a file holds.

    Raises:
        ConfigError: if it is not one.
        OSError: if it cannot be read.
    """
    return read(Ward, parse(read_bytes(path, LARGEST), path.name), path.name)
