"""A command may hold what is free, and says so in one sentence where that is too little."""

import argparse
import resource
import sys

import numpy as np
import pytest
import torch

from training.__main__ import main
from training.commands import evaluate
from training.trainer import memory

GIB = 2**30


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system has no such limit")
@pytest.mark.parametrize("take", [lambda: torch.empty(GIB // 4), lambda: np.empty(GIB // 8)])
def test_too_much_is_a_sentence(
    take: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: argparse.Namespace) -> int:
        assert callable(take)
        take()
        return 0

    monkeypatch.setattr(evaluate, "run", run)
    monkeypatch.setattr(memory, "available", lambda: 3 * GIB)
    assert main(["evaluate", "somewhere"]) == 0
    before = resource.getrlimit(resource.RLIMIT_DATA)
    monkeypatch.setattr(memory, "available", lambda: 0)
    monkeypatch.setattr(memory, "LEAST", GIB // 4)
    assert main(["evaluate", "somewhere"]) == 2
    assert capsys.readouterr().err == f"error: {memory.SENTENCE}.\n"
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_what_is_free_is_known_here() -> None:
    if sys.platform == "linux":
        free = memory.available()
        assert free is not None
        assert 0 < free < 2**50
        assert 0 < memory.held() < 2**50


def test_other_errors_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: argparse.Namespace) -> int:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(evaluate, "run", run)
    with pytest.raises(RuntimeError, match="unforeseen"):
        main(["evaluate", "somewhere"])
