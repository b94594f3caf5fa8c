"""How soon ln p(x) of an image is there, exactly, and whether the image on screen pays for it.

    python tests/benchmarks/evidence.py [--images 20] [--seconds 4] [--drags 3]

Prints a table and never fails on a time. It needs what `drag.py` needs. The page is digits-2d with
the panel "ln p(x), exactly" open and its plane decoded.

What the rows of the table mean:

- image chosen → ln p(x): from the click on an image to its evidence, the ELBO of q and the gap
  between them, the wait for the encoder included.
- last move → ELBO of q: the ELBO, and the gap, of the z at which a drag of a slider ended.
- the rest are those of `drag.py`, of a drag of the first slider.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any, NamedTuple

from drag import (
    FLAGS,
    HOW_TO_GET,
    WATCH_PAINTS,
    Row,
    drag,
    find_chromium,
    machine,
    several,
    spread,
    table,
)
from server import serving

# Notes what the panel says of q, and when; and when something was pressed.
WATCH_ELBO = """
(said) => {
  window.said = [];
  new MutationObserver(() => window.said.push({ at: performance.now(), text: said.textContent }))
    .observe(said, { childList: true });
  document.addEventListener("click", (event) => { window.clicked = event.timeStamp; }, true);
}
"""
THERE = "said.find(({ at, text }) => at > clicked && text.includes('nats'))"


class Dragged(NamedTuple):
    """What one drag gave: frames a second, and milliseconds."""

    frames: float
    inputs: list[float]
    elbo: float


async def choose(page: Any, image: int) -> float:
    """Choose one of the images in the row; milliseconds until its evidence is there."""
    await page.evaluate("Object.assign(window, { said: [], clicked: Infinity })")
    await page.locator(".thumb").nth(image).click()
    await page.wait_for_function(THERE)
    taken: float = await page.evaluate(f"{THERE}.at - clicked")
    # What is sharpened and fitted afterwards is not part of the next one.
    await page.locator(".q-goals button:last-child:not([disabled])").wait_for()
    return taken


async def dragged(page: Any, seconds: float) -> Dragged:
    """Drag the first slider."""
    slider = page.locator(".sliders .range").first
    await slider.scroll_into_view_if_needed()
    box = await slider.bounding_box()
    await page.evaluate("Object.assign(probe, { inputs: [], painted: 0 }); window.said = []")
    await drag(page, box, seconds)
    probe = await page.evaluate("structuredClone(probe)")
    await page.wait_for_timeout(1000)
    elbo = await page.evaluate("said.length ? said.at(-1).at - probe.last : 0")
    await page.mouse.up()
    return Dragged(probe["painted"] / seconds, probe["inputs"], elbo)


def rows(words: str, drags: list[Dragged]) -> list[Row]:
    """Several drags."""
    return [
        (f"{words}: painted frames a second", several([one.frames for one in drags], "", 1)),
        (f"{words}: input → painted", spread([ms for one in drags for ms in one.inputs])),
    ]


async def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="How soon the evidence of an image is there.")
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=4, help="length of a drag")
    parser.add_argument("--drags", type=int, default=3)
    options = parser.parse_args()
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise SystemExit(HOW_TO_GET) from None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        table("Machine", machine(f"Chromium {browser.version}, headless"))
        async with serving() as server:
            page = await browser.new_page(bypass_csp=True, viewport={"width": 1440, "height": 900})
            await page.add_init_script(WATCH_PAINTS)
            await page.goto(f"{server.address}/?model=digits-2d")
            await page.wait_for_selector("[data-ready]")
            panel = page.locator(".evidence")
            said = panel.locator(".evidence-figures dd").first
            await said.evaluate(WATCH_ELBO)
            await page.wait_for_timeout(2000)
            closed = [await dragged(page, options.seconds) for _ in range(options.drags)]
            await panel.locator("summary").click()
            await choose(page, options.images)  # decodes the plane
            found = [await choose(page, image) for image in range(options.images)]
            opened = [await dragged(page, options.seconds) for _ in range(options.drags)]
        table(
            f"digits-2d, {options.images} images, {options.drags} drags",
            [
                ("image chosen → ln p(x)", spread(found)),
                ("last move → ELBO of q", several([one.elbo for one in opened], " ms", 0)),
                *rows("panel open", opened),
                *rows("panel closed", closed),
            ],
        )
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
