"""What a command may hold: no more than is free, so that too much is a sentence and not its end.

Of a folder that anybody made, a file of some megabytes can describe a network whose results take
many gigabytes. Linux hands these out and, once they are used, kills some process for it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

try:
    import resource
except ImportError:  # Windows, where an allocation that is too large fails by itself
    resource = None  # type: ignore[assignment]

LEAST = 2**30  # bytes: so much a command gets wherever it runs at all
TOO_MUCH = ("allocate", "bad_alloc", "bad allocation", "out of memory")
SENTENCE = (
    "This takes more memory than is free here: close other programs, or check whether this machine "
    "can hold the model"
)
_GROUP = Path("/sys/fs/cgroup")


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Within, an allocation of more than is free now fails."""
    free = available()
    if resource is None or free is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = held() + max(free, LEAST)
    limits = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([most, *limits]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def available() -> int | None:
    """Bytes that are free, in this container or on this machine; None where that is not known."""
    try:
        facts = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(facts["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, IndexError):
        return None
    with contextlib.suppress(OSError, ValueError):  # "max" is none
        most, used = (int((_GROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        free = min(free, most - used)
    return free


def held() -> int:
    """Bytes of this process that the limit counts."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0


def is_too_much(error: BaseException) -> bool:
    """Whether an error says that memory could not be had; torch and onnxruntime have no class."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in TOO_MUCH)
