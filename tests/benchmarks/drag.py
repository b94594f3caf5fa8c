"""How live is live: one slider dragged in the app, beside a plain st.slider app, and how it starts.

    python tests/benchmarks/drag.py [--model sprites-beta4] [--seconds 4] [--drags 5] [--starts 5]

Prints a table and never fails on a time. It needs what `pip install -e ".[test]"` installs, and
Chromium (`apt install chromium`). Both apps run on this machine, one after the other, in the same
headless browser.

What the words in the table mean:

- painted: the new image is in its canvas; the browser shows it with the frame that this happens
  in. A painted frame is an animation frame with at least one such image. The frames that the
  compositor drew, counted from the browser's own trace, stand beside them.
- input: the `input` event of the slider, in the page.
- pointer: when the browser learnt that the pointer moved; browsers hold movements back until
  the next frame begins, and this includes the wait.
- grid right: the filmstrips and the grid show what lies around the last z of the drag.
- first image: painted, and one frame later.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from server import ROOT, serving

sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from explorer.loading import Entry
    from training.contract.card import Card

PLAIN = ("streamlit", "run", str(ROOT / "tests" / "benchmarks" / "plain_slider.py"))
MOVES_PER_S = 60
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
TRACE = ["devtools.timeline.frame", "disabled-by-default-devtools.timeline.frame"]
HOW_TO_GET = 'The benchmark needs `pip install -e ".[test]"` and Chromium (`apt install chromium`).'
Row = tuple[str, str]


class Drag(NamedTuple):
    """What one drag gave: frames a second, and milliseconds to each image and to the grid."""

    painted: float
    drawn: float
    inputs: list[float]
    pointers: list[float]
    grid: float


# Notes every painted image, the frames that had one, and when the pointer last moved.
WATCH_PAINTS = """
const probe = { inputs: [], pointers: [], painted: 0, moved: 0, last: 0, fresh: false };
window.probe = probe;
// The press moves the slider too; its image would count from the last move of the drag before.
for (const type of ["pointerdown", "pointermove"])
  document.addEventListener(type, (event) => { probe.moved = event.timeStamp; }, true);
const measure = performance.measure.bind(performance);
performance.measure = (name, span) => {
  if (name === "instrument:paint") {
    probe.inputs.push(span.end - span.start);
    probe.pointers.push(span.end - probe.moved);
    probe.last = span.start;
    probe.fresh = true;
  }
  return measure(name, span);
};
requestAnimationFrame(function frame() {
  probe.painted += probe.fresh;
  probe.fresh = false;
  requestAnimationFrame(frame);
});
"""

# Notes every image that the server sent and the browser has loaded, and when the pointer let go.
WATCH_IMAGES = """
const probe = { loaded: [], released: Infinity };
window.probe = probe;
document.addEventListener("load", ({ target }) => {
  if (target.tagName === "IMG") probe.loaded.push(performance.now());
}, true);
document.addEventListener("pointerup", (event) => { probe.released = event.timeStamp; }, true);
"""

FIRST_IMAGE = """
[performance.timeOrigin, performance.getEntriesByName("instrument:first-image")[0].startTime]
"""


async def drag(page: Any, box: dict[str, float], seconds: float) -> None:
    """Press in the middle of `box` and move along it and back, never waiting for the page."""
    session = await page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2

    def mouse(kind: str, part: float) -> Any:
        held = {"button": "left", "buttons": 1, "clickCount": 1}
        place = {"x": box["x"] + box["width"] * part, "y": y}
        return session.send("Input.dispatchMouseEvent", {"type": kind, **place, **held})

    await mouse("mousePressed", 0.5)
    began, moves = time.perf_counter(), []
    for move in range(1, round(seconds * MOVES_PER_S) + 1):
        await asyncio.sleep(max(0.0, began + move / MOVES_PER_S - time.perf_counter()))
        part = 0.5 + 0.45 * math.sin(math.pi * move / MOVES_PER_S + 0.01)
        moves.append(asyncio.ensure_future(mouse("mouseMoved", part)))
    await asyncio.gather(*moves)


async def drag_instrument(browser: Any, model: str, seconds: float) -> Drag:
    """Drag the first slider of the app with grid and filmstrips on screen."""
    async with serving() as server:
        page = await browser.new_page(bypass_csp=True, viewport={"width": 1440, "height": 900})
        await page.add_init_script(WATCH_PAINTS)
        await page.goto(f"{server.address}/?model={model}")
        await page.wait_for_selector("[data-ready]")
        await page.wait_for_function("performance.getEntriesByName('instrument:grid').length")
        await page.wait_for_timeout(1000)
        box = await page.locator(".sliders .range").first.bounding_box()
        with tempfile.TemporaryDirectory() as folder:
            trace = Path(folder) / "trace.json"
            await browser.start_tracing(page=page, path=trace, categories=TRACE)
            await page.evaluate("Object.assign(probe, { inputs: [], pointers: [], painted: 0 })")
            await drag(page, box, seconds)
            probe = await page.evaluate("structuredClone(probe)")
            await browser.stop_tracing()
            drawn = sum(
                event["name"] == "DrawFrame"
                for event in json.loads(trace.read_text())["traceEvents"]
            )
        await page.wait_for_timeout(1500)
        grid = await page.evaluate(
            "performance.getEntriesByName('instrument:grid').at(-1).startTime - probe.last"
        )
        await page.mouse.up()
        await page.close()
    painted = probe["painted"] / seconds
    return Drag(painted, drawn / seconds, probe["inputs"], probe["pointers"], grid)


def drag_rows(drags: Sequence[Drag], seconds: float) -> list[Row]:
    """Several drags as one table: each by itself differs by how driver and browser fall in step."""
    return [
        ("moves of the pointer", f"{seconds * MOVES_PER_S:.0f} in {seconds:g} s"),
        ("painted frames a second", several([drag.painted for drag in drags], "", 1)),
        ("frames a second by the compositor", several([drag.drawn for drag in drags], "", 1)),
        ("input → painted", spread([ms for drag in drags for ms in drag.inputs])),
        ("pointer → painted", spread([ms for drag in drags for ms in drag.pointers])),
        ("last move → grid right", several([drag.grid for drag in drags], " ms", 0)),
    ]


async def drag_plain(browser: Any, decoder: Path, seconds: float) -> list[Row]:
    """The same drag in the st.slider app."""
    async with serving(PLAIN, str(decoder)) as server:
        page = await browser.new_page(bypass_csp=True, viewport={"width": 1440, "height": 900})
        await page.add_init_script(WATCH_IMAGES)
        await page.goto(server.address)
        await page.wait_for_function("probe.loaded.length")
        await page.wait_for_timeout(1000)
        track = await page.get_by_test_id("stSlider").first.bounding_box()
        thumb = await page.get_by_role("slider").first.bounding_box()
        await page.evaluate("probe.loaded = []")
        await drag(page, track | {"y": thumb["y"], "height": thumb["height"]}, seconds)
        during = await page.evaluate("probe.loaded.length")
        await page.mouse.up()
        await page.wait_for_function("probe.loaded.some((time) => time > probe.released)")
        after = await page.evaluate(
            "probe.loaded.find((time) => time > probe.released) - probe.released"
        )
        await page.close()
    return [
        ("images during the drag", f"{during}"),
        ("release → image loaded", f"{after:.0f} ms"),
    ]


async def start(playwright: Any, chromium: str, model: str) -> tuple[float, float]:
    """Seconds to the first image: for a new process and browser, and for the next visitor."""
    browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    async with serving() as server:
        seconds = []
        for since in (server.started, None):
            context = await browser.new_context(
                bypass_csp=True, viewport={"width": 1440, "height": 900}
            )
            page = await context.new_page()
            await page.goto(f"{server.address}/?model={model}", wait_until="commit")
            await page.wait_for_selector("[data-ready]")
            began, painted = await page.evaluate(FIRST_IMAGE)
            until_asked = 0.0 if since is None else began / 1000 - since
            seconds.append(until_asked + painted / 1000)
            await context.close()
    await browser.close()
    return seconds[0], seconds[1]


def spread(milliseconds: Sequence[float]) -> str:
    """Median, 95th percentile and largest."""
    ordered = sorted(milliseconds)
    if not ordered:
        return "nothing"
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
    return f"p50 {statistics.median(ordered):.1f}, p95 {p95:.1f}, max {ordered[-1]:.1f} ms"


def several(values: Sequence[float], unit: str = " s", digits: int = 2) -> str:
    """Median and range."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def machine(browser_version: str) -> list[Row]:
    """What the figures were measured on, and how busy it was."""
    cpu = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(": ")[1] for line in lines if line.startswith("model name")), cpu)
    rows = [("processor", f"{cpu}, {os.cpu_count()} cores"), ("browser", browser_version)]
    rows.append(
        ("software", f"Python {platform.python_version()}, Streamlit {version('streamlit')}")
    )
    if hasattr(os, "getloadavg"):
        rows.append(("load before the run", f"{os.getloadavg()[0]:.1f}"))
    return rows


def table(title: str, rows: Sequence[Row]) -> None:
    """Print rows of Markdown."""
    print(f"\n| {title} | |\n|:--|:--|")
    for name, figure in rows:
        print(f"| {name} | {figure} |", flush=True)


def find_chromium() -> str:
    """Where the browser is, or what CHROME_BIN names; without one, says how to get it and stops."""
    named = filter(None, [os.environ.get("CHROME_BIN"), "chromium", "chromium-browser"])
    found = next(filter(None, map(shutil.which, named)), None)
    if found is None:
        raise SystemExit(HOW_TO_GET)
    return found


def find_checkpoint(id: str) -> tuple[Entry, Card]:
    """The checkpoint and its card; without them, says why and stops."""
    from explorer import loading

    entry = loading.find(id)
    if entry is None or entry.card is None:
        raise SystemExit(entry.error if entry else f"There is no checkpoint {id!r}.")
    return entry, entry.card


async def main() -> None:
    """Measure, and print as it comes."""
    parser = argparse.ArgumentParser(description="Drag a slider and print how live it is.")
    parser.add_argument("--model", default="sprites-beta4", help="id of a checkpoint")
    parser.add_argument("--seconds", type=float, default=4, help="length of the drag")
    parser.add_argument("--drags", type=int, default=5, help="how often to drag")
    parser.add_argument("--starts", type=int, default=5, help="how often to start the app")
    options = parser.parse_args()
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise SystemExit(HOW_TO_GET) from None
    chromium = find_chromium()
    entry, _ = find_checkpoint(options.model)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        table("Machine", machine(f"Chromium {browser.version}, headless"))
        drags = [
            await drag_instrument(browser, options.model, options.seconds)
            for _ in range(options.drags)
        ]
        rows = drag_rows(drags, options.seconds)
        table(f"Instrument, {options.model}, {options.drags} drags", rows)
        plain = await drag_plain(browser, entry.folder.resolve() / "decoder.onnx", options.seconds)
        table("st.slider, decoder on the server", plain)
        await browser.close()
        starts = [await start(playwright, chromium, options.model) for _ in range(options.starts)]
        cold, next_visitor = zip(*starts, strict=True)
        rows = [
            ("`streamlit run` → first image, new browser", several(cold)),
            ("the next visitor", several(next_visitor)),
        ]
        table(f"Start, {options.starts} times", rows)


if __name__ == "__main__":
    asyncio.run(main())
