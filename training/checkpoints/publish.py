"""A folder for a model hub: the checkpoint, a README that says what it is, and a configuration.

The README begins with the front matter of a model card (Hugging Face's `modelcard.md`), and shows
three lines of Python that decode and encode with onnxruntime alone. These are run before it counts.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path

from training.contract.card import CARD, MODEL, PREVIEW, Card
from training.contract.files import as_json, read_card, save_card, write_bytes
from training.contract.graphs import Port
from training.contract.measurements import Metric
from training.contract.outputs import Pixels
from training.contract.places import without_places
from training.contract.reading import plain
from training.errors import CheckpointError

README, CONFIG = "README.md", "config.json"
BAR = "&#124;"  # within a cell of a table, | ends it
TAKEN = ("np", "ort", "image")  # names that the lines use for something else
LONGEST_S = 300  # that its lines may take
NOT_SAID = "not said"  # as `training.save` has it where nothing was given
UNKNOWN = "unknown"  # what model hubs call a licence that nobody gave


def publish(folder: Path, out: Path, licence: str | None) -> Card:
    """Write `out` from a checkpoint folder, and check that it opens and runs from a fresh copy.

    Args:
        licence: of the weights, as a model hub spells it (`mit`, `cc-by-4.0`).

    Raises:
        CheckpointError: if the checkpoint is damaged, `out` is not empty, or the copy does not run;
            then `out` is not there.
    """
    card = without_places(read_card(folder))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CheckpointError(f"{out} is not empty: give another --out.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".publish-") as place:
        made = Path(place) / "made"
        made.mkdir()
        for name in card.files:
            shutil.copyfile(folder / name, made / name)
        write_bytes(made / CONFIG, as_json(_config(card), indent=2))
        write_bytes(made / README, readme(card, licence).encode())
        save_card(made, card, card.files)
        fresh = Path(place) / "fresh"
        shutil.copytree(made, fresh)
        _check(fresh, card)
        if out.exists():
            out.rmdir()
        made.rename(out)
    return card


def readme(card: Card, licence: str | None) -> str:
    """The README of the folder."""
    return "\n".join(
        [
            *_front_matter(card, licence),
            f"# {card.title}",
            "",
            f"{card.summary}. {card.intent}".strip(),
            "",
            *([f"![Each row moves one latent]({PREVIEW})", ""] if PREVIEW in card.files else []),
            "## Decode and encode",
            "",
            "With [onnxruntime](https://onnxruntime.ai) alone, in this folder:",
            "",
            "```python",
            *lines(card),
            "```",
            "",
            *_about_images(card),
            "To move its latents by hand: put the folder into `runs/` of the latent-space explorer "
            "or drop it on its page.",
            "",
            *_numbers(card.metrics),
            "## Data and licence",
            "",
            _about_data(card),
            f"Licence of the weights: {licence or NOT_SAID}.",
            "",
            *_training(card),
            f"`{CARD}` has all of this, and the SHA-256 of every file.",
            "",
        ]
    )


def lines(card: Card) -> list[str]:
    """Three lines of Python that run the graphs on a first value, or two where there is one."""
    found = ["import numpy as np, onnxruntime as ort"]
    for graph in card.graphs.named().values():
        outputs = ", ".join(_variable(port) for port in graph.outputs)
        comma = "," if len(graph.outputs) == 1 else ""
        known = card.graphs.decode is not None and graph is not card.graphs.decode
        # A name is any text, and whoever wrote the card is not trusted with what runs here.
        feeds = ", ".join(
            f"{json.dumps(port.name)}: {_first(port, known)}" for port in graph.inputs
        )
        found.append(
            f'{outputs}{comma} = ort.InferenceSession("{graph.file}").run(None, {{{feeds}}})'
        )
    return found


def _variable(port: Port) -> str:
    """What the lines call an output, so that the decoded image is found again."""
    if port.role == "image":
        return "image"
    name = re.sub(r"^(?=\d)|\W", "_", port.name, flags=re.ASCII)
    return f"{name}_" if iskeyword(name) or name in TAKEN else name


def _first(port: Port, decoded: bool) -> str:
    """What the port is given: the decoded image where there is one, and zeros."""
    if port.role == "image" and decoded:
        return "image"
    sizes = ", ".join("1" if isinstance(size, str) else str(size) for size in port.shape)
    return f"np.zeros(({sizes}{',' if len(port.shape) == 1 else ''}), np.{port.dtype})"


def _front_matter(card: Card, licence: str | None) -> Iterator[str]:
    """YAML; every text as JSON, which YAML reads."""
    yield "---"
    yield f"license: {json.dumps(licence or UNKNOWN)}"
    yield "library_name: onnx"
    yield "tags:"
    for tag in (card.family, "latent-space", "onnx"):
        yield f"- {json.dumps(tag)}"
    if card.metrics:
        yield "model-index:"
        yield f"- name: {json.dumps(card.title)}"
        yield "  results:"
        yield "  - task:"
        yield "      type: representation-learning"
        yield "    dataset:"
        yield f"      name: {json.dumps(card.data.name)}"
        yield f"      type: {json.dumps(card.data.name)}"
        yield "    metrics:"
        for metric in card.metrics:
            yield f"    - type: {json.dumps(metric.name)}"
            yield f"      name: {json.dumps(f'{metric.label}, {metric.unit}, {metric.split}')}"
            yield f"      value: {metric.value!r}"
    yield "---"
    yield ""


def _about_images(card: Card) -> Iterator[str]:
    if isinstance(card.output, Pixels):
        channels, height, width = card.output.shape
        yield (
            f"Images are float32 (batch, {channels}, {height}, {width}) in [0, 1]. Every size of "
            "batch works."
        )
        yield ""


def _about_data(card: Card) -> str:
    data = card.data
    if data.source == NOT_SAID:
        return "What it was trained on was not said."
    return f"Trained on {data.name}: {data.source}. Licence of these data: {data.licence}."


def _numbers(metrics: tuple[Metric, ...]) -> Iterator[str]:
    if not metrics:
        return
    yield "## Measured"
    yield ""
    yield "| | value | unit | on | how |"
    yield "|---|---|---|---|---|"
    for metric in metrics:
        on = "examples" if metric.split == "example" else f"of {metric.split}"
        on = f"{metric.samples:,} {on}"
        cells = (metric.label, f"{metric.value:.4g}", metric.unit, on, metric.how)
        yield f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"
    yield ""


def _training(card: Card) -> Iterator[str]:
    known = card.training
    if known is None:
        return
    yield (
        f"Trained for {known.steps:,} steps ({known.images:,} images) in {known.seconds:,.0f} s on "
        f"{known.hardware}."
    )
    if known.command:
        yield f"The command: `{known.command}`."
    yield ""


def _config(card: Card) -> dict[str, object]:
    """What builds the model again, where it is one of ours, and what its graphs take and give."""
    known = card.training
    return {
        "model_type": card.family,
        "controls": [plain(control) for control in card.controls],
        "output": plain(card.output),
        "graphs": {name: plain(graph) for name, graph in card.graphs.named().items()},
        "configuration": None if known is None else plain(known.configuration),
        "weights": MODEL if MODEL in card.files else None,
    }


def _check(fresh: Path, card: Card) -> None:
    """Read the copy as any reader does, run the README's lines in it, and look at their image."""
    if read_card(fresh) != card:
        raise CheckpointError(f"{fresh.name} does not read as the checkpoint it is a copy of.")
    decodes = isinstance(card.output, Pixels) and card.graphs.decode is not None
    look = ["print(image.shape, np.isfinite(image).all())"] if decodes else []
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", "\n".join([*lines(card), *look])],
            cwd=fresh,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired as error:
        raise CheckpointError(
            f"The lines of {README} were still at work after {LONGEST_S} s in a fresh copy and "
            "were ended: a graph of this checkpoint may never come to an end."
        ) from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1][:200]
        raise CheckpointError(f"The lines of {README} do not run in a fresh copy: {reason}.")
    if isinstance(card.output, Pixels) and decodes:
        expected = str((1, *card.output.shape))
        found, _, finite = done.stdout.strip().rpartition(" ")
        if (found, finite) != (expected, "True"):
            given = "NaN or infinity" if found == expected else f"{found:.60}"
            raise CheckpointError(
                f"{CARD} says images of {expected}, and the decoder gives {given}: export it "
                "again, or train it again."
            )
