"""Seeds of one recipe trained together, in one batched step (torch.func).

Each member has the weights, images and noise that its seed gives it alone, and a folder of its own;
its weights differ from those it gets alone by how sums are rounded. Convolutions with a weight of
their own for each member become grouped ones. On a CUDA device the step, with its optimizers, is
captured once and replayed as one graph, so that its many small kernels wait for no Python; under
Muon it is not.

A CPU gains nothing: there `training.trainer.loop` trains seeds faster, one after another.
"""

import math
import sys
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
from msgspec.structs import replace
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from training.batch import Batch
from training.checkpoints.checkpoint import Progress
from training.config import RunConfig
from training.datasets import Dataset, Split
from training.errors import ConfigError, DivergedError
from training.learners import Loss, OneLoss
from training.models import VAE
from training.objectives.objective import LearningObjective, Objective
from training.trainer.loop import Interrupted, Run, begin
from training.trainer.loop import train as train_alone
from training.trainer.optimizers import rate_factor
from training.trainer.terminal import progress_bar, stop_signals

UNCAPTURED = 3  # steps before the capture, in which libraries choose and allocate what they need


def train_each(
    runs: Mapping[Path, RunConfig],
    dataset: Dataset,
    device: torch.device,
    resume: bool = False,
    snapshots: Collection[int] = (),
) -> Iterator[tuple[Path, Progress]]:
    """Runs that differ in their seeds alone, a folder each, in whichever way is faster here.

    Yields:
        Each folder as soon as its run is done, and where that stands.

    Raises:
        DivergedError: after all others are done, if a run has diverged; it names every such one.
    """
    diverged: dict[Path, DivergedError] = {}
    if device.type == "cuda" and runs:
        reached = train(list(runs.values()), dataset, list(runs), device, resume, snapshots)
        for folder, end in zip(runs, reached, strict=True):
            if isinstance(end, DivergedError):
                diverged[folder] = end
            else:
                yield folder, end
    else:
        for folder, config in runs.items():
            try:
                progress = train_alone(config, dataset, folder, device, resume, snapshots)
            except DivergedError as error:
                diverged[folder] = error
            else:
                yield folder, progress
    if diverged and len(runs) == 1:
        raise next(iter(diverged.values()))
    if diverged:
        reasons = " ".join(f"{folder}: {error}" for folder, error in diverged.items())
        raise DivergedError(f"{len(diverged)} of {len(runs)} runs diverged. {reasons}")


def train(
    configs: Sequence[RunConfig],
    dataset: Dataset,
    folders: Sequence[Path],
    device: torch.device,
    resume: bool = False,
    snapshots: Collection[int] = (),
) -> list[Progress | DivergedError]:
    """`training.trainer.loop.train` for runs that differ in their seeds alone, together.

    Returns:
        Where each run stands at its end, or why it diverged; the others go on without that one.

    Raises:
        Interrupted, CheckpointError, ConfigError: as `training.trainer.loop.train` does.
        ConfigError: if the model is not trained by one loss; nothing is written then.
    """
    if len({replace(config, seed=0) for config in configs}) != 1:
        raise ValueError("Runs that are trained together may differ in their seeds alone.")
    plan, unit = configs[0].train, configs[0].model.loss_unit
    runs = [
        begin(
            *(config, dataset, folder, device, resume, snapshots),
            memory_format=torch.contiguous_format,
            note=f"{len(configs)} seeds at once" if len(configs) > 1 else "",
        )
        for config, folder in zip(configs, folders, strict=True)
    ]
    for run in runs:
        _of_one_loss(run)
    for run in runs:
        run.claim()
    training, validation = (dataset.splits[name].to(device) for name in ("train", "validation"))
    done = sum(run.progress.step for run in runs)
    diverged: dict[Path, DivergedError] = {}
    with (
        stop_signals() as stopped,
        progress_bar(plan.steps * len(runs), done, plan.batch_size) as bar,
    ):
        while unfinished := [run for run in runs if _goes_on(run, diverged)]:
            # Cut off between two saves, members stand at two steps: those ahead wait.
            step = min(run.progress.step for run in unfinished)
            members = [run for run in unfinished if run.progress.step == step]
            ahead = [run.progress.step for run in unfinished if run.progress.step > step]
            stacked = StackedRuns(members, dataset.shape, training.targets.shape[1:])
            for _ in range(step, min([*ahead, plan.steps])):
                losses = stacked.step(training, validation)
                bar.update(plan.batch_size * len(members))
                if losses:
                    found = ", ".join(f"{loss:.2f}" for loss in losses)
                    bar.set_postfix_str(f"validation {configs[0].loss_name} {found} {unit}")
                diverged |= stacked.diverged
                if stopped:
                    for run in members:
                        if run.folder not in diverged:
                            run.save()
                    raise Interrupted
                if stacked.diverged:
                    break
    return [diverged.get(run.folder, run.progress) for run in runs]


def _goes_on(run: Run, diverged: Collection[Path]) -> bool:
    return run.folder not in diverged and run.progress.step < run.config.train.steps


class StackedRuns:
    """Runs at the same step of the same plan, taking the next steps as one.

    The tensors of their models, and of what their objectives learn, become views of the stacked
    ones here. So each run can be validated, saved and taught by its objective as if it were alone.
    One whose validation diverges is noted in `diverged`, by its folder.
    """

    def __init__(
        self, runs: Sequence[Run], shape: tuple[int, ...], targets: tuple[int, ...]
    ) -> None:
        self.runs, first = runs, runs[0]
        self.learners = [_of_one_loss(run) for run in runs]
        self.diverged: dict[Path, DivergedError] = {}
        device, batch, latents = (
            first.running.device,
            first.config.train.batch_size,
            cast(VAE, self.learners[0].model).latents,
        )
        losses = [_LossAndPart(one.model, one.objective) for one in self.learners]
        self.blueprint = losses[0].eval()  # in training, gradients are asked for as vmap cannot
        tensors = stack_in_place(losses)
        self.parameters = {
            name: [dict(loss.named_parameters())[name] for loss in losses]
            for name, parameter in self.blueprint.named_parameters()
            if name.startswith("model.") and parameter.requires_grad
        }
        self.learned = {name: tensors[name] for name in self.parameters}
        self.held = {name: tensors[name] for name in tensors.keys() - self.learned.keys()}
        self.gradients = vmap(grad(self._loss, has_aux=True))

        # A captured step reads its inputs where they were when it was captured.
        self.x = torch.empty(len(runs), batch, *shape, device=device)
        self.targets = torch.empty(len(runs), batch, *targets, dtype=torch.int32, device=device)
        self.noise = torch.empty(
            len(runs), self.learners[0].objective.samples * batch, latents, device=device
        )
        self.number = torch.zeros((), device=device)
        for run, learner in zip(runs, self.learners, strict=True):
            run.began = time.perf_counter() - run.progress.seconds
            for group in learner.descent.adamw.param_groups:
                group["lr"], group["capturable"] = torch.zeros((), device=device), True
        # Muon takes its rate as a number and begins at a step, neither of which a replay follows.
        captured = device.type == "cuda" and self.learners[0].descent.muon is None
        self.update = _Captured(self._update) if captured else self._update

    def step(self, training: Split, validation: Split) -> list[float]:
        """One step of every run; the validation losses when it was time for them."""
        first = self.runs[0]
        for place, run in enumerate(self.runs):
            batch = run.draw(training)
            assert batch.targets is not None  # every split has them
            self.x[place], self.targets[place] = batch.x, batch.targets
            self.noise[place] = self.learners[place].noise(batch.x, run.generator)
        self.number.fill_(first.progress.step)
        factor = rate_factor(first.config.train, first.progress.step)
        for learner in self.learners:
            learner.descent.set_rates(factor)
        losses = []
        of_each = zip(self.runs, self.learners, self.x, self.targets, self.update(), strict=True)
        for run, learner, x, targets, parts in of_each:
            learner.learn(Batch(x, targets), parts, run.progress.step, run.generator)
            try:
                losses.append(run.advance(parts, validation))
            except DivergedError as error:
                self.diverged[run.folder] = error
        return [loss for loss in losses if loss is not None]

    def _update(self) -> Tensor:
        """Change the weights; returns the parts of the losses, (E, R) for E runs."""
        gradients, parts = self.gradients(
            *(self.learned, self.held, self.x, self.targets, self.noise)
        )
        for name, parameters in self.parameters.items():
            # Fused optimizers walk a weight and its gradient in memory order.
            of_each = gradients[name].contiguous()
            for parameter, gradient in zip(parameters, of_each, strict=True):
                parameter.grad = gradient
        for run, learner in zip(self.runs, self.learners, strict=True):
            learner.descent.step(run.progress.step)
        result: Tensor = parts
        return result

    def _loss(
        self,
        learned: dict[str, Tensor],
        held: dict[str, Tensor],
        x: Tensor,
        targets: Tensor,
        noise: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """The loss of one run, a scalar, and its parts, (R,)."""
        with self.learners[0].autocast(x.device):
            loss, metrics = functional_call(
                self.blueprint, learned | held, (x, targets, self.number, noise)
            )
        return loss, torch.stack([value.float() for value in metrics.values()])


def _of_one_loss(run: Run) -> OneLoss:
    if not isinstance(run.learner, OneLoss):
        raise ConfigError(
            "This model has no single loss, so its seeds cannot be trained at once; give --seed, "
            "a run for each."
        )
    return run.learner


class _LossAndPart(Loss):
    """A loss that also has what its objective learns as a module."""

    def __init__(self, model: nn.Module, objective: Objective) -> None:
        super().__init__(model, objective)
        self.part = objective.part if isinstance(objective, LearningObjective) else None


def stack_in_place(modules: Sequence[nn.Module]) -> dict[str, Tensor]:
    """All parameters and buffers of E alike modules, (E, ...); theirs become views of these."""
    named = [{**dict(one.named_parameters()), **dict(one.named_buffers())} for one in modules]
    stacked = {}
    for name in named[0]:
        tensors = [of_one[name] for of_one in named]
        stacked[name] = torch.stack([tensor.detach() for tensor in tensors])
        for tensor, view in zip(tensors, stacked[name], strict=True):
            tensor.data = view
    return stacked


class _Captured:
    """A function without arguments, replayed as a CUDA graph after a few plain calls.

    A replay launches the same kernels on the same memory. So the function may read nothing that
    changes but tensors that stay in place, and its result holds until the next call.
    """

    def __init__(self, function: Callable[[], Tensor]) -> None:
        self.function = function
        self.plain_calls: float = UNCAPTURED
        self.graph: torch.cuda.CUDAGraph | None = None
        self.result: Tensor

    def __call__(self) -> Tensor:
        """The function's result."""
        if self.plain_calls > 0:
            self.plain_calls -= 1
            return self._plainly()
        if self.graph is None:
            graph = torch.cuda.CUDAGraph()
            try:
                with torch.cuda.graph(graph):
                    self.result = self.function()
            except RuntimeError as error:
                # Nothing has been computed yet, and a slower run is better than none.
                reason = str(error).splitlines()[0]
                print(f"The step cannot be captured ({reason}); going on without.", file=sys.stderr)
                self.plain_calls = math.inf
                return self._plainly()
            self.graph = graph
        self.graph.replay()
        return self.result

    def _plainly(self) -> Tensor:
        """Call it on another stream than the default one, as CUDA demands before a capture."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*capturable=True")  # it will be captured
            result = self.function()
        torch.cuda.current_stream().wait_stream(stream)
        return result
