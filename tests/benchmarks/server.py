"""A server to measure: a process of its own, for as long as it is needed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
APP = ("streamlit", "run", str(ROOT / "explorer" / "app.py"))


class Server(NamedTuple):
    """Where it answers, without a scheme; its process; when it was started, by the clock."""

    host: str
    process: int
    started: float

    @property
    def address(self) -> str:
        """For a browser."""
        return f"http://{self.host}"


@contextlib.asynccontextmanager
async def serving(
    command: Sequence[str] = APP,
    *arguments: str,
    folder: Path = ROOT,
    files: int | None = None,
) -> AsyncIterator[Server]:
    """A server from the moment on that it answers.

    Args:
        command: the module that serves, and what stands before its options.
        arguments: of the script that it runs.
        folder: in which it runs.
        files: its hard limit of open files; the soft one is 256, as on some systems.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def limit() -> None:
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, files), files))

    options = ["--server.headless", "true", "--server.port", str(port)]
    options += ["--browser.serverAddress", "localhost", "--browser.gatherUsageStats", "false"]
    started = time.time()
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *command, *options, *(["--", *arguments] if arguments else [])),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=limit,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        while server.returncode is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.01)
        yield Server(f"localhost:{port}", server.pid, started)
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.terminate()
        await server.wait()
