"""A decoder that learns nothing: grey levels that are linear in the codes, or their negative."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from training.contract.card import DECODER, Graph, Port
from training.contract.outputs import Pixels
from training.contract.spaces import Categorical, Continuous
from training.families.family import Family, Form, Latents, Measurement, refuse_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor, nn

    from training.batch import Batch
    from training.config import RunConfig
    from training.contract.outputs import Output
    from training.contract.spaces import Space
    from training.datasets import Dataset
    from training.export import Traced
    from training.learners import Learner
    from training.processes import Processes

INKS = ("dark", "light")


class FixedLinear(Family, frozen=True, tag="fixed_linear"):
    """x = σ(W z), or 1 − x under the ink `light`. W is drawn once and stays."""

    latents: Latents = 2

    loss_unit: ClassVar[str] = "grey levels²"

    def check(self, config: RunConfig) -> None:
        """Refuse settings of a model of one loss."""
        refuse_settings(config, "a fixed decoder")

    def words(self, config: RunConfig) -> str:
        """Such as `Fixed decoder · 2 latents and an ink`."""
        return f"Fixed decoder · {self.latents} latents and an ink"

    def network(self, form: Form) -> nn.Module:
        """One matrix."""
        from torch import nn

        matrix = nn.Linear(self.latents, math.prod(form.image), bias=False)
        return nn.Sequential(matrix, nn.Sigmoid(), nn.Unflatten(1, form.image))

    def learner(
        self,
        model: Any,
        config: RunConfig,
        form: Form,
        images: int,
        precision: torch.dtype,
        device: torch.device,
    ) -> Learner:
        """What looks on."""
        return Onlooker(model)

    def controls(self, form: Form) -> tuple[Space, ...]:
        """z ~ N(0, I), and the ink."""
        return (Continuous("z", self.latents, "standard_normal"), Categorical("ink", INKS))

    def output(self, model: Any, form: Form) -> Output:
        """Images, with no density."""
        return Pixels(form.image)

    def graphs(self, model: Any, form: Form) -> tuple[Traced, ...]:
        """z and the ink to an image."""
        import torch

        from training.export import EXAMPLES, Computed, Traced

        def decode(model: Any, z: Tensor, ink: Tensor) -> Tensor:
            image = model(z)
            return torch.where((ink == 1)[:, None, None, None], 1 - image, image)

        z = Port("z", "float32", ("batch", self.latents), "value", "z")
        ink = Port("ink", "int64", ("batch",), "value", "ink")
        image = Port("image", "float32", ("batch", *form.image), "image")
        examples = (torch.randn(EXAMPLES, self.latents), torch.arange(EXAMPLES) % 2)
        return (Traced(Graph(DECODER, (z, ink), (image,)), Computed(model, decode), examples),)

    def measure(self, model: Any, dataset: Dataset, config: RunConfig, seed: int) -> Measurement:
        """How white its images are at z = 0: σ(0) = 1/2."""
        import torch

        from training.evaluate import measured

        white = model(torch.zeros(1, self.latents)).mean().item()
        data = measured(dataset, config, seed)
        return Measurement((data.metric("white", "White", white, "of 1", "Mean grey at z = 0"),))


class Onlooker:
    """A learner that learns nothing; its loss is the squared distance from its image at z = 0."""

    reports = ("loss",)
    optimizers: ClassVar[dict[str, Any]] = {}

    def __init__(self, model: Any) -> None:
        self.modules = {"model": model}

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """Look at a batch."""
        return self.validate(batch, generator)["loss"][None]

    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The squared distance per image."""
        return {"loss": (batch.x - 0.5).square().flatten(1).sum(1).mean()}

    def comparable(self, means: Mapping[str, float]) -> float:
        """That distance."""
        return means["loss"]

    def join(self, processes: Processes) -> None:
        """Nothing is learned, so nothing is shared."""
