"""Images seen a batch at a time: by threads, or by processes where there are many to decode.

kornia-rs reads a PNG file with Python's lock held, so that threads take turns at it. A process runs
`main`: it is sent batches, answers each, and ends when its input does, as that does when who
started it is gone. A `ProcessPoolExecutor` would be shorter, but its processes hold both ends of
their queue: when who started it is killed, they wait for ever. They also run the caller's
`__main__` again, which a script or a notebook may not stand.
"""

import hashlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from queue import SimpleQueue
from typing import IO, Any

import msgspec
import numpy as np

from training.contract.fields import Record
from training.datasets.own.images import ColourFound, Fit, Seen, decode, from_array
from training.datasets.own.sources import Item
from training.errors import DataError

DIGEST = 16  # bytes of the hash of an image's file
BATCH, BYTES = 32, 2**23  # images that are seen at a time, and of files so large that fewer are
# Fewer files do not pay for the start of processes. As many may come from a visitor of the page,
# and are decoded in the one process whose memory is bounded.
MANY = 10_000
MOST_WORKERS = 8

# Of each image what was seen, or why it could not be, and the hash of its file.
Sights = list[tuple[Seen | str, bytes]]


class Batch(Record, frozen=True):
    """What a process is asked to see; it answers with `Sights`, or None for a `ColourFound`."""

    fit: Fit
    files: list[bytes]


_SEEN = msgspec.msgpack.Encoder(enc_hook=lambda pixels: pixels.tobytes())
_BATCH = msgspec.msgpack.Decoder(Batch)
_LENGTH = 8  # bytes before each message


def seen(items: Iterable[Item], fit: Fit, count: int) -> Generator[tuple[Seen | str, bytes]]:
    """Every item as the model sees it, or why it cannot, with the hash of its file; in order.

    Few batches are in memory at a time, however many the items are.

    Args:
        count: how many there are.

    Raises:
        ColourFound: if one has colours and `fit` has one channel.
        DataError: if a process ended while it saw.
    """
    workers = max(2, min(os.cpu_count() or 2, MOST_WORKERS))
    batches = _batches(items)
    first = next(batches, None)
    if first is None:
        return
    apart = count > MANY and isinstance(first[0], bytes)
    waiting: deque[Future[Sights]] = deque()
    with ExitStack() as stack:
        free: SimpleQueue[Callable[[Sequence[Item]], Sights]] = SimpleQueue()
        for _ in range(workers):
            free.put(stack.enter_context(Reader(fit)) if apart else lambda batch: here(batch, fit))
        pool = stack.enter_context(ThreadPoolExecutor(workers))

        def see(batch: list[Item]) -> Sights:
            reader = free.get()
            try:
                return reader(batch)
            finally:
                free.put(reader)

        for batch in chain([first], batches):
            waiting.append(pool.submit(see, batch))
            if len(waiting) > 2 * workers:
                yield from waiting.popleft().result()
        for future in waiting:
            yield from future.result()


def here(batch: Sequence[Item], fit: Fit) -> Sights:
    """A batch seen in this process."""
    return [(_seen(item, fit), _digest(item)) for item in batch]


class Reader:
    """A process that sees batches."""

    def __init__(self, fit: Fit) -> None:
        self._fit = fit
        side = (-1, fit.size[1], fit.size[0])
        self._decoder = msgspec.msgpack.Decoder(
            Sights | None, dec_hook=lambda _, sent: np.frombuffer(sent, np.uint8).reshape(side)
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            process_group=0,  # Ctrl-C ends who started it, which ends it
        )

    def __call__(self, batch: Sequence[Any]) -> Sights:
        """What is seen of a batch of files.

        Raises:
            ColourFound, DataError: as `seen`.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _send(self._process.stdin, _SEEN.encode(Batch(self._fit, list(batch))))
            answer = _received(self._process.stdout)
        except OSError:
            answer = None
        if answer is None:
            raise DataError(
                "A process that reads images ended by itself, perhaps for lack of memory; the same "
                "command goes on where it stopped."
            )
        sights: Sights | None = self._decoder.decode(answer)
        if sights is None:
            raise ColourFound
        return sights

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item) if isinstance(item, bytes) else item.nbytes
        if len(batch) == BATCH or size >= BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _seen(item: Item, fit: Fit) -> Seen | str:
    if not len(item):
        return "cannot be read, or is too large"
    try:
        return decode(item, fit) if isinstance(item, bytes) else from_array(item, fit)
    except ValueError as error:
        return str(error)
    except MemoryError:
        return "needs more memory than there is"


def _digest(item: Item) -> bytes:
    content = item if isinstance(item, bytes) else np.ascontiguousarray(item).data
    return hashlib.blake2b(content, digest_size=DIGEST, person=b"own images").digest()


def _send(out: IO[bytes], message: bytes) -> None:
    out.write(len(message).to_bytes(_LENGTH))
    out.write(message)
    out.flush()


def _received(source: IO[bytes]) -> Any:
    """The next message, or None where there is none that is whole."""
    length = int.from_bytes(source.read(_LENGTH))
    message = source.read(length)
    return message if length and len(message) == length else None


def main() -> None:
    """See the batches on the input until it ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    while (message := _received(sys.stdin.buffer)) is not None:
        batch = _BATCH.decode(message)
        try:
            sights = here(batch.files, batch.fit)
        except ColourFound:
            sights = None
        _send(answers, _SEEN.encode(sights))
