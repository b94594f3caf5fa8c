"""Kills `train`, `embed`, `evaluate` and `reproduce` at random moments, and asks what is left.

    python -m tests.fuzz.kills [KILLS] [SEED]

After every kill the folder is a whole checkpoint, or says in one sentence what to do; and that
done, it becomes one. A table that is made has every run whole that it names, and what ships of it
stays whole until another is. Each process is forked from one that has loaded and compiled
all that it needs, and killed after a random share of the processor time that it takes: so kills
meet the work, however busy the machine is.
"""

from __future__ import annotations

import contextlib
import itertools
import math
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

# Of numba's ways to share work among threads the one that a forked process goes on with.
os.environ["NUMBA_THREADING_LAYER"] = "workqueue"

import torch

from training.__main__ import main
from training.checkpoints import checkpoint, embed, finish  # noqa: F401, loaded before the forks
from training.contract.card import CARD
from training.contract.files import describe_files, read_card
from training.contract.table import TABLE, Row, Table, read_table
from training.errors import CheckpointError
from training.evaluation import evaluate  # noqa: F401, loaded before the forks
from training.overrides import override
from training.recipes import RECIPES, Recipe
from training.results import measuring, tables
from training.trainer import ensemble  # noqa: F401, loaded before the forks

DATA = Path(__file__).parents[1] / "data" / "MNIST" / "raw"
SIZES = "--model.channels 4,4 --model.hidden 16 --model.latents 3 --train.batch_size 16"
PLAN = (
    "--train.steps 60 --train.validate_every 20 --train.optimizer adamw --train.warmup 0 --no-map"
)
TINY = "tiny"  # the table that is made, and its one recipe


def data_in(home: Path) -> Path:
    """The digits of the tests, with the 500 for training in the place of the 200 for the test."""
    raw = home / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        for part in ("train", "t10k"):
            shutil.copy(DATA / f"train-{kind}", raw / f"{part}-{kind}")
    return home / "data"


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


def children_s() -> float:
    """The processor time that all commands have had that have ended."""
    used = os.times()
    return used.children_user + used.children_system


def worked_s(process: int) -> float:
    """The processor time that a process has had, in seconds."""
    return time.clock_gettime((~process << 3) | 2)  # its clock, as clock_getcpuclockid(3) has it


def ended(process: int, within: float = math.inf) -> int | None:
    """Its exit status; None where it was killed, after so much work."""
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        with contextlib.suppress(OSError):  # it ends just now
            if worked_s(process) >= within:
                break
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


class Made:
    """A table of two runs, made anew each time that it is complete; the first run ships.

    The maps of what ships are left out: `embed` is killed in the middle of those.
    """

    def __init__(self, home: Path, data: Path) -> None:
        self.runs, self.tables, self.shipped = home / "runs", home / "results", home / "models"
        self.words = ["reproduce", TINY, "--device", "cpu"]
        for option, place in (("--data", data), ("--runs", self.runs), ("--out", self.tables)):
            self.words += [option, str(place)]
        changes = [word.removeprefix("--") for word in f"{SIZES} {PLAN}".split()[:-1]]
        sized = override(RECIPES["digits"].run, dict(zip(changes[::2], changes[1::2], strict=True)))
        RECIPES[TINY] = Recipe(TINY, TINY, "To be killed.", "1 s", sized)
        table = Table(
            version=1,
            name=TINY,
            title="Two runs",
            intent="To be killed.",
            command=f"python -m training reproduce {TINY}",
            metrics=("neg_elbo",),
            rows=(Row(TINY, "Tiny", "To be killed.", (0, 1)),),
        )
        ships = ((TINY, 0),)
        tables.PLANS[TINY] = tables.Plan(table, ships, keeps_models=True, replays=((TINY, 1),))
        made = finish.finish
        measuring.finish = lambda *given: made(*given, with_map=False)

    def begin_again(self) -> None:
        """Forget the table and its runs; what shipped stays, to be replaced."""
        shutil.rmtree(self.tables, ignore_errors=True)
        shutil.rmtree(self.runs, ignore_errors=True)

    def complete(self) -> bool:
        """Whether the table has both runs; what it names is there as it says."""
        shipped = self.shipped / TINY
        if shipped.exists():
            read_card(shipped)
        if not (self.tables / TINY / TABLE).exists():
            return False
        table = read_table(self.tables / TINY)
        for made in table.runs:
            for stage in made.stages:
                assert stage.folder is not None
                assert stage.files is not None
                folder = self.tables / TINY / stage.folder
                assert describe_files(folder, tuple(stage.files)) == stage.files, folder
        return len(table.runs) == 2

    def kill(self, chance: random.Random, lasts: float) -> str:
        """One kill, and what it left; once the table is complete, it is begun again."""
        if self.complete():
            self.begin_again()
        status = ended(started(self.words), chance.uniform(0, lasts))
        assert status in (None, 0), f"{self.words} ended with {status}"
        whole = self.complete()
        assert whole or status is None
        return "finished before" if status == 0 else "whole" if whole else "to go on with"


def run(kills: int, seed: int, home: Path, tell: Callable[[str], None] = print) -> Counter[str]:
    """Kill the commands in turn, `kills` times in all; count what each left."""
    torch.set_num_threads(1)
    chance = random.Random(seed)
    trained, folder, data = home / "trained", home / "embedded", data_in(home)
    train = ["train", "digits", "--data", str(data), *SIZES.split(), *PLAN.split()]
    train += ["--seed", "5", "--resume", "--out", str(trained)]
    lasts = {}

    def timed(name: str, words: list[str]) -> None:
        before = children_s()
        assert ended(started(words)) == 0, words
        lasts[name] = children_s() - before

    # Once in this process, so that those forked from it have loaded and compiled what they need.
    assert main(train) == 0
    shutil.copytree(trained, folder)
    commands = {
        "embed": ["embed", str(folder), "--data", str(data), "--count", "100", "--no-map"],
        "embed with a map": ["embed", str(folder), "--data", str(data)],
        "evaluate": ["evaluate", str(folder), "--data", str(data)],
    }
    for words in commands.values():
        assert main(words) == 0
    shutil.rmtree(trained)
    for name, words in {"train": train, **commands}.items():
        timed(name, words)
    table = Made(home, data)
    timed("reproduce", table.words)
    found: Counter[str] = Counter()
    turns = itertools.cycle(("train", "reproduce", *commands))
    done = 0
    while done < kills:
        name = next(turns)
        if name == "reproduce":
            left = table.kill(chance, lasts[name])
        elif name == "train":
            if (trained / CARD).exists():
                shutil.rmtree(trained)
            left = kill(train, trained, chance, lasts[name], may_be_cut=True)
        else:
            left = kill(commands[name], folder, chance, lasts[name], may_be_cut="embed" in name)
            if not is_whole(folder):
                assert ended(started(commands["embed"])) == 0, "embed goes on"
        found[f"{name}: {left}"] += 1
        done += left != "finished before"
        tell(f"{done} of {kills}: {name}, {left}")
        sys.stdout.flush()
    if not (trained / CARD).exists():
        assert ended(started(train)) == 0, "what was killed goes on"
    assert ended(started(table.words)) == 0, "what was killed goes on"
    assert table.complete()
    assert [path.name for path in table.shipped.iterdir()] == [TINY], "nothing is left over"
    assert is_whole(trained)
    assert is_whole(folder)
    checkpoint.load(trained)
    return found


if __name__ == "__main__":
    kills, seed = (int(word) for word in [*sys.argv[1:3], *["200", "0"][len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as home:
        for what, count in sorted(run(kills, seed, Path(home)).items()):
            print(f"{count:4} {what}")
