"""A temporary folder of this process alone: others cannot enter it, and it is always cleared up."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where what a killed server left stays until its disk is cleaned
    fcntl = None  # type: ignore[assignment]


class PrivateFolder:
    """Made when it is first asked for, and again where somebody has cleared it away.

    While it is in use the process holds a lock on it, which ends with the process, however that
    ends: so another one can tell what was left behind from what is another server's.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._folder: Path | None = None
        self._handle: int | None = None
        self._lock = threading.Lock()

    def path(self) -> Path:
        """The folder, which exists now.

        Raises:
            OSError: if there is no place for it.
        """
        with self._lock:
            while self._folder is None or not self._folder.is_dir():
                self._release()
                self._folder = Path(tempfile.mkdtemp(prefix=self._prefix))
                atexit.register(self.remove)
                self._handle = _locked(self._folder)
                if fcntl is not None and self._handle is None:
                    self._folder = None  # another server cleared it away before it was locked
            return self._folder

    def remove(self) -> None:
        """Remove it and all that it holds; it is made again when it is asked for."""
        with self._lock:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
            self._release()

    def _release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def clear_leftovers(self) -> None:
        """Remove the folders that processes of this user left behind, and no other one."""
        try:
            found = [
                path
                for path in Path(tempfile.gettempdir()).iterdir()
                if path.name.startswith(self._prefix)
            ]
        except OSError:
            return
        for path in found:
            handle = _locked(path)
            if handle is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(handle)


def _locked(path: Path) -> int | None:
    """A handle that holds the lock of this user's folder; None where another process has it."""
    if fcntl is None:
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(handle).st_uid != os.geteuid():
            raise PermissionError
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not path.is_dir():  # removed between the two
            raise FileNotFoundError
    except OSError:
        os.close(handle)
        return None
    return handle
