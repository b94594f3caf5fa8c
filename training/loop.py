"""The training loop, readable from top to bottom.

Every random number follows from (seed, step) or (seed, epoch), never from what ran before. That is
why a resumed run gives the same weights as an uninterrupted one, bit for bit on the same CPU.
"""

import json
import math
import platform
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from training import build
from training.card import MODEL, write_bytes
from training.checkpoint import (
    RESUME,
    Progress,
    new_model,
    read_resume,
    restore,
    save_resume,
    save_weights,
)
from training.config import RunConfig
from training.datasets import Dataset, Split
from training.errors import ConfigError, DivergedError
from training.models.conv_vae import ConvVAE
from training.objectives import LearningObjective, Objective

METRICS = "metrics.jsonl"
SNAPSHOTS = "snapshots"
VALIDATION_BATCH = 500


class Interrupted(KeyboardInterrupt):
    """The run was stopped by Ctrl-C or SIGTERM; its state is saved."""


def train(
    config: RunConfig,
    dataset: Dataset,
    folder: Path,
    device: torch.device,
    resume: bool = False,
    snapshots: Collection[int] = (),
) -> Progress:
    """Train until `config.train.steps`; the best weights by validation loss are left in `folder`.

    Args:
        snapshots: after how many steps the weights of that moment are kept as well; 0 keeps the
            untrained ones.

    Raises:
        Interrupted: after Ctrl-C or SIGTERM, with the state saved.
        CheckpointError: if `resume` finds a state of another configuration.
        ConfigError: if a batch is larger than the training split; nothing is written then.
    """
    seed, plan = config.seed, config.train
    if plan.batch_size > len(dataset.splits["train"]):
        raise ConfigError(
            f"train.batch_size is {plan.batch_size}, but there are only "
            f"{len(dataset.splits['train'])} training images."
        )
    torch.manual_seed(seed)
    model = new_model(config, dataset.shape, folder).to(device)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=plan.learning_rate,
        weight_decay=plan.weight_decay,
        fused=device.type != "mps",
    )
    objective = build.objective(
        config.objective, config.model.latents, len(dataset.splits["train"]), device
    )
    learning = objective if isinstance(objective, LearningObjective) else None
    precision = build.precision(plan.precision, device)
    progress = Progress(precision="bfloat16" if precision == torch.bfloat16 else "float32")
    running = torch.zeros(len(objective.reports))
    if resume and (folder / RESUME).exists():
        progress, tensors = read_resume(folder, config)
        running = restore(folder, progress, tensors, model, optimizer, objective)
        precision = getattr(torch, progress.precision)
    else:
        # From now on the folder is known for a run's, and its configuration can be compared.
        save_resume(folder, config, progress, model, optimizer, objective, running)
        if 0 in snapshots:
            save_snapshot(model, folder, 0)
    running = running.to(device)
    progress.device = _then(progress.device, device.type)
    progress.hardware = _then(progress.hardware, hardware(device))
    _keep_metrics_until(folder / METRICS, progress.step)

    training, validation = (dataset.splits[name].to(device) for name in ("train", "validation"))
    generator = torch.Generator(device)
    batches = _batches(len(training), plan.batch_size, seed, progress.step)
    began = time.perf_counter() - progress.seconds

    with (
        stop_signals() as stopped,
        _progress_bar(plan.steps, progress.step, plan.batch_size) as bar,
    ):
        while progress.step < plan.steps:
            generator.manual_seed(_mix(seed, progress.step))
            x = prepare(training.images(next(batches).to(device)), config, generator)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(config, progress.step)

            with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                loss, metrics = objective(model, x, progress.step, generator)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if learning is not None:
                with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                    learning.learn(model, x, metrics, progress.step, generator)

            progress.step += 1
            running += torch.stack([value.detach().float() for value in metrics.values()])
            bar.update(plan.batch_size)
            if progress.step in snapshots:
                save_snapshot(model, folder, progress.step)
            if progress.step % plan.validate_every == 0 or progress.step == plan.steps:
                since = (progress.step - 1) % plan.validate_every + 1
                train_means = dict(zip(metrics, (running / since).tolist(), strict=True))
                train_means["loss_nats"] = objective.comparable(train_means)
                running.zero_()
                valid_means = validate(model, objective, validation, config, precision)
                progress.seconds = time.perf_counter() - began
                loss_nats = valid_means["loss_nats"]
                if not math.isfinite(loss_nats):
                    raise DivergedError(
                        f"The validation loss is {loss_nats} at step {progress.step}: the run "
                        "diverged; lower --train.learning_rate and give another folder with --out."
                    )
                _append_metrics(
                    folder / METRICS, progress, train_means, valid_means, plan.batch_size
                )
                if progress.best_loss is None or loss_nats < progress.best_loss:
                    progress.best_loss, progress.best_step = loss_nats, progress.step
                    save_weights(model, folder / MODEL, progress.step)
                save_resume(folder, config, progress, model, optimizer, objective, running)
                bar.set_postfix_str(
                    f"validation {loss_nats:.2f} nats, best {progress.best_loss:.2f}"
                )
            if stopped:
                progress.seconds = time.perf_counter() - began
                save_resume(folder, config, progress, model, optimizer, objective, running)
                raise Interrupted
    return progress


def save_snapshot(model: ConvVAE, folder: Path, step: int) -> None:
    """Keep the weights of this step in a folder beside the best ones."""
    (folder / SNAPSHOTS).mkdir(exist_ok=True)
    save_weights(model, folder / SNAPSHOTS / f"{step:07}.safetensors", step)


def hardware(device: torch.device) -> str:
    """The device's name, as its maker gives it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    name = torch.cpu.get_capabilities().get("cpu_name") or platform.processor()
    threads = torch.get_num_threads()
    return f"{name or platform.machine()}, {threads} thread{'s' if threads > 1 else ''}"


def _then(before: str, now: str) -> str:
    if not before:
        return now
    return before if before.split(", then ")[-1] == now else f"{before}, then {now}"


def prepare(x: Tensor, config: RunConfig, generator: torch.Generator) -> Tensor:
    """Images (B, C, H, W) as the model sees them: their pixels read as the configuration says."""
    if config.data.pixels == "binarized":
        x = torch.bernoulli(x, generator=generator)
    elif config.data.pixels == "dequantized":
        noise = torch.empty_like(x).uniform_(generator=generator)
        x = (x * 255 + noise) / 256
    return x.contiguous(memory_format=torch.channels_last)


def learning_rate(config: RunConfig, step: int) -> float:
    """Constant, or a half cosine from `learning_rate` to 0."""
    if config.train.schedule == "constant":
        return config.train.learning_rate
    return config.train.learning_rate * 0.5 * (1 + math.cos(math.pi * step / config.train.steps))


@torch.no_grad()
def validate(
    model: ConvVAE,
    objective: Objective,
    split: Split,
    config: RunConfig,
    precision: torch.dtype,
) -> dict[str, float]:
    """The objective's parts averaged over `split`, with the same noise at every call.

    `loss_nats` is the objective's comparable one.
    """
    device = split.stored.device
    generator = torch.Generator(device).manual_seed(config.seed)
    sums: dict[str, float] = {}
    for indices in torch.arange(len(split), device=device).split(VALIDATION_BATCH):
        x = prepare(split.images(indices), config, generator)
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            _, metrics = objective(model, x, config.train.steps, generator)
        for name, value in metrics.items():
            sums[name] = sums.get(name, 0.0) + value.item() * len(indices)
    means = {name: total / len(split) for name, total in sums.items()}
    return means | {"loss_nats": objective.comparable(means)}


def _batches(size: int, batch_size: int, seed: int, step: int) -> Iterator[Tensor]:
    """Index batches (B,) of shuffled epochs, from `step` on; a last, partial batch is left out."""
    per_epoch = size // batch_size
    while True:
        epoch, position = divmod(step, per_epoch)
        order = torch.randperm(size, generator=torch.Generator().manual_seed(_mix(seed, epoch, 1)))
        for batch in order.split(batch_size)[position:per_epoch]:
            yield batch
            step += 1


def _mix(seed: int, index: int, stream: int = 0) -> int:
    """A generator seed: no two (seed, index, stream) share one."""
    return (seed << 32) + (index << 1) + stream


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """While open, Ctrl-C and SIGTERM fill the list instead of ending the program in mid-step."""
    received: list[int] = []
    previous = {
        number: signal.signal(number, lambda caught, _: received.append(caught))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _progress_bar(steps: int, done: int, batch_size: int) -> "tqdm[None]":
    return tqdm(
        total=steps * batch_size,
        initial=done * batch_size,
        unit=" images",
        unit_scale=True,
        smoothing=0.05,
    )


def _append_metrics(
    path: Path,
    progress: Progress,
    train: dict[str, float],
    valid: dict[str, float],
    batch_size: int,
) -> None:
    line = {
        "step": progress.step,
        "images": progress.step * batch_size,
        "seconds": round(progress.seconds, 1),
        **{f"train_{name}": value for name, value in train.items()},
        **{f"validation_{name}": value for name, value in valid.items()},
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _keep_metrics_until(path: Path, step: int) -> None:
    """Drop what was written after the state from which the run goes on."""
    if not path.exists():
        return
    kept = [line for line in read_metrics(path) if line["step"] <= step]
    write_bytes(path, "".join(json.dumps(line) + "\n" for line in kept).encode())


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The lines of metrics.jsonl, without a last one that a crash cut short."""
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines
