"""A worker that trains for a program that shows it: `python -m training.workers.live`.

One order a line of JSON comes in on standard input, and what happens goes out the same way. The
worker stops, with its run saved, when its input ends, as it does when who gives the orders is gone.
`training.contract.worker` declares both. The snapshots of a treatment are records.
"""

import argparse
import io
import json
import os
import queue
import sys
import threading
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import msgspec
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from training import build
from training.batch import Batch
from training.checkpoints import checkpoint, finish
from training.checkpoints.locking import writing_to
from training.clinic.treatment import treat
from training.commands.train import command_line, configure
from training.config import DataConfig, RunConfig, to_json
from training.contract.card import DECODER, MODEL
from training.contract.files import PART, write_bytes
from training.contract.reading import parse, read
from training.contract.worker import LONGEST, Event, Order
from training.datasets import Dataset
from training.errors import CheckpointError, UserError
from training.families.family import Form
from training.trainer import devices, loop
from training.trainer.loop import METRICS, Interrupted, Run, read_metrics

SEEN = 600  # validation images that are followed through the latent space
PERIOD_S = 0.4  # between two reports
# Of the time, one part in SHARE may go into snapshots.
SHORTEST_S, SHARE = 2.0, 8
KEPT = 2  # snapshots: who fetches the last but one still gets it


class Worker:
    """Orders in, events out, one run at a time; data sets stay in memory once they were read."""

    def __init__(self, orders: TextIO, events: TextIO) -> None:
        # An order that cannot be read is its failure, for whoever gave it waits for its end.
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
            (folder / checkpoint.RESUME).unlink()
        self.tell("finished", job=order.job)

    def _dataset(self, data: DataConfig, folder: Path) -> Dataset:
        # Of our own data sets the name is enough, whatever else a configuration says of pixels.
        key = (data if data.name == "own" else DataConfig(data.name), folder)
        if key not in self._datasets:
            self._datasets.clear()  # one at a time is enough: some take a gigabyte
            self._datasets[key] = build.data(data, folder)
        return self._datasets[key]

    def _train(self, job: str, config: RunConfig, dataset: Dataset, folder: Path) -> None:
        watch = Watch(self, job, config, dataset, folder)
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
    job, sentence = (text.encode("utf-8", "replace").decode()[:LONGEST] for text in (job, sentence))
    return Event("failed", job=job, sentence=sentence)


class Watch:
    """Is shown a run after every step, and says now and then how it is; draws no random number."""

    def __init__(
        self, worker: Worker, job: str, config: RunConfig, dataset: Dataset, folder: Path
    ) -> None:
        self.worker, self.job, self.config, self.dataset = worker, job, config, dataset
        self.folder, self.step, self.seconds = folder, 0, 0.0
        self._run: Run | None = None
        self._pictures: Pictured | None = None
        self._reported = self._pictured = 0.0
        self._pause_s = 0.0

    def __call__(self, run: Run) -> bool:
        """Whether to stop; a report or a snapshot on the way, where it is time for one."""
        self._run, self.step = run, run.progress.step
        now = time.perf_counter()
        self.seconds = now - run.began
        validated = self.step % self.config.train.validate_every == 0
        if validated or now - self._reported > PERIOD_S:
            self.report()
        if now - self._pictured > self._pause_s:
            self.snapshot()
        return self.worker.stop.is_set()

    def report(self) -> None:
        """Say how far the run is, and its losses since the last validation."""
        run = self._run
        if run is None:
            return
        self._reported = time.perf_counter()
        plan, learner = self.config.train, run.learner
        since = self.step % plan.validate_every
        losses: dict[str, float] = {}
        if since == 0 or self.step == plan.steps:
            line = read_metrics(self.folder / METRICS)[-1]
            losses = {"train": line["train_loss"], "validation": line["validation_loss"]}
        else:
            means = (run.running / since).tolist()
            losses["train"] = learner.comparable(dict(zip(learner.reports, means, strict=True)))
        facts = {"step": self.step, "seconds": round(self.seconds, 1), **losses}
        self.worker.tell("step", job=self.job, **facts)

    def snapshot(self) -> None:
        """Write the decoder of this moment, and where it has the first validation images."""
        if self._run is None:
            return
        if self._pictures is None:
            self._pictures = Pictured(self.config, self.dataset)
        began = time.perf_counter()
        name = f"live-{self.step:07}"
        self._pictures.write(self._run, self.folder, name)
        self.worker.tell("snapshot", job=self.job, step=self.step, name=name)
        for old in sorted(self.folder.glob("live-*.json"))[:-KEPT]:
            old.unlink()
            old.with_suffix(".onnx").unlink(missing_ok=True)
        self._pictured = time.perf_counter()
        self._pause_s = max(SHORTEST_S, SHARE * (self._pictured - began))


class Pictured:
    """The decoder of a run as ONNX: traced once, its weights then filled in, which takes no time.

    It has a copy of the model: tracing and encoding leave the run as it is, bit for bit.
    """

    def __init__(self, config: RunConfig, dataset: Dataset) -> None:
        self.family, self.dataset = config.model, dataset
        self.model = self.family.network(dataset.form).eval()
        graphs = self.family.graphs(self.model, dataset.form)
        (self.decoder,) = [one for one in graphs if one.graph.file == DECODER]
        self.proto = self._traced()
        # What the exporter has computed from weights, and so has no weight's name, is not filled.
        weights = self.decoder.module.state_dict()
        self.fills = all(
            tuple(tensor.dims) == tuple(weights[tensor.name].shape)
            if tensor.name in weights
            else tensor.data_type == onnx.TensorProto.INT64
            for tensor in self.proto.graph.initializer
        )

    def _traced(self) -> onnx.ModelProto:
        graph = self.decoder.graph
        inputs, outputs = ([port.name for port in some] for some in (graph.inputs, graph.outputs))
        return traced(self.decoder.module, self.decoder.examples, inputs, outputs)

    def as_onnx(self) -> bytes:
        """The decoder with the weights that the copy has now."""
        if not self.fills:
            self.proto = self._traced()
        weights = self.decoder.module.state_dict()
        for tensor in self.proto.graph.initializer:
            if self.fills and tensor.name in weights:
                filled = numpy_helper.from_array(weights[tensor.name].numpy(), tensor.name)
                tensor.CopyFrom(filled)
        content: bytes = self.proto.SerializeToString()
        return content

    @torch.no_grad()
    def write(self, run: Run, folder: Path, name: str) -> None:
        """Write NAME.onnx, the decoder as it is now, and NAME.json, what a page needs beside it."""
        self.model.load_state_dict(run.learner.modules["model"].state_dict())
        write_bytes(folder / f"{name}.onnx", self.as_onnx())
        form = self.dataset.form
        facts = {
            "step": run.progress.step,
            "graph": to_json(self.decoder.graph),
            "shape": form.image,
        }
        facts |= _seen(self.family, self.model, form, self.dataset)
        write_bytes(folder / f"{name}.json", json.dumps(facts).encode())


@torch.no_grad()
def _seen(family: Any, model: Any, form: Form, dataset: Dataset) -> dict[str, Any]:
    """The codes (N, D) of the first validation images, and what each latent has of them."""
    split = dataset.splits["validation"]
    indices = torch.arange(min(SEEN, len(split)))
    batch = Batch(split.images(indices), split.targets[indices])
    codes = family.encode(model, batch)
    if codes is None:
        return {}
    means = codes.value
    kl = None
    if codes.log_variance is not None:
        # Kingma & Welling 2014, Appendix B, for each latent by itself.
        log_variance = codes.log_variance
        kl = 0.5 * (log_variance.exp() + means**2 - 1 - log_variance).mean(0)
    targets = split.targets[indices]
    return {
        "codes": [[round(value, 3) for value in row] for row in means.tolist()],
        "kl": None if kl is None else [round(value, 4) for value in kl.tolist()],
        "mean": [round(value, 4) for value in means.mean(0).tolist()],
        "deviation": [round(value, 4) for value in means.std(0).tolist()],
        "targets": (targets if targets.ndim == 1 else targets[:, 0]).tolist(),
        "labels": list(dataset.labels) if dataset.labels else None,
    }


def traced(
    module: torch.nn.Module, examples: tuple[Tensor, ...], inputs: list[str], outputs: list[str]
) -> onnx.ModelProto:
    """The module as ONNX, for batches of any size, by TorchScript.

    PyTorch's newer exporter, which makes what is kept, takes five seconds to load and two for each
    model, and the first picture would wait for it; this one takes a fifth of a second.
    """
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends the newer one
        torch.onnx.export(
            module,
            examples,
            file,  # type: ignore[arg-type]  # a buffer will do
            dynamo=False,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in (*inputs, *outputs)},
            # Weights keep their names, by which they are filled in.
            do_constant_folding=False,
        )
    return onnx.load_from_string(file.getvalue())


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
    """Trace something small, which loads all that the first snapshot needs."""
    traced(torch.nn.Linear(2, 1).eval(), (torch.zeros(7, 2),), ["z"], ["x"])


if __name__ == "__main__":
    main()
