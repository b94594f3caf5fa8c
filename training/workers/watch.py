"""What is said of a run while it trains, and when."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from training.config import RunConfig
from training.contract.absence import METRICS
from training.datasets import Dataset
from training.trainer.loop import Run
from training.trainer.metrics_file import read_metrics
from training.workers.snapshots import Snapshots

PERIOD_S = 0.4  # between two reports
# Of the time, one part in SHARE may go into snapshots.
SHORTEST_S, SHARE = 2.0, 8
KEPT = 2  # snapshots: a page that fetches the last but one still gets it


class Watch:
    """Is shown a run after every step, and says now and then how it is; draws no random number."""

    def __init__(
        self,
        tell: Callable[..., None],
        stop: threading.Event,
        job: str,
        config: RunConfig,
        dataset: Dataset,
        folder: Path,
    ) -> None:
        self.tell, self.stop = tell, stop
        self.job, self.config, self.dataset = job, config, dataset
        self.folder, self.step, self.seconds = folder, 0, 0.0
        self._run: Run | None = None
        self._snapshots: Snapshots | None = None
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
        return self.stop.is_set()

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
        self.tell("step", job=self.job, **facts)

    def snapshot(self) -> None:
        """Write the decoder of this moment, and where it has the first validation images."""
        if self._run is None:
            return
        if self._snapshots is None:
            self._snapshots = Snapshots(self.config, self.dataset)
        began = time.perf_counter()
        name = f"live-{self.step:07}"
        self._snapshots.write(self._run, self.folder, name)
        self.tell("snapshot", job=self.job, step=self.step, name=name)
        for old in sorted(self.folder.glob("live-*.json"))[:-KEPT]:
            old.unlink()
            old.with_suffix(".onnx").unlink(missing_ok=True)
        self._pictured = time.perf_counter()
        self._pause_s = max(SHORTEST_S, SHARE * (self._pictured - began))
