"""What was measured of a checkpoint, and how."""

from typing import Annotated

from msgspec import Meta

from training.contract.fields import (
    MOST_LATENTS,
    Count,
    Magnitude,
    Number,
    Protocol,
    Record,
    Seed,
    Short,
    Word,
)

MOST_METRICS = 200


class Metric(Record, frozen=True):
    """One measured number and how it came about: `samples` images of a split, and a seed.

    `perfect` is what a perfect model would get, where that is known and is not the unit's own best.
    """

    name: Word
    label: Short
    value: Number
    unit: Short
    split: Word
    samples: Count
    seed: Seed
    how: Protocol
    perfect: Number | None = None


Metrics = Annotated[tuple[Metric, ...], Meta(max_length=MOST_METRICS)]


class Latent(Record, frozen=True):
    """One number of a continuous control, over a split.

    The mean KL to the prior (None without one), the mean and deviation of the posterior means, and
    the mean posterior σ (None where the encoder gives one point). `active`: the data move it.
    """

    kl_nats: Number | None
    mean: Number
    std: Magnitude
    posterior_std: Magnitude | None
    active: bool


Latents = Annotated[tuple[Latent, ...], Meta(max_length=MOST_LATENTS)]


class Provenance(Record, frozen=True):
    """How the statistics of the latents were measured."""

    unit: Short
    split: Word
    samples: Count
    seed: Seed
    how: Protocol


Row = Annotated[tuple[Number, ...], Meta(max_length=MOST_LATENTS)]


class Information(Record, frozen=True):
    """What latents tell about factors, in nats: I(z_j; v_k), one row per latent, and H(v_k)."""

    nats: Annotated[tuple[Row, ...], Meta(max_length=MOST_LATENTS)]
    entropies_nats: Row
    split: Word
    samples: Count
    seed: Seed
    how: Protocol

    def check(self, latents: int, factors: int) -> None:
        """Refuse a matrix that does not fit this number of latents and factors.

        Raises:
            ValueError: naming the field.
        """
        rows = {f"nats[{row}]": len(line) for row, line in enumerate(self.nats)}
        for name, length in (rows | {"entropies_nats": len(self.entropies_nats)}).items():
            if length != factors:
                raise ValueError(
                    f"information.{name} has {length} entries; the data have {factors} factors."
                )
        if len(self.nats) != latents:
            raise ValueError(
                f"information.nats has {len(self.nats)} rows; the model has {latents} latents."
            )


class Rounding(Record, frozen=True):
    """How many of the weights are kept in half precision, and what their rounding changed.

    `image_difference` is the largest change of a decoded value in [0, 1]; `code_difference` that of
    a posterior mean, in standard deviations of its posterior, or of a code without one, in those of
    the codes; `probability_difference` that of what comes next. None where there is no such thing.
    """

    weights: Count
    halved: Count
    image_difference: Magnitude | None
    code_difference: Magnitude | None
    split: Word
    samples: Count
    seed: Seed
    how: Protocol
    probability_difference: Magnitude | None = None
