"""A temporary folder: private, made again when cleared, cleared when its server was killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from explorer.server.private_folder import PrivateFolder

SERVER = """
import sys
from explorer.server.private_folder import PrivateFolder
folder = PrivateFolder("drops-").path()
(folder / "dropped").write_text("mine")
print(oct(folder.stat().st_mode), folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@contextmanager
def server() -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    """A process that has such a folder until its input ends; the folder's mode, and the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        mode, folder = process.stdout.readline().split()
        yield process, mode, Path(folder)


def test_only_this_user_may_enter_it_and_it_goes_with_the_process() -> None:
    with server() as (_, mode, folder):
        assert mode == "0o40700"
        assert (folder / "dropped").exists()
    assert not folder.exists()


def test_what_a_killed_server_left_is_cleared_and_no_other_servers() -> None:
    with server() as (_, _, living):
        with server() as (killed, _, left):
            killed.send_signal(signal.SIGKILL)
        assert left.exists()
        PrivateFolder("drops-").clear_leftovers()
        assert not left.exists()
        assert (living / "dropped").read_text() == "mine"


def test_nothing_else_is_cleared(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = temporary / "mine"
    mine.mkdir()
    (mine / "kept").touch()
    (temporary / "drops-link").symlink_to(mine)
    (temporary / "drops-file").touch()
    (temporary / "other-folder").mkdir()
    before = set(temporary.iterdir())
    PrivateFolder("drops-").clear_leftovers()
    assert (mine / "kept").exists()
    assert set(temporary.iterdir()) == before
    (temporary / "drops-of-another-user").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    PrivateFolder("drops-").clear_leftovers()
    assert (temporary / "drops-of-another-user").exists()


def test_it_is_made_again_where_it_was_cleared_away() -> None:
    folder = PrivateFolder("drops-")
    first = folder.path()
    assert folder.path() == first
    shutil.rmtree(first)
    again = folder.path()
    assert again.is_dir()
    other = PrivateFolder("drops-")
    other.clear_leftovers()
    assert again.is_dir(), "its lock is held"
    folder.remove()
    assert not again.exists()
