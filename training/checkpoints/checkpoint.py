"""Weights on disk: loading a checkpoint strictly, and the state from which a run resumes."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import safetensors
import safetensors.torch
import torch
from msgspec import Struct
from torch import Tensor, nn

from training.checkpoints.half_precision import narrowed
from training.config import RunConfig, configuration, from_json, to_json
from training.contract.absence import RESUME
from training.contract.card import CARD, LARGEST_FILE, MODEL, Card
from training.contract.fields import Count, Line, Magnitude, Number, Protocol
from training.contract.files import read_bytes, read_card, write_bytes
from training.contract.reading import parse, read
from training.errors import CheckpointError, ConfigError
from training.families.family import Form

# All that learns in a run, by the names that its tensors begin with.
Learners = Mapping[str, nn.Module | torch.optim.Optimizer]


def load(folder: str | Path) -> tuple[Any, Card]:
    """The model of a checkpoint folder, in evaluation mode, and its card.

    Raises:
        CheckpointError: in one sentence, if any file is missing, changed or hostile.
    """
    folder = Path(folder)
    card = read_card(folder)
    return model_of(card, folder).eval(), card


def model_of(card: Card, folder: Path) -> Any:
    """The model that a card describes, with the weights beside it.

    Raises:
        CheckpointError: in one sentence, if they do not fit.
    """
    config = configuration(card, folder.name)
    if MODEL not in card.files:
        raise CheckpointError(f"{folder.name}/{CARD} does not list {MODEL}; train it again.")
    model = new_model(config, config.model.form(card), folder, card.files[MODEL].bytes)
    load_weights(model, folder / MODEL)
    return model


def new_model(config: RunConfig, form: Form, folder: Path, room: int = LARGEST_FILE) -> Any:
    """An untrained model of at most `room` bytes.

    Raises:
        CheckpointError: if the configuration makes none, or a larger one; none is built then.
    """
    try:
        with torch.device("meta"):
            blueprint = config.model.network(form)
    except ConfigError as error:
        raise CheckpointError(f"{folder.name}: {error}") from error
    except (RuntimeError, OverflowError, TypeError) as error:  # sizes beyond 64 bits
        raise CheckpointError(
            f"{folder.name} describes a model too large for any machine."
        ) from error
    parameters = sum(p.numel() for p in blueprint.parameters())
    if parameters * 2 > room:  # in half precision
        raise CheckpointError(
            f"{folder.name} describes a model of {parameters:,} weights; {room:,} bytes of "
            f"{MODEL} do not hold them."
        )
    return config.model.network(form)


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill `model` with the tensors of a safetensors file: same names, same shapes, finite.

    Raises:
        CheckpointError: in one sentence, if they are not.
    """
    tensors, _ = read_tensors(path)
    expected = model.state_dict()
    where = f"{path.parent.name}/{path.name}"
    for name in sorted(expected.keys() - tensors.keys()):
        raise CheckpointError(
            f"{where} lacks the weights {name!r} of the model its card describes."
        )
    for name, tensor in sorted(tensors.items()):
        if name not in expected:
            raise CheckpointError(f"{where} has weights {name!r:.80} that the model does not have.")
        needed = expected[name]
        if tensor.dtype == torch.float16 and needed.dtype == torch.float32:
            tensor = tensors[name] = tensor.float()
        if tensor.shape != needed.shape or tensor.dtype != needed.dtype:
            raise CheckpointError(
                f"{where}: {name} is {tensor.dtype} {tuple(tensor.shape)}; "
                f"the model needs {needed.dtype} {tuple(needed.shape)}."
            )
        if not tensor.isfinite().all():
            raise CheckpointError(
                f"{where}: {name} holds NaN or infinite weights; train or copy it again."
            )
    model.load_state_dict(tensors)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a safetensors file; nothing in it is executed."""
    content = read_bytes(path)
    where = f"{path.parent.name}/{path.name}"
    try:
        tensors = safetensors.torch.load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        if content[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
            raise CheckpointError(
                f"{where} is a pickle, which can run code; only safetensors files are read."
            ) from error
        raise CheckpointError(
            f"{where} is not a whole safetensors file ({' '.join(str(error).split())[:100]}); "
            "copy it again."
        ) from error
    return tensors, header.get("__metadata__", {})


def save_weights(model: nn.Module, path: Path, step: int) -> None:
    """Write the weights at once, in half precision where that holds them exactly."""
    tensors = {
        name: narrowed(_in_float32(tensor.detach()).cpu()).contiguous()
        for name, tensor in model.state_dict().items()
    }
    write_bytes(path, safetensors.torch.save(tensors, {"step": str(step)}))


def _in_float32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor  # what counts stays whole


class Progress(Struct, forbid_unknown_fields=True):
    """Where a run stands; `best_loss` is None before the first validation.

    A run that went on elsewhere names every device and processor it had, in order; one that was
    finished and then made longer, the steps after which it was finished.
    """

    step: Count = 0
    best_step: Count = 0
    best_loss: Number | None = None
    seconds: Magnitude = 0.0
    precision: Literal["float32", "bfloat16"] = "float32"
    device: Line = ""
    hardware: Protocol = ""
    finished_at: tuple[Count, ...] = ()


def save_resume(
    folder: Path, config: RunConfig, progress: Progress, learners: Learners, running: Tensor
) -> None:
    """Write everything that the rest of the run depends on, as one file."""
    tensors = {"running": running} | _states(learners)
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {"progress": json.dumps(to_json(progress)), "config": json.dumps(to_json(config))}
    write_bytes(folder / RESUME, safetensors.torch.save(contiguous, metadata))


def _states(learners: Learners) -> dict[str, Tensor]:
    """All tensors of all learners; an optimizer's are called by the number of their parameter."""
    tensors: dict[str, Tensor] = {}
    for place, learner in learners.items():
        if isinstance(learner, nn.Module):
            tensors |= {f"{place}.{name}": t for name, t in learner.state_dict().items()}
            continue
        for index, state in learner.state_dict()["state"].items():
            tensors |= {f"{place}.{index}.{field}": t for field, t in state.items()}
    return tensors


def read_resume(
    folder: Path, config: RunConfig, longer: bool = False
) -> tuple[Progress, dict[str, Tensor]]:
    """The saved state of a run, refused under another configuration.

    Args:
        longer: whether a run that is at its last step may be given more of them.

    Raises:
        CheckpointError: naming the first field that differs, or what is wrong with the file.
    """
    tensors, metadata = read_tensors(folder / RESUME)
    try:
        saved = parse(metadata["config"].encode(), "config")
        progress = read(Progress, parse(metadata["progress"].encode(), "progress"), "progress")
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{folder.name}/{RESUME} has no readable run state ({error})."
        ) from error
    with contextlib.suppress(ConfigError):  # fields that came later have their defaults in it
        saved = to_json(from_json(saved, "config"))
    before = saved["train"]["steps"] if longer and progress.step == _steps(saved) else None
    if before is not None and before < config.train.steps:
        progress.finished_at += (before,)
        saved["train"]["steps"] = config.train.steps
    if saved != to_json(config):
        raise CheckpointError(
            f"{folder.name} was begun {_first_difference(saved, to_json(config))}; resume it with "
            "the same configuration, or choose another folder with --out."
        )
    return progress, tensors


def _steps(config: Any) -> Any:
    """The length of the run that was saved, or None."""
    train = config.get("train") if isinstance(config, dict) else None
    return train.get("steps") if isinstance(train, dict) else None


def restore(folder: Path, tensors: dict[str, Tensor], learners: Learners, running: Tensor) -> None:
    """Put the saved tensors back into what learns, and into the running sums.

    Raises:
        CheckpointError: unless they are exactly those of these modules and optimizers.
    """
    expected = {"running": running} | _states(learners)
    for name in sorted(expected.keys() | tensors.keys()):
        fits = name in tensors and name in expected and tensors[name].shape == expected[name].shape
        if not fits:
            raise CheckpointError(
                f"{folder.name}/{RESUME} does not hold this run's state ({name:.60} is missing or "
                "does not fit); begin again in another folder with --out."
            )
    running.copy_(tensors["running"])
    for place, learner in learners.items():
        state = learner.state_dict()
        if isinstance(learner, nn.Module):
            learner.load_state_dict({name: tensors[f"{place}.{name}"] for name in state})
            continue
        # An optimizer's own tensors are filled in place: fused ones walk a weight and its moments
        # in memory order, and the file has only contiguous tensors.
        for index, fields in state["state"].items():
            for field, tensor in fields.items():
                tensor.copy_(tensors[f"{place}.{index}.{field}"])


def _first_difference(before: Any, now: Any, path: str = "") -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in [*before, *now]:
            field = f"{path}.{key}".lstrip(".")
            if key not in before or key not in now:
                shown = field if field.isprintable() else repr(field)
                return f"{'with' if key in before else 'without'} the field {shown:.80}"
            if before[key] != now[key]:
                return _first_difference(before[key], now[key], field)
    return f"with {path} = {before!r:.60}, not {now!r:.60}"
