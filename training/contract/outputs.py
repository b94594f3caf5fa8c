"""What a decoder gives: an image, or a sequence of characters."""

from typing import Annotated, Literal

from msgspec import Meta

from training.contract.fields import LARGEST_NUMBER, Record
from training.contract.spaces import Alphabet, Longest, Side, refuse_shape, refuse_twice

LikelihoodName = Literal["bernoulli", "gaussian", "gaussian_learned", "continuous_bernoulli"]


class Pixels(Record, frozen=True, tag_field="kind", tag="pixels"):
    """An image, float32 (B, C, H, W) in [0, 1]: one channel of grey, or three of red, green, blue.

    The decoder's output is the mean of p(x|z) under `likelihood`; None where the decoder stands for
    no density. `sigma` is the deviation of a Gaussian likelihood that has one for all pixels.
    """

    shape: tuple[Annotated[int, Meta(ge=1, le=3)], Side, Side]
    likelihood: LikelihoodName | None = None
    sigma: Annotated[float, Meta(gt=0, le=LARGEST_NUMBER)] | None = None

    def __post_init__(self) -> None:
        refuse_shape(self.shape)


class Characters(Record, frozen=True, tag_field="kind", tag="characters"):
    """A sequence of at most `longest` symbols: float32 (B, length, 1 + symbols), logits of each.

    Index 0 ends the sequence, index 1 is the first symbol of the alphabet.
    """

    alphabet: Alphabet
    longest: Longest

    def __post_init__(self) -> None:
        refuse_twice("alphabet", self.alphabet)


Output = Pixels | Characters
