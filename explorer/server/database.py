"""The one file in which the server keeps what must outlive it: runs, classes and predictions.

SQLite in write-ahead logging with full synchronisation: what was acknowledged is there, whatever
ends the server and when. Every change is one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_WAIT_S = 10.0


class Database:
    """Some tables of the file; any thread, and any process, may ask it.

    Args:
        path: of the file, made where there is none.
        tables: the statements that make them, where they are not there yet.
    """

    def __init__(self, path: Path, tables: str) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(tables)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=LONGEST_WAIT_S, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.row_factory = sqlite3.Row
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
