"""The jobs in the server's one file: what was acknowledged is there, whatever ends the server.

The state of a run itself, its weights, is in the job's folder; what is said here of a run that was
cut off is where it goes on from.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from explorer.jobs.asked import Asked, Training, kept, written
from explorer.jobs.exchange import State
from explorer.server.database import Database
from training.contract.errors import UserError

_LOGGER = logging.getLogger(__name__)

# Those that the worker still has to do something for; and those that it is at.
OPEN: tuple[State, ...] = ("waiting", "training", "paused", "keeping", "finishing")
AT_WORK: dict[State, State] = {"waiting": "training", "keeping": "finishing"}

# After this many workers that ended one after the other, none of them further than the one before,
# a job is not given another.
MOST_INTERRUPTED = 5

_TABLES = f"""
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    visitor TEXT NOT NULL,
    asked TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN {get_args(State)}),
    made REAL NOT NULL,
    served REAL NOT NULL DEFAULT 0,
    step INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    snapshot TEXT NOT NULL DEFAULT '',
    interrupted INTEGER NOT NULL DEFAULT 0,
    sentence TEXT NOT NULL DEFAULT '',
    wanted TEXT NOT NULL DEFAULT '',
    checkpoint TEXT NOT NULL DEFAULT '',
    furthest INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS losses (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    train REAL,
    validation REAL,
    PRIMARY KEY (job, step)
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A run that somebody asked for.

    Fields:
        id: cannot be guessed; those who know it may watch the job and decide about it.
        visitor: the address that asked for it.
        asked: what it is to do.
        made: when, in seconds since 1970; `served` when it last got the worker.
        step, seconds: how far it is.
        snapshot: the name of the newest files to open the growing model by.
        interrupted: how often a worker ended under it since the run last got further.
        sentence: what there is to say of it.
        wanted: what was asked of the worker that is at it: "pause" or "stop".
        checkpoint: the id in the catalogue, once it is kept.
        furthest: the step at which a worker ended that was further than any before it.
    """

    id: str
    visitor: str
    asked: Asked
    state: State
    made: float
    served: float
    step: int
    seconds: float
    snapshot: str
    interrupted: int
    sentence: str
    wanted: str
    checkpoint: str
    furthest: int


class Store(Database):
    """The jobs in the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _TABLES)
        with self._open() as connection, contextlib.suppress(sqlite3.OperationalError):
            # A file of an older version lacks it; another server may have been faster.
            connection.execute("ALTER TABLE jobs ADD furthest INTEGER NOT NULL DEFAULT 0")

    def add(self, visitor: str, asked: Asked) -> str:
        """A new job at the end of the queue; returns its id."""
        id = secrets.token_urlsafe(12)
        with self._change() as connection:
            connection.execute(
                "INSERT INTO jobs (id, visitor, asked, state, made) VALUES (?, ?, ?, 'waiting', ?)",
                (id, visitor, written(asked), time.time()),
            )
        return id

    def get(self, id: str) -> Job | None:
        """The job of that id, if there is one."""
        with self._open() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (id,)).fetchone()
        return next(_jobs([row] if row else []), None)

    def all(self, *states: State) -> list[Job]:
        """The jobs in any of these states, or all, the oldest first."""
        chosen = states or get_args(State)
        marks = ",".join("?" * len(chosen))
        with self._open() as connection:
            rows = connection.execute(
                f"SELECT * FROM jobs WHERE state IN ({marks}) ORDER BY made", chosen
            ).fetchall()
        return [*_jobs(rows)]

    def images_in_use(self) -> set[str]:
        """The ids of a visitor's images that an unfinished run learns from."""
        asked = [job.asked for job in self.all(*OPEN)]
        return {one.images for one in asked if isinstance(one, Training)}

    def queue(self) -> list[Job]:
        """Those that wait, in the order in which they will be served.

        What is to be kept comes first, for it is short. Then the visitor who was served
        longest ago: asking for many runs takes no turn from a visitor who asks for one.
        """
        with self._open() as connection:
            rows = connection.execute(
                """
                SELECT jobs.* FROM jobs JOIN (
                    SELECT visitor, MAX(served) AS last FROM jobs GROUP BY visitor
                ) USING (visitor)
                WHERE state IN ('waiting', 'keeping')
                ORDER BY state = 'waiting', last, made
                """
            ).fetchall()
        return [*_jobs(rows)]

    def take(self) -> Job | None:
        """Give the next job to the worker."""
        for job in self.queue():
            with self._change() as connection:
                taken = connection.execute(
                    "UPDATE jobs SET state = ?, served = ?, wanted = '' WHERE id = ? AND state = ?",
                    (AT_WORK[job.state], time.time(), job.id, job.state),
                )
                if not taken.rowcount:
                    continue
            return self.get(job.id)
        return None

    def note(
        self, id: str, step: int, seconds: float, train: float | None, validation: float | None
    ) -> None:
        """How far a job is, and its losses there; those beyond are of a run that was cut off."""
        with self._change() as connection:
            connection.execute(
                "UPDATE jobs SET step = ?, seconds = ? WHERE id = ?", (step, seconds, id)
            )
            connection.execute("DELETE FROM losses WHERE job = ? AND step >= ?", (id, step))
            connection.execute(
                "INSERT INTO losses VALUES (?, ?, ?, ?)", (id, step, train, validation)
            )

    def picture(self, id: str, snapshot: str) -> None:
        """The growing model can be opened anew."""
        with self._change() as connection:
            connection.execute("UPDATE jobs SET snapshot = ? WHERE id = ?", (snapshot, id))

    def want(self, id: str, wanted: Literal["pause", "stop"]) -> None:
        """Ask the worker to leave a job; one that waits is left at once."""
        state = "paused" if wanted == "pause" else "stopped"
        with self._change() as connection:
            connection.execute(
                "UPDATE jobs SET wanted = ? WHERE id = ? AND state = 'training'", (wanted, id)
            )
            connection.execute(
                "UPDATE jobs SET state = ? WHERE id = ? AND state IN ('waiting', 'paused')",
                (state, id),
            )

    def move(self, id: str, before: tuple[State, ...], after: State, **changes: str | int) -> bool:
        """Change the state of a job that is in one of `before`; returns whether it was."""
        fields = "".join(f", {name} = ?" for name in changes)
        marks = ",".join("?" * len(before))
        with self._change() as connection:
            moved = connection.execute(
                f"UPDATE jobs SET state = ?, wanted = ''{fields} WHERE id = ? "
                f"AND state IN ({marks})",
                (after, *changes.values(), id, *before),
            )
        return moved.rowcount > 0

    def remove(self, id: str) -> None:
        """Forget a job."""
        with self._change() as connection:
            connection.execute("DELETE FROM jobs WHERE id = ?", (id,))

    def recover(self) -> None:
        """Put what a worker was at back into the queue: there is no worker now.

        A run that gets further each time is given another worker as often as it takes.
        """
        with self._change() as connection:
            connection.execute(
                """
                UPDATE jobs SET furthest = step, interrupted = 0
                WHERE state = 'training' AND step > furthest
                """
            )
            connection.execute(
                """
                UPDATE jobs SET interrupted = interrupted + 1,
                    state = CASE
                        WHEN interrupted + 1 >= ? THEN 'failed'
                        WHEN wanted = 'pause' THEN 'paused'
                        WHEN wanted = 'stop' THEN 'stopped'
                        WHEN state = 'finishing' THEN 'keeping'
                        ELSE 'waiting' END,
                    wanted = '',
                    sentence = CASE
                        WHEN interrupted + 1 >= ?
                            THEN 'The worker ended too often in this job: ask for a smaller one.'
                        ELSE 'The worker ended and was started anew: the run continues from its '
                            || 'last saved step.' END
                WHERE state IN ('training', 'finishing')
                """,
                (MOST_INTERRUPTED, MOST_INTERRUPTED),
            )

    def losses(self, id: str, since: int = 0) -> list[tuple[int, float | None, float | None]]:
        """(step, training loss, validation loss) of each report after step `since`."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT step, train, validation FROM losses WHERE job = ? AND step > ? "
                "ORDER BY step",
                (id, since),
            ).fetchall()
        return [tuple(row) for row in rows]


def _jobs(rows: Iterable[sqlite3.Row]) -> Iterator[Job]:
    """The jobs of rows. One that another version wrote, and this one cannot do, is left out."""
    for row in rows:
        try:
            yield Job(**{**row, "asked": kept(row["asked"])})
        except UserError as error:
            _say_left_out(row["id"], str(error))


@cache
def _say_left_out(id: str, why: str) -> None:
    """Once: the queue is read every second."""
    _LOGGER.warning("The job %s is left out: %s", id, why)
