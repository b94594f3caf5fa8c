"""Interrupted at any moment, a run goes on as if nothing had been; other folders are left alone."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from filelock import FileLock

from training import learners
from training.__main__ import main
from training.checkpoints.checkpoint import read_tensors
from training.checkpoints.locking import LOCK
from training.commands.report import INTERRUPTED
from training.config import RunConfig
from training.contract.absence import METRICS, RESUME
from training.contract.card import CARD, MODEL
from training.contract.files import read_card
from training.contract.version1 import FILES
from training.datasets import Dataset
from training.errors import CheckpointError
from training.trainer import loop

Tiny = Callable[..., RunConfig]
ReadMetrics = Callable[[Path], list[dict[str, float]]]
LeftBehind = Callable[[Path], tuple[object, ...]]
STOP_AT = Path(__file__).parent / "stop_at.py"
CPU = torch.device("cpu")
STEPS = 37  # of `tiny`


@pytest.fixture(scope="module")
def left_behind(metrics: ReadMetrics) -> LeftBehind:
    """Reads everything that a run leaves, but for wall-clock times."""

    def read(folder: Path) -> tuple[object, ...]:
        tensors, metadata = read_tensors(folder / RESUME)
        progress = json.loads(metadata["progress"])
        del progress["seconds"]
        state = {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}
        return (folder / MODEL).read_bytes(), state, progress, metadata["config"], metrics(folder)

    return read


class PowerCutError(BaseException):
    """Ends the run on the spot, like kill -9; nothing in the loop catches it."""


def cut() -> None:
    raise PowerCutError


@contextmanager
def at_call(
    name: str, number: int, action: Callable[[], object], late: bool = False
) -> Iterator[None]:
    """Act before, or just after, a function of the loop does its work for the n-th time."""
    module = learners if name == "rate_factor" else loop
    original = getattr(module, name)
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
        patch.setattr(module, name, wrapped)
        yield


@pytest.fixture(scope="module")
def uninterrupted(
    digits: Dataset, tmp_path_factory: pytest.TempPathFactory, tiny: Tiny
) -> Callable[[str], Path]:
    folders: dict[str, Path] = {}

    def run(precision: str) -> Path:
        if precision not in folders:
            folders[precision] = tmp_path_factory.mktemp("uninterrupted")
            loop.train(tiny(**{"train.precision": precision}), digits, folders[precision], CPU)
        return folders[precision]

    return run


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
    tiny: Tiny,
    left_behind: LeftBehind,
) -> None:
    config = tiny(**{"train.precision": precision})
    done = 0
    for stop in stops:
        with (
            at_call("rate_factor", stop - done, lambda: signal.raise_signal(number)),
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
        ("append_metrics", [2, 1, 1]),
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
    tiny: Tiny,
    left_behind: LeftBehind,
) -> None:
    for call in calls:
        with at_call(function, call, cut, late), pytest.raises(PowerCutError):
            loop.train(tiny(), digits, tmp_path, CPU, resume=True)
    loop.train(tiny(), digits, tmp_path, CPU, resume=True)
    assert left_behind(tmp_path) == left_behind(uninterrupted("float32"))


MUON = {"train.optimizer": "muon", "train.warmup": "5"}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "changes",
    [
        {"objective.name": "geco", "objective.kappa": "150"},
        {"objective.name": "factor_vae", "objective.layers": "2", "objective.units": "16"},
        MUON,
        MUON | {"train.muon_from": "20"},
    ],
    ids=["geco", "factor_vae", "muon", "muon from step 20"],
)
def test_whatever_learns_goes_on_bit_for_bit(
    changes: dict[str, str],
    precision: str,
    digits: Dataset,
    tmp_path: Path,
    tiny: Tiny,
    left_behind: LeftBehind,
) -> None:
    """Stopped by hand at steps 1, 13 and 28, and cut off before its third validation."""
    config = tiny(**{"train.precision": precision, **changes})
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    for folder in (whole, pieces):
        folder.mkdir()
    loop.train(config, digits, whole, CPU)
    for stop in (1, 12):
        with (
            at_call("rate_factor", stop, lambda: signal.raise_signal(signal.SIGINT)),
            pytest.raises(loop.Interrupted),
        ):
            loop.train(config, digits, pieces, CPU, resume=True)
    with at_call("validate", 2, cut), pytest.raises(PowerCutError):
        loop.train(config, digits, pieces, CPU, resume=True)
    with (
        at_call("rate_factor", 8, lambda: signal.raise_signal(signal.SIGINT)),
        pytest.raises(loop.Interrupted),
    ):
        loop.train(config, digits, pieces, CPU, resume=True)
    loop.train(config, digits, pieces, CPU, resume=True)
    assert left_behind(pieces) == left_behind(whole)
    saved = read_tensors(whole / RESUME)[0]
    if changes.get("train.optimizer") == "muon":
        assert any(name.startswith("muon.") and tensor.any() for name, tensor in saved.items())
        return
    first, last = metrics_of(whole)
    assert first != last
    assert any(name.startswith("objective.") for name in saved)


def metrics_of(folder: Path) -> list[dict[str, float]]:
    """What the objective itself reported first and last, without what every objective reports."""
    lines = [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]
    ours = [name for name in lines[0] if name.endswith(("multiplier", "total_correlation_nats"))]
    assert ours
    return [{name: line[name] for name in ours} for line in (lines[0], lines[-1])]


def test_a_state_without_the_objectives_part_is_refused(
    digits: Dataset, tmp_path: Path, tiny: Tiny
) -> None:
    config = tiny(**{"objective.name": "geco", "objective.kappa": "150"})
    with at_call("save_resume", 2, cut, late=True), pytest.raises(PowerCutError):
        loop.train(config, digits, tmp_path, CPU)
    tensors, metadata = read_tensors(tmp_path / RESUME)
    del tensors["objective.model.log_multiplier"]
    safetensors.torch.save_file(tensors, tmp_path / RESUME, metadata)
    with pytest.raises(CheckpointError, match=r"objective\.model\.log_multiplier is missing"):
        loop.train(config, digits, tmp_path, CPU, resume=True)


@pytest.mark.parametrize(
    "name", ["optimizer.0.exp_avg", "optimizer.3.step", "muon.1.momentum_buffer"]
)
def test_a_state_without_an_optimizers_tensor_is_refused(
    name: str, digits: Dataset, tmp_path: Path, tiny: Tiny
) -> None:
    with at_call("save_resume", 2, cut, late=True), pytest.raises(PowerCutError):
        loop.train(tiny(**MUON), digits, tmp_path, CPU)
    tensors, metadata = read_tensors(tmp_path / RESUME)
    del tensors[name]
    safetensors.torch.save_file(tensors, tmp_path / RESUME, metadata)
    with pytest.raises(CheckpointError, match=rf"{name} is missing"):
        loop.train(tiny(**MUON), digits, tmp_path, CPU, resume=True)


def test_a_line_cut_short_is_dropped(
    digits: Dataset,
    tmp_path: Path,
    uninterrupted: Callable[[str], Path],
    tiny: Tiny,
    left_behind: LeftBehind,
) -> None:
    with at_call("save_resume", 3, cut), pytest.raises(PowerCutError):
        loop.train(tiny(), digits, tmp_path, CPU)
    with (tmp_path / METRICS).open("a") as file:
        file.write('{"step": 31, "ima')
    loop.train(tiny(), digits, tmp_path, CPU, resume=True)
    assert left_behind(tmp_path) == left_behind(uninterrupted("float32"))


def test_a_damaged_state_is_refused(digits: Dataset, tmp_path: Path, tiny: Tiny) -> None:
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
        ({"data.pixels": "grey"}, "data.pixels = 'binarized', not 'grey'"),
    ],
)
def test_resuming_another_configuration_is_refused(
    changes: dict[str, str],
    message: str,
    digits: Dataset,
    uninterrupted: Callable[[str], Path],
    tiny: Tiny,
    left_behind: LeftBehind,
) -> None:
    folder = uninterrupted("float32")
    before = left_behind(folder)
    with pytest.raises(CheckpointError, match=f"was begun with {message}; resume"):
        loop.train(tiny(**changes), digits, folder, CPU, resume=True)
    assert left_behind(folder) == before


def test_a_run_of_before_a_field_was_known_resumes(
    digits: Dataset, tmp_path: Path, tiny: Tiny
) -> None:
    with at_call("save_resume", 2, cut, late=True), pytest.raises(PowerCutError):
        loop.train(tiny(), digits, tmp_path, CPU)
    path = tmp_path / RESUME
    tensors, metadata = read_tensors(path)
    config = json.loads(metadata["config"])
    assert config["model"].pop("patch") == 1
    safetensors.torch.save_file(tensors, path, metadata | {"config": json.dumps(config)})
    assert loop.train(tiny(), digits, tmp_path, CPU, resume=True).step == tiny().train.steps


def test_killed_processes_go_on_bit_for_bit(
    train_digits: list[str], finished: Path, tmp_path: Path, metrics: ReadMetrics
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
        ("training.trainer.loop.prepare", 25, signal.SIGTERM),
        ("training.trainer.loop.prepare", 8, signal.SIGINT),
        ("training.checkpoints.finish.export_graphs", 1, signal.SIGKILL),
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
    ours, theirs = read_card(folder), read_card(finished)
    assert ours.metrics == theirs.metrics
    assert ours.files == theirs.files
    assert {path.name for path in folder.iterdir()} == {CARD, RESUME, METRICS, *FILES}


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


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_finished_run_goes_on_to_more_steps(
    schedule: str,
    train_digits: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A rate that is the same at every step makes it the run of that length from the start."""
    longer, once = tmp_path / "longer", tmp_path / "once"
    words = [*train_digits, "--train.schedule", schedule]
    assert main([*words, "--out", str(longer), "--train.steps", "20"]) == 0
    assert "with train.steps = 20, not 10" in refused(
        [*words, "--out", str(longer), "--resume", "--train.steps", "10"], capsys
    )
    assert main([*words, "--out", str(longer), "--resume", "--train.steps", "40"]) == 0
    said = capsys.readouterr().err
    assert f"{longer} continues from step 20 to 40." in said
    assert ("this is not the run that 40 steps" in said) == (schedule == "cosine")
    card = read_card(longer)
    assert card.training.steps == 40
    first, second = (shlex.split(line) for line in card.training.command.split(" && "))
    assert first[-2:] == ["--train.steps", "20"]
    assert second[-1] == "--resume"
    if schedule == "constant":
        assert main([*words, "--out", str(once), "--train.steps", "40"]) == 0
        for name, tensor in read_tensors(once / RESUME)[0].items():
            assert torch.equal(read_tensors(longer / RESUME)[0][name], tensor), name


def test_a_folder_with_other_things_is_left_alone(
    train_digits: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    words = [*train_digits, "--out", str(tmp_path)]
    assert "holds files but no run" in refused(words, capsys)
    assert "holds files but no run" in refused([*words, "--resume"], capsys)
    words = [*train_digits, "--out", str(tmp_path / "letter.txt")]
    assert "is not a folder" in refused(words, capsys)
    words = [*train_digits, "--out", str(tmp_path / "letter.txt" / "run")]
    assert "letter.txt" in refused(words, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_refused_run_leaves_nothing_behind(
    train_digits: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    message = refused([*train_digits, "--out", str(out), "--train.batch_size", "100000"], capsys)
    assert "train.batch_size is 100000" in message
    assert not out.exists()


def test_one_training_a_folder(
    train_digits: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FileLock(tmp_path / LOCK):
        for more in ([], ["--resume"]):
            message = refused([*train_digits, "--out", str(tmp_path), *more], capsys)
            assert "Another process is writing to" in message


def test_divergence_is_said_in_one_line(
    train_digits: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*train_digits, "--out", str(tmp_path / "run"), "--train.learning_rate", "1e20"]
    line = refused([*words, "--train.validate_every", "1"], capsys)
    assert "the run diverged; lower --train.learning_rate" in line


def test_a_device_that_is_not_there(
    train_digits: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    words = [*train_digits, "--out", str(tmp_path / "run"), "--device", "cuda"]
    assert "--device cuda: torch finds none here" in refused(words, capsys)
