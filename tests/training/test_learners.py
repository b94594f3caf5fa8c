"""The loop drives any learner: two opponents that take turns and see labels, for one."""

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.batch import Batch
from training.checkpoints.checkpoint import read_tensors
from training.config import RunConfig
from training.contract.absence import RESUME
from training.datasets import Dataset
from training.errors import ConfigError
from training.families.vae import VAE
from training.trainer import ensemble, loop
from training.trainer.optimizers import begun
from training.trainer.processes import OneProcess

Tiny = Callable[..., RunConfig]
ReadMetrics = Callable[[Path], list[dict[str, float]]]
CPU = torch.device("cpu")
STEPS = 37  # of `tiny`


class Opponents:
    """The decoder draws digits from noise; a critic, which learns twice as often, tells them apart.

    After Goodfellow et al. 2014, Algorithm 1, with k = 2; the critic is given the label.
    """

    reports = ("loss", "critic_nats")

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.critic = nn.Linear(28 * 28 + 10, 1)
        self.modules = {"model": model, "critic": self.critic}
        self.optimizers = {
            "ours": begun(torch.optim.AdamW(model.decoder.parameters(), 1e-3, fused=True)),
            "theirs": begun(torch.optim.Adam(self.critic.parameters(), 1e-2, betas=(0.5, 0.9))),
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        for _ in range(2):
            loss = self.verdicts(batch, generator)[0]
            self.optimizers["theirs"].zero_grad()
            loss.backward()
            self.optimizers["theirs"].step()
        critic_nats, ours = self.verdicts(batch, generator)
        self.optimizers["ours"].zero_grad()
        ours.backward()
        self.optimizers["ours"].step()
        return torch.stack([ours.detach(), critic_nats.detach()])

    def verdicts(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        assert batch.targets is not None
        labels = F.one_hot(batch.targets.long(), 10).float()
        z = torch.empty(len(batch.x), 3).normal_(generator=generator)
        drawn = self.model.decode(z).mean  # type: ignore[operator]
        real, false = (self.critic(torch.cat([x.flatten(1), labels], 1)) for x in (batch.x, drawn))
        return (F.softplus(-real) + F.softplus(false)).mean(), F.softplus(-false).mean()

    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        critic, ours = self.verdicts(batch, generator)
        return {"loss": ours, "critic_nats": critic}

    def comparable(self, means: Mapping[str, float]) -> float:
        return means["loss"]


@pytest.fixture(autouse=True)
def _opponents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VAE, "learner", lambda _self, model, *_: Opponents(model))


def test_opponents_go_on_bit_for_bit(
    tiny: Tiny, digits: Dataset, tmp_path: Path, metrics: ReadMetrics
) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    for folder in (whole, pieces):
        folder.mkdir()
    loop.train(tiny(), digits, whole, CPU)
    draw, calls = loop.Run.draw, 0

    def draw_until_stopped(run: Any, split: Any) -> Batch:
        nonlocal calls
        calls += 1
        if calls in (13, 20):
            signal.raise_signal(signal.SIGINT)
        return draw(run, split)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.Run, "draw", draw_until_stopped)
        for _ in range(2):
            with pytest.raises(loop.Interrupted):
                loop.train(tiny(), digits, pieces, CPU, resume=True)
        loop.train(tiny(), digits, pieces, CPU, resume=True)
    assert calls == STEPS
    expected, found = (read_tensors(folder / RESUME)[0] for folder in (whole, pieces))
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert {name.split(".")[0] for name in expected} == {
        *("running", "model", "critic", "ours", "theirs")
    }
    assert metrics(pieces) == metrics(whole)
    first, *_, last = metrics(whole)
    assert last["validation_critic_nats"] < first["validation_critic_nats"]


def test_who_cannot_train_together_says_so(tiny: Tiny, digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="The family vae is trained in one process"):
        loop.train(tiny(), digits, tmp_path, CPU, processes=OneProcess())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match="no single loss, so its seeds cannot be trained at once"):
        ensemble.train([tiny()], digits, [tmp_path], CPU)
    assert list(tmp_path.iterdir()) == []  # nothing that says a run was begun
