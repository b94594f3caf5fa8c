"""A finished checkpoint folder: it is whole, true to its model, and loads as it was saved."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from PIL import Image

from training.checkpoints import checkpoint
from training.config import to_json
from training.contract.absence import RESUME
from training.contract.card import CARD, CODES, MODEL, PREVIEW, Card
from training.contract.version1 import FILES
from training.datasets import Dataset
from training.evaluation.samples import SCORES


def test_a_finished_folder_is_whole(finished: Path, train_digits: list[str]) -> None:
    assert {path.name for path in finished.iterdir()} == {
        CARD,
        "metrics.jsonl",
        RESUME,
        *FILES,
    }
    model, card = checkpoint.load(finished)
    data_option = train_digits.index("--data")
    words = train_digits[:data_option] + train_digits[data_option + 2 :]
    assert card.training is not None
    assert card.training.command == "python -m training " + " ".join(words)
    assert card.name == "digits"
    assert card.summary == "VAE · β 1 · 3 latents"
    assert card.data.splits == {"train": 450, "validation": 50, "test": 200}
    assert (card.training.steps, card.training.images) == (60, 960)
    assert [point.step for point in card.training.history] == [20, 40, 60]
    best = min(card.training.history, key=lambda point: point.validation_loss)
    assert card.training.best_step == best.step
    assert {metric.name for metric in card.metrics} == {
        "neg_elbo",
        "reconstruction",
        "kl",
        "active_units",
        "reconstruction_error",
        *SCORES,
    }
    assert card.parameters == sum(weights.numel() for weights in model.parameters())
    for metric in card.metrics:
        assert metric.samples == (50 if metric.name in SCORES else 200)
    assert len(card.latents) == card.size == 3
    for name, file in card.files.items():
        content = (finished / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)


def test_load_gives_back_what_was_saved(finished: Path) -> None:
    model, card = checkpoint.load(finished)
    assert not model.training
    saved = safetensors.torch.load_file(finished / MODEL)
    assert saved.keys() == model.state_dict().keys()
    assert all(torch.equal(saved[name], tensor) for name, tensor in model.state_dict().items())
    assert to_json(card) == json.loads((finished / CARD).read_text())
    assert checkpoint.load(str(finished))[1] == card


def test_codes_and_pictures_are_the_models(
    finished: Path, digits: Dataset, thumbnails: Callable[[Path, Card], NDArray[np.uint8]]
) -> None:
    model, card = checkpoint.load(finished)
    test = digits.splits["test"]
    count = card.examples.count
    assert count == len(test)
    x = test.images(torch.arange(count))
    with torch.no_grad():
        posterior = model.encode(x)
    codes = safetensors.torch.load_file(finished / CODES)
    assert codes["label"].dtype == torch.int32
    assert torch.equal(codes["label"], test.targets[:count])
    torch.testing.assert_close(codes["mean"], posterior.mean)
    torch.testing.assert_close(codes["log_variance"], posterior.log_variance)

    assert np.array_equal(thumbnails(finished, card), test.stored.numpy())

    strongest = sorted(range(3), key=lambda i: -card.latents[i].kl_nats)
    z = torch.zeros(3, 8, 3)
    for row, latent in enumerate(strongest):
        z[row, :, latent] = torch.linspace(-2.5, 2.5, 8)
    with torch.no_grad():
        decoded = model.decode(z.flatten(0, 1)).mean[:, 0].view(3, 8, 28, 28)
    with Image.open(finished / PREVIEW) as sheet:
        cells = np.asarray(sheet.convert("L")).reshape(3, 28, 8, 28).transpose(0, 2, 1, 3)
    assert np.abs(cells / 255 - decoded.numpy()).max() <= 0.5001 / 255
