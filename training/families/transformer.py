"""An autoregressive transformer: images as sequences of tokens, drawn one after the other.

It has an exact ln p(x) and no latent: nothing in it can be dragged.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.batch import Batch
from training.config import TrainConfig
from training.contract.card import DECODER, STEP, Graph, Metric, Port, Sizes
from training.contract.outputs import Output, Pixels
from training.contract.spaces import CodeGrid, Space
from training.errors import ConfigError
from training.export import EXAMPLES, Traced
from training.families import ImageShape, Measured
from training.models.pixel_patches import PixelPatches
from training.models.transformer import Cache, Transformer
from training.optimizers import begun, descend, rate_factor
from training.processes import Processes


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """How large it is: `layers` of `width`, with `heads` of attention."""

    width: int = 128
    layers: int = 2
    heads: int = 4

    def build(self, tokens: int, length: int) -> Transformer:
        """Untrained, for sequences of this length, each token one of `tokens`."""
        return Transformer(tokens, length, self.width, self.layers, self.heads)


@dataclass(frozen=True, kw_only=True)
class PatchTransformerConfig:
    """Black and white images, `shrink` times smaller than those of the data, in `patch`² pixels."""

    shrink: int = 2
    patch: int = 2
    size: TransformerConfig = TransformerConfig()


class Reader:
    """A transformer over the patches of black and white images."""

    reports = ("loss_nats",)

    def __init__(self, patches: PixelPatches, model: Transformer, plan: TrainConfig) -> None:
        self.patches, self.model, self.plan = patches, model, plan
        self.modules: dict[str, nn.Module] = {"model": model}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "optimizer": begun(
                torch.optim.AdamW(model.parameters(), weight_decay=plan.weight_decay)
            )
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step on images (B, C, H, W); the loss, nats."""
        loss = code_nats(self.model, self.patches.read(batch.x)).mean()
        rate = self.plan.learning_rate * rate_factor(self.plan, step)
        descend(self.optimizers["optimizer"], loss, rate)
        return loss.detach()[None]

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """−ln p(x), nats: exact, no bound."""
        return {"loss_nats": code_nats(self.model, self.patches.read(batch.x)).mean()}

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ln p(x)."""
        return means["loss_nats"]

    def join(self, processes: Processes) -> None:
        """Refuse.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("A transformer is trained in one process; start it without torchrun.")


def learner(config: PatchTransformerConfig, plan: TrainConfig, image_shape: ImageShape) -> Reader:
    """An untrained transformer for images (C, H, W), and what trains it."""
    patches = PixelPatches(image_shape, config.shrink, config.patch)
    return Reader(patches, config.size.build(patches.tokens, patches.length), plan)


def controls(patches: PixelPatches) -> tuple[Space, ...]:
    """The grid of patches; it is drawn, not dragged."""
    return (CodeGrid("codes", *patches.grid, patches.tokens),)


def output(patches: PixelPatches) -> Output:
    """Images in black and white."""
    return Pixels(patches.image_shape)


class _Step(nn.Module):
    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, token: Tensor, position: Tensor, keys_values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        logits, cache = self.model.step(token, Cache(position, keys_values))
        return logits, cache.position, cache.keys_values


def step_graph(model: Transformer, control: str) -> Traced:
    """One token: it and the cache of those before -> logits of the next one, and the next cache.

    The cache is all zeros before the first token, whose own input is of no account.
    """
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
    return Traced(Graph(STEP, inputs, outputs), _Step(model), examples)


def graphs(patches: PixelPatches, model: Transformer) -> tuple[Traced, ...]:
    """The grid of patches to an image, and one patch at a time."""
    codes = Port("codes", "int64", ("batch", *patches.grid), "value", "codes")
    image = Port("image", "float32", ("batch", *patches.image_shape), "image")
    drawn = torch.randint(patches.tokens, (EXAMPLES, *patches.grid))
    decode = Traced(Graph(DECODER, (codes,), (image,)), patches, (drawn,))
    return decode, step_graph(model, "codes")


@torch.no_grad()
def measure(patches: PixelPatches, model: Transformer, data: Measured) -> tuple[Metric, ...]:
    """−ln p(x), which is exact here, for the image and for one of its pixels."""
    costs = [code_nats(model, patches.read(batch.x)).double() for batch in data.batches]
    nats = torch.cat(costs).mean().item()
    pixels = math.prod(patches.image_shape)
    how = (
        f"−ln p(x) of black and white images of {pixels} pixels, exact, by the product of the "
        "probabilities of their patches, mean over images"
    )
    return (
        data.metric("neg_log_likelihood", "−ln p(x)", nats, "nats", how),
        data.metric(
            *("neg_log_likelihood_per_dim", "−ln p(x) per pixel", nats / pixels / math.log(2)),
            *("bits/dim", f"{how}; nats / ({pixels} · ln 2)"),
        ),
    )


def code_nats(model: Transformer, codes: Tensor) -> Tensor:
    """−ln p(codes) of grids (B, h, w), read row by row, in nats: (B,)."""
    tokens = codes.flatten(1)
    logits = model(tokens)  # (B, T, K)
    return F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none").sum(1)
