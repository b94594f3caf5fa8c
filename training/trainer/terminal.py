"""A run at a terminal: the keys that stop it, and the bar that shows how far it is."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """While open, Ctrl-C and SIGTERM fill the list instead of ending the program in mid-step."""
    received: list[int] = []
    previous = {
        number: signal.signal(number, lambda caught, _: received.append(caught))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def progress_bar(steps: int, done: int, batch_size: int, hidden: bool = False) -> "tqdm[None]":
    """Images done and to come, images a second, and the time left, on standard error."""
    return tqdm(
        total=steps * batch_size,
        initial=done * batch_size,
        unit=" images",
        unit_scale=True,
        smoothing=0.05,
        disable=hidden,
    )
