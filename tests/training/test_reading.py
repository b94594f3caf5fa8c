"""Reading by many threads at once: a process that serves a class must not end."""

import subprocess
import sys
from pathlib import Path

import msgspec

from training.contract import reading

ROOT = Path(__file__).resolve().parents[2]
HELD: list[bool] = []


def noted() -> type[int]:
    """A type of a field, which msgspec asks for when it gets to know the Struct."""
    HELD.append(reading._LEARNING.locked())
    return int


class Counted(msgspec.Struct):
    count: "noted()"  # type: ignore[valid-type]


def test_one_thread_at_a_time_gets_to_know_a_type() -> None:
    HELD.clear()
    assert reading.read(Counted, {"count": 3}, "it").count == 3
    known = len(HELD)
    assert known > 0
    assert all(HELD), "the lock is held meanwhile"
    assert reading.read(Counted, {"count": 4}, "it").count == 4
    assert len(HELD) == known, "and nobody gets to know it again"


TOGETHER = """
import json, sys, threading
from pathlib import Path
from training.contract.reading import read
from training.contract.table import Table
tree = json.loads(Path("assets/results/mnist/table.json").read_bytes())
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(8)
def first():
    barrier.wait()
    read(Table, tree, "it")
threads = [threading.Thread(target=first) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_a_process_survives_eight_threads_that_read_for_the_first_time() -> None:
    """Without the lock one in four such processes ended by a segmentation fault."""
    done = subprocess.run([sys.executable, "-c", TOGETHER], cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
