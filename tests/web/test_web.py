"""The front end without a screen: `node --test`, where there is Node, and what it compares with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .answers import FILE, answers

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_the_modules_that_need_no_screen() -> None:
    node = shutil.which("node")
    if node is None:
        missing = "The front end's own tests need Node 18 or newer: see nodejs.org."
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    files = sorted(str(file.relative_to(ROOT)) for file in HERE.glob("*.test.js"))
    run = subprocess.run([node, "--test", *files], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    passed = re.search(r"^\S+ pass (\d+)$", run.stdout, re.MULTILINE)
    assert passed is not None, run.stdout
    assert int(passed[1]) >= len(files)


def test_the_known_answers_are_those_of_the_programs_they_come_from() -> None:
    _assert_same(json.loads(FILE.read_text("utf-8")), answers(), "answers")


def _assert_same(written: Any, found: Any, where: str) -> None:
    """Numbers to seven digits: the same library rounds differently on another processor."""
    if isinstance(written, dict):
        assert written.keys() == found.keys(), where
        for key, value in written.items():
            _assert_same(value, found[key], f"{where}.{key}")
    elif isinstance(written, list):
        assert len(written) == len(found), where
        for at, value in enumerate(written):
            _assert_same(value, found[at], f"{where}[{at}]")
    elif isinstance(written, float):
        assert written == pytest.approx(found, rel=1e-6, abs=1e-9), where
    else:
        assert written == found, where
