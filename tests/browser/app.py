"""The whole app, `streamlit run explorer/app.py`, for as long as a test needs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


@contextmanager
def serve(
    models: Sequence[Path],
    command: Sequence[str] = ("streamlit", "run", "explorer/app.py"),
    folder: Path = ROOT,
    **environment: str,
) -> Iterator[str]:
    """The address of an app that lists these folders behind the checkpoints that we ship.

    Args:
        command: the module and arguments that start it, in `folder`.
    """
    environment = {"EXPLORER_MODELS": os.pathsep.join(map(str, models)), **environment}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.port", str(port), "--server.headless", "true"]
    server = subprocess.Popen(
        [sys.executable, "-m", *command, *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.DEVNULL,
    )
    address = f"http://localhost:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", server)
        yield address
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        assert server.poll() is None, "streamlit ended by itself"
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"nothing answered at {url}")
