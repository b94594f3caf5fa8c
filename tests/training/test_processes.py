"""Processes that share a batch train the model that one process trains."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from training.__main__ import main
from training.checkpoints.checkpoint import read_tensors
from training.config import RunConfig, configuration, to_json
from training.contract.absence import METRICS, RESUME
from training.contract.card import CARD, MODEL
from training.contract.files import read_card
from training.contract.version1 import FILES
from training.datasets import Dataset
from training.errors import CheckpointError, ConfigError
from training.overrides import OBJECTIVES_BY_NAME
from training.trainer import loop
from training.trainer.processes import OneProcess, check

Tiny = Callable[..., RunConfig]
ReadMetrics = Callable[[Path], list[dict[str, float]]]
STOP_AT = Path(__file__).parent / "stop_at.py"
TRAIN_IN_PROCESSES = Path(__file__).parent / "train_in_processes.py"
EACH: list[dict[str, str]] = [
    {"objective.name": "beta_vae", "objective.beta": "4"},
    {"objective.name": "capacity", "objective.c_end": "3", "objective.c_steps": "20"},
    {"objective.name": "geco", "objective.kappa": "150"},
    {"objective.name": "beta_tcvae"},
    {"objective.name": "beta_tcvae", "objective.estimator": "mss"},
    {"objective.name": "factor_vae", "objective.layers": "2", "objective.units": "16"},
    {"objective.name": "dip_vae_i"},
    {"objective.name": "dip_vae_ii"},
    {"objective.name": "iwae", "objective.k": "3"},
    {"train.optimizer": "muon"},
]
SECONDS = 300  # so that processes which wait for each other end


def torchrun(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    """Two processes on this machine, a thread each, that talk through gloo."""
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }
    here = ["--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", "2"]
    command = [sys.executable, "-m", "torch.distributed.run", *here, *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def assert_close(found: Path, expected: Path) -> None:
    """The same weights, but for rounding."""
    tensors, metadata = read_tensors(expected)
    others, other_metadata = read_tensors(found)
    assert other_metadata == metadata
    assert others.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert (others[name] - tensor).norm() < 1e-4 * tensor.norm(), name


def test_two_processes_give_the_weights_of_one(
    train_digits: list[str], finished: Path, tmp_path: Path, metrics: ReadMetrics
) -> None:
    folder = tmp_path / "digits"
    done = torchrun(["-m", "training", *train_digits, "--device", "cpu", "--out", str(folder)])
    assert done.returncode == 0, done.stderr
    assert "distributed_backend=gloo" in done.stderr
    assert_close(folder / MODEL, finished / MODEL)
    for line, expected in zip(metrics(folder), metrics(finished), strict=True):
        assert line == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert {path.name for path in folder.iterdir()} == {CARD, METRICS, RESUME, *FILES}
    ours, theirs = read_card(folder), read_card(finished)
    assert configuration(ours, "x") == configuration(theirs, "x")
    assert ours.training.hardware == f"{theirs.training.hardware}, 2 processes"


def test_one_that_is_stopped_stops_all_and_one_can_go_on(
    train_digits: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Under GECO, whose multiplier must see the mean over all processes."""
    geco = ["--objective.name", "geco", "--objective.kappa", "150", "--device", "cpu"]
    whole, pieces = ([*train_digits, *geco, "--out", str(tmp_path / name)] for name in "ab")
    # Every process draws a batch before each step, and three for each validation, at step 20.
    stop = ["training.trainer.loop.prepare", "25", str(int(signal.SIGTERM))]
    done = torchrun([str(STOP_AT), *stop, *pieces])
    assert done.returncode != 0
    assert "Stopped; " in done.stderr
    assert "--resume" in done.stderr
    state = read_tensors(tmp_path / "b" / RESUME)[1]
    stopped_at = json.loads(state["progress"])["step"]
    assert 20 < stopped_at < 30
    assert main([*pieces, "--resume"]) == 0
    assert main(whole) == 0
    assert_close(tmp_path / "b" / MODEL, tmp_path / "a" / MODEL)


def test_processes_that_stand_at_different_steps_are_refused(
    tiny: Tiny, digits: Dataset, tmp_path: Path
) -> None:
    class Apart(OneProcess):
        """One of two, the other of which began anew."""

        def at_same_step(self, step: int) -> bool:
            return step == 0

    config, cpu = tiny(**{"train.steps": 5}), torch.device("cpu")
    loop.train(config, digits, tmp_path, cpu, processes=Apart())
    with pytest.raises(CheckpointError, match="a run at step 5, but another process sees one at"):
        loop.train(config, digits, tmp_path, cpu, resume=True, processes=Apart())


def test_seeds_are_not_for_torchrun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a")
    assert main(["train", "digits", "--seeds", "3", "--out", str(tmp_path / "run")]) == 2
    assert "torchrun trains one run; give it --seed, not --seeds." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_two_processes_train_as_one_under_every_objective(
    data: Path, tiny: Tiny, digits: Dataset, tmp_path: Path, metrics: ReadMetrics
) -> None:
    """Those that look at a batch as a whole too: weights, and what learns beside the model."""
    alone, shared = {}, {}
    for place, changes in enumerate(EACH):
        config = tiny(**changes)
        one, other = (tmp_path / f"{kind}-{place}" for kind in ("alone", "shared"))
        for folder in (one, other):
            folder.mkdir()
        loop.train(config, digits, one, torch.device("cpu"))
        alone[one], shared[str(other)] = changes, to_json(config)
    assert {config["objective"]["name"] for config in shared.values()} == set(OBJECTIVES_BY_NAME)
    runs = tmp_path / "runs.json"
    runs.write_text(json.dumps(shared))
    done = torchrun([str(TRAIN_IN_PROCESSES), str(data), str(runs)])
    assert done.returncode == 0, done.stderr
    for (one, changes), other in zip(alone.items(), map(Path, shared), strict=True):
        expected, found = read_tensors(one / RESUME)[0], read_tensors(other / RESUME)[0]
        assert found.keys() == expected.keys()
        # Muon's iteration computes in bfloat16, whose rounding may turn either way.
        tolerance = 0.02 if "train.optimizer" in changes else 1e-3
        for name, tensor in expected.items():
            distance = (found[name] - tensor).norm() / tensor.norm().clamp(min=1e-12)
            assert distance < tolerance, (changes, name)
        for line, expected_line in zip(metrics(other), metrics(one), strict=True):
            assert line == pytest.approx(expected_line, rel=tolerance / 10, abs=1e-4), changes


def test_a_batch_that_cannot_be_shared_is_refused(tiny: Tiny) -> None:
    message = "train.batch_size is 15, which 2 processes cannot share"
    with pytest.raises(ConfigError, match=message):
        check(tiny(**{"train.batch_size": "15"}), 2)
