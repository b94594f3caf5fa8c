"""The worker process beside the server: started when it is needed, given one job after another.

A worker that ends during a job is reported and replaced. The server's end is the end of the
worker's input, on which it saves its run and ends; so the two can be killed in any order.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import logging
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from filelock import FileLock, Timeout
from msgspec.structs import replace

from explorer import loading
from explorer.jobs import images
from explorer.jobs.asked import Asked, Training
from explorer.jobs.store import Job, Store
from training.contract.card import CARD
from training.contract.errors import UserError
from training.contract.reading import read
from training.contract.worker import Event, Order

_LOGGER = logging.getLogger(__name__)

WORKER = (sys.executable, "-m", "training.workers.live")
# A worker that has nothing to do holds some hundred megabytes of memory.
IDLE_S = 15 * 60
# Where others wait, a run gives way after so long, and goes on in its next turn.
TURN_S = 60
LOOK_S = 1.0
# A worker that ends before it did anything is replaced at once, its successor after a second, and
# each one after that after twice as long and a second.
LONGEST_PAUSE_S = 60.0
# After this many of them, those who wait see why.
MANY = 4
ENDING_S = 20
NO_WORKER = (
    "The training worker stops as soon as it starts, and is tried again every minute: tell whoever "
    "runs this explorer; `runs/.jobs/worker.log` says why."
)


class Happened(NamedTuple):
    """What the thread of the supervisor is woken by: a line of a worker, its end, or a visitor."""

    what: Literal["look", "tick", "said", "gone"]
    worker: subprocess.Popen[str] | None = None
    event: Event | None = None


class Supervisor:
    """Hands out the jobs of one folder to one worker.

    Args:
        home: `jobs.sqlite` and a folder for each job.
        data: where the worker finds data sets.
        command: what starts a worker.
    """

    def __init__(self, home: Path, data: Path, command: tuple[str, ...] = WORKER) -> None:
        self.home, self.data, self.command = home, data, command
        self.store = Store(home / "jobs.sqlite")
        # Whether the worker has loaded what it needs.
        self.warm = False
        self._events: queue.SimpleQueue[Happened] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = False
        self.worker: subprocess.Popen[str] | None = None
        self._job: Job | None = None
        # How many workers ended, one after another, of which none did anything.
        self._fruitless = 0
        self._asked = False

    def folder(self, job: str) -> Path:
        """Where a job keeps what it makes."""
        return self.home / job

    def wake(self) -> None:
        """Have a worker ready: somebody looks at the page, or there is something to do."""
        with self._lock:
            if self._ended:
                return
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._supervise, daemon=True)
                self._thread.start()
        self._events.put(Happened("look"))

    def close(self) -> None:
        """Let the worker save what it is at, and end; the server ends."""
        self._ended = True
        self._events.put(Happened("look"))
        if self._thread is not None:
            self._thread.join(ENDING_S)

    def _supervise(self) -> None:
        # Another server over the same folder may have the worker; it looks at the queue by itself.
        try:
            with FileLock(self.home / "lock", timeout=0):
                self._hand_out()
        except Timeout:
            return
        finally:
            self._end_worker()

    def _hand_out(self) -> None:
        self.store.recover()
        self._job = None
        begin = used = time.monotonic()
        while not self._ended:
            if self.worker is None and time.monotonic() >= begin:
                self.worker = self._start()
            try:
                happened = self._events.get(timeout=LOOK_S)
            except queue.Empty:
                happened = Happened("tick")
            if happened.what == "gone" and happened.worker is self.worker:
                self.worker, self._job, self.warm = None, None, False
                self.store.recover()
                begin = time.monotonic() + self._pause()
            if happened.event is not None:
                self._note(happened.event, happened.worker)
            if self._job is None:
                self._next()
            else:
                self._steer()
            if happened.what == "look" or self._job is not None:
                used = time.monotonic()
            elif time.monotonic() - used > IDLE_S:
                return

    def _pause(self) -> float:
        """How long to wait until the next worker, in seconds, now that one has ended."""
        self._fruitless += 1
        self._say_to_waiting(NO_WORKER)
        doubled = min(self._fruitless - 1, 10)  # a float ends where it is doubled for a day
        return min(LONGEST_PAUSE_S, 2.0**doubled - 1)

    def _say_to_waiting(self, sentence: str) -> None:
        if self._fruitless >= MANY:
            for job in self.store.queue():
                self.store.move(job.id, (job.state,), job.state, sentence=sentence)

    def _start(self) -> subprocess.Popen[str]:
        # Appended to, for its successor is started before anybody can read why a worker ended.
        with (self.home / "worker.log").open("a", encoding="utf-8") as log:
            worker = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=environment(),
                start_new_session=True,  # Ctrl-C is for the server, which tells the worker
            )
        threading.Thread(target=self._listen, args=(worker,), daemon=True).start()
        return worker

    def _listen(self, worker: subprocess.Popen[str]) -> None:
        assert worker.stdout is not None
        for line in worker.stdout:
            try:
                event = read(Event, json.loads(line), "event")
            except (ValueError, UserError):  # cut off with the worker, or a fault
                _LOGGER.warning("The training worker said what cannot be read: %.200s", line)
                worker.kill()
                break
            self._events.put(Happened("said", worker, event))
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            with contextlib.suppress(OSError):  # what was not written any more
                assert pipe is not None
                pipe.close()
        self._events.put(Happened("gone", worker))

    def _order(self, order: Order) -> None:
        assert self.worker is not None
        assert self.worker.stdin is not None
        try:
            self.worker.stdin.write(msgspec.json.encode(order).decode() + "\n")
            self.worker.stdin.flush()
        except (OSError, ValueError):  # it is gone, which its listener will say
            _LOGGER.info("The training worker took no order", exc_info=True)

    def _next(self) -> None:
        if not self.warm or (job := self.store.take()) is None:
            return
        self._job, self._asked = job, False
        asked, folder = job.asked, str(self.folder(job.id).resolve())
        data, zip = self._data(asked)
        order = Order("train", job.id, folder, data, zip, title=asked.title)
        if isinstance(asked, Training):
            order = replace(order, recipe=asked.recipe, overrides=asked.overrides)
        else:
            order = replace(order, do="treat", patient=asked.form.patient, cure=asked.form.cure)
        self._order(order if job.state == "training" else replace(order, do="finish"))

    def _data(self, asked: Asked) -> tuple[str, str]:
        """Where the images of a job are: in the folder of data sets, or in the visitor's own.

        A visitor's may be gone, which the worker says.
        """
        if not isinstance(asked, Training) or not asked.images:
            return str(self.data.resolve()), ""
        folder = (self.home / images.FOLDER / asked.images).resolve()
        return str(folder), str(folder / asked.zip)

    def _steer(self) -> None:
        """Have the worker leave its job where that is wanted, its time is up, or others wait."""
        assert self._job is not None
        if self._job.state != "training" or self._asked:
            return
        now = self.store.get(self._job.id)
        if now is None:
            return
        others = any(other.visitor != now.visitor for other in self.store.queue())
        # A treatment begins anew each time: given way to others, it might never end.
        is_long = isinstance(now.asked, Training)
        turn_over = others and is_long and time.time() - now.served > TURN_S
        if now.wanted or turn_over or now.seconds > now.asked.seconds:
            self._asked = True
            self._order(Order("pause"))

    def _note(self, event: Event, worker: subprocess.Popen[str] | None) -> None:
        if worker is not self.worker:  # said before its end, and read after it
            return
        job = self._job
        if event.what == "ready":
            self.warm = True
            self._say_to_waiting("")
        else:
            self._fruitless = 0
        if job is None or event.job != job.id:
            return
        if event.what == "step":
            self.store.note(job.id, event.step, event.seconds, event.train, event.validation)
        elif event.what == "snapshot":
            self.store.picture(job.id, event.name)
        elif event.what in ("trained", "paused", "finished", "failed"):
            self._leave(job, event.what, event.sentence)
            self._job = None

    def _leave(self, job: Job, what: str, sentence: str) -> None:
        now = self.store.get(job.id)
        if now is None:
            return
        if what == "finished":
            private = isinstance(job.asked, Training) and job.asked.images != ""
            id = keep(self.folder(job.id), private)
            self.store.move(job.id, ("finishing",), "kept", checkpoint=id, sentence="")
        elif what == "failed" and job.state == "finishing":
            self.store.move(job.id, ("finishing",), "stopped", sentence=sentence)
        elif what == "failed":
            self.store.move(job.id, ("training",), "failed", sentence=sentence)
        elif what == "trained":
            # Killed after its last step, a run has none left to report.
            steps = job.asked.steps
            self.store.move(job.id, ("training",), "trained", sentence="", step=steps)
        elif now.wanted == "pause":
            self.store.move(job.id, ("training",), "paused", sentence="")
        elif now.wanted == "stop":
            self.store.move(job.id, ("training",), "stopped", sentence="")
        elif now.seconds > now.asked.seconds:
            minutes = f"{now.asked.seconds / 60:.0f} min"
            late = f"Its time of {minutes} is up. Resume it to train for as long again."
            self.store.move(job.id, ("training",), "stopped", sentence=late)
        else:
            gave_way = "Other runs are waiting: this one continues in its next turn."
            self.store.move(job.id, ("training",), "waiting", sentence=gave_way)

    def _end_worker(self) -> None:
        worker, self.worker, self.warm = self.worker, None, False
        if worker is None:
            return
        assert worker.stdin is not None
        try:
            worker.stdin.close()
            worker.wait(ENDING_S)
        except (OSError, subprocess.TimeoutExpired):
            worker.kill()
        if self._job is not None:  # it was not the job that ended the worker
            self.store.move(self._job.id, ("training",), "waiting")
            self.store.move(self._job.id, ("finishing",), "keeping")


def environment() -> dict[str, str]:
    """That of a process which trains: one thread, and this checkout whatever else is installed."""
    checkout = str(Path(__file__).resolve().parent.parent.parent)
    paths = [checkout, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}


def keep(folder: Path, private: bool = False) -> str:
    """Move a finished checkpoint among the others; returns its id there.

    A private one, which shows a visitor's images, is put where no list finds it, under an id
    that cannot be guessed. A server may be killed between this and the note of it: then the folder
    is there already.
    """
    if private:
        digest = hashlib.sha256(folder.name.encode()).digest()
        name = f"trained~{base64.urlsafe_b64encode(digest[:12]).decode()}"
        place = loading.private(name)
        place.parent.mkdir(parents=True, exist_ok=True)
    else:
        name = f"trained-{folder.name[:6].lower().replace('_', 'x').strip('-')}"
        place = loading.RUNS / name
    if not (place / CARD).exists():
        shutil.rmtree(place, ignore_errors=True)
        folder.rename(place)
    if private:
        return name
    found = [entry for entry in loading.catalogue() if entry.folder.resolve() == place.resolve()]
    return found[0].id if found else name
