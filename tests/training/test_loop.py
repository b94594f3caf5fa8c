"""The training loop: it learns, measures as it says, and keeps the best weights."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from training.checkpoints.checkpoint import read_tensors
from training.config import RunConfig
from training.contract.absence import METRICS, RESUME
from training.contract.card import MODEL
from training.datasets import Dataset
from training.errors import DivergedError
from training.trainer import loop
from training.trainer.metrics_file import read_metrics

Tiny = Callable[..., RunConfig]
ReadMetrics = Callable[[Path], list[dict[str, float]]]
CPU = torch.device("cpu")
STEPS, EVERY = 37, 10  # of `tiny`


def test_learning_lowers_the_loss(
    tiny: Tiny, metrics: ReadMetrics, digits: Dataset, tmp_path: Path
) -> None:
    plan = {"train.steps": 600, "train.validate_every": 50, "train.learning_rate": 3e-3}
    network = {"model.channels": "8,8", "model.hidden": "64"}
    loop.train(tiny(**plan, **network), digits, tmp_path, CPU)
    first, *_, last = metrics(tmp_path)

    # What an image costs on average under the mean training image: all that can be had without z.
    train, validation = (digits.splits[name].stored / 255 for name in ("train", "validation"))
    ink = train.mean(0).clamp(1e-3, 1 - 1e-3)
    cost = -(validation * ink.log() + (1 - validation) * (1 - ink).log())
    without_z = cost.flatten(1).sum(1).mean().item()

    assert first["validation_loss"] > without_z
    assert last["validation_loss"] < without_z - 10
    assert last["train_loss"] < without_z - 10
    for line in (first, last):
        parts = line["validation_reconstruction_nats"] + line["validation_kl_nats"]
        assert parts == pytest.approx(line["validation_loss"])


def test_metrics_are_means_since_the_last_validation(
    tiny: Tiny, metrics: ReadMetrics, digits: Dataset, tmp_path: Path
) -> None:
    """One line a validation, the last one at the end of the run."""
    folders = [tmp_path / "every", tmp_path / "seldom"]
    for folder, every in zip(folders, (1, EVERY), strict=True):
        folder.mkdir()
        loop.train(tiny(**{"train.validate_every": every}), digits, folder, CPU)
    each, seldom = (metrics(folder) for folder in folders)
    assert [line["step"] for line in each] == list(range(1, STEPS + 1))
    assert [line["step"] for line in seldom] == [10, 20, 30, 37]
    assert [line["images"] for line in seldom] == [160, 320, 480, 592]
    for line, since in zip(seldom, (10, 10, 10, 7), strict=True):
        step = int(line["step"])
        steps = each[step - since : step]
        mean = sum(one["train_loss"] for one in steps) / since
        assert line["train_loss"] == pytest.approx(mean, rel=1e-6)
        assert line["validation_loss"] == steps[-1]["validation_loss"]


def test_losses_of_before_are_read_by_todays_names(tmp_path: Path) -> None:
    line = {"step": 20, "train_loss_nats": 2.5, "train_kl_nats": 1.0, "validation_loss_nats": 3.0}
    (tmp_path / METRICS).write_text(json.dumps(line) + "\n")
    assert read_metrics(tmp_path / METRICS) == [
        {"step": 20, "train_loss": 2.5, "train_kl_nats": 1.0, "validation_loss": 3.0}
    ]


@pytest.mark.parametrize(
    "text",
    ["7", '{"step": 20}', '{"step": 20, "train_loss": [], "validation_loss": 1}', "[" * 9999],
)
def test_a_line_that_is_none_of_ours_ends_the_losses(text: str, tmp_path: Path) -> None:
    line = {"step": 10, "train_loss": 2.5, "validation_loss": 3.0}
    (tmp_path / METRICS).write_text(f"{json.dumps(line)}\n{text}\n")
    assert read_metrics(tmp_path / METRICS) == [line]


@pytest.mark.parametrize(
    "words",
    [
        {"name": "capacity", "c_end": "3", "c_steps": "20"},
        {"name": "geco", "kappa": "120"},
        {"name": "factor_vae", "layers": "1", "units": "8"},
        {"name": "beta_tcvae", "beta": "6"},
    ],
    ids=lambda words: str(words["name"]),
)
def test_a_loss_that_moves_does_not_choose_the_weights(
    words: dict[str, str], tiny: Tiny, metrics: ReadMetrics, digits: Dataset, tmp_path: Path
) -> None:
    """What is compared follows from reconstruction and KL alone, the same way at any step."""
    config = tiny(**{f"objective.{name}": value for name, value in words.items()})
    progress = loop.train(config, digits, tmp_path, CPU)
    objective = config.objective.build(3, 450, CPU)
    lines = metrics(tmp_path)
    for line in lines:
        for split in ("train", "validation"):
            names = ("reconstruction_nats", "kl_nats")
            means = {name: line[f"{split}_{name}"] for name in names}
            assert line[f"{split}_loss"] == pytest.approx(objective.comparable(means))
    best = min(lines, key=lambda line: line["validation_loss"])
    assert progress.best_step == best["step"]
    assert progress.best_loss == best["validation_loss"]


def test_seed_decides_everything(tiny: Tiny, digits: Dataset, tmp_path: Path) -> None:
    weights = []
    for place, seed in enumerate((1, 1, 2)):
        folder = tmp_path / str(place)
        folder.mkdir()
        torch.manual_seed(place)  # what ran before must not matter
        loop.train(tiny(seed=seed, **{"train.steps": 3}), digits, folder, CPU)
        weights.append((folder / MODEL).read_bytes())
    assert weights[0] == weights[1] != weights[2]


def test_best_weights_are_kept_not_the_last(
    tiny: Tiny, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Validation is told to like step 20 of 37 best; another run stops there by itself."""
    scripted = iter([5.0, 3.0, 4.0, 3.0])
    means = {"reconstruction_nats": 1.0, "kl_nats": 1.0}
    with monkeypatch.context() as patch:
        patch.setattr(loop, "validate", lambda *_: {"loss": next(scripted), **means})
        config = tiny(**{"train.schedule": "constant"})
        progress = loop.train(config, digits, tmp_path, CPU)
    assert (progress.step, progress.best_step, progress.best_loss) == (STEPS, 20, 3.0)
    weights, metadata = read_tensors(tmp_path / MODEL)
    assert metadata == {"step": "20"}

    shorter = tmp_path / "shorter"
    shorter.mkdir()
    config = tiny(**{"train.schedule": "constant", "train.steps": 20})
    loop.train(config, digits, shorter, CPU)
    expected, _ = read_tensors(shorter / RESUME)
    last, _ = read_tensors(tmp_path / RESUME)
    assert all(torch.equal(tensor, expected[f"model.{n}"]) for n, tensor in weights.items())
    assert not all(torch.equal(tensor, last[f"model.{n}"]) for n, tensor in weights.items())


def test_a_diverging_run_keeps_the_best_weights(
    tiny: Tiny, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted = iter([5.0, math.nan])
    means = {"reconstruction_nats": 1.0, "kl_nats": 1.0}
    monkeypatch.setattr(loop, "validate", lambda *_: {"loss": next(scripted), **means})
    with pytest.raises(DivergedError, match=r"nan at step 20: the run diverged; lower --train"):
        loop.train(tiny(), digits, tmp_path, CPU)
    assert read_tensors(tmp_path / MODEL)[1] == {"step": "10"}


@pytest.mark.parametrize(("size", "batch_size"), [(450, 16), (64, 64), (10, 3)])
def test_batches_are_shuffled_epochs_from_any_step(size: int, batch_size: int) -> None:
    def indices(step: int, count: int) -> list[list[int]]:
        batches: Iterator[torch.Tensor] = loop._batches(size, batch_size, 3, step, CPU)
        return [next(batches).tolist() for _ in range(count)]

    per_epoch = size // batch_size
    whole = indices(0, 3 * per_epoch)
    assert {len(batch) for batch in whole} == {batch_size}
    epochs = [
        [index for batch in whole[i * per_epoch : (i + 1) * per_epoch] for index in batch]
        for i in range(3)
    ]
    for epoch in epochs:
        assert len(set(epoch)) == len(epoch) == per_epoch * batch_size
    assert epochs[0] != epochs[1] != epochs[2]
    for step in range(2 * per_epoch):
        assert indices(step, per_epoch) == whole[step : step + per_epoch]


def test_validation_sees_the_same_noise_at_every_call(tiny: Tiny, digits: Dataset) -> None:
    config = tiny()
    model = loop.new_model(config, digits.form, Path("run"))
    learner = config.model.learner(model, config, digits.form, 450, torch.float32, CPU)
    split = digits.splits["validation"]
    results = [loop.validate(learner, split, config) for _ in range(2)]
    assert results[0] == results[1]
    assert math.isfinite(results[0]["loss"])


def test_pixels_are_read_as_configured(tiny: Tiny) -> None:
    levels = torch.arange(256).repeat(400).view(400, 1, 16, 16)
    x = levels / 255
    read = {}
    for pixels in ("grey", "binarized", "dequantized"):
        likelihood = "continuous_bernoulli" if pixels == "dequantized" else "bernoulli"
        config = tiny(**{"model.likelihood": likelihood, "data.pixels": pixels})
        generators = (torch.Generator().manual_seed(seed) for seed in (0, 0, 1))
        read[pixels] = [loop.prepare(x, config, generator) for generator in generators]
    for first, again, other in read.values():
        assert torch.equal(first, again)
        assert torch.equal(first, other) == (first is read["grey"][0])
    grey, binarized, dequantized = (draws[0] for draws in read.values())
    assert torch.equal(grey, x)
    assert set(binarized.unique().tolist()) == {0, 1}
    # Five standard errors of 400 draws a level, at most √(1/4 / 400) each.
    assert (binarized.mean(0) - x[0]).abs().max() < 5 * 0.025
    assert torch.equal((dequantized * 256).floor().long(), levels)
    noise = dequantized * 256 - levels
    assert noise.mean() == pytest.approx(0.5, abs=0.01)
    assert noise.std() == pytest.approx((1 / 12) ** 0.5, abs=0.01)
