"""Gratings: a fixed linear decoder with two controls, of which a run learns only the background.

x = background + z₁ · across + z₂ · down, on a dark ground; on a light one 1 − x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from training.contract.card import DECODER, ENCODER
from training.contract.fields import Rate
from training.contract.graphs import Graph, Port
from training.contract.outputs import Pixels
from training.contract.spaces import Categorical, Continuous
from training.families.family import Codes, Family, Form, ImageShape, Measurement

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.checkpoints.export import Traced
    from training.config import RunConfig
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.evaluation.evaluate import Measured
    from training.learners import Learner

GROUNDS = ("dark", "light")


class Gratings(Family, frozen=True, tag="gratings"):
    """Two gratings of `cycles` waves, which z moves by `contrast` grey levels a unit."""

    cycles: Annotated[int, Meta(ge=1, le=10)] = 1
    contrast: Rate = 0.1

    loss_unit: ClassVar[str] = "grey levels²"

    def words(self, config: RunConfig) -> str:
        """Such as `Gratings · 1 cycle`."""
        return f"Gratings · {self.cycles} cycle{'s' if self.cycles > 1 else ''}"

    def network(self, form: Form) -> nn.Module:
        """The gratings, and a grey background."""
        return linear(form.image, self.cycles, self.contrast)

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The background under the squared error."""
        from training.learners import OneLoss
        from training.objectives.squared_error import SquaredError
        from training.trainer.optimizers import Descent

        descent = Descent(model, config.train, device)
        return OneLoss(model, SquaredError(), descent, config.train, precision)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """How much of each grating, and on which ground."""
        return (Continuous("z", 2, None), Categorical("ground", GROUNDS))

    def output(self, model: Any, form: Form) -> Output:
        """Images, with no density."""
        return Pixels(form.image)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """z and the ground to an image, an image and its ground to z."""
        import torch

        from training.checkpoints.export import EXAMPLES, Computed, Traced

        def decode(model: Any, z: Tensor, ground: Tensor) -> Tensor:
            image = model.decode(z).clamp(0, 1)
            return torch.where(ground.view(-1, 1, 1, 1) == 1, 1 - image, image)

        def encode(model: Any, x: Tensor, ground: Tensor) -> Tensor:
            codes: Tensor = model.encode(torch.where(ground.view(-1, 1, 1, 1) == 1, 1 - x, x))
            return codes

        z = Port("z", "float32", ("batch", 2), "value", "z")
        ground = Port("ground", "int64", ("batch",), "value", "ground")
        image = Port("image", "float32", ("batch", *form.image), "image")
        x = Port("x", "float32", ("batch", *form.image), "image")
        grounds = torch.arange(EXAMPLES) % len(GROUNDS)
        codes, images = torch.randn(EXAMPLES, 2), torch.rand(EXAMPLES, *form.image)
        return (
            Traced(
                Graph(DECODER, (z, ground), (image,)), Computed(model, decode), (codes, grounds)
            ),
            Traced(Graph(ENCODER, (x, ground), (z,)), Computed(model, encode), (images, grounds)),
        )

    def encode(self, model: Any, batch: Batch) -> Codes:
        """z, on a dark ground."""
        return Codes(model.encode(batch.x))

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """The squared error on a dark ground."""
        from training.objectives.squared_error import squared_error

        lost = [squared_error(b.x, model.decode(model.encode(b.x))).sum() for b in data.batches]
        how = "Squared difference of image and reconstruction, summed over pixels, mean over images"
        error = float(sum(lost)) / len(data)
        return Measurement(
            (data.metric("squared_error", "Squared error", error, "grey levels²", how),)
        )


def linear(shape: ImageShape, cycles: int, contrast: float) -> nn.Module:
    """Codes (B, 2) to images (B, C, H, W), and back by projection."""
    import math

    import torch
    from torch import nn

    class Linear(nn.Module):
        latents = 2

        def __init__(self) -> None:
            super().__init__()
            _, height, width = shape
            across = torch.cos(2 * math.pi * cycles * torch.arange(width) / width)
            down = torch.cos(2 * math.pi * cycles * torch.arange(height) / height)
            waves = torch.stack([across.expand(shape), down[:, None].expand(shape)])
            self.register_buffer("waves", contrast * waves)  # (2, C, H, W)
            self.background = nn.Parameter(torch.full(shape, 0.5))

        def decode(self, z: Tensor) -> Tensor:
            return self.background + torch.einsum("bd,dchw->bchw", z, self.waves)

        def encode(self, x: Tensor) -> Tensor:
            share = self.waves / self.waves.square().sum((1, 2, 3), keepdim=True)
            return torch.einsum("bchw,dchw->bd", x - self.background, share)

    return Linear()
