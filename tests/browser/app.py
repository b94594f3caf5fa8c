"""The whole app, `streamlit run explorer/app.py`, for as long as a test needs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def serve(
    models: Sequence[Path],
    command: Sequence[str] = ("streamlit", "run", "explorer/app.py"),
    folder: Path = ROOT,
    port: int | None = None,
    **environment: str,
) -> Iterator[str]:
    """The address of an app that lists these folders behind the checkpoints that we ship.

    Args:
        command: the module and arguments that start it, in `folder`.
        port: where it is served; a free one by default.
    """
    environment = {"EXPLORER_MODELS": os.pathsep.join(map(str, models)), **environment}
    port = port or free_port()
    options = ["--server.port", str(port), "--server.headless", "true"]
    with subprocess.Popen(
        [sys.executable, "-m", *command, *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        address = f"http://localhost:{port}"
        assert server.stdout is not None
        # A pipe that nobody empties would hold the server up.
        rest = threading.Thread(target=server.stdout.read)
        try:
            # It tells its address once it listens there.
            said = next((line for line in server.stdout if address in line), None)
            assert said is not None, "streamlit ended by itself"
            rest.start()
            yield address
        finally:
            server.terminate()
            if rest.ident is not None:
                rest.join()
