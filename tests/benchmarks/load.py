"""How many visitors one server bears: each opens the page with empty caches, stays, and lets go of
a control every few seconds.

    python tests/benchmarks/load.py [--visitors 100] [--seconds 30] [--stay 10] [--left 45]
        [--files 1024]

Prints a table and never fails on a time. It needs what `pip install -e ".[test]"` installs, and
Chromium (`apt install chromium`): a browser opens the page once and lets go of a slider once, and
what it asked for and sent over its WebSocket is what every visitor then asks for and sends. The
server runs in a process of its own with `--files` open files at most, the visitors in this one,
each with six connections and a WebSocket.

What the rows of the table mean:

- page open: from the first request to the last file, and to the end of the first run of the script.
- release: from the message of a release to the end of the run that it begins, while others arrive.
- turned away: visitors who got the sentence that it is full, and when to try again.
- memory: of the server, more than before the first visitor, for each one.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from drag import FLAGS, find_chromium, machine, table
from server import ROOT, serving

CONNECTIONS = 6
PATIENCE_S = 120


@dataclass
class Recorded:
    """What one browser asked for, in order, and sent: for its first run, and for a release."""

    paths: list[str] = field(default_factory=list)
    opening: list[bytes] = field(default_factory=list)
    release: list[bytes] = field(default_factory=list)


@dataclass
class Figures:
    """What all visitors got."""

    opened: list[float] = field(default_factory=list)
    released: list[float] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    full: int = 0
    errors: list[str] = field(default_factory=list)


async def record(address: str, chromium: str) -> Recorded:
    """Open the page in a browser, let go of a slider, and note what that takes."""
    from playwright.async_api import Request, WebSocket, async_playwright

    seen = Recorded()
    sink = seen.opening

    def note(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.netloc == address and request.method == "GET":
            seen.paths.append(parts.path + (f"?{parts.query}" if parts.query else ""))

    def listen(websocket: WebSocket) -> None:
        websocket.on("framesent", lambda payload: sink.append(bytes(payload)))

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(bypass_csp=True)
        page.on("request", note)
        page.on("websocket", listen)
        await page.goto(f"http://{address}/")
        await page.wait_for_selector("[data-ready]")
        await page.wait_for_load_state("networkidle")
        sink = seen.release
        await page.locator("input[type=range]").first.press("ArrowRight")
        for _ in range(100):
            if seen.release:
                break
            await asyncio.sleep(0.1)
        await browser.close()
    seen.paths = list(dict.fromkeys(seen.paths))
    return seen


async def fetch_all(address: str, paths: Iterable[str]) -> tuple[int, str]:
    """Ask for all paths over six connections: bytes that came, and the first refusal, if any."""
    queue, count, refusals = list(reversed(list(paths))), 0, []
    host, port = address.split(":")

    async def connection() -> None:
        nonlocal count
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            while queue:
                path = queue.pop()
                accept = "text/html" if path.partition("?")[0] == "/" else "*/*"
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\n"
                    "Accept-Encoding: gzip\r\n\r\n".encode()
                )
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                count += len(head)
                status = int(head.split(" ", 2)[1])
                length = re.search(r"content-length: (\d+)", head)
                if "transfer-encoding: chunked" in head:
                    while size := int(await reader.readline(), 16):
                        await reader.readexactly(size + 2)
                        count += size
                    await reader.readline()
                elif length:
                    # Read first: `count` would be looked up before others add to it.
                    body = await reader.readexactly(int(length[1]))
                    count += len(body)
                if status >= 400:
                    refusals.append(f"{status} {path}")
                    if status == 503:
                        queue.clear()
        finally:
            writer.close()

    page = [queue.pop()]
    queue, rest = page, queue
    await connection()
    if not refusals:
        queue = rest
        await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return count, refusals[0] if refusals else ""


async def visit(address: str, recorded: Recorded, figures: Figures, leave: asyncio.Event) -> None:
    """One visitor: the page, its first run, and a release every three seconds until all leave."""
    import websockets
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    async def run(messages: list[bytes]) -> int:
        for message in messages:
            await stream.send(message)
        count = 0
        while True:
            content = await stream.recv()
            assert isinstance(content, bytes)
            count += len(content)
            message = ForwardMsg()
            message.ParseFromString(content)
            if message.WhichOneof("type") == "script_finished":
                return count

    began = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_S):
            count, refusal = await fetch_all(address, recorded.paths)
            if refusal.startswith("503 /"):
                figures.full += 1
                return
            if refusal:
                raise RuntimeError(refusal)
        async with websockets.connect(
            f"ws://{address}/_stcore/stream",
            origin=f"http://{address}",  # type: ignore[arg-type]
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"],  # type: ignore[list-item]
            max_size=None,
            # A browser waits for minutes.
            open_timeout=PATIENCE_S,
        ) as stream:
            async with asyncio.timeout(PATIENCE_S):
                count += await run(recorded.opening[:1])
            figures.opened.append(time.perf_counter() - began)
            figures.sent.append(count)
            while not leave.is_set():
                await asyncio.sleep(3)
                began = time.perf_counter()
                async with asyncio.timeout(PATIENCE_S):
                    await run(recorded.release[:1])
                figures.released.append(time.perf_counter() - began)
    except Exception as error:
        figures.errors.append(f"{type(error).__name__}: {error}"[:200])


def held_mb(process: int) -> float:
    """The memory of a process."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found is not None
    return int(found[1]) / 1000


def busy_s(process: int) -> float:
    """The processor time that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def p95(values: list[float]) -> str:
    """The 95th percentile, in seconds."""
    ranked = sorted(values)
    return f"{ranked[math.ceil(0.95 * len(ranked)) - 1]:.2f} s" if ranked else "none"


async def main() -> None:
    """Record, load, and print."""
    parser = argparse.ArgumentParser(description="How many visitors one server bears.")
    parser.add_argument("--visitors", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30, help="in which all arrive")
    parser.add_argument("--stay", type=float, default=10, help="after the last has arrived")
    parser.add_argument("--files", type=int, default=1024, help="open files of the server, at most")
    parser.add_argument("--left", type=float, default=45, help="after the last has left")
    options = parser.parse_args()
    chromium = find_chromium()
    environment = machine(subprocess.getoutput(f"{chromium} --version 2>/dev/null").strip())
    figures, leave = Figures(), asyncio.Event()
    # The visitors, too, open files: seven each.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    files = options.files if hard == resource.RLIM_INFINITY else min(options.files, hard)
    async with serving(("explorer",), files=files) as (address, process, _):
        recorded = await record(address, chromium)
        await visit(address, recorded, Figures(), _set())
        before, idle = held_mb(process), busy_s(process)
        visitors = []
        for _ in range(options.visitors):
            visitors.append(asyncio.create_task(visit(address, recorded, figures, leave)))
            await asyncio.sleep(options.seconds / options.visitors)
        await asyncio.sleep(options.stay)
        during, busy = held_mb(process), busy_s(process)
        leave.set()
        await asyncio.gather(*visitors)
        await asyncio.sleep(options.left)
        after, again = held_mb(process), Figures()
        await visit(address, recorded, again, _set())
    here = max(1, len(figures.opened))
    rows = [
        ("visitors who opened the page", f"{len(figures.opened)} of {options.visitors}"),
        ("turned away with a sentence", str(figures.full)),
        ("errors", str(len(figures.errors))),
        ("page open, p95", p95(figures.opened)),
        ("release, p95", p95(figures.released)),
        ("files a page", str(len(recorded.paths))),
        ("sent to a visitor", f"{max(figures.sent, default=0) / 1e6:.2f} MB"),
        ("processor time a visitor", f"{(busy - idle) / here:.2f} s"),
        ("memory a visitor", f"{(during - before) / here:.2f} MB"),
        ("memory before, during, after", f"{before:.0f}, {during:.0f}, {after:.0f} MB"),
        ("then one more opens the page in", p95(again.opened)),
    ]
    title = f"{options.visitors} visitors in {options.seconds:g} s, {files:,} files at most"
    table(title, [*environment, *rows])
    for error in sorted(set(figures.errors))[:5]:
        print(error, file=sys.stderr)


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


if __name__ == "__main__":
    os.chdir(ROOT)
    asyncio.run(main())
