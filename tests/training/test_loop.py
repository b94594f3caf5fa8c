"""The loop: it learns, keeps the best weights, and goes on after interruptions as if none was."""

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from training import card, loop
from training.__main__ import INTERRUPTED, main
from training.card import CARD, FILES, MODEL
from training.checkpoint import RESUME, read_tensors
from training.config import RunConfig, override
from training.datasets import Dataset
from training.errors import CheckpointError, DivergedError
from training.recipes import RECIPES

STOP_AT = Path(__file__).parent / "stop_at.py"
CPU = torch.device("cpu")
STEPS, EVERY = 37, 10  # 28 steps to an epoch: the run crosses one


def tiny(**changes: object) -> RunConfig:
    config = RECIPES["digits"].run
    settings = {
        "model.channels": "4,4",
        "model.hidden": "16",
        "model.latents": "3",
        "train.steps": STEPS,
        "train.batch_size": 16,
        "train.validate_every": EVERY,
        "train.precision": "float32",
    } | changes
    for path, value in settings.items():
        config = override(config, path, str(value))
    return config


def metrics(folder: Path) -> list[dict[str, float]]:
    """The lines of metrics.jsonl without the one field that is not the same twice."""
    lines = [json.loads(line) for line in (folder / loop.METRICS).read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def left_behind(folder: Path) -> tuple[object, ...]:
    """Everything a run leaves, but for wall-clock times."""
    tensors, metadata = read_tensors(folder / RESUME)
    progress = json.loads(metadata["progress"])
    del progress["seconds"]
    content = {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}
    return (folder / MODEL).read_bytes(), content, progress, metadata["config"], metrics(folder)


class PowerCutError(BaseException):
    """Ends the run on the spot, like kill -9; nothing in the loop catches it."""


def cut() -> None:
    raise PowerCutError


@contextmanager
def at_call(
    name: str, number: int, action: Callable[[], object], late: bool = False
) -> Iterator[None]:
    """Act before, or just after, a function of the loop does its work for the n-th time."""
    original = getattr(loop, name)
    calls = 0

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and not late:
            action()
        result = original(*args, **kwargs)
        if calls == number and late:
            action()
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, name, wrapped)
        yield


@pytest.fixture(scope="module")
def uninterrupted(
    digits: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    folders: dict[str, Path] = {}

    def run(precision: str) -> Path:
        if precision not in folders:
            folders[precision] = tmp_path_factory.mktemp("uninterrupted")
            loop.train(tiny(**{"train.precision": precision}), digits, folders[precision], CPU)
        return folders[precision]

    return run


def test_learning_lowers_the_loss(digits: Dataset, tmp_path: Path) -> None:
    plan = {"train.steps": 600, "train.validate_every": 50, "train.learning_rate": 3e-3}
    network = {"model.channels": "8,8", "model.hidden": "64"}
    loop.train(tiny(**plan, **network), digits, tmp_path, CPU)
    first, *_, last = metrics(tmp_path)

    # What an image costs on average under the mean training image: all that can be had without z.
    train, validation = (digits.splits[name].stored / 255 for name in ("train", "validation"))
    ink = train.mean(0).clamp(1e-3, 1 - 1e-3)
    cost = -(validation * ink.log() + (1 - validation) * (1 - ink).log())
    without_z = cost.flatten(1).sum(1).mean().item()

    assert first["validation_loss_nats"] > without_z
    assert last["validation_loss_nats"] < without_z - 10
    assert last["train_loss_nats"] < without_z - 10
    for line in (first, last):
        parts = line["validation_reconstruction_nats"] + line["validation_kl_nats"]
        assert parts == pytest.approx(line["validation_loss_nats"])


def test_metrics_are_means_since_the_last_validation(digits: Dataset, tmp_path: Path) -> None:
    """One line a validation, the last one at the end of the run."""
    folders = [tmp_path / "every", tmp_path / "seldom"]
    for folder, every in zip(folders, (1, EVERY), strict=True):
        folder.mkdir()
        loop.train(tiny(**{"train.validate_every": every}), digits, folder, CPU)
    each, seldom = (metrics(folder) for folder in folders)
    assert [line["step"] for line in each] == list(range(1, STEPS + 1))
    assert [line["step"] for line in seldom] == [10, 20, 30, 37]
    assert [line["images"] for line in seldom] == [160, 320, 480, 592]
    for line, since in zip(seldom, (10, 10, 10, 7), strict=True):
        step = int(line["step"])
        steps = each[step - since : step]
        mean = sum(one["train_loss_nats"] for one in steps) / since
        assert line["train_loss_nats"] == pytest.approx(mean, rel=1e-6)
        assert line["validation_loss_nats"] == steps[-1]["validation_loss_nats"]


@pytest.mark.parametrize(
    ("number", "stops", "precision"),
    [
        (signal.SIGINT, [1], "float32"),
        (signal.SIGTERM, [10], "float32"),
        (signal.SIGINT, [13, 14], "float32"),
        (signal.SIGTERM, [20, 27, 28, 29], "float32"),
        (signal.SIGINT, [36], "float32"),
        (signal.SIGINT, [7, 28], "bfloat16"),
    ],
)
def test_stopped_runs_go_on_bit_for_bit(
    number: int,
    stops: list[int],
    precision: str,
    digits: Dataset,
    tmp_path: Path,
    uninterrupted: Callable[[str], Path],
) -> None:
    config = tiny(**{"train.precision": precision})
    done = 0
    for stop in stops:
        with (
            at_call("learning_rate", stop - done, lambda: signal.raise_signal(number)),
            pytest.raises(loop.Interrupted),
        ):
            loop.train(config, digits, tmp_path, CPU, resume=done > 0)
        metadata = read_tensors(tmp_path / RESUME)[1]
        done = json.loads(metadata["progress"])["step"]
        assert done == stop
    progress = loop.train(config, digits, tmp_path, CPU, resume=True)
    assert progress.step == STEPS
    assert left_behind(tmp_path) == left_behind(uninterrupted(precision))


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("function", "calls"),
    [
        ("prepare", [3]),
        ("prepare", [25, 12, 5]),
        ("validate", [1, 2]),
        ("_append_metrics", [2, 1, 1]),
        ("save_weights", [1, 1, 2]),
        ("save_resume", [1, 1, 2]),
    ],
)
def test_runs_cut_off_anywhere_go_on_bit_for_bit(
    function: str,
    calls: list[int],
    late: bool,
    digits: Dataset,
    tmp_path: Path,
    uninterrupted: Callable[[str], Path],
) -> None:
    for call in calls:
        with at_call(function, call, cut, late), pytest.raises(PowerCutError):
            loop.train(tiny(), digits, tmp_path, CPU, resume=True)
    loop.train(tiny(), digits, tmp_path, CPU, resume=True)
    assert left_behind(tmp_path) == left_behind(uninterrupted("float32"))


def test_a_line_cut_short_is_dropped(
    digits: Dataset, tmp_path: Path, uninterrupted: Callable[[str], Path]
) -> None:
    with at_call("save_resume", 3, cut), pytest.raises(PowerCutError):
        loop.train(tiny(), digits, tmp_path, CPU)
    with (tmp_path / loop.METRICS).open("a") as file:
        file.write('{"step": 31, "ima')
    loop.train(tiny(), digits, tmp_path, CPU, resume=True)
    assert left_behind(tmp_path) == left_behind(uninterrupted("float32"))


def test_a_damaged_state_is_refused(digits: Dataset, tmp_path: Path) -> None:
    with at_call("save_resume", 1, cut, late=True), pytest.raises(PowerCutError):
        loop.train(tiny(), digits, tmp_path, CPU)
    path = tmp_path / RESUME
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=RESUME):
        loop.train(tiny(), digits, tmp_path, CPU, resume=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train.learning_rate": "2e-3"}, r"train.learning_rate = 0.001, not 0.002"),
        ({"seed": "1"}, "seed = 0, not 1"),
        ({"model.channels": "4,8"}, r"model.channels = \[4, 4\], not \[4, 8\]"),
        ({"data.binarization": "none"}, "data.binarization = 'dynamic', not 'none'"),
    ],
)
def test_resuming_another_configuration_is_refused(
    changes: dict[str, str], message: str, digits: Dataset, uninterrupted: Callable[[str], Path]
) -> None:
    folder = uninterrupted("float32")
    before = left_behind(folder)
    with pytest.raises(CheckpointError, match=f"was begun with {message}; resume"):
        loop.train(tiny(**changes), digits, folder, CPU, resume=True)
    assert left_behind(folder) == before


def test_seed_decides_everything(digits: Dataset, tmp_path: Path) -> None:
    weights = []
    for place, seed in enumerate((1, 1, 2)):
        folder = tmp_path / str(place)
        folder.mkdir()
        torch.manual_seed(place)  # what ran before must not matter
        loop.train(tiny(seed=seed, **{"train.steps": 3}), digits, folder, CPU)
        weights.append((folder / MODEL).read_bytes())
    assert weights[0] == weights[1] != weights[2]


def test_best_weights_are_kept_not_the_last(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Validation is told to like step 20 of 37 best; another run stops there by itself."""
    scripted = iter([5.0, 3.0, 4.0, 3.0])
    means = {"reconstruction_nats": 1.0, "kl_nats": 1.0}
    with monkeypatch.context() as patch:
        patch.setattr(loop, "validate", lambda *_: {"loss_nats": next(scripted), **means})
        config = tiny(**{"train.schedule": "constant"})
        progress = loop.train(config, digits, tmp_path, CPU)
    assert (progress.step, progress.best_step, progress.best_loss) == (STEPS, 20, 3.0)
    weights, metadata = read_tensors(tmp_path / MODEL)
    assert metadata == {"step": "20"}

    shorter = tmp_path / "shorter"
    shorter.mkdir()
    config = tiny(**{"train.schedule": "constant", "train.steps": 20})
    loop.train(config, digits, shorter, CPU)
    expected, _ = read_tensors(shorter / RESUME)
    last, _ = read_tensors(tmp_path / RESUME)
    assert all(torch.equal(tensor, expected[f"model.{n}"]) for n, tensor in weights.items())
    assert not all(torch.equal(tensor, last[f"model.{n}"]) for n, tensor in weights.items())


def test_a_diverging_run_keeps_the_best_weights(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted = iter([5.0, math.nan])
    means = {"reconstruction_nats": 1.0, "kl_nats": 1.0}
    monkeypatch.setattr(loop, "validate", lambda *_: {"loss_nats": next(scripted), **means})
    with pytest.raises(DivergedError, match=r"nan at step 20: the run diverged. Lower --train"):
        loop.train(tiny(), digits, tmp_path, CPU)
    assert read_tensors(tmp_path / MODEL)[1] == {"step": "10"}


@pytest.mark.parametrize(("size", "batch_size"), [(450, 16), (64, 64), (10, 3), (5, 8)])
def test_batches_are_shuffled_epochs_from_any_step(size: int, batch_size: int) -> None:
    def indices(step: int, count: int) -> list[list[int]]:
        batches: Iterator[torch.Tensor] = loop._batches(size, batch_size, 3, step)
        return [next(batches).tolist() for _ in range(count)]

    per_epoch = max(size // batch_size, 1)
    whole = indices(0, 3 * per_epoch)
    assert {len(batch) for batch in whole} == {min(size, batch_size)}
    epochs = [
        [index for batch in whole[i * per_epoch : (i + 1) * per_epoch] for index in batch]
        for i in range(3)
    ]
    for epoch in epochs:
        assert len(set(epoch)) == len(epoch) == per_epoch * min(size, batch_size)
    assert epochs[0] != epochs[1] != epochs[2]
    for step in range(2 * per_epoch):
        assert indices(step, per_epoch) == whole[step : step + per_epoch]


def test_learning_rate() -> None:
    cosine, constant = tiny(), tiny(**{"train.schedule": "constant"})
    rates = [loop.learning_rate(cosine, step) / 1e-3 for step in (0, STEPS / 3, STEPS / 2, STEPS)]
    assert rates == pytest.approx([1, 0.75, 0.5, 0], abs=1e-12)
    assert {loop.learning_rate(constant, step) for step in range(STEPS)} == {1e-3}


def test_validation_sees_the_same_noise_at_every_call(digits: Dataset) -> None:
    config = tiny()
    model = loop.new_model(config, digits.shape, Path("run"))
    objective = loop.build.objective(config.objective)
    split = digits.splits["validation"]
    results = [loop.validate(model, objective, split, config, torch.float32) for _ in range(2)]
    assert results[0] == results[1]
    assert math.isfinite(results[0]["loss_nats"])


def test_killed_processes_go_on_bit_for_bit(
    train_digits: list[str], finished: Path, tmp_path: Path
) -> None:
    """Real processes, really killed: amid a write, between two files, at the last measurements."""
    folder = tmp_path / "digits"
    words = [*train_digits, "--out", str(folder)]
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }
    resume: list[str] = []
    for place, call, number in [
        ("os.fsync", 2, signal.SIGKILL),
        ("training.loop.prepare", 25, signal.SIGTERM),
        ("training.loop.prepare", 8, signal.SIGINT),
        ("training.finish.export", 1, signal.SIGKILL),
    ]:
        arguments = [sys.executable, str(STOP_AT), place, str(call), str(int(number)), *words]
        child = subprocess.run(
            [*arguments, *resume], env=environment, capture_output=True, text=True, check=False
        )
        if number == signal.SIGKILL:
            assert child.returncode == -signal.SIGKILL, child.stderr
        else:
            assert child.returncode == INTERRUPTED, child.stderr
            assert child.stderr.splitlines()[-1].startswith("Stopped; ")
            assert "--resume" in child.stderr
        assert not (folder / CARD).exists()
        resume = ["--resume"]
    assert main([*words, *resume]) == 0
    assert (folder / MODEL).read_bytes() == (finished / MODEL).read_bytes()
    assert metrics(folder) == metrics(finished)
    ours, theirs = card.read_card(folder), card.read_card(finished)
    assert ours.metrics == theirs.metrics
    assert ours.files == theirs.files
    assert {path.name for path in folder.iterdir()} == {CARD, loop.METRICS, *FILES}


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that the command line says when it refuses."""
    capsys.readouterr()
    assert main(words) == 2
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line and "images/s" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert captured.out == ""
    return lines[0]


@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_a_finished_folder_is_left_alone(
    resume: list[str], train_digits: list[str], finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    line = refused([*train_digits, "--out", str(finished), *resume], capsys)
    assert f"{finished} holds a finished checkpoint" in line
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before


def test_a_folder_with_other_things_is_left_alone(
    train_digits: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    words = [*train_digits, "--out", str(tmp_path)]
    assert "is not empty; add --resume" in refused(words, capsys)
    words = [*train_digits, "--out", str(tmp_path / "letter.txt")]
    assert "is not a folder" in refused(words, capsys)
    words = [*train_digits, "--out", str(tmp_path / "letter.txt" / "run")]
    assert "letter.txt" in refused(words, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_divergence_is_said_in_one_line(
    train_digits: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*train_digits, "--out", str(tmp_path / "run"), "--train.learning_rate", "1e20"]
    line = refused([*words, "--train.validate_every", "1"], capsys)
    assert "the run diverged. Lower --train.learning_rate" in line


def test_a_device_that_is_not_there(
    train_digits: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    words = [*train_digits, "--out", str(tmp_path / "run"), "--device", "cuda"]
    assert "--device cuda: torch finds none here" in refused(words, capsys)
