"""Kills `train`, `embed` and `evaluate` at random moments, and asks each time what is left.

    python -m tests.fuzz.kills [KILLS] [SEED]

After every kill the folder is a whole checkpoint, or says in one sentence what to do; and that
done, it becomes one. Each process is forked from one that has imported everything, so that kills
meet the work and not the imports.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch

from training import checkpoint, embed, ensemble, evaluate, finish  # noqa: F401  before the forks
from training.__main__ import main
from training.contract.card import CARD
from training.contract.files import read_card
from training.errors import CheckpointError

DATA = Path(__file__).parents[1] / "data"
SIZES = "--model.channels 4,4 --model.hidden 16 --model.latents 3 --train.batch_size 16"
PLAN = (
    "--train.steps 60 --train.validate_every 20 --train.optimizer adamw --train.warmup 0 --no-map"
)
LONGEST_S = 300


def started(words: list[str]) -> int:
    """The process that runs this command; what it prints goes nowhere."""
    process = os.fork()
    if process:
        return process
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    status = 1
    try:
        status = main(words)
    finally:
        os._exit(status)


def ended(process: int, within: float) -> int | None:
    """Its exit status; None where it had to be killed."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


def is_whole(folder: Path) -> bool:
    """Whether it is a checkpoint; if not, it says why in one sentence."""
    try:
        read_card(folder)
    except CheckpointError as error:
        sentence = str(error)
        assert sentence.endswith("."), sentence
        assert "\n" not in sentence, sentence
        assert "--resume" in sentence or "embed" in sentence, sentence
        return False
    return True


def kill(
    words: list[str], folder: Path, chance: random.Random, lasts: float, *, may_be_cut: bool
) -> str:
    """One kill of a command on a folder, and what it left."""
    status = ended(started(words), chance.uniform(0, lasts))
    if status is not None:
        assert status == 0, f"{words} ended with {status}"
        return "finished before"
    there = folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir())
    whole = there and is_whole(folder)
    assert whole or may_be_cut, f"{words} left no card in {folder}"
    return "whole" if whole else "to go on with"


def run(kills: int, seed: int, home: Path, tell: Callable[[str], None] = print) -> Counter[str]:
    """Kill the commands in turn, `kills` times in all; count what each left."""
    torch.set_num_threads(1)
    chance = random.Random(seed)
    trained, folder = home / "trained", home / "embedded"
    train = ["train", "digits", "--data", str(DATA), *SIZES.split(), *PLAN.split()]
    train += ["--seed", "5", "--resume", "--out", str(trained)]
    lasts = {}

    def timed(name: str, words: list[str]) -> None:
        began = time.monotonic()
        assert ended(started(words), LONGEST_S) == 0, words
        lasts[name] = time.monotonic() - began

    timed("train", train)
    shutil.copytree(trained, folder)
    commands = {
        "embed": ["embed", str(folder), "--data", str(DATA), "--count", "100", "--no-map"],
        "embed with a map": ["embed", str(folder), "--data", str(DATA)],
        "evaluate": ["evaluate", str(folder), "--data", str(DATA)],
    }
    for name, words in commands.items():
        timed(name, words)
    found: Counter[str] = Counter()
    for at in range(kills):
        name = ("train", *commands)[at % (1 + len(commands))]
        if name == "train":
            if (trained / CARD).exists():
                shutil.rmtree(trained)
            left = kill(train, trained, chance, lasts[name], may_be_cut=True)
        else:
            left = kill(commands[name], folder, chance, lasts[name], may_be_cut="embed" in name)
            if not is_whole(folder):
                assert ended(started(commands["embed"]), LONGEST_S) == 0, "embed goes on"
        found[f"{name}: {left}"] += 1
        tell(f"{at + 1} of {kills}: {name}, {left}")
        sys.stdout.flush()
    if not (trained / CARD).exists():
        assert ended(started(train), LONGEST_S) == 0, "what was killed goes on"
    assert is_whole(trained)
    assert is_whole(folder)
    checkpoint.load(trained)
    return found


if __name__ == "__main__":
    kills, seed = (int(word) for word in [*sys.argv[1:3], *["200", "0"][len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as home:
        for what, count in sorted(run(kills, seed, Path(home)).items()):
            print(f"{count:4} {what}")
