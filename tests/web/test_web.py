"""The front end without a screen: `node --test`, where there is Node, and what it compares with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import pytest

from .answers import FILE, answers

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def node(*arguments: str) -> str:
    """What Node says, if all went well."""
    program = shutil.which("node")
    if program is None:
        _go_without("The front end's own tests need Node 18 or newer: see nodejs.org.")
    run = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def _go_without(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def test_the_modules_that_need_no_screen() -> None:
    files = sorted(str(file.relative_to(ROOT)) for file in HERE.glob("*.test.js"))
    said = node("--test", *files)
    passed = re.search(r"^\S+ pass (\d+)$", said, re.MULTILINE)
    assert passed is not None, said
    assert int(passed[1]) >= len(files)


def test_what_is_served_is_made_of_the_sources_as_they_are() -> None:
    if not (ROOT / "node_modules" / "esbuild").is_dir():
        _go_without("To see whether the bundle is up to date, run `npm ci --ignore-scripts` first.")
    node("tools/bundle.js", "--check")


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
