"""How live is a comparison: a slider dragged with four models side by side, and their memory.

    python tests/benchmarks/compare.py [--models sprites-beta1 …] [--seconds 4] [--drags 5]

Prints a table and never fails on a time. It needs what `drag.py` needs, and uses its words. The
models move together, so every one of them decodes its image and its filmstrips at each move.

An image is chosen first. Beside it stands the first of the models alone, as `drag.py` drags it.

- painted images: of every model, so that four models at 30 frames a second are 120.
- memory: of the page's own process, what no other process shares (`Private_*` in /proc), at the end
  of the drags, and once more when the browser has been asked to collect garbage; of an empty page
  the same, beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from pathlib import Path
from typing import Any, NamedTuple

from drag import (
    FLAGS,
    HOW_TO_GET,
    WATCH_PAINTS,
    drag,
    drag_instrument,
    find_checkpoint,
    find_chromium,
    machine,
    several,
    spread,
    table,
)
from server import serving

MODELS = ("sprites-beta1", "sprites-beta4", "sprites-beta16", "digits")


class Compared(NamedTuple):
    """What one drag gave: images and frames a second, and milliseconds from input to image."""

    images: float
    frames: float
    inputs: list[float]


async def compare(page: Any, seconds: float) -> Compared:
    """Drag the first slider of the first model."""
    slider = page.locator(".compared .range").first
    await slider.scroll_into_view_if_needed()
    box = await slider.bounding_box()
    await page.evaluate("Object.assign(probe, { inputs: [], pointers: [], painted: 0 })")
    await drag(page, box, seconds)
    probe = await page.evaluate("structuredClone(probe)")
    await page.mouse.up()
    await page.wait_for_timeout(1000)
    return Compared(len(probe["inputs"]) / seconds, probe["painted"] / seconds, probe["inputs"])


async def memory(browser: Any) -> dict[int, float]:
    """MB that each of the browser's processes of pages has for itself, by its id."""
    session = await browser.new_browser_cdp_session()
    found = await session.send("SystemInfo.getProcessInfo")
    pages = [one["id"] for one in found["processInfo"] if one["type"] == "renderer"]
    return {id: _private(id) for id in pages}


def _private(id: int) -> float:
    text = Path(f"/proc/{id}/smaps_rollup").read_text()
    kilobytes = re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB$", text, re.MULTILINE)
    return sum(map(int, kilobytes)) / 1000


async def main() -> None:
    """Measure, and print as it comes."""
    parser = argparse.ArgumentParser(description="Drag a slider of several models side by side.")
    parser.add_argument(
        "--models", nargs="+", default=MODELS, help="ids of two to four checkpoints"
    )
    parser.add_argument("--seconds", type=float, default=4, help="length of the drag")
    parser.add_argument("--drags", type=int, default=5, help="how often to drag")
    options = parser.parse_args()
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise SystemExit(HOW_TO_GET) from None
    chromium = find_chromium()
    for model in options.models:
        find_checkpoint(model)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        table("Machine", machine(f"Chromium {browser.version}, headless"))
        async with serving() as server:
            page = await browser.new_page(bypass_csp=True, viewport={"width": 1440, "height": 900})
            await page.goto("about:blank")
            empty = max((await memory(browser)).values())
            await page.add_init_script(WATCH_PAINTS)
            await page.goto(f"{server.address}/?compare={','.join(options.models)}")
            await page.wait_for_selector("[data-ready]")
            await page.locator(".thumb").nth(7).click()
            await page.wait_for_timeout(3000)
            drags = [await compare(page, options.seconds) for _ in range(options.drags)]
            full = max((await memory(browser)).values())
            session = await page.context.new_cdp_session(page)
            await session.send("HeapProfiler.collectGarbage")
            await page.wait_for_timeout(500)
            kept = max((await memory(browser)).values())
            await page.close()
        alone = [
            await drag_instrument(browser, options.models[0], options.seconds)
            for _ in range(options.drags)
        ]
        rows = [
            ("painted images a second", several([one.images for one in drags], "", 1)),
            ("painted frames a second", several([one.frames for one in drags], "", 1)),
            (
                f"{options.models[0]} alone: painted frames a second",
                several([one.painted for one in alone], "", 1),
            ),
            ("input → painted", spread([ms for one in drags for ms in one.inputs])),
            ("memory", f"{full:.0f} MB (an empty page: {empty:.0f} MB)"),
            ("memory once garbage is collected", f"{kept:.0f} MB"),
        ]
        title = f"{len(options.models)} models: {', '.join(options.models)}, {options.drags} drags"
        table(title, rows)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
