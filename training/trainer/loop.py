"""The training loop, readable from top to bottom.

Every random number follows from (seed, step) or (seed, epoch), never from what ran before. That is
why a resumed run gives the same weights as an uninterrupted one, bit for bit on the same CPU.
"""

import math
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.checkpoints.checkpoint import (
    Progress,
    new_model,
    read_resume,
    restore,
    save_resume,
    save_weights,
)
from training.config import RunConfig
from training.contract.absence import METRICS, RESUME
from training.contract.card import CARD, MODEL
from training.datasets import Dataset, Split
from training.errors import CheckpointError, ConfigError, DivergedError
from training.families.family import tag
from training.learners import Joining, Learner
from training.trainer import devices
from training.trainer.metrics_file import append_metrics, keep_metrics_until
from training.trainer.processes import OneProcess, Processes
from training.trainer.terminal import progress_bar, stop_signals

SNAPSHOTS = "snapshots"
VALIDATION_BATCH = 500
ONE_PROCESS = OneProcess()


class Interrupted(KeyboardInterrupt):
    """The run was stopped by Ctrl-C or SIGTERM; its state is saved."""


@dataclass
class Run:
    """One model in training: what learns, where it stands, and the folder that keeps it.

    Fields:
        running: sums of what the learner reports since the last validation, (R,).
        batches: the indices (B,) of the images of each step to come.
        generator: draws all noise; it begins anew at every step.
        began: when the run would have begun if it had never stopped, on `time.perf_counter`.
        writes: whether this process writes to the folder.
    """

    config: RunConfig
    folder: Path
    learner: Learner
    progress: Progress
    running: Tensor
    batches: Iterator[Tensor]
    generator: torch.Generator
    snapshots: Collection[int]
    began: float
    writes: bool

    @property
    def states(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """All that learns, by the names under which it is saved."""
        return {**self.learner.modules, **self.learner.optimizers}

    def claim(self) -> None:
        """Mark the folder as this run's, so that its configuration can be compared; then go on.

        A finished run that goes on has no card until it is finished again.
        """
        if self.writes and self.progress.finished_at:
            (self.folder / CARD).unlink(missing_ok=True)
            self.save()
        if self.progress.step == 0:
            self.save()
            if self.writes and 0 in self.snapshots:
                save_snapshot(self.learner.modules["model"], self.folder, 0)
        if self.writes:
            keep_metrics_until(self.folder / METRICS, self.progress.step)

    def draw(self, training: Split) -> Batch:
        """The next step's batch; the generator then stands where the step goes on drawing."""
        self.generator.manual_seed(_mix(self.config.seed, self.progress.step))
        indices = next(self.batches)
        x = prepare(training.images(indices), self.config, self.generator)
        return Batch(x, training.targets[indices])

    def advance(self, parts: Tensor, validation: Split) -> float | None:
        """Count a step whose parts were (R,), and when it is time, validate and save.

        Returns:
            The validation loss, in the family's `loss_unit`, when it was time.

        Raises:
            DivergedError: if that is infinite or NaN.
        """
        plan = self.config.train
        self.progress.step += 1
        self.running += parts
        if self.writes and self.progress.step in self.snapshots:
            save_snapshot(self.learner.modules["model"], self.folder, self.progress.step)
        if self.progress.step % plan.validate_every == 0 or self.progress.step == plan.steps:
            return self._validate(validation)
        return None

    def _validate(self, validation: Split) -> float:
        config, progress, learner = self.config, self.progress, self.learner
        since = (progress.step - 1) % config.train.validate_every + 1
        train_means = dict(zip(learner.reports, (self.running / since).tolist(), strict=True))
        train_means["loss"] = learner.comparable(train_means)
        self.running.zero_()
        valid_means = validate(learner, validation, config)
        progress.seconds = time.perf_counter() - self.began
        loss = valid_means["loss"]
        if not math.isfinite(loss):
            raise DivergedError(
                f"The validation loss is {loss} at step {progress.step}: the run "
                "diverged; lower --train.learning_rate and give another folder with --out."
            )
        better = progress.best_loss is None or loss < progress.best_loss
        if better:
            progress.best_loss, progress.best_step = loss, progress.step
        if self.writes:
            append_metrics(
                self.folder / METRICS, progress, train_means, valid_means, config.train.batch_size
            )
            if better:
                save_weights(learner.modules["model"], self.folder / MODEL, progress.step)
        self.save()
        return loss

    def save(self) -> None:
        """Write everything that the rest of the run depends on."""
        if self.writes:
            self.progress.seconds = time.perf_counter() - self.began
            save_resume(self.folder, self.config, self.progress, self.states, self.running)


def begin(
    config: RunConfig,
    dataset: Dataset,
    folder: Path,
    device: torch.device,
    resume: bool = False,
    snapshots: Collection[int] = (),
    memory_format: torch.memory_format = torch.channels_last,
    note: str = "",
    writes: bool = True,
) -> Run:
    """A new run, or with `resume` the one that `folder` holds, where it stopped.

    Nothing is written before `claim`.

    Args:
        note: what the record says beside the hardware, such as how many seeds it trains at once.
        writes: whether this process writes to the folder.

    Raises:
        CheckpointError: if `resume` finds a state of another configuration.
        ConfigError: if a batch is larger than the training split.
    """
    seed, plan, images = config.seed, config.train, len(dataset.splits["train"])
    if plan.batch_size > images:
        raise ConfigError(
            f"train.batch_size is {plan.batch_size}, but there are only {images} training images."
        )
    precision = devices.precision(plan.precision, device)
    progress = Progress(precision="bfloat16" if precision == torch.bfloat16 else "float32")
    resumed = resume and (folder / RESUME).exists()
    if resumed:
        progress, tensors = read_resume(folder, config, longer=True)
    torch.manual_seed(seed)
    model = new_model(config, dataset.form, folder).to(device)
    model = model.to(memory_format=memory_format)
    learner = config.model.learner(
        *(model, config, dataset.form, images, getattr(torch, progress.precision), device)
    )
    running = torch.zeros(len(learner.reports), device=device)
    run = Run(
        *(config, folder, learner, progress, running),
        batches=_batches(images, plan.batch_size, seed, progress.step, device),
        generator=torch.Generator(device),
        snapshots=snapshots,
        began=time.perf_counter() - progress.seconds,
        writes=writes,
    )
    if resumed:
        restore(folder, tensors, run.states, running)
    progress.device = devices.then(progress.device, device.type)
    progress.hardware = devices.then(progress.hardware, devices.hardware(device, note))
    return run


def _nobody(run: Run) -> bool:
    """Watches no run, and so stops none."""
    return False


def train(
    config: RunConfig,
    dataset: Dataset,
    folder: Path,
    device: torch.device,
    resume: bool = False,
    snapshots: Collection[int] = (),
    processes: Processes = ONE_PROCESS,
    watch: Callable[[Run], bool] = _nobody,
) -> Progress:
    """Train until `config.train.steps`; the best weights by validation loss are left in `folder`.

    Args:
        snapshots: after how many steps the weights of that moment are kept as well; 0 keeps the
            untrained ones.
        processes: those that train this model together; each calls this function.
        watch: is shown the run after every step, which it must leave as it is; true: stop it.

    Raises:
        Interrupted: after Ctrl-C or SIGTERM, or where `watch` says so, with the state saved.
        CheckpointError: if `resume` finds a state of another configuration, or the processes find
            different states.
        ConfigError: if a batch is larger than the training split, or the processes cannot train
            this model together; nothing is written then.
    """
    run = begin(
        *(config, dataset, folder, device, resume, snapshots),
        note=processes.note,
        writes=processes.first,
    )
    plan, progress, unit = config.train, run.progress, config.model.loss_unit
    if not processes.at_same_step(progress.step):
        raise CheckpointError(
            f"Here {folder} holds a run at step {progress.step:,}, but another process sees one at "
            "another step; all machines must see the same folder."
        )
    if processes is not ONE_PROCESS:
        if not isinstance(run.learner, Joining):
            raise ConfigError(
                f"The family {tag(config.model)} is trained in one process; start it without "
                "torchrun."
            )
        run.learner.join(processes)
    run.claim()
    training, validation = (dataset.splits[name].to(device) for name in ("train", "validation"))

    with (
        stop_signals() as stopped,
        # What watches the run shows how far it is.
        progress_bar(
            *(plan.steps, progress.step, plan.batch_size),
            hidden=not run.writes or watch is not _nobody,
        ) as bar,
    ):
        while progress.step < plan.steps:
            batch = run.draw(training)
            parts = run.learner.step(batch, progress.step, run.generator)

            bar.update(plan.batch_size)
            loss = run.advance(parts, validation)
            if loss is not None:
                best = f"{loss:.2f} {unit}, best {progress.best_loss:.2f}"
                bar.set_postfix_str(f"validation {config.loss_name} {best}")
            if processes.agree(watch(run) or bool(stopped)):
                run.save()
                raise Interrupted
    return progress


def save_snapshot(model: nn.Module, folder: Path, step: int) -> None:
    """Keep the weights of this step in a folder beside the best ones."""
    (folder / SNAPSHOTS).mkdir(exist_ok=True)
    save_weights(model, folder / SNAPSHOTS / f"{step:07}.safetensors", step)


def prepare(x: Tensor, config: RunConfig, generator: torch.Generator) -> Tensor:
    """Images (B, C, H, W) as the model sees them: their pixels read as the configuration says.

    Words (B, L) are as they are.
    """
    if x.ndim != 4:
        return x
    if config.data.pixels == "binarized":
        x = torch.bernoulli(x, generator=generator)
    elif config.data.pixels == "dequantized":
        noise = torch.empty_like(x).uniform_(generator=generator)
        x = (x * 255 + noise) / 256
    return x.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def validate(learner: Learner, split: Split, config: RunConfig) -> dict[str, float]:
    """What the learner reports averaged over `split`, with the same noise at every call.

    `loss` is the comparable one.
    """
    device = split.stored.device
    generator = torch.Generator(device).manual_seed(config.seed)
    sums: dict[str, float] = {}
    for indices in torch.arange(len(split), device=device).split(VALIDATION_BATCH):
        x = prepare(split.images(indices), config, generator)
        for name, value in learner.validate(Batch(x, split.targets[indices]), generator).items():
            sums[name] = sums.get(name, 0.0) + value.item() * len(indices)
    means = {name: total / len(split) for name, total in sums.items()}
    return means | {"loss": learner.comparable(means)}


def _batches(
    size: int, batch_size: int, seed: int, step: int, device: torch.device
) -> Iterator[Tensor]:
    """Index batches (B,) of shuffled epochs, from `step` on; a last, partial batch is left out."""
    per_epoch = size // batch_size
    while True:
        epoch, position = divmod(step, per_epoch)
        order = torch.randperm(size, generator=torch.Generator().manual_seed(_mix(seed, epoch, 1)))
        for batch in order.to(device).split(batch_size)[position:per_epoch]:
            yield batch
            step += 1


def _mix(seed: int, index: int, stream: int = 0) -> int:
    """A generator seed: no two (seed, index, stream) share one."""
    return (seed << 32) + (index << 1) + stream
