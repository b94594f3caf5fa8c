"""How soon a run on the page of training shows its first picture: with the worker warm, and cold.

    python tests/benchmarks/live.py [--data FOLDER] [--set sprites] [--rounds 3]

Prints a table and never fails on a time. It needs what `drag.py` needs. Each round has a server of
its own. Warm, the page is open until its worker has loaded what it needs, as it does while a form
is filled in; cold, Train is pressed as soon as the form is there. Both times are from that click to
the first picture that the page has drawn of the growing model. The digits need `--data`, the folder
of their files.

What the rows of the table mean:

- the worker has the run: when its state is no longer that it waits, as the server says it.
- worker: the processor time that it has used until the picture was there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from drag import FLAGS, HOW_TO_GET, ROOT, find_chromium, machine, table
from load import busy_s

WORKER = b"training.workers.live"
# A worker that has used no time for so long waits for an order.
QUIET_S = 1.5


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[tuple[str, int]]:
    """The app in a new folder, without any runs: its address and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "explorer", "--server.headless", "true"),
            *("--server.port", str(port)),
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            while server.returncode is None:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
            yield f"http://localhost:{port}", server.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                server.send_signal(signal.SIGTERM)
            await server.wait()


def worker_s(server: int) -> float | None:
    """Processor time of the server's training worker; None while there is none."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == server and WORKER in (folder / "cmdline").read_bytes():
                return busy_s(int(folder.name))
    return None


async def warm_up(server: int) -> None:
    """Until the worker has loaded what it needs."""
    used, since = worker_s(server), time.perf_counter()
    while not used or time.perf_counter() - since < QUIET_S:
        await asyncio.sleep(0.1)
        if (now := worker_s(server)) != used:
            used, since = now, time.perf_counter()


async def measured(
    browser: Any, address: str, server: int, data: str, *, warm: bool
) -> dict[str, float]:
    """Seconds from the click on Train."""
    page = await browser.new_page(bypass_csp=True, viewport={"width": 1366, "height": 900})
    await page.goto(f"{address}/train")
    await page.locator(".train-form").wait_for()
    await page.locator(".train-form select").first.select_option(data)
    if warm:
        await warm_up(server)
    used, began = worker_s(server) or 0, time.perf_counter()
    await page.get_by_role("button", name="Train", exact=True).click()
    await page.locator(".train-run[data-state='training']").wait_for(timeout=120_000)
    taken = time.perf_counter()
    await page.locator(".train-run[data-step]").wait_for(timeout=120_000)
    drawn = time.perf_counter()
    found = {
        "taken": taken - began,
        "drawn": drawn - began,
        "worker": (worker_s(server) or 0) - used,
    }
    await page.close()
    return found


async def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="How soon a run shows its first picture.")
    parser.add_argument("--data", help="the folder of the data sets")
    parser.add_argument("--set", default="sprites", help="which images to train on")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise SystemExit(HOW_TO_GET) from None
    if options.data:
        os.environ["EXPLORER_DATA"] = str(Path(options.data).resolve())
    rows = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        table("Machine", machine(f"Chromium {browser.version}, headless"))
        for name, warm in (("warm", True), ("cold", False)):
            rounds = []
            for _ in range(options.rounds):
                async with serving() as (address, server):
                    found = measured(browser, address, server, options.set, warm=warm)
                    rounds.append(await found)
            for key, words in (
                ("taken", "the worker has the run"),
                ("drawn", "first picture"),
                ("worker", "processor time of the worker"),
            ):
                all_of = [one[key] for one in rounds]
                spelled = f"{statistics.median(all_of):.2f} s"
                spelled += f" ({min(all_of):.2f} to {max(all_of):.2f})"
                rows.append((f"{name}: {words}", spelled))
        await browser.close()
    table(f"{options.set}, {options.rounds} rounds", rows)


if __name__ == "__main__":
    asyncio.run(main())
