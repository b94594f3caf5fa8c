"""How soon a class sees a move of its teacher: one server, many followers, a dragged slider.

    python tests/benchmarks/presenting.py [--followers 60] [--seconds 20] [--rate 20]

Prints a table and never fails on a time. The server is the app in a process of its own; the teacher
and the followers are in this one, each with a connection of its own, as browsers have. A move is
timed from before the teacher sends it until a follower has its text. As in a browser, the teacher
sends the next move once the last one was answered, so a follower receives all of them.

What the rows of the table mean:

- seen after: over all moves and all followers.
- answered after: until the teacher may send the next move.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from dataclasses import dataclass, field

from drag import machine, table
from load import busy_s
from server import ROOT, serving

KEY = "X-Presenter"


@dataclass
class Figures:
    """What was timed, in seconds."""

    seen: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)


async def ask(
    address: str, method: str, path: str, content: object = None, key: str = ""
) -> tuple[int, str]:
    """One request on a connection of its own: status and body."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = b"" if content is None else json.dumps(content).encode()
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: {address}\r\n{KEY}: {key}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )
    answer = (await reader.read()).decode()
    writer.close()
    head, _, rest = answer.partition("\r\n\r\n")
    return int(head.split(" ", 2)[1]), rest


async def follow(address: str, code: str, figures: Figures, ready: asyncio.Semaphore) -> None:
    """One follower: notes how old each place is that arrives."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /classes/{code}/places HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
    try:
        while line := await reader.readline():
            if not line.startswith(b"data: "):
                continue
            now = time.perf_counter()
            place = json.loads(line[6:])["place"]
            if place == "model=digits":
                ready.release()
            else:
                figures.seen.append(now - float(place.rpartition("=")[2]))
    finally:
        writer.close()


async def drag(
    address: str, code: str, key: str, figures: Figures, seconds: float, rate: float
) -> None:
    """The teacher, who drags a slider."""
    until = time.perf_counter() + seconds
    while (now := time.perf_counter()) < until:
        place = f"model=digits&z={','.join(['0.123'] * 10)}&at={now!r}"
        status, _ = await ask(address, "POST", f"/classes/{code}/place", {"place": place}, key)
        assert status == 204, status
        figures.answered.append(time.perf_counter() - now)
        await asyncio.sleep(max(0, now + 1 / rate - time.perf_counter()))


def spelled(values: list[float]) -> str:
    """Median, 95th percentile and longest."""
    ranked = sorted(values)
    at = [ranked[len(ranked) // 2], ranked[int(0.95 * (len(ranked) - 1))], ranked[-1]]
    return " / ".join(f"{1000 * value:.0f}" for value in at) + " ms"


async def main() -> None:
    """Follow, drag, and print."""
    parser = argparse.ArgumentParser(description="How soon a class sees a move of its teacher.")
    parser.add_argument("--followers", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=float, default=20, help="moves a second, at most")
    options = parser.parse_args()
    figures, ready = Figures(), asyncio.Semaphore(0)
    async with serving(("explorer",), files=1024) as (address, process, _):
        _, made = await ask(address, "POST", "/classes", {"place": "model=digits"})
        code, key = json.loads(made)["code"], json.loads(made)["key"]
        followers = [
            asyncio.create_task(follow(address, code, figures, ready))
            for _ in range(options.followers)
        ]
        for _ in followers:
            await ready.acquire()
        began, idle = time.perf_counter(), busy_s(process)
        await drag(address, code, key, figures, options.seconds, options.rate)
        busy = (busy_s(process) - idle) / (time.perf_counter() - began)
        await asyncio.sleep(1)
        await ask(address, "DELETE", f"/classes/{code}", key=key)
        for one in followers:
            one.cancel()
        await asyncio.gather(*followers, return_exceptions=True)
    moves = len(figures.answered)
    rows = [
        ("moves", f"{moves}, {moves / options.seconds:.1f} a second"),
        ("seen by a follower", f"{100 * len(figures.seen) / (moves * options.followers):.1f} %"),
        ("seen after, p50 / p95 / most", spelled(figures.seen)),
        ("answered after, p50 / p95 / most", spelled(figures.answered)),
        ("processor of the server", f"{100 * busy:.0f} % of a core"),
    ]
    table(f"{options.followers} followers", [*machine(""), *rows])


if __name__ == "__main__":
    os.chdir(ROOT)
    asyncio.run(main())
