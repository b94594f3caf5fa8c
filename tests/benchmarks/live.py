"""How soon a run on the page of training shows its first picture, what it has learnt soon after,
and what the other visitors notice of it.

    python tests/benchmarks/live.py [--data FOLDER] [--set sprites] [--workers warm cold]
        [--rounds 3] [--looks 10 40] [--visitors 20] [--pictures FOLDER]

Prints a table and never fails on a time. It needs what `drag.py` needs. Each round has a server of
its own. Warm, the page is open until its worker has loaded what it needs, as it does while a form
is filled in; cold, Train is pressed as soon as the form is there. Both times are from that click to
the first picture that the page has drawn of the growing model. The digits need `--data`, the folder
of their files.

What the rows of the table mean:

- the worker has the run: when its state is no longer that it waits, as the page says it.
- worker: the processor time that it has used until the picture was there.
- after 10 s: since the click, what the page shows then, of a run that has the machine to itself but
  for its page; `--pictures` keeps the screens.
- others: visitors as in `load.py`, one a second, who arrive while the run trains.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from drag import FLAGS, HOW_TO_GET, Row, find_chromium, machine, table
from load import Figures, busy_s, p95, record, visit
from server import Server, serving

WORKER = b"training.workers.live"
# A worker that has used no time for so long waits for an order.
QUIET_S = 1.5
PATIENCE_MS = 120_000


@contextlib.asynccontextmanager
async def without_runs() -> AsyncIterator[Server]:
    """The app in a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        async with serving(("explorer",), folder=Path(folder)) as server:
            yield server


def worker_s(server: Server) -> float | None:
    """Processor time of the server's training worker; None while there is none."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == server.process and WORKER in (folder / "cmdline").read_bytes():
                return busy_s(int(folder.name))
    return None


async def warm_up(server: Server) -> None:
    """Until the worker has loaded what it needs."""
    used, since = worker_s(server), time.perf_counter()
    while not used or time.perf_counter() - since < QUIET_S:
        await asyncio.sleep(0.1)
        if (now := worker_s(server)) != used:
            used, since = now, time.perf_counter()


async def form(browser: Any, server: Server, data: str) -> Any:
    """The page with its form filled in."""
    page = await browser.new_page(bypass_csp=True, viewport={"width": 1366, "height": 900})
    await page.goto(f"{server.address}/train")
    await page.locator(".train-form").wait_for()
    await page.locator(".train-form select").first.select_option(data)
    return page


async def begin(page: Any) -> float:
    """Press Train; returns when that was."""
    began = time.perf_counter()
    await page.get_by_role("button", name="Train", exact=True).click()
    return began


async def first_picture(browser: Any, data: str, *, warm: bool) -> dict[str, float]:
    """Seconds from the click on Train."""
    async with without_runs() as server:
        page = await form(browser, server, data)
        if warm:
            await warm_up(server)
        used, began = worker_s(server) or 0, await begin(page)
        await page.locator(".train-run[data-state='training']").wait_for(timeout=PATIENCE_MS)
        taken = time.perf_counter()
        await page.locator(".train-run[data-step]").wait_for(timeout=PATIENCE_MS)
        found = {
            "the worker has the run": taken - began,
            "first picture": time.perf_counter() - began,
            "processor time of the worker": (worker_s(server) or 0) - used,
        }
        await page.close()
    return found


async def learnt(browser: Any, data: str, looks: list[float], pictures: Path | None) -> list[Row]:
    """What the page of one run shows after so many seconds."""
    rows = []
    async with without_runs() as server:
        page = await form(browser, server, data)
        await warm_up(server)
        began = await begin(page)
        for seconds in looks:
            await asyncio.sleep(max(0, began + seconds - time.perf_counter()))
            if pictures is not None:
                pictures.mkdir(parents=True, exist_ok=True)
                await page.screenshot(path=pictures / f"{data}-{seconds:g}-s.png")
            (job,) = parse_qs(urlsplit(page.url).query)["job"]
            answer = await page.request.get(f"{server.address}/jobs/{job}.json?since=0")
            run = await answer.json()
            losses = [f"{loss:.1f}" for _, _, loss in run["losses"] if loss is not None]
            shown = await page.locator(".train-run").get_attribute("data-step") or "none"
            words = f"picture of step {shown}, validation loss {losses[-1] if losses else 'none'}"
            rows.append((f"after {seconds:g} s", f"step {run['step']}, {words}"))
        await page.close()
    return rows


async def noticed(browser: Any, chromium: str, data: str, visitors: int) -> list[Row]:
    """How long other visitors wait while a run trains."""
    figures, leave, gone = Figures(), asyncio.Event(), asyncio.Event()
    gone.set()
    async with without_runs() as server:
        recorded = await record(server.host, chromium)
        await visit(server.host, recorded, Figures(), gone)
        page = await form(browser, server, data)
        await warm_up(server)
        await begin(page)
        await page.locator(".train-run[data-step]").wait_for(timeout=PATIENCE_MS)
        tasks = []
        for _ in range(visitors):
            tasks.append(asyncio.create_task(visit(server.host, recorded, figures, leave)))
            await asyncio.sleep(1)
        state = await page.locator(".train-run").get_attribute("data-state")
        leave.set()
        await asyncio.gather(*tasks)
        await page.close()
    return [
        (f"others: {visitors} in {visitors} s, errors", str(len(figures.errors))),
        ("others: page open, p95", p95(figures.opened)),
        ("others: release, p95", p95(figures.released)),
        ("the run, when the last had come", str(state)),
    ]


async def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="How soon a run shows its first picture.")
    parser.add_argument("--data", help="the folder of the data sets")
    parser.add_argument("--set", default="sprites", help="which images to train on")
    kinds = ("warm", "cold")
    parser.add_argument("--workers", nargs="*", choices=kinds, default=kinds)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--looks", type=float, nargs="*", default=[10, 40], help="seconds")
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--pictures", type=Path, help="a folder for the screens")
    options = parser.parse_args()
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise SystemExit(HOW_TO_GET) from None
    if options.data:
        os.environ["EXPLORER_DATA"] = str(Path(options.data).resolve())
    rows = []
    chromium = find_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        table("Machine", machine(f"Chromium {browser.version}, headless"))
        for name in options.workers:
            rounds = [
                await first_picture(browser, options.set, warm=name == "warm")
                for _ in range(options.rounds)
            ]
            for words in rounds[0]:
                all_of = [one[words] for one in rounds]
                spelled = f"{statistics.median(all_of):.2f} s"
                spelled += f" ({min(all_of):.2f} to {max(all_of):.2f})"
                rows.append((f"{name}: {words}", spelled))
        if options.looks:
            rows += await learnt(browser, options.set, options.looks, options.pictures)
        if options.visitors:
            rows += await noticed(browser, chromium, options.set, options.visitors)
        await browser.close()
    table(f"{options.set}, {options.rounds} rounds", rows)


if __name__ == "__main__":
    asyncio.run(main())
