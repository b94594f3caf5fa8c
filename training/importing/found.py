"""What is taken over of a foreign model, and what a person can say where its files are silent."""

import dataclasses
from pathlib import Path
from typing import Literal

from training.contract.outputs import LikelihoodName
from training.saving.graphs import Array, Network

Shape = tuple[int, int, int]
# What the decoder's numbers are: in [0, 1], in [−1, 1], Bernoulli logits, or in [0, 1] once cut.
Values = Literal["unit", "signed", "logits", "clip"]


@dataclasses.dataclass(frozen=True)
class Said:
    """What the command line says of a model; None where it leaves it to the files.

    `images` are (N, C, H, W) float32 in [0, 1]. `directions` is along how many principal directions
    of their codes the latents are moved, instead of one by one.
    """

    images: Array | None = None
    network: str | None = None
    arguments: str | None = None
    encoder: Path | None = None
    shape: Shape | None = None
    latents: int | None = None
    prior: Literal["normal", "none"] | None = None
    likelihood: LikelihoodName | Literal["none"] | None = None
    values: Values | None = None
    directions: int | None = None


@dataclasses.dataclass(frozen=True)
class Found:
    """A model as `training.save` takes it.

    Attributes:
        size: how many latents `decode` takes.
        family: what the card calls its kind.
        origin: what it was, as the card says it.
        notes: what to know of it, in sentences.
        left: what was not taken over; each a sentence that says how to give it, where one can.
    """

    decode: Network
    encode: Network | None
    shape: Shape
    size: int
    prior: bool
    likelihood: LikelihoodName | None
    sigma: float | None
    family: str
    origin: str
    notes: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
