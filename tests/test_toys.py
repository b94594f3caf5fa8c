"""What a newcomer adds is one file, and one line in a list: proven on a copy of the tree.

Each toy lies whole in `tests/toys`. CONTRIBUTING.md walks through the same files.
"""

import difflib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import safetensors.numpy

from training.contract.card import CODES, DECODER, ENCODER
from training.contract.files import read_card
from training.contract.spaces import Categorical, Continuous

ROOT = Path(__file__).resolve().parent.parent
TOYS, DATA = ROOT / "tests" / "toys", ROOT / "tests" / "data"
COPIED = ("training",)


@dataclass(frozen=True)
class Toy:
    """A file of `tests/toys`, where it goes, and the line of a list that names it.

    Fields:
        after: the line of the list behind which it is put.
    """

    file: str
    folder: str
    list: str
    after: str
    line: str


FREE_BITS = Toy(
    "free_bits.py",
    "training/objectives",
    "training/objectives/__init__.py",
    '    "iwae.IWAE",',
    '    "free_bits.FreeBits",',
)
GRATINGS = Toy(
    "gratings.py",
    "training/families",
    "training/families/__init__.py",
    '    "gan.GAN",',
    '    "gratings.Gratings",',
)
ADDED = (FREE_BITS, GRATINGS)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with every toy in its place."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in COPIED:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tree / folder, ignore=ignored)
    for toy in ADDED:
        shutil.copyfile(TOYS / toy.file, tree / toy.folder / toy.file)
        lines = (tree / toy.list).read_text("utf-8").split("\n")
        lines.insert(lines.index(toy.after) + 1, toy.line)
        (tree / toy.list).write_text("\n".join(lines), "utf-8")
    return tree


def run(tree: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """`python -m training …` in the copy, which then uses no file of this tree."""
    script = (
        "import sys, training; from training.__main__ import main; "
        f"assert training.__file__.startswith({str(tree)!r}); sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, *words]
    environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, encoding="utf-8"
    )


def files(root: Path) -> dict[str, list[str]]:
    """The lines of every source file under the copied folders."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode("latin-1").split("\n")
        for folder in COPIED
        for path in (root / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_nothing_else_differs(tree: Path) -> None:
    before, after = files(ROOT), files(tree)
    assert after.keys() - before.keys() == {f"{toy.folder}/{toy.file}" for toy in ADDED}
    assert before.keys() <= after.keys()
    changed = {
        name: [
            line for line in difflib.ndiff(before[name], after[name]) if not line.startswith(" ")
        ]
        for name in before
        if before[name] != after[name]
    }
    assert changed == {toy.list: [f"+ {toy.line}"] for toy in ADDED}


SIZES = "--model.channels 4,4 --model.hidden 16 --model.latents 3 --train.batch_size 16"
LENGTH = "--train.steps 60 --train.validate_every 20 --train.precision float32 --seed 5 --no-map"
LENGTH += " --train.optimizer adamw --train.warmup 0"


def test_a_new_objective_trains_into_a_checkpoint(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "digits"
    objective = "--objective.name free_bits --objective.free 2.5"
    words = f"train digits --data {DATA} --out {out} {objective} {SIZES} {LENGTH}"
    done = run(tree, *words.split())
    assert done.returncode == 0, done.stderr
    card = read_card(out)  # by this tree, which does not know it
    assert card.summary == "Free bits · λ 2.5 nats · 3 latents"
    assert {DECODER, CODES} <= card.files.keys()
    assert card.training is not None
    assert card.training.configuration is not None
    assert card.training.configuration["objective"] == {"name": "free_bits", "free": 2.5}
    assert "objective.free = 2.5" in card.intent
    # Each of the three latents costs at least λ, whatever its KL.
    first, *_, last = [
        json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()
    ]
    assert last["validation_loss"] < first["validation_loss"]
    assert last["validation_loss"] >= last["validation_reconstruction_nats"] + 3 * 2.5 - 1e-3


def test_a_new_family_trains_into_a_checkpoint(tree: Path, tmp_path: Path) -> None:
    """What it decodes is known in closed form, but for the background that it learned."""
    out = tmp_path / "gratings"
    family = "--model.family gratings --model.cycles 2 --train.batch_size 100 --data.pixels grey"
    words = f"train digits --data {DATA} --out {out} {family} {LENGTH} --train.learning_rate 0.05"
    done = run(tree, *words.split())
    assert done.returncode == 0, done.stderr
    card = read_card(out)  # by this tree, which does not know it
    assert (card.family, card.summary) == ("gratings", "Gratings · 2 cycles")
    assert card.controls == (Continuous("z", 2, None), Categorical("ground", ("dark", "light")))
    assert card.training is not None
    assert card.training.loss_unit == "grey levels²"
    first, *_, last = card.training.history
    assert last.validation_loss < first.validation_loss

    decode = onnxruntime.InferenceSession(out / DECODER).run
    encode = onnxruntime.InferenceSession(out / ENCODER).run
    z = np.array([[0, 0], [1.5, 0], [0, -0.5], [0, 0]], np.float32)
    ground = np.array([0, 0, 0, 1])
    background, across, down, light = decode(None, {"z": z, "ground": ground})[0][:, 0]
    wave = 0.1 * np.cos(4 * np.pi * np.arange(28) / 28)
    seen = (background > 0) & (background < 1)  # beyond, the learned one is cut off
    for image, change in ((across, 1.5 * wave), (down, -0.5 * wave[:, None])):
        expected = (background + change).clip(0, 1)
        np.testing.assert_allclose(image[seen], expected[seen], atol=1e-5)
    np.testing.assert_allclose(light, 1 - background, atol=1e-6)
    images = np.stack([across, 1 - across])[:, None]
    codes = encode(None, {"x": images, "ground": np.array([0, 1])})[0]
    np.testing.assert_allclose(codes[0], codes[1], atol=1e-5)

    again = run(tree, "export", str(out))
    assert again.returncode == 0, again.stderr
    kept = safetensors.numpy.load_file(out / CODES)
    assert kept["mean"].shape == (card.examples.count, 2)


def test_the_tests_of_every_family_try_a_new_one(tree: Path, tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    (tests / "training").mkdir(parents=True)
    for file in ("conftest.py", "training/conftest.py", "training/test_families.py"):
        shutil.copyfile(ROOT / "tests" / file, tests / file)
    (tests / "data").symlink_to(DATA)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-k", "gratings and (reads_back or can_be_moved or goes_on)"]
    environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    # In the copy: pytest, run as a module, imports what lies where it is run.
    done = subprocess.run(
        [*command, tests], cwd=tree, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "--objective.name free_bits --objective.free -1",
            "objective.free is -1.0; expected a finite number of at least 0.",
        ),
        (
            "--objective.free 1",
            "--objective.free does not belong to the objective beta_vae, which takes beta; it "
            "belongs to free_bits (--objective.name).",
        ),
    ],
)
def test_what_it_cannot_be_set_to_is_refused(words: str, message: str, tree: Path) -> None:
    done = run(tree, *f"train digits --dry-run {words}".split())
    assert (done.returncode, done.stderr) == (2, f"error: {message}\n")
