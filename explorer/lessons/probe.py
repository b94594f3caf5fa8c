"""What every probe is: a quantity, what it is measured on, and how it is written.

Its value comes from the checkpoint and from nothing else. All randomness is seeded, so a value
changes only with the model.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from explorer.lessons.bench import Bench
from training.contract.fields import Number, Record, Word

Example = Annotated[int, Meta(ge=0, lt=100_000)]
Decimals = Annotated[int, Meta(ge=0, le=4)]

ON = ("model", "example", "latent", "metric", "factor")


class Probe(Record, frozen=True, kw_only=True, tag_field="probe"):
    """One figure of a lesson: what is measured, and how it is written.

    `band` is where the value must lie for the lesson's text to be true.
    """

    unit: ClassVar[str] = "nats"
    title: ClassVar[str]
    how: ClassVar[str]
    # The panel of the instrument that shows it, which lights with its term in a formula.
    panel: ClassVar[str] = ""
    band: tuple[Number, Number]
    decimals: Decimals = 1

    def __post_init__(self) -> None:
        low, high = self.band
        if not low < high:
            raise ValueError(f"band goes from {low:g} to {high:g}; the lower end comes first.")

    @property
    def on(self) -> dict[str, str | int]:
        """What it is measured on, by the names of the fields that say so."""
        found = {name: getattr(self, name, None) for name in ON}
        return {name: value for name, value in found.items() if value is not None}

    def measure(self, bench: Bench) -> float:
        """The value."""
        raise NotImplementedError


class OfImage(Probe, frozen=True, kw_only=True):
    """Of one test image of one model."""

    model: Word
    example: Example


class OfModel(Probe, frozen=True, kw_only=True):
    """Of one model."""

    model: Word
