"""What the training loop drives: something that learns from batches and says how well it does."""

from collections.abc import Mapping
from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from training.batch import UNSHARED, Batch, Sharing
from training.config import TrainConfig
from training.distributions import Noise, standard_normal
from training.models import VAE
from training.objectives.objective import LearningObjective, Objective
from training.trainer.devices import autocast
from training.trainer.optimizers import Descent, rate_factor
from training.trainer.processes import OneProcess, Processes


class Learner(Protocol):
    """Any number of modules and optimizers, which take their steps in whatever order they need.

    All that a run must keep to go on bit for bit is in them: a step draws its random numbers from
    the generator that it is given, which begins anew at every step.
    """

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """All that learns; `model` is what the run is for, of which the best weights are kept."""
        ...

    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]:
        """Theirs, with their state `begun`; see `training.trainer.optimizers`."""
        ...

    @property
    def reports(self) -> tuple[str, ...]:
        """The names of what is measured at a step, in order."""
        ...

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """Learn from a batch; returns what `reports` names, (R,)."""
        ...

    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """What `reports` names, of images that are not learned from: scalars."""
        ...

    def comparable(self, means: Mapping[str, float]) -> float:
        """From the means over many batches, a loss that means the same at every step of a run."""
        ...


@runtime_checkable
class Joining(Protocol):
    """A learner whose steps several processes can take together."""

    def join(self, processes: Processes) -> None:
        """From now on take every step together with other processes."""
        ...


class Loss(nn.Module):
    """An objective of a model, as one module with the model's parameters."""

    def __init__(self, model: nn.Module, objective: Objective, sharing: Sharing = UNSHARED) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.sharing = sharing

    def forward(
        self, x: Tensor, targets: Tensor | None, step: int | Tensor, noise: Noise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The objective's loss and its parts for images (B, C, H, W) and their targets (B, …)."""
        batch = Batch(x, targets, self.sharing)
        return self.objective(cast(VAE, self.model), batch, step, noise)


class OneLoss:
    """A model under one loss: what most families need.

    The loop trains it alone, `training.trainer.ensemble` several seeds of it at once, and processes
    share its batches.

    Args:
        descent: moves the model's weights.
        precision: in which the loss is computed.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        descent: Descent,
        plan: TrainConfig,
        precision: torch.dtype,
    ) -> None:
        self.model, self.objective, self.descent, self.plan = model, objective, descent, plan
        self.precision = precision
        self.processes: Processes = OneProcess()
        self.loss: nn.Module = Loss(model, objective)

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The model, and what learns beside it."""
        modules = {"model": self.model}
        if isinstance(self.objective, LearningObjective):
            modules["objective.model"] = self.objective.part
        return modules

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """The model's, and that of what learns beside it."""
        optimizers: dict[str, torch.optim.Optimizer] = {"optimizer": self.descent.adamw}
        if self.descent.muon is not None:
            optimizers["muon"] = self.descent.muon
        if isinstance(self.objective, LearningObjective) and self.objective.optimizer is not None:
            optimizers["objective.optimizer"] = self.objective.optimizer
        return optimizers

    @property
    def reports(self) -> tuple[str, ...]:
        """The objective's."""
        return self.objective.reports

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """Descend the loss of the batch, of which this process takes its share."""
        noise = self.noise(batch.x, generator)
        x, targets, noise = self.processes.share(batch.x, batch.targets, noise)
        self.descent.set_rates(rate_factor(self.plan, step))
        with self.autocast(x.device):
            loss, metrics = self.loss(x, targets, step, noise)
        self.model.zero_grad()
        loss.backward()
        self.descent.step(step)
        parts = torch.stack([value.detach().float() for value in metrics.values()])
        parts = self.processes.mean(parts)  # (R,)
        self.learn(Batch(x, targets, self.processes), parts, step, generator)
        return parts

    def noise(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """N(0, 1) for the codes that the objective draws for images (B, C, H, W): (S B, D)."""
        latents = cast(VAE, self.model).latents
        return standard_normal(self.objective.samples * len(x), latents, x.device, generator)

    def learn(self, batch: Batch, parts: Tensor, step: int, generator: torch.Generator) -> None:
        """Let the objective's own part learn, where it has one, after the model's step.

        Args:
            parts: what the loss reported of the same batch, (R,).
        """
        if isinstance(self.objective, LearningObjective):
            metrics = dict(zip(self.objective.reports, parts, strict=True))
            with self.autocast(batch.x.device):
                self.objective.learn(cast(VAE, self.model), batch, metrics, step, generator)

    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The objective's parts, as they would be at the end of the run."""
        with self.autocast(batch.x.device):
            model = cast(VAE, self.model)
            _, metrics = self.objective(model, batch, self.plan.steps, generator)
        return metrics

    def comparable(self, means: Mapping[str, float]) -> float:
        """The objective's."""
        return self.objective.comparable(means)

    def join(self, processes: Processes) -> None:
        """Take every step together with other processes."""
        self.processes = processes
        self.loss = processes.wrap(Loss(self.model, self.objective, processes))

    def autocast(self, device: torch.device) -> torch.autocast:
        """Computing in the run's precision."""
        return autocast(device, self.precision)
