"""What was measured: the tables of results and the tasks, each read again when it changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from explorer import loading
from explorer.loading import sendable, unforeseen
from training.contract.card import File
from training.contract.errors import CheckpointError
from training.contract.files import describe_files
from training.contract.table import TABLE, Table, read_table
from training.contract.task import TASK, Task, read_task


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """A task: either what task.json says, or one sentence about why it cannot be read."""

    name: str
    task: Task | None
    error: str


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table of results: either what table.json says, or one sentence about why it cannot be read.

    Its name is that of its folder.
    """

    name: str
    folder: Path
    table: Table | None
    error: str

    def files(self) -> dict[str, File]:
        """The models that the table keeps in its own folder: `beta1-s0/decoder.onnx` and so on."""
        stages = [stage for run in self.table.runs for stage in run.stages] if self.table else []
        return {
            f"{stage.folder}/{name}": file
            for stage in stages
            if stage.folder is not None and ".." not in stage.folder.split("/")
            for name, file in (stage.files or {}).items()
        }


_State = tuple[int, int, int]  # size, and the times of contents and of permissions

_last_tables: dict[Path, tuple[_State, TableEntry]] = {}
_last_hashed: dict[Path, tuple[_State, File]] = {}


def tables() -> tuple[TableEntry, ...]:
    """Every table of results, by name: shipped ones, then those of trainings that were kept.

    These lie in `runs` and where `loading.named` says. Of two of one name, a shipped one counts,
    and one in `runs` does not.
    """
    places = (loading.RUNS, *map(Path, loading.named()[::-1]), loading.RESULTS)
    folders = {folder.name: folder for place in places for folder in _with_table(place)}
    shipped = set(_with_table(loading.RESULTS))
    return tuple(
        _read_table(folder)
        for folder in sorted(folders.values(), key=lambda folder: (folder not in shipped, folder))
    )


def _with_table(place: Path) -> list[Path]:
    try:
        place = place.expanduser().resolve()
        return [
            folder
            for folder in (place, *place.iterdir())
            if not folder.name.startswith(".") and (folder / TABLE).exists()
        ]
    except (OSError, RuntimeError):  # a link that leads back to itself
        return []


def tasks() -> tuple[TaskEntry, ...]:
    """Every task that was measured, by name."""
    try:
        folders = sorted(folder for folder in loading.RESULTS.iterdir() if (folder / TASK).exists())
    except OSError:
        return ()
    entries = []
    for folder in folders:
        name = sendable(folder.name)
        try:
            entries.append(TaskEntry(name, read_task(folder), ""))
        except CheckpointError as error:
            entries.append(TaskEntry(name, None, sendable(str(error))))
        except Exception as error:
            entries.append(TaskEntry(name, None, sendable(unforeseen(folder / TASK, error))))
    return tuple(entries)


def find_table(name: str) -> TableEntry | None:
    """The table of that name, if there is one."""
    return next((entry for entry in tables() if entry.name == name), None)


def is_whole(entry: TableEntry, name: str) -> bool:
    """Whether a file below the table is one that it describes, and is as it describes it."""
    expected = entry.files().get(name)
    path = entry.folder / name
    if expected is None:
        return False
    try:
        stat = path.stat()
        state = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        if _last_hashed.get(path, (None,))[0] != state:
            _last_hashed[path] = (state, describe_files(path.parent, (path.name,))[path.name])
    except (OSError, CheckpointError):
        return False
    return _last_hashed[path][1] == expected


def _read_table(folder: Path) -> TableEntry:
    name = sendable(folder.name)
    try:
        stat = (folder / TABLE).stat()
    except OSError as error:
        return TableEntry(name, folder, None, f"{name}/{TABLE} cannot be read: {error.strerror}.")
    state = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    known = _last_tables.get(folder)
    if known is None or known[0] != state:
        try:
            entry = TableEntry(name, folder, read_table(folder), "")
        except CheckpointError as error:
            entry = TableEntry(name, folder, None, sendable(str(error)))
        except Exception as error:
            entry = TableEntry(name, folder, None, sendable(unforeseen(folder / TABLE, error)))
        known = _last_tables[folder] = (state, entry)
    return known[1]
