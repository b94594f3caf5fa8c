"""Classifiers of digits and fashion: trained here, shipped in assets/classifiers, read again.

Inception, in whose features images are compared in the literature, has seen colour photographs, not
grey digits, and is a hundred times larger. These are a file each, whose metadata say what it is.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from training.checkpoints.checkpoint import load_weights, read_tensors
from training.contract.files import write_bytes
from training.datasets import Dataset
from training.errors import CheckpointError, DataError
from training.models.classifier import Classifier
from training.trainer import devices

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "classifiers"
EPOCHS, BATCH, RATE = 3, 128, 3e-3


@dataclass(frozen=True)
class Trained:
    """A classifier in evaluation mode, and what it is.

    Fields:
        accuracy: on the test split of its data.
        sha256: of its file; None before it is written.
    """

    network: Classifier
    accuracy: float
    sha256: str | None = None


def train(dataset: Dataset, seed: int = 0, epochs: int = EPOCHS) -> Trained:
    """Train on a data set's training split: AdamW, a rate that rises and falls.

    On the CPU, in bfloat16 where it computes in that: less than a minute of one core.

    Raises:
        DataError: if the data set has no labels, or other images than 1×28×28.
    """
    if dataset.labels is None or dataset.shape != (1, 28, 28):
        raise DataError(
            f"A classifier takes grey images of 28×28 with labels, which {dataset.name} does not "
            "have; name digits or fashion."
        )
    precision = devices.precision("auto", torch.device("cpu"))
    split, tested = dataset.splits["train"], dataset.splits["test"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Classifier(len(dataset.labels))
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
        batch = min(BATCH, len(split))
        steps = epochs * (len(split) // batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
        with tqdm(total=steps, unit="step", disable=None) as bar:
            for _ in range(epochs):
                order = torch.randperm(len(split))[: len(split) // batch * batch]
                for indices in order.split(batch):
                    x, labels = split.images(indices), split.targets[indices].long()
                    with devices.autocast(torch.device("cpu"), precision):
                        loss = cross_entropy(network(x), labels)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    schedule.step()
                    bar.update()
    network.to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    images = tested.images(torch.arange(len(tested)))
    return Trained(network, network.accuracy(images, tested.targets))


def write(trained: Trained, dataset: Dataset, seed: int, path: Path) -> None:
    """Write weights and metadata to a safetensors file."""
    tensors = {name: t.contiguous() for name, t in trained.network.state_dict().items()}
    about = {
        "data": dataset.name,
        "data_sha256": dataset.sha256(),
        "labels": str(len(dataset.labels or ())),
        "seed": str(seed),
        "test_accuracy": f"{trained.accuracy:.4f}",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, safetensors.torch.save(tensors, about))


def read(path: Path) -> Trained:
    """Read what `write` wrote.

    Raises:
        CheckpointError: in one sentence, if it is not that.
    """
    about = read_tensors(path)[1]
    try:
        labels, accuracy = int(about["labels"]), float(about["test_accuracy"])
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} does not say what it classifies; make it again with `python -m training "
            "classifier`."
        ) from error
    network = Classifier(labels)
    load_weights(network, path)
    return Trained(network.eval(), accuracy, hashlib.sha256(path.read_bytes()).hexdigest())


def of(dataset: Dataset) -> Trained | None:
    """The shipped classifier of a data set, where there is one."""
    path = SHIPPED / f"{dataset.name}.safetensors"
    return read(path) if path.exists() else None
