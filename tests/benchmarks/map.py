"""How live is the map: ours beside a Plotly scattergl page of the same points, in one run.

    python tests/benchmarks/map.py [--model digits] [--counts 10000 70000] [--seconds 4]
        [--rounds 3]

Prints a table and never fails on a time. It needs what `pip install -e ".[test]"` installs, and
Chromium (`apt install chromium`). Where a checkpoint has fewer codes than asked for, a copy of it
in a temporary folder gets more: its own codes again, with a little noise on codes and map, and its
sheets of images over again.

What the rows of the table mean:

- page to first map: from opening the page, with nothing cached, to the first frame of the points.
- pan: frames that the compositor drew, from the browser's own trace, while the map was dragged at
  60 moves a second. Nothing else on either page moves then. There is no GPU: software draws.
- hover → thumbnail: from the pointer's event to the image beside it, as the next frame shows it;
  for Plotly, to its label, which cannot hold an image. Ours learns of the pointer at once where the
  browser tells (over HTTPS, and from one's own machine), Plotly with the next frame; Plotly also
  limits itself.
- "you are here": ours places z among the codes at every move of a slider. Plotly has no counterpart
  that moves by itself; its figure is a restyle of one marker whose place is already known.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from drag import (
    FLAGS,
    HOW_TO_GET,
    MOVES_PER_S,
    TRACE,
    drag,
    find_checkpoint,
    find_chromium,
    machine,
    several,
    spread,
    table,
)
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image
from server import ROOT, serving

sys.path.insert(0, str(ROOT))

VIEWPORT = {"width": 1440, "height": 900}

PLOTLY_PAGE = """<!doctype html><meta charset="utf-8"><title>Plotly</title>
<div id="plot" style="width: WIDTHpx; height: HEIGHTpx; margin: 40px"></div>
<script src="plotly.js"></script>
<script type="module">
const floats = new Float32Array(await (await fetch("points.bin")).arrayBuffer());
const labels = await (await fetch("labels.json")).json();
const x = floats.filter((_, at) => at % 2 === 0), y = floats.filter((_, at) => at % 2);
const plot = document.getElementById("plot");
const points = { type: "scattergl", mode: "markers", x, y, text: labels.text, hoverinfo: "text",
  marker: { size: 3, color: labels.colour, colorscale: "Viridis" } };
const here = { type: "scattergl", mode: "markers", x: [x[0]], y: [y[0]], hoverinfo: "skip",
  marker: { size: 14, color: "red" } };
const layout = { dragmode: "pan", showlegend: false, hovermode: "closest",
  margin: { l: 0, r: 0, t: 0, b: 0 }, xaxis: { visible: false }, yaxis: { visible: false } };
await Plotly.newPlot(plot, [points, here], layout, { displayModeBar: false, scrollZoom: true });
window.hovers = [];
plot.on("plotly_hover", ({ event }) => hovers.push(performance.now() - event.timeStamp));
requestAnimationFrame(() => performance.mark("first-map"));
window.restyle = async (times) => {
  const taken = [];
  for (let at = 0; at < times; at++) {
    const start = performance.now();
    await Plotly.restyle(plot, { x: [[x[at]]], y: [[y[at]]] }, [1]);
    taken.push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  return taken;
};
</script>
"""


class Round(NamedTuple):
    """What one visit gave: seconds, frames a second, and milliseconds."""

    first: float
    panned: float
    hovers: list[float]
    here: list[float]


def enlarge(source: Path, folder: Path, count: int) -> None:
    """Copy a checkpoint with `count` codes: its own again and again, with noise from the second."""
    from safetensors.numpy import load_file, save_file

    from training.contract.card import CODES
    from training.contract.files import read_card, write_card

    card = read_card(source)
    assert card.examples is not None
    if count < card.examples.count:
        raise SystemExit(
            f"--counts {count}: {source.name} has {card.examples.count} codes already."
        )
    shutil.copytree(source, folder)
    codes = load_file(source / CODES)
    rows = np.arange(count) % card.examples.count
    again = (np.arange(count) >= card.examples.count)[:, None]
    random = np.random.default_rng(0)
    more = {name: values[rows] for name, values in codes.items()}
    for name in ("mean", "umap", "pca"):
        noise = 0.05 * more[name].std(0) * random.standard_normal(more[name].shape)
        more[name] = (more[name] + again * noise).astype(np.float32)
    save_file(more, folder / CODES)
    examples = replace(card.examples, count=count, how=f"Enlarged to {count} codes.")
    shipped = card.examples.sheets
    height, width = card.shape[1:]
    for at, name in enumerate(examples.sheets):
        shutil.copy(source / shipped[at % max(1, len(shipped) - 1)], folder / name)
    # The last sheet has as many lines as there are images on it.
    per_sheet = examples.per_sheet or count
    left = count - (len(examples.sheets) - 1) * per_sheet
    lines = -(-left // examples.columns)
    last = folder / examples.sheets[-1]
    with Image.open(last) as sheet:
        cut = sheet.crop((0, 0, examples.columns * width, lines * height))
    file = io.BytesIO()
    cut.save(file, "WEBP", lossless=True)
    last.write_bytes(file.getvalue())
    title = f"{card.title}, {count:,} codes"
    write_card(folder, replace(card, title=title, examples=examples))


def plotly_page(folder: Path, checkpoint: Path, size: dict[str, float]) -> None:
    """Write a page with the same points at the same size, and nothing else."""
    from plotly.offline import get_plotlyjs
    from safetensors.numpy import load_file

    codes = load_file(checkpoint / "codes.safetensors")
    labels: NDArray[np.int32] = codes["label"]
    folder.mkdir()
    (folder / "plotly.js").write_text(get_plotlyjs())
    (folder / "points.bin").write_bytes(codes["umap"].tobytes())
    text = [f"image {at}: {label}" for at, label in enumerate(labels)]
    (folder / "labels.json").write_text(json.dumps({"text": text, "colour": labels.tolist()}))
    page = PLOTLY_PAGE
    for word in ("WIDTH", "HEIGHT"):
        page = page.replace(word, f"{size[word.lower()]:.0f}")
    (folder / "index.html").write_text(page)


@contextlib.asynccontextmanager
async def serving_files(folder: Path) -> AsyncIterator[str]:
    """A plain file server: its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        await server.wait()


async def pan(browser: Any, page: Any, box: dict[str, float], seconds: float) -> float:
    """Frames a second by the compositor while the map is dragged."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        await browser.start_tracing(page=page, path=trace, categories=TRACE)
        await drag(page, box, seconds)
        await browser.stop_tracing()
        events = json.loads(trace.read_text())["traceEvents"]
    await page.mouse.up()
    return sum(event["name"] == "DrawFrame" for event in events) / seconds


async def wander(page: Any, spots: list[tuple[float, float]]) -> None:
    """Move the pointer from spot to spot, 60 of them a second, never waiting for the page."""
    session = await page.context.new_cdp_session(page)
    began, moves = time.perf_counter(), []
    for move, (x, y) in enumerate(spots):
        await asyncio.sleep(max(0.0, began + move / MOVES_PER_S - time.perf_counter()))
        event = {"type": "mouseMoved", "x": x, "y": y, "buttons": 0}
        moves.append(asyncio.ensure_future(session.send("Input.dispatchMouseEvent", event)))
    await asyncio.gather(*moves)


def spots_on(points: NDArray[np.float32], box: dict[str, float], count: int) -> list[Any]:
    """Places of the page where points are, as our map lays them out when it shows them all."""
    low, high = points.min(0), points.max(0)
    sides = np.array([box["width"], box["height"]])
    scale = (0.88 * sides / (high - low)).min()
    chosen = points[np.random.default_rng(1).integers(0, len(points), count)]
    middle = np.array([box["x"], box["y"]]) + sides / 2
    spots = middle + (chosen - (low + high) / 2) * [scale, -scale]
    return [tuple(map(float, spot)) for spot in spots]


async def ours(
    browser: Any, address: str, model: str, points: NDArray[np.float32], seconds: float
) -> tuple[Round, dict[str, float]]:
    """One visit of our page: the map opened, panned, hovered, and z dragged by a slider."""
    context = await browser.new_context(bypass_csp=True, viewport=VIEWPORT)
    page = await context.new_page()
    await page.goto(f"{address}/?model={model}", wait_until="commit")
    await page.wait_for_function("performance.getEntriesByName('instrument:map').length")
    first = await page.evaluate("performance.getEntriesByName('instrument:map')[0].startTime")
    await page.wait_for_timeout(2500)
    box = await page.locator(".map-stage").bounding_box()
    panned = await pan(browser, page, box, seconds)
    await page.locator(".map-whole").click()
    spots = spots_on(points, box, round(seconds * MOVES_PER_S))
    # The sheets of images come when they are first asked for: on the first way over the points.
    await wander(page, spots)
    await page.wait_for_timeout(1500)
    await page.evaluate("performance.clearMeasures('instrument:hover')")
    await wander(page, spots[::-1])
    await page.mouse.move(10, 10)
    hovers = await page.evaluate(
        "performance.getEntriesByName('instrument:hover').map(({ duration }) => duration)"
    )
    await page.evaluate("performance.clearMeasures('instrument:here')")
    slider = await page.locator(".sliders .range").first.bounding_box()
    await drag(page, slider, seconds)
    await page.mouse.up()
    here = await page.evaluate(
        "performance.getEntriesByName('instrument:here').map(({ duration }) => duration)"
    )
    await context.close()
    return Round(first / 1000, panned, hovers, here), box


async def plotly(browser: Any, folder: Path, points: NDArray[np.float32], seconds: float) -> Round:
    """The same on the Plotly page."""
    async with serving_files(folder) as address:
        context = await browser.new_context(bypass_csp=True, viewport=VIEWPORT)
        page = await context.new_page()
        await page.goto(f"{address}/index.html", wait_until="commit")
        await page.wait_for_function("performance.getEntriesByName('first-map').length")
        first = await page.evaluate("performance.getEntriesByName('first-map')[0].startTime")
        await page.wait_for_timeout(2500)
        box = await page.locator("#plot").bounding_box()
        count = round(seconds * MOVES_PER_S)
        low, high = points.min(0), points.max(0)
        spread_out = (points - low) / (high - low)
        chosen = spread_out[np.random.default_rng(1).integers(0, len(points), count)]
        # Plotly leaves a twentieth of the range empty at either end, and does not keep the shape.
        part = 0.05 + 0.9 * chosen
        spots = [
            (box["x"] + box["width"] * float(x), box["y"] + box["height"] * float(1 - y))
            for x, y in part
        ]
        await wander(page, spots)
        hovers = await page.evaluate("hovers")
        here = await page.evaluate(f"restyle({min(120, count)})")
        panned = await pan(browser, page, box, seconds)
        await context.close()
    return Round(first / 1000, panned, hovers, here)


def rows(rounds: list[Round]) -> list[tuple[str, str]]:
    """Several rounds as one table."""
    return [
        ("page to first map", several([each.first for each in rounds])),
        ("pan, frames a second", several([each.panned for each in rounds], "", 1)),
        ("hover → thumbnail (Plotly: label)", spread([ms for r in rounds for ms in r.hovers])),
        ("“you are here” (Plotly: restyle)", spread([ms for r in rounds for ms in r.here])),
    ]


async def main() -> None:
    """Measure, and print as it comes."""
    parser = argparse.ArgumentParser(description="Pan and hover the map and print how live it is.")
    parser.add_argument("--model", default="digits", help="id of a checkpoint with labels")
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 70_000])
    parser.add_argument("--seconds", type=float, default=4, help="length of each drag")
    parser.add_argument("--rounds", type=int, default=3, help="how often to visit each page")
    options = parser.parse_args()
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise SystemExit(HOW_TO_GET) from None
    chromium = find_chromium()
    from safetensors.numpy import load_file

    entry, card = find_checkpoint(options.model)
    if card.map is None or card.data.labels is None:
        raise SystemExit(f"{options.model} has no map or no labels: name another model.")

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "models"
        folder.mkdir()
        for count in options.counts:
            enlarge(entry.folder.resolve(), folder / f"map-{count}", count)
        os.environ["EXPLORER_MODELS"] = str(folder)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            table("Machine", machine(f"Chromium {browser.version}, headless"))
            for count in options.counts:
                checkpoint = folder / f"map-{count}"
                points = load_file(checkpoint / "codes.safetensors")["umap"]
                mine, theirs = [], []
                async with serving() as server:
                    # The first visitor also waits for Streamlit to start.
                    await ours(browser, server.address, checkpoint.name, points, 0.5)
                    for turn in range(options.rounds):
                        seen, box = await ours(
                            browser, server.address, checkpoint.name, points, options.seconds
                        )
                        mine.append(seen)
                        page = Path(temporary) / f"plotly-{count}-{turn}"
                        plotly_page(page, checkpoint, box)
                        theirs.append(await plotly(browser, page, points, options.seconds))
                synthetic = max(0, count - card.examples.count)
                made = f", {synthetic:,} of them derived from the others" if synthetic else ""
                table(f"Ours, {count:,} points{made}", rows(mine))
                table(f"Plotly scattergl, the same {count:,} points", rows(theirs))
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
