"""The worker that trains for a program that shows it: what it says, and what it leaves behind."""

import io
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from training import build
from training.checkpoints import checkpoint
from training.commands.train import configure
from training.contract.absence import RESUME
from training.contract.card import DECODER, MODEL
from training.contract.fields import LONGEST_TEXT
from training.contract.kinds import KINDS
from training.contract.reading import read
from training.contract.worker import Event, Order
from training.datasets import Dataset, Split
from training.errors import UserError
from training.families.family import Form
from training.recipes import RECIPES
from training.workers.live import Worker
from training.workers.snapshots import traced
from training.workers.watch import Watch

OVERRIDES = [
    *("--model.latents=2", "--model.channels=4", "--model.hidden=8"),
    *("--train.steps=6", "--train.validate_every=3", "--train.batch_size=4"),
]


@pytest.fixture
def blots(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Forty images for each split, instead of digits."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (40, 1, 28, 28), generator=generator, dtype=torch.uint8)
    split = Split(images, torch.arange(40, dtype=torch.int32) % 10, lambda x: x.float() / 255)
    splits = dict.fromkeys(("train", "validation", "test"), split)
    names = tuple("0123456789")
    dataset = Dataset("digits", "blots", "none", (1, 28, 28), splits, labels=names)
    monkeypatch.setattr(build, "dataset", lambda name, folder: dataset)
    return dataset


def work(folder: Path, *orders: str, stop: int | None = None) -> list[dict[str, Any]]:
    """What a worker says to these orders; stopped at the report of step `stop`."""
    said: list[dict[str, Any]] = []

    class Events(io.StringIO):
        def write(self, text: str) -> int:
            said.append(json.loads(text))
            if said[-1]["what"] == "step" and said[-1]["step"] == stop:
                worker.stop.set()
            return len(text)

    worker = Worker(io.StringIO(), Events())
    worker.ended.wait()
    worker.ended.clear()
    worker.stop.clear()
    for order in orders:
        facts: dict[str, Any] = {
            "job": "a",
            "folder": str(folder),
            "recipe": "digits-2d",
            "title": "Mine",
        }
        worker._do(Order(order, **facts, overrides=tuple(OVERRIDES), data=str(folder)))
    return said


def test_a_run_that_was_paused_ends_in_the_weights_of_one_that_was_not(
    blots: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = work(tmp_path / "straight", "train")
    assert straight[-1]["what"] == "trained"
    validated = [event["step"] for event in straight if "validation" in event]
    assert validated == [3, 6]

    # Without snapshots, which leave a run as it is.
    monkeypatch.setattr(Watch, "snapshot", lambda self: None)
    paused = work(tmp_path / "paused", "train", stop=3)
    assert paused[-1]["what"] == "paused"
    assert paused[-1]["step"] == 3
    assert work(tmp_path / "paused", "train")[-1]["what"] == "trained"
    weights = [
        checkpoint.read_tensors(tmp_path / name / MODEL)[0] for name in ("straight", "paused")
    ]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])

    # The decoder was traced before the first step, and the weights of the last were filled in.
    snapshot = sorted((tmp_path / "straight").glob("live-*.onnx"))[-1]
    assert snapshot.name == "live-0000006.onnx"
    _, config = configure(type("Options", (), {"recipe": "digits-2d", "seed": None}), OVERRIDES)
    model = config.model.network(blots.form)
    tensors, _ = checkpoint.read_tensors(tmp_path / "straight" / RESUME)
    model.load_state_dict(
        {name.removeprefix("model."): t for name, t in tensors.items() if name.startswith("model.")}
    )
    z = torch.tensor([[0.5, -1.0], [0.0, 2.0]])
    (ours,) = onnxruntime.InferenceSession(snapshot).run(None, {"z": z.numpy()})
    with torch.no_grad():
        assert np.allclose(ours, model.eval().decode(z).mean, atol=1e-5)
        posterior = model.encode(blots.splits["validation"].images(torch.arange(40)))
    facts = json.loads(snapshot.with_suffix(".json").read_text("utf-8"))
    assert np.allclose(facts["codes"], posterior.mean, atol=1e-3)
    assert np.allclose(facts["kl"], posterior.kl_to_prior().mean(0), atol=1e-3)
    assert facts["labels"] == list("0123456789")


def test_an_order_that_cannot_be_read_fails_and_the_worker_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And whatever a failure quotes, the one who gave the order can read it."""

    def refuse(worker: Worker, order: Order) -> None:
        raise UserError(f"{order.title}\n\udcff" * 9000)

    monkeypatch.setattr(Worker, "_do", refuse)
    orders = [
        "no JSON",
        "null",
        '{"do": "train", "job": "a", "seconds": 3}',
        '{"do": "train", "job": "\\ud800"}',
        '{"do": "train", "job": 7}',
        f'{{"do": "train", "job": "b", "title": "{"x" * 5000}"}}',
        '{"do": "train", "job": "b", "title": "Mi\\nne"}',
        '{"do": "train", "job": "c", "title": "Mine"}',
    ]
    events: list[Event] = []
    ended = threading.Event()

    class Events(io.StringIO):
        def write(self, text: str) -> int:
            events.append(read(Event, json.loads(text), "event"))
            if len(events) > len(orders):
                ended.set()
            return len(text)

    class Orders(io.StringIO):
        def __next__(self) -> str:
            try:
                return super().__next__()
            except StopIteration:
                ended.wait()  # for its end ends the work
                raise

    Worker(Orders("\n".join(orders)), Events()).work()
    assert [event.what for event in events] == ["ready", *["failed"] * len(orders)]
    assert [event.job for event in events[1:]] == ["", "", "a", "\ufffd", "", "b", "b", "c"]
    assert "unknown field 'seconds'" in events[3].sentence
    assert "title" in events[6].sentence
    assert "printable" in events[7].sentence
    assert len(events[8].sentence) == LONGEST_TEXT


SHAPES = {"digits": (1, 28, 28), "fashion": (1, 28, 28), "sprites": (1, 64, 64)}
SHAPES |= {"scenes": (3, 64, 64), "own": (3, 128, 128)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", SHAPES)
def test_a_growing_model_is_traced_for_any_batch_and_its_weights_keep_their_names(
    kind: str, data: str
) -> None:
    offered = KINDS[kind]
    recipe = offered.own if data == "own" else offered.networks[data].recipe
    family, form = RECIPES[recipe].run.model, Form(SHAPES[data])
    graphs = family.graphs(family.network(form).eval(), form)
    (decoder,) = [one for one in graphs if one.graph.file == DECODER]
    inputs, outputs = (
        [port.name for port in some] for some in (decoder.graph.inputs, decoder.graph.outputs)
    )
    proto = traced(decoder.module, decoder.examples, inputs, outputs)
    assert {tensor.name for tensor in proto.graph.initializer} <= set(decoder.module.state_dict())
    (name,), (example,) = inputs, decoder.examples
    z = torch.randn(5, *example.shape[1:], generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    with torch.no_grad():
        expected = decoder.module(z)
    np.testing.assert_allclose(session.run(None, {name: z.numpy()})[0], expected, atol=1e-5)
