"""Has images looked at that visitors dropped, one set after another, each by a process of its own.

What such a process decodes may be hostile: it has bounded memory and bounded time, and says no more
than facts in JSON.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from explorer.jobs import images
from explorer.jobs.images import Images
from explorer.jobs.store import Store
from explorer.jobs.supervisor import environment
from training.contract.errors import UserError
from training.contract.files import as_json, write_bytes
from training.contract.looked import LookEvent
from training.contract.reading import read

_LOGGER = logging.getLogger(__name__)

LOOK = (sys.executable, "-m", "training.workers.look")
DONE = ("looked", "timed")
LONGEST_S = 10 * 60
MOST_WAITING = 20
FAILED = (
    "These images could not be looked at: check that they open elsewhere, then drop them again."
)
LATE = f"Looking at these images took over {LONGEST_S // 60} minutes: drop fewer, or smaller ones."
BUSY = "Too many others are having their images looked at: try again in a minute."


class Looks:
    """Which images wait to be looked at, how far each is, and what was refused."""

    def __init__(self, home: Path, store: Store, command: tuple[str, ...] = LOOK) -> None:
        self.home, self.store, self.command = home, store, command
        self._pool = ThreadPoolExecutor(1)
        self._lock = threading.Lock()
        # How many were looked at so far, or why they are refused.
        self._states: dict[tuple[str, int, str], LookEvent] = {}
        self._process: subprocess.Popen[str] | None = None
        self._ended = False

    def state(self, found: Images, side: int, fit: str) -> dict[str, Any]:
        """What is known of a set at a size: it is looked at first, where that was not done."""
        key = (found.id, side, fit)
        if (facts := found.facts(side, fit)) is not None:
            with self._lock:
                return {"state": "ready", "facts": facts, "timing": key in self._states}
        with self._lock:
            if key not in self._states:
                waiting = [one for one in self._states.values() if one.what == "packing"]
                if len(waiting) >= MOST_WAITING:
                    return {"state": "refused", "sentence": BUSY}
                self._states[key] = LookEvent("packing")
                self._pool.submit(self._look, found, side, fit)
            event = self._states[key]
            if event.what == "refused":
                del self._states[key]  # said once: asking again looks at it again
                return {"state": "refused", "sentence": event.sentence}
            return {"state": "looking", "done": event.done}

    def close(self) -> None:
        """End the look that is on; the server ends."""
        self._ended = True
        if self._process is not None:
            self._process.kill()
        self._pool.shutdown(cancel_futures=True)

    def _look(self, found: Images, side: int, fit: str) -> None:
        key = (found.id, side, fit)
        try:
            said = self._said(found, side, fit)
        except Exception:
            _LOGGER.exception("Looking at images failed")
            said = LookEvent("refused", sentence=FAILED)
        with self._lock:
            if said.what in DONE:
                del self._states[key]
            else:
                self._states[key] = said

    def _said(self, found: Images, side: int, fit: str) -> LookEvent:
        if self._ended or images.find(self.home, found.id) is None:
            return LookEvent("refused", sentence=images.GONE)
        if found.id not in self.store.images_in_use():
            images.remove_packs(found)
        said = LookEvent("refused", sentence=FAILED)
        with (self.home / "look.log").open("w", encoding="utf-8") as log:
            process = self._process = subprocess.Popen(
                [
                    *self.command,
                    *(str(found.zip.resolve()), str(found.folder.resolve())),
                    *("--name", found.zip.name, "--side", str(side), "--fit", fit),
                ],
                stdin=subprocess.PIPE,  # its end is the end of that process
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=environment(),
                start_new_session=True,
            )
            late = threading.Event()

            def stop() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(LONGEST_S, stop)
            timer.start()
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    said = read(LookEvent, json.loads(line), "event")
                    if said.what == "packing":
                        with self._lock:
                            self._states[(found.id, side, fit)] = said
                    elif said.facts is not None:
                        place = found.folder / f"look-{side}-{fit}.json"
                        write_bytes(place, as_json(said.facts))
            except (ValueError, UserError):  # cut off with the process, or a fault
                _LOGGER.warning("What was said of images cannot be read", exc_info=True)
            finally:
                timer.cancel()
                process.kill()
                process.communicate()
                self._process = None
        if said.what == "packing":
            return LookEvent("refused", sentence=LATE if late.is_set() else FAILED)
        return said
