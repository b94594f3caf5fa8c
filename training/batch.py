"""The images of a step, and what a loss must know where processes share them."""

from typing import NamedTuple, Protocol

from torch import Tensor


class Sharing(Protocol):
    """How a batch is shared out: equal shares, in order, one to a process."""

    def whole(self, values: Tensor) -> Tensor:
        """From the values (B, …) of this share those of all shares, (R B, …), differentiable."""
        ...

    def own(self, values: Tensor) -> Tensor:
        """From the values (R B, …) of the whole batch those of this share, (B, …)."""
        ...


class Unshared:
    """The share is the whole batch."""

    def whole(self, values: Tensor) -> Tensor:
        """The values."""
        return values

    def own(self, values: Tensor) -> Tensor:
        """The values."""
        return values


UNSHARED = Unshared()


class Batch(NamedTuple):
    """What a loss sees of a step.

    Fields:
        x: images (B, C, H, W) in [0, 1].
        targets: their labels (B,) or factors (B, F), int32; None where they are not known.
        sharing: asked by losses that look at a batch as a whole. The loss of a share is such that
            the mean over all shares is the loss of the whole batch.
    """

    x: Tensor
    targets: Tensor | None = None
    sharing: Sharing = UNSHARED
