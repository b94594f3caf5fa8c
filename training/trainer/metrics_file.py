"""metrics.jsonl: a line for each validation of a run."""

import json
from pathlib import Path

from training.checkpoints.checkpoint import Progress
from training.contract.files import write_bytes
from training.contract.reading import parse

WRITTEN = ("step", "train_loss", "validation_loss")  # of each validation, beside others


def append_metrics(
    path: Path,
    progress: Progress,
    train: dict[str, float],
    valid: dict[str, float],
    batch_size: int,
) -> None:
    """Add a validation: its means and those of the training steps since the one before."""
    line = {
        "step": progress.step,
        "images": progress.step * batch_size,
        "seconds": round(progress.seconds, 1),
        **{f"train_{name}": value for name, value in train.items()},
        **{f"validation_{name}": value for name, value in valid.items()},
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def keep_metrics_until(path: Path, step: int) -> None:
    """Drop the lines after `step`, from which a run goes on."""
    if not path.exists():
        return
    kept = [line for line in read_metrics(path) if line["step"] <= step]
    write_bytes(path, "".join(json.dumps(line) + "\n" for line in kept).encode())


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The lines of metrics.jsonl, up to one that a crash cut short or that we did not write."""
    lines = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found = parse(text.encode(), path.name)
        except ValueError:
            break
        if not isinstance(found, dict):
            break
        # Until there were losses in other units, the unit stood in their name.
        line = {name.replace("_loss_nats", "_loss"): value for name, value in found.items()}
        if not all(isinstance(line.get(name), int | float) for name in WRITTEN):
            break
        lines.append(line)
    return lines
