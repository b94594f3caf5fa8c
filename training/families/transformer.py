"""An autoregressive transformer: images as sequences of tokens, drawn one after the other.

It has an exact ln p(x) and no latent: nothing in it can be dragged.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from training.contract.card import DECODER, STEP
from training.contract.fields import Positive
from training.contract.graphs import Graph, Port, Sizes
from training.contract.outputs import Pixels
from training.contract.spaces import CodeGrid
from training.errors import ConfigError
from training.families.family import (
    Family,
    Form,
    Measurement,
    form_of,
    refuse_settings,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from training.checkpoints.export import Traced
    from training.config import RunConfig
    from training.contract.card import Card
    from training.contract.measurements import Latent
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.evaluation.evaluate import Measured
    from training.learners import Learner
    from training.models.pixel_patches import PixelPatches

PREVIEWED = 32  # images


class Transformer(Family, frozen=True, tag="transformer"):
    """`layers` of `width`, with `heads` of attention, over patches of black and white images.

    These are `shrink` times smaller than the data's, and a token is one pattern of `patch`² pixels.
    """

    shrink: Positive = 2
    patch: Annotated[int, Meta(ge=1, le=4)] = 2
    width: Positive = 128
    layers: Positive = 2
    heads: Positive = 4

    loss_name: ClassVar[str] = "−ln p(x)"

    def __post_init__(self) -> None:
        refuse_heads(self.width, self.heads)

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss."""
        refuse_settings(config, "a transformer")

    def words(self, config: RunConfig) -> str:
        """What it is, and how large."""
        return f"Transformer · {self.layers} layers of {self.width} · no latent"

    def form(self, card: Card) -> Form:
        """The card's output is smaller than the data."""
        made = form_of(card)
        channels, height, width = made.image
        return made._replace(shape=(channels, self.shrink * height, self.shrink * width))

    def patches(self, form: Form) -> PixelPatches:
        """Images as tokens, and back."""
        from training.models.pixel_patches import PixelPatches

        return PixelPatches(form.image, self.shrink, self.patch)

    def network(self, form: Form) -> nn.Module:
        """The transformer."""
        from training.models import transformer

        patches = self.patches(form)
        return transformer.Transformer(
            patches.tokens, patches.length, self.width, self.layers, self.heads
        )

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """The model, reading patches."""
        from training.learners.reader import Reader
        from training.models.transformer import code_nats

        patches = self.patches(form).to(device)
        return Reader(model, lambda x: code_nats(model, patches.read(x)), config.train)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """The grid of patches; it is drawn, not dragged."""
        _, height, width = form.image
        side = self.shrink * self.patch
        return (CodeGrid("codes", height // side, width // side, 2**self.patch**2),)

    def output(self, model: Any, form: Form) -> Output:
        """Images in black and white."""
        return Pixels(self.patches(form).image_shape)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """The grid of patches to an image, and one patch at a time."""
        import torch

        from training.checkpoints.export import EXAMPLES, Traced

        patches = self.patches(form)
        codes = Port("codes", "int64", ("batch", *patches.grid), "value", "codes")
        image = Port("image", "float32", ("batch", *patches.image_shape), "image")
        drawn = torch.randint(patches.tokens, (EXAMPLES, *patches.grid))
        decode = Traced(Graph(DECODER, (codes,), (image,)), patches, (drawn,))
        return decode, step_graph(model, "codes")

    def measurement(self, model: Any, data: Measured) -> Measurement:
        """−ln p(x), which is exact here, for the image and for one of its pixels."""
        import torch

        from training.models.transformer import code_nats

        patches = self.patches(Form(tuple(data.batches[0].x.shape[1:])))
        with torch.no_grad():
            costs = [code_nats(model, patches.read(batch.x)).double() for batch in data.batches]
        nats = torch.cat(costs).mean().item()
        pixels = math.prod(patches.image_shape)
        how = (
            f"−ln p(x) of black and white images of {pixels} pixels, exact, by the product of the "
            "probabilities of their patches, mean over images"
        )
        metrics = (
            data.metric("neg_log_likelihood", "−ln p(x)", nats, "nats", how),
            data.metric(
                *("neg_log_likelihood_per_dim", "−ln p(x) per pixel", nats / pixels / math.log(2)),
                *("bits/dim", f"{how}; nats / ({pixels} · ln 2)"),
            ),
        )
        return Measurement(metrics)

    def preview(self, model: Any, form: Form, latents: tuple[Latent, ...]) -> Tensor:
        """What it draws, patch by patch."""
        import torch

        from training.models.transformer import drawn

        patches = self.patches(form)
        tokens = drawn(model, PREVIEWED, torch.Generator().manual_seed(0))
        image: Tensor = patches(tokens.view(-1, *patches.grid))
        return image


def refuse_heads(width: int, heads: int) -> None:
    """Refuse heads that do not share the width evenly.

    Raises:
        ConfigError: naming the field.
    """
    if width % heads:
        raise ConfigError(
            f"heads is {heads}, which does not divide the width {width}; each head takes an equal "
            "part of it."
        )


def step_graph(model: Any, control: str) -> Traced:
    """One token: it and the cache of those before -> logits of the next one, and the next cache.

    The cache is all zeros before the first token, whose own input is of no account.
    """
    import torch

    from training.checkpoints.export import EXAMPLES, Computed, Traced
    from training.models.transformer import Cache

    def step(
        model: Any, token: Tensor, position: Tensor, keys_values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        logits, cache = model.step(token, Cache(position, keys_values))
        return logits, cache.position, cache.keys_values

    cache = model.begin(EXAMPLES)
    kept = tuple(cache.keys_values.shape[1:])
    single: Sizes = ("batch",)
    every: Sizes = ("batch", *kept)
    inputs = (
        Port("token", "int64", single, "token", control),
        Port("position", "int64", single, "state"),
        Port("keys_values", "float32", every, "state"),
    )
    outputs = (
        Port("logits", "float32", ("batch", model.tokens), "logits", control),
        Port("next_position", "int64", single, "state"),
        Port("next_keys_values", "float32", every, "state"),
    )
    examples = (
        torch.randint(model.tokens, (EXAMPLES,)),
        torch.arange(EXAMPLES) % model.length,
        torch.randn(EXAMPLES, *kept),
    )
    return Traced(Graph(STEP, inputs, outputs), Computed(model, step), examples)
