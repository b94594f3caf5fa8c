"""How live is the dial: the page of the ladder, turned from model to model.

    python tests/benchmarks/beta.py [--table sprites] [--results FOLDER] [--turns 20]

Prints a table and never fails on a time. It needs what `pip install -e ".[test]"` installs,
Chromium (`apt install chromium`), and a table of results with a ladder over β whose models are kept
(`python -m training reproduce sprites`). Server and headless browser run on this machine.

What the rows of the table mean:

- page to first rows: from opening the page, with nothing cached, until all traversals are drawn.
- first turn: to another seed, or where the row has one only, to another β, whose model is not
  loaded yet; the server sends it meanwhile. Further turns go back and forth between models that are
  loaded.
- image: from the slider's event to the frame with the new numbers and the new image.
- rows: the same, until all traversals are drawn, those of inactive latents last.
- dragged along a row: from the event to the frame with the new image.
- requests: what the browser asked the server for during all turns between loaded models, and
  during the drag.
"""

from __future__ import annotations

import argparse
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from drag import FLAGS, HOW_TO_GET, ROOT, find_chromium, machine, several, spread, table

sys.path.insert(0, str(ROOT))

VIEWPORT = {"width": 1440, "height": 900}

# Notes for each event of a slider after how many milliseconds a frame showed what it asked for.
WATCH = """
window.turns = [];
addEventListener("input", (event) => {
  const count = (name) => performance.getEntriesByName(name).length;
  const before = { image: count("ladder:image"), rows: count("ladder:rows") };
  const turn = {};
  turns.push(turn);
  const look = () => {
    for (const name in before) {
      if (turn[name] === undefined && count(`ladder:${name}`) > before[name])
        turn[name] = performance.now() - event.timeStamp;
    }
    if (turn.rows === undefined || turn.image === undefined) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}, { capture: true });
"""


def serve(results: Path | None) -> str:
    """The address of the explorer's own routes, for as long as this program runs."""
    import uvicorn

    from explorer import loading
    from explorer.server import serving

    if results is not None:
        loading.RESULTS = results
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(serving.plain_app(), port=port, log_level="error", ws="none")
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    return f"http://127.0.0.1:{port}"


def turn(page: Any, key: str) -> dict[str, float]:
    """Press a key on the slider that is focused; milliseconds to the image and to the rows."""
    before = page.evaluate("turns.length")
    page.keyboard.press(key)
    page.wait_for_function(
        "(before) => turns.length > before && turns.at(-1).rows && turns.at(-1).image", arg=before
    )
    found: dict[str, float] = page.evaluate("turns.at(-1)")
    return found


def drag(page: Any) -> list[float]:
    """Drag along the first row for two seconds; milliseconds to each image."""
    row = page.locator(".carrier .range").first
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    before = page.evaluate("turns.length")
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    for step in range(120):
        part = 0.5 + 0.4 * (1 - abs(step % 60 - 30) / 30)
        page.mouse.move(box["x"] + box["width"] * part, middle)
        time.sleep(1 / 60)
    page.mouse.up()
    page.wait_for_timeout(1000)
    turns = page.evaluate("(before) => turns.slice(before)", before)
    return [turn["image"] for turn in turns if "image" in turn]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="Turn the dial and print how live it is.")
    parser.add_argument("--table", default="sprites", help="name of a table of results")
    parser.add_argument("--results", type=Path, help="the folder of tables, if not the shipped one")
    parser.add_argument("--turns", type=int, default=20, help="how often to turn")
    options = parser.parse_args()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit(HOW_TO_GET) from None
    address = serve(options.results)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        table("Machine", machine(f"Chromium {browser.version}, headless"))
        page = browser.new_page(bypass_csp=True, viewport=VIEWPORT)
        page.add_init_script(WATCH)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/instrument/ladder/index.html?table={options.table}")
        page.wait_for_selector("[data-ready], .blocked")
        if (blocked := page.locator(".blocked")).count():
            raise SystemExit(blocked.inner_text())
        first = page.evaluate("performance.getEntriesByName('ladder:rows')[0]")
        opened = (first["startTime"] + first["duration"]) / 1000
        ranges = [page.locator(f".{name} .stop-range") for name in ("seed", "beta")]
        turned = next((range_ for range_ in ranges if range_.is_enabled()), None)
        if turned is None:
            raise SystemExit("This ladder has one model only: train more.")
        turned.focus()
        new = turn(page, "ArrowRight")
        page.wait_for_load_state("networkidle")
        before = len(asked)
        turns = [turn(page, ("ArrowLeft", "ArrowRight")[at % 2]) for at in range(options.turns)]
        dragged = drag(page)
        rows = [
            ("page to first rows", several([opened])),
            ("first turn, image · rows", f"{new['image']:.0f} · {new['rows']:.0f} ms"),
            (f"{options.turns} turns, image", spread([turn["image"] for turn in turns])),
            (f"{options.turns} turns, rows", spread([turn["rows"] for turn in turns])),
            (f"dragged along a row, {len(dragged)} images", spread(dragged)),
            ("requests", str(len(asked) - before)),
        ]
        table(f"Dial, {options.table}", rows)
        browser.close()


if __name__ == "__main__":
    main()
