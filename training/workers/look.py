"""Looks at a visitor's images before they are trained on: `python -m training.workers.look`.

It packs a zip of images at one size, draws a sheet of what a model would see, and measures how long
a step takes here. Files that anybody may have made are decoded in this process alone, in bounded
memory; it ends when its input does, as it does when who started it is gone. What happens goes out
a line of JSON each, see `training.contract.looked`.
"""

import argparse
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import msgspec
import numpy as np
import torch
from msgspec.structs import replace

from training.checkpoints.embed import spaced_sheet, webp
from training.commands.own_images import seconds_a_step, settled
from training.commands.train import configure
from training.config import RunConfig
from training.contract.fields import printable
from training.contract.files import write_bytes
from training.contract.kinds import KINDS, WIDTHS
from training.contract.looked import Looked, LookEvent, Network
from training.datasets.own import Own, opened, own
from training.errors import UserError
from training.recipes import RECIPES

Tell = Callable[..., None]

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

MEMORY = 3 * 2**30
SHOWN, COLUMNS = 48, 12  # images on the sheet
TIMED, TIMED_WIDTH = 2, "normal"  # steps of each family, of that width
BROKEN, OTHERS = 20, 20  # files that are named; of more, only how many
HIDDEN = 256


def look(path: Path, name: str, folder: Path, side: int, fit: str, tell: Tell) -> None:
    """Tell what there is to know of the images in a zip; write a sheet of them into `folder`.

    Args:
        name: what the zip is called in the configuration of a run.
        tell: `packing`, `looked` or `timed`, and facts.

    Raises:
        UserError: if they cannot be trained on.
    """
    given = [f"--data.path={name}", f"--data.side={side}", f"--data.fit={fit}"]
    _, config = configure(_asked("own"), given)
    data = replace(config.data, path=str(path))
    found = opened(data, folder, lambda done: tell("packing", done=done))
    dataset = own(data, folder, found)
    training = dataset.splits["train"]
    config = settled(config, found, len(training), set())
    places = torch.linspace(0, len(training) - 1, min(SHOWN, len(training))).long()
    sheet = spaced_sheet((training.images(places) * 255).round().to(torch.uint8), COLUMNS)
    write_bytes(folder / f"sheet-{side}-{fit}.webp", webp(sheet))

    networks = {
        f"{name} {width}": Network(kind.own, _overrides(kind.own, config, scale, given))
        for name, kind in KINDS.items()
        for width, scale in WIDTHS.items()
    }
    facts = Looked(
        **_facts(found),
        train=len(training),
        validation=len(dataset.splits["validation"]),
        test=len(dataset.splits["test"]),
        side=side,
        fit=config.data.fit,
        channels=found.pack.channels,
        columns=COLUMNS,
        shown=len(places),
        batch=config.train.batch_size,
        networks=networks,
    )
    tell("looked", facts=facts)
    timed = {}
    for name, kind in KINDS.items():
        network = networks[f"{name} {TIMED_WIDTH}"]
        _, one = configure(_asked(kind.own), list(network.overrides))
        seconds = seconds_a_step(one, dataset, steps=TIMED)
        timed[f"{name} {TIMED_WIDTH}"] = replace(network, seconds=round(seconds, 5))
    tell("timed", facts=replace(facts, networks=networks | timed))


def _overrides(recipe: str, config: RunConfig, scale: float, given: list[str]) -> tuple[str, ...]:
    """The network that fits these images, its layers scaled in width."""
    model: Any = config.model
    changes = {
        "data.name": config.data.name,
        "model.channels": _scaled(model.channels, scale),
        "model.hidden": _scaled((HIDDEN,), scale),
        "train.batch_size": str(config.train.batch_size),
    }
    if hasattr(RECIPES[recipe].run.model, "likelihood"):
        changes |= {"data.pixels": config.data.pixels, "model.likelihood": model.likelihood}
    return (*given, *(f"--{name}={value}" for name, value in changes.items()))


def _asked(recipe: str) -> argparse.Namespace:
    return argparse.Namespace(recipe=recipe, seed=None)


def _scaled(sizes: tuple[int, ...], scale: float) -> str:
    return ",".join(str(round(size * scale)) for size in sizes)


def _facts(found: Own) -> dict[str, Any]:
    pack, source = found.pack, found.source
    facts = pack.facts
    label = np.asarray(source.label)[pack.rows]
    counts = Counter(label.tolist()) if source.labels is not None else {}
    broken = facts.broken
    others = tuple(getattr(source, "others", ()))
    return {
        "images": len(pack.rows),
        "labels": [(printable(source.labels[at]), counts[at]) for at in sorted(counts)]
        if source.labels is not None
        else [],
        "smallest": facts.smallest,
        "largest": facts.largest,
        "transparent": facts.transparent,
        "binary": not facts.between,
        "duplicates": pack.duplicates,
        "broken": {printable(name): printable(why) for name, why in list(broken.items())[:BROKEN]},
        "more_broken": max(0, len(broken) - BROKEN),
        "others": [printable(name) for name in others[:OTHERS]],
        "more_others": max(0, len(others) - OTHERS),
        "packed_bytes": int(np.prod(pack.stored)),
    }


def main() -> None:
    """Look at the images that the arguments name, on one core."""
    parser = argparse.ArgumentParser()
    parser.add_argument("zip", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--side", type=int, required=True)
    parser.add_argument("--fit", choices=("crop", "pad"), required=True)
    options = parser.parse_args()
    if hasattr(os, "nice"):
        os.nice(5)  # after the server, before what trains
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    torch.set_num_threads(1)
    threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()

    def tell(what: Any, **said: Any) -> None:
        print(msgspec.json.encode(LookEvent(what, **said)).decode(), flush=True)

    try:
        look(options.zip, options.name, options.folder, options.side, options.fit, tell)
    except UserError as error:
        tell("refused", sentence=printable(str(error)))


def _end_with(orders: TextIO) -> None:
    """End this process when who started it is gone."""
    orders.read()
    os._exit(1)


if __name__ == "__main__":
    main()
