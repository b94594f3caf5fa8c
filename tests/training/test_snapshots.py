"""Moments of anybody's training loop, kept for the replay."""

import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import training
from explorer import loading, measured
from training.contract.files import read_card
from training.contract.outputs import Pixels
from training.contract.table import SHIPPED, TABLE, read_table
from training.errors import CheckpointError, UserError

LOG_VARIANCE = -2.0


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 12)

    def forward(self, z: Tensor) -> Tensor:
        return self.layer(z).sigmoid().view(-1, 1, 3, 4)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.layer(x.flatten(1))
        return mean, torch.full_like(mean, LOG_VARIANCE)


def test_a_loop_of_ones_own_is_kept_for_the_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    decode, encode = Decoder().train(), Encoder().train()
    x = torch.rand(8, 1, 3, 4)
    said: dict[str, Any] = {
        "latents": 2,
        "output": Pixels((1, 3, 4), "bernoulli"),
        "examples": x,
        "batch_size": 50,
    }
    kl = []
    for step in (0, 10):
        with torch.no_grad():
            encode.layer.bias += step
            mean = encode(x)[0]
        kl.append(0.5 * (np.exp(LOG_VARIANCE) + mean**2 - 1 - LOG_VARIANCE).sum(1).mean().item())
        state = torch.get_rng_state()
        training.snapshot(runs / "mine", step, decode=decode, encode=encode, **said)
        assert torch.get_rng_state().equal(state), "the loop draws what it would have drawn"
        assert decode.training
    (run,) = read_table(runs / "mine").runs
    assert [(stage.step, stage.images) for stage in run.stages] == [(0, 0), (10, 500)]
    found = [stage.metric("kl") for stage in run.stages]
    assert [metric and metric.value for metric in found] == pytest.approx(kl, rel=1e-4)
    assert read_card(runs / "mine").intent == "After 10 steps of 50 images."
    with pytest.raises(CheckpointError, match="has a snapshot of step 10, and 10 is not after it"):
        training.snapshot(runs / "mine", 10, decode=decode, encode=encode, **said)

    # The page of β finds the table, its examples, and every file of it whole.
    monkeypatch.setattr(loading, "RESULTS", tmp_path / "none")
    monkeypatch.setattr(loading, "RUNS", tmp_path / "none")
    for place in (runs, runs / "mine"):
        monkeypatch.setenv(loading.FIRST, str(place))
        assert [table.name for table in measured.tables()] == ["mine"]
    monkeypatch.delenv(loading.FIRST)
    monkeypatch.setattr(loading, "RUNS", runs)
    (entry,) = measured.tables()
    assert entry.table is not None
    assert entry.table.rows[0].beta == 1
    assert loading.find(entry.table.examples or "") is not None
    assert sorted(entry.files()) == sorted(
        f"step-{step:07}/{file}"
        for step in (0, 10)
        for file in ("codes.safetensors", "decoder.onnx")
    )
    assert all(measured.is_whole(entry, name) for name in entry.files())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"step": "ten"}, "step is 'ten'; expected a whole number from 0 to"),
        ({"step": None}, "step is null"),
        ({"step": 2**60}, "step is too large"),
        ({"batch_size": "50"}, "batch_size is '50'"),
        ({"latents": 10**9}, "latents is 1000000000; expected a whole number from 1 to"),
        ({"latents": object()}, "Encoding objects of type object is unsupported"),
        ({"beta": float("nan")}, "beta is nan"),
        ({"folder": "."}, "folder is ''"),
        ({"output": Pixels((1, 3, 4), "foo")}, "likelihood"),  # type: ignore[arg-type]
    ],
)
def test_what_is_said_wrong_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    given: dict[str, Any] = {
        "folder": tmp_path / "mine",
        "step": 0,
        "latents": 2,
        "output": Pixels((1, 3, 4), "bernoulli"),
        "examples": torch.rand(8, 1, 3, 4),
        "batch_size": 50,
    }
    with pytest.raises(UserError) as refused:
        training.snapshot(decode=Decoder(), encode=Encoder(), **given | wrong)
    assert said in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_the_table_of_others_is_left_alone(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "sprites" / TABLE, tmp_path)
    before = (tmp_path / TABLE).read_bytes()
    with pytest.raises(CheckpointError, match="holds a table of"):
        training.snapshot(
            tmp_path,
            10**6,
            decode=Decoder(),
            encode=Encoder(),
            latents=2,
            output=Pixels((1, 3, 4), "bernoulli"),
            examples=torch.rand(8, 1, 3, 4),
            batch_size=50,
        )
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_a_callback_keeps_moments_that_double(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("lightning.pytorch")
    package.Callback = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lightning", ModuleType("lightning"))
    monkeypatch.setitem(sys.modules, "lightning.pytorch", package)
    from training.saving import lightning_callback

    kept = []
    monkeypatch.setattr(
        lightning_callback, "snapshot", lambda folder, step, **said: kept.append((step, said))
    )
    module = SimpleNamespace(dec="d", enc="e")
    found = training.lightning_snapshots(
        "mine", decode=lambda m: m.dec, encode=lambda m: m.enc, first=4, latents=2
    )
    trainer = SimpleNamespace(global_step=0, is_global_zero=True)
    found.on_train_start(trainer, module)
    for step in range(1, 21):
        trainer.global_step = step
        found.on_train_batch_end(trainer, module, None, None, step)
    found.on_train_end(trainer, module)
    assert [step for step, _ in kept] == [0, 4, 8, 16, 20]
    assert kept[0][1] == {"decode": "d", "encode": "e", "latents": 2}
