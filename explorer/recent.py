"""What was found by looking a moment ago, for all who ask at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")

LONGEST_S = 1.0


class Recent(Generic[Found]):
    """The result of `look`, shared for `times` as long as looking took.

    So looking takes no more than one part in `times` of the server's time, however many ask, and
    what is shared is a moment old: some hundredths of a second, more where many wait, and never
    more than a second. With `times` 0, as it begins, everybody looks.
    """

    def __init__(self, look: Callable[[], Found]) -> None:
        self.look, self.times = look, 0.0
        self._lock = threading.Lock()
        self._last: tuple[float, Found] | None = None

    def __call__(self) -> Found:
        """What there is."""
        if not self.times:
            return self.look()
        shared = self._shared()
        if shared is None:
            with self._lock:
                # Whoever waited for another's look shares it.
                shared = self._shared() or self._look()
        return shared[1]

    def anew(self) -> Found:
        """What there is now, for a caller who misses something in what is shared."""
        return self._look()[1]

    def _shared(self) -> tuple[float, Found] | None:
        last = self._last
        return last if last is not None and time.monotonic() < last[0] else None

    def _look(self) -> tuple[float, Found]:
        began = time.monotonic()
        found = self.look()
        now = time.monotonic()
        last = self._last = (now + min(LONGEST_S, self.times * (now - began)), found)
        return last
