"""Classes in the server's one file: where each is, and what it predicted."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from pathlib import Path

from explorer.server.database import Database
from training.contract.errors import UserError

MOST_CLASSES, MOST_EACH = 200, 20  # on this server, and from one address
MOST_GUESSES = 300  # of a class on one lesson
KEPT_S = 12 * 3600  # after its last move

# Of a code, which is read from a board and typed: no two letters look alike. 31 ** 10 is 49 bits.
LETTERS, LENGTH = "23456789abcdefghjkmnpqrstuvwxyz", 10
KEY_BYTES = 24

_TABLES = """
CREATE TABLE IF NOT EXISTS classes (
    code TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    visitor TEXT NOT NULL,
    place TEXT NOT NULL,
    moved REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS guesses (
    class TEXT NOT NULL REFERENCES classes (code) ON DELETE CASCADE,
    lesson TEXT NOT NULL,
    voter TEXT NOT NULL,
    guess TEXT NOT NULL,
    PRIMARY KEY (class, lesson, voter)
) STRICT, WITHOUT ROWID;
"""


class ClassError(UserError):
    """What is asked of a class cannot be done. The message says why."""


class Store(Database):
    """The classes in the file. Of keys and voters it keeps digests."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _TABLES)

    def begin(self, place: str, visitor: str) -> tuple[str, str]:
        """A new class at a place: its code, for followers, and its key, for the teacher alone."""
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        key = secrets.token_urlsafe(KEY_BYTES)
        with self._change() as connection:
            connection.execute("DELETE FROM classes WHERE moved < ?", (time.time() - KEPT_S,))
            count, mine = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE visitor = ?) FROM classes", (visitor,)
            ).fetchone()
            if mine >= MOST_EACH:
                raise ClassError(
                    f"{mine} classes from your address have not ended, the most that one address "
                    "may have: end one."
                )
            if count >= MOST_CLASSES:
                raise ClassError(f"{count} classes are on this server already: try again later.")
            connection.execute(
                "INSERT INTO classes VALUES (?, ?, ?, ?, ?)",
                (code, _digest(key), visitor, place, time.time()),
            )
        return code, key

    def place(self, code: str) -> str | None:
        """Where a class is; None where there is no such class."""
        with self._open() as connection:
            found = connection.execute(
                "SELECT place FROM classes WHERE code = ? AND moved >= ?",
                (code, time.time() - KEPT_S),
            ).fetchone()
        return None if found is None else str(found[0])

    def leads(self, code: str, key: str) -> bool:
        """Whether that is the key of the class."""
        with self._open() as connection:
            found = connection.execute("SELECT key FROM classes WHERE code = ?", (code,)).fetchone()
        return found is not None and hmac.compare_digest(str(found[0]), _digest(key))

    def move(self, code: str, place: str) -> None:
        """Note where a class is now."""
        with self._change() as connection:
            connection.execute(
                "UPDATE classes SET place = ?, moved = ? WHERE code = ?",
                (place, time.time(), code),
            )

    def end(self, code: str) -> None:
        """Forget a class, and what it predicted."""
        with self._change() as connection:
            connection.execute("DELETE FROM classes WHERE code = ?", (code,))

    def guess(self, code: str, lesson: str, voter: str, guess: str) -> None:
        """Count a prediction; the first of each voter stands."""
        with self._change() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM guesses WHERE class = ? AND lesson = ?", (code, lesson)
            ).fetchone()
            if count >= MOST_GUESSES:
                raise ClassError(f"{count} predictions have been counted: no more are taken.")
            connection.execute(
                "INSERT OR IGNORE INTO guesses VALUES (?, ?, ?, ?)",
                (code, lesson, _digest(voter), guess),
            )

    def tally(self, code: str, lesson: str) -> dict[str, int]:
        """How often each prediction was made, without who made it."""
        with self._open() as connection:
            return dict(
                connection.execute(
                    "SELECT guess, count(*) FROM guesses WHERE class = ? AND lesson = ? "
                    "GROUP BY guess ORDER BY guess",
                    (code, lesson),
                ).fetchall()
            )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
