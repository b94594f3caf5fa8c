"""What a recipe is."""

from dataclasses import dataclass

from training.config import RunConfig


@dataclass(frozen=True)
class Recipe:
    """A run with a name. `cost` is the time it takes on two CPU cores, in bfloat16 if it may."""

    name: str
    title: str
    intent: str
    cost: str
    run: RunConfig
