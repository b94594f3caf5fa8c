"""A family a file: what learns, how, and what of it is shipped."""

from collections.abc import Sequence
from dataclasses import dataclass

from training.batch import Batch
from training.contract.card import Metric

ImageShape = tuple[int, int, int]  # C, H, W


@dataclass(frozen=True)
class Measured:
    """What a model is measured on: a split in batches, and what the card says of it.

    Fields:
        seed: of all that is drawn.
        reading: how the data were read, such as "pixels as they are".
    """

    batches: Sequence[Batch]
    split: str
    seed: int
    reading: str

    def __len__(self) -> int:
        return sum(len(batch.x) for batch in self.batches)

    def metric(self, name: str, label: str, value: float, unit: str, how: str) -> Metric:
        """A number, and how it was measured: the reading is added to `how`."""
        protocol = f"{how}; {self.reading}."
        return Metric(name, label, value, unit, self.split, len(self), self.seed, protocol)
