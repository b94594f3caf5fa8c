"""How fast the page writes: a word, the codes of an image, and a painted code.

    python tests/benchmarks/steps.py [--times 20]

Prints a table and never fails on a time. It needs what `drag.py` needs, and uses its words. The
networks are those of the families' own defaults, untrained: time does not depend on weights, but
for the length of a word, and these words are as long as any can be.

- word: a sample of the prior is asked for by its key, until its word stands.
- codes: the button is pressed, until the last code of the image is there; the page draws frames
  meanwhile, on which the image grows.
- painted code: the pointer moves over the grid, until the image with the new code is painted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drag import FLAGS, HOW_TO_GET, find_chromium, machine, spread, table
from server import serving

if TYPE_CHECKING:
    from training.families.family import Family, Form

# Milliseconds of what the page itself measured since the last call.
PAINTS = """
() => {
  const found = performance.getEntriesByName("instrument:paint").map(({ duration }) => duration);
  performance.clearMeasures("instrument:paint");
  return found;
}
"""

# Milliseconds from the press until all codes are drawn, and how many of the frames showed others.
DRAW = """
async (cost) => {
  const seen = new Set();
  cost.textContent = "";
  const begun = performance.now();
  cost.getRootNode().querySelector(".samples-line .action").click();
  while (!/^(\\d+) of \\1 /.test(cost.textContent)) {
    await new Promise(requestAnimationFrame);
    seen.add(cost.textContent);
  }
  return [performance.now() - begun, seen.size];
}
"""


def write(folder: Path, family: Family, form: Form) -> None:
    """An untrained checkpoint of the family, without the encoder, which nothing here asks."""
    import torch

    from training.checkpoints.export import export_graphs
    from training.contract.card import ENCODER, Card, Data
    from training.contract.files import write_card
    from training.contract.graphs import Graphs

    torch.manual_seed(0)
    model: Any = family.network(form)
    model = model.eval()
    if form.alphabet is not None:
        model.logits.bias.data[0] = -100  # no word ends before it must
    folder.mkdir()
    traced = [one for one in family.graphs(model, form) if one.graph.file != ENCODER]
    export_graphs(traced, folder)
    graphs = {
        one.graph.file.removesuffix("r.onnx").removesuffix(".onnx"): one.graph for one in traced
    }
    write_card(
        folder,
        Card(
            family="untrained",
            name=folder.name,
            title=folder.name,
            summary="untrained",
            intent="",
            controls=family.controls(form),
            output=family.output(model, form),
            graphs=Graphs(**graphs),
            data=Data(folder.name, "none", "none", None, {}, None, None),
        ),
    )


async def opened(browser: Any, address: str, model: str) -> Any:
    page = await browser.new_page(bypass_csp=True, viewport={"width": 1440, "height": 900})
    await page.goto(f"{address}/?model={model}")
    await page.wait_for_selector("[data-ready]")
    await page.wait_for_timeout(2000)
    await page.evaluate(PAINTS)
    return page


async def words(browser: Any, address: str, times: int) -> list[float]:
    """Milliseconds of each word."""
    page = await opened(browser, address, "words")
    found: list[float] = []
    await page.locator(".written").click()
    for _ in range(times):
        await page.keyboard.press("s")
        await page.wait_for_timeout(300)
        found += await page.evaluate(PAINTS)
    await page.close()
    return found


async def codes(browser: Any, address: str, times: int) -> list[tuple[float, int]]:
    """Milliseconds of each drawn image, and on how many frames it grew."""
    page = await opened(browser, address, "codes")
    found = [await page.locator(".samples-cost").evaluate(DRAW) for _ in range(times)]
    await page.close()
    return found


async def painted(browser: Any, address: str) -> list[float]:
    """Milliseconds of each image while the pointer paints all cells, line after line."""
    page = await opened(browser, address, "codes")
    await page.locator(".swatch").nth(9).click()
    box = await page.locator(".codes").bounding_box()
    size = box["width"] / 7
    await page.mouse.move(box["x"] + size / 2, box["y"] + size / 2)
    await page.evaluate(PAINTS)
    await page.mouse.down()
    for cell in range(49):
        row, column = divmod(cell, 7)
        at = column if row % 2 == 0 else 6 - column
        await page.mouse.move(box["x"] + (at + 0.5) * size, box["y"] + (row + 0.5) * size)
        await page.wait_for_timeout(40)
    await page.mouse.up()
    found: list[float] = await page.evaluate(PAINTS)
    await page.close()
    return found


async def main() -> None:
    """Measure, and print as it comes."""
    parser = argparse.ArgumentParser(description="Words and codes that the page writes.")
    parser.add_argument("--times", type=int, default=20, help="how often to write")
    options = parser.parse_args()
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise SystemExit(HOW_TO_GET) from None
    chromium = find_chromium()

    from training.datasets import names
    from training.families.family import Form
    from training.families.text_vae import TextVAE
    from training.families.vqvae import VQVAE

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write(folder / "words", TextVAE(), Form((names.LONGEST,), alphabet=names.ALPHABET))
        write(folder / "codes", VQVAE(), Form((1, 28, 28)))
        os.environ["EXPLORER_MODELS"] = str(folder)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            table("Machine", machine(f"Chromium {browser.version}, headless"))
            async with serving() as server:
                rows = [
                    (
                        f"a word of {names.LONGEST} letters",
                        spread(await words(browser, server.address, options.times)),
                    )
                ]
                drawn = await codes(browser, server.address, options.times)
                rows += [
                    ("49 codes of an image", spread([ms for ms, _ in drawn])),
                    ("frames on which it grew", f"{min(n for _, n in drawn)} at least"),
                    ("painted code → image", spread(await painted(browser, server.address))),
                ]
            await browser.close()
        table("Written in the page", rows)


if __name__ == "__main__":
    asyncio.run(main())
