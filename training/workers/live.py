"""A worker that trains for a program that shows it: `python -m training.workers.live`.

One order a line of JSON comes in on standard input, and what happens goes out the same way. The
worker stops, with its run saved, when its input ends, as it does when the program that gives the
orders is gone. `training.contract.worker` declares both. The snapshots of a treatment are records.
"""

import argparse
import os
import queue
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import msgspec
import torch

from training import build
from training.checkpoints import checkpoint, finish
from training.checkpoints.locking import writing_to
from training.clinic.treatment import treat
from training.commands.train import command_line, configure
from training.config import DataConfig, RunConfig
from training.contract.absence import RESUME
from training.contract.card import MODEL
from training.contract.fields import printable
from training.contract.files import PART
from training.contract.reading import parse, read
from training.contract.worker import Event, Order
from training.datasets import Dataset
from training.errors import CheckpointError, UserError
from training.trainer import devices, loop
from training.trainer.loop import Interrupted
from training.workers.snapshots import traced
from training.workers.watch import Watch


class Worker:
    """Orders in, events out, one run at a time; data sets stay in memory once they were read."""

    def __init__(self, orders: TextIO, events: TextIO) -> None:
        # An order that cannot be read becomes its failure: the one who gave it waits for its end.
        self.orders: queue.SimpleQueue[Order | Event] = queue.SimpleQueue()
        self.stop = threading.Event()
        self.ended = threading.Event()
        self._events = events
        self._datasets: dict[tuple[DataConfig, Path], Dataset] = {}
        threading.Thread(target=self._read, args=(orders,), daemon=True).start()

    def tell(self, what: Any, **facts: Any) -> None:
        """Write one event."""
        self._write(Event(what, **facts))

    def _write(self, event: Event) -> None:
        self._events.write(msgspec.json.encode(event).decode() + "\n")
        self._events.flush()

    def work(self) -> None:
        """Do as ordered until the orders end."""
        self.tell("ready")
        while not self.ended.is_set():
            order = self.orders.get()
            if isinstance(order, Event):
                self._write(order)
                continue
            if order.do == "end":
                return
            self.stop.clear()
            try:
                self._do(order)
            except UserError as error:
                self._write(failure(order.job, str(error)))
            except OSError as error:
                sentence = f"The run could not be written: {error.strerror or error}."
                self._write(failure(order.job, sentence))

    def _read(self, orders: TextIO) -> None:
        for line in orders:
            order = order_of(line)
            if isinstance(order, Order) and order.do == "pause":
                self.stop.set()
            else:
                self.orders.put(order)
        self.ended.set()
        self.stop.set()
        self.orders.put(Order("end"))

    def _do(self, order: Order) -> None:
        folder = Path(order.folder)
        if order.do == "treat":
            folder.mkdir(parents=True, exist_ok=True)
            with writing_to(folder, "wait for it", timeout=20):
                dataset = self._dataset(DataConfig("digits"), Path(order.data))
                treat(order, dataset, folder, self.tell, self.stop)
            return
        options = argparse.Namespace(
            recipe=order.recipe, seed=None, no_map=True, overrides=list(order.overrides)
        )
        recipe, config = configure(options, options.overrides)
        folder.mkdir(parents=True, exist_ok=True)
        with writing_to(folder, "wait for it", timeout=20):
            data = config.data
            if order.images:
                data = msgspec.structs.replace(data, path=order.images)
            dataset = self._dataset(data, Path(order.data))
            if order.do == "train":
                self._train(order.job, config, dataset, folder)
                return
            progress, _ = checkpoint.read_resume(folder, config)
            if not (folder / MODEL).exists():
                raise CheckpointError(
                    "This run was stopped before it was validated once, so there are no best "
                    "weights to keep: let it go on for a while."
                )
            command = command_line(options, None)
            recipe = replace(recipe, title=order.title)
            finish.finish(recipe, config, command, dataset, folder, progress, with_map=False)
            for leftover in (*folder.glob(f".*{PART}"), *folder.glob("live-*")):
                leftover.unlink(missing_ok=True)
            (folder / RESUME).unlink()
        self.tell("finished", job=order.job)

    def _dataset(self, data: DataConfig, folder: Path) -> Dataset:
        # Of our own data sets the name is enough, whatever else a configuration says of pixels.
        key = (data if data.name == "own" else DataConfig(data.name), folder)
        if key not in self._datasets:
            self._datasets.clear()  # one at a time is enough: some take a gigabyte
            self._datasets[key] = build.data(data, folder)
        return self._datasets[key]

    def _train(self, job: str, config: RunConfig, dataset: Dataset, folder: Path) -> None:
        watch = Watch(self.tell, self.stop, job, config, dataset, folder)
        try:
            device = devices.device("cpu")
            loop.train(config, dataset, folder, device, resume=True, watch=watch)
        except Interrupted:
            watch.report()
            self.tell("paused", job=job, step=watch.step, seconds=watch.seconds)
            return
        watch.snapshot()
        self.tell("trained", job=job, step=watch.step, seconds=watch.seconds)


def order_of(line: str) -> Order | Event:
    """The order that a line gives; the failure of its job where it is none."""
    tree: Any = None
    try:
        tree = parse(line.encode("utf-8", "surrogatepass"), "The order")
        return read(Order, tree, "order")
    except UserError as error:
        job = tree.get("job") if isinstance(tree, dict) else None
        return failure(job if isinstance(job, str) else "", str(error))


def failure(job: str, sentence: str) -> Event:
    """That a job failed, in a sentence that can be written whatever it quotes."""
    return Event("failed", job=printable(job), sentence=printable(sentence))


def main() -> None:
    """Work, on one core and after everything else that the machine has to do."""
    if hasattr(os, "nice"):
        os.nice(10)
    torch.set_num_threads(1)
    # Nobody but `tell` may write to what the orders' giver reads.
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _warm_up()
    Worker(sys.stdin, events).work()


def _warm_up() -> None:
    """Train and trace something small, which loads all that a first step and picture need."""
    model, images = torch.nn.Linear(2, 1), torch.zeros(7, 2)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    model(images).sum().backward()
    optimizer.step()
    traced(model.eval(), (images,), ["z"], ["x"])


if __name__ == "__main__":
    main()
