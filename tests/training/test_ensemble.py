"""Seeds trained together become the models that each of them becomes alone."""

import json
import math
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from training.__main__ import main
from training.checkpoints.checkpoint import Progress, read_tensors
from training.config import RunConfig, TrainConfig, configuration
from training.contract.absence import RESUME
from training.contract.card import CARD, MODEL
from training.contract.files import read_card
from training.datasets import Dataset, Split
from training.errors import DivergedError
from training.learners import Learner
from training.trainer import ensemble, loop
from training.trainer.optimizers import rate_factor

Tiny = Callable[..., RunConfig]
ReadMetrics = Callable[[Path], list[dict[str, float]]]
CPU = torch.device("cpu")
SEEDS = (0, 7, 3)
STEPS = 37  # of `tiny`
CHANGES = [
    {"objective.name": "beta_vae", "objective.beta": "4"},
    {"objective.name": "capacity", "objective.c_end": "3", "objective.c_steps": "20"},
    {"objective.name": "geco", "objective.kappa": "150"},
    {"objective.name": "beta_tcvae"},
    {"objective.name": "beta_tcvae", "objective.estimator": "mss"},
    {"objective.name": "factor_vae", "objective.layers": "2", "objective.units": "16"},
    {"objective.name": "dip_vae_i"},
    {"objective.name": "dip_vae_ii"},
    {"objective.name": "iwae", "objective.k": "3", "model.name": "mlp_vae", "model.channels": ""},
    {"model.likelihood": "gaussian_learned", "data.pixels": "dequantized"},
    {"model.likelihood": "continuous_bernoulli", "model.activation": "silu"},
    {"train.optimizer": "muon", "train.muon_from": "20", "train.warmup": "5"},
]

RESUMED = [
    {"objective.name": "beta_vae"},
    {"objective.name": "factor_vae", "objective.layers": "1", "objective.units": "8"},
    {"train.optimizer": "muon", "train.muon_from": "20"},  # one stop before it, one after
]


def words(changes: dict[str, str]) -> str:
    return "-".join(changes.values())


def seeds_of(config: RunConfig) -> list[RunConfig]:
    return [replace(config, seed=seed) for seed in SEEDS]


def folders_in(parent: Path) -> list[Path]:
    folders = [parent / str(seed) for seed in SEEDS]
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


def state(folder: Path) -> dict[str, torch.Tensor]:
    return read_tensors(folder / RESUME)[0]


def distance(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Relative, over the whole tensor."""
    return ((found - expected).norm() / expected.norm().clamp(min=1e-12)).item()


@pytest.mark.parametrize("changes", CHANGES, ids=words)
def test_each_seed_is_trained_as_if_alone(
    changes: dict[str, str], tiny: Tiny, metrics: ReadMetrics, digits: Dataset, tmp_path: Path
) -> None:
    """Weights, moments, what the objective learned, metrics: all that a run leaves."""
    config = tiny(**changes)
    # Muon's iteration computes in bfloat16, whose rounding may turn either way.
    tolerance = 0.02 if config.train.optimizer == "muon" else 1e-3
    alone, together = folders_in(tmp_path / "alone"), folders_in(tmp_path / "together")
    singles = [
        loop.train(one, digits, folder, CPU)
        for one, folder in zip(seeds_of(config), alone, strict=True)
    ]
    members = ensemble.train(seeds_of(config), digits, together, CPU)
    for single, member in zip(singles, members, strict=True):
        assert isinstance(member, Progress)
        assert (member.step, member.best_step) == (single.step, single.best_step)
        assert member.hardware == f"{single.hardware}, 3 seeds at once"
    for one, other in zip(alone, together, strict=True):
        expected, found = state(one), state(other)
        assert found.keys() == expected.keys()
        for name, tensor in expected.items():
            assert distance(found[name], tensor) < tolerance, name
        for line, expected_line in zip(metrics(other), metrics(one), strict=True):
            assert line == pytest.approx(expected_line, rel=1e-4, abs=1e-4)
        weights, metadata = read_tensors(other / MODEL)
        assert metadata == read_tensors(one / MODEL)[1]
        assert {name: t.shape for name, t in weights.items()} == {
            name: t.shape for name, t in read_tensors(one / MODEL)[0].items()
        }
    first, second, _ = (state(folder) for folder in together)
    weight = next(name for name in first if name.startswith("model.encoder"))
    assert not torch.equal(first[weight], second[weight])


@pytest.mark.parametrize("changes", RESUMED, ids=words)
def test_stopped_together_they_go_on_bit_for_bit(
    changes: dict[str, str], tiny: Tiny, metrics: ReadMetrics, digits: Dataset, tmp_path: Path
) -> None:
    configs = seeds_of(tiny(**changes))
    whole, pieces = folders_in(tmp_path / "whole"), folders_in(tmp_path / "pieces")
    ensemble.train(configs, digits, whole, CPU)
    for stop in (13, 15):  # steps from the start of each piece
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ensemble, "rate_factor", signal_at(stop))
            with pytest.raises(loop.Interrupted):
                ensemble.train(configs, digits, pieces, CPU, resume=True)
    assert {read_progress(folder)["step"] for folder in pieces} == {28}
    ensemble.train(configs, digits, pieces, CPU, resume=True)
    for one, other in zip(whole, pieces, strict=True):
        assert (one / MODEL).read_bytes() == (other / MODEL).read_bytes()
        assert metrics(one) == metrics(other)
        expected, found = state(one), state(other)
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[name], expected[name]) for name in expected)


def signal_at(call: int) -> Callable[[TrainConfig, int], float]:
    """The rates' share, with Ctrl-C at its n-th call."""
    calls = 0

    def factor(plan: TrainConfig, step: int) -> float:
        nonlocal calls
        calls += 1
        if calls == call:
            signal.raise_signal(signal.SIGINT)
        return rate_factor(plan, step)

    return factor


def read_progress(folder: Path) -> dict[str, object]:
    progress: dict[str, object] = json.loads(read_tensors(folder / RESUME)[1]["progress"])
    return progress


class PowerCutError(BaseException):
    """Ends the run on the spot, like kill -9."""


def test_members_cut_off_at_different_steps_catch_up(
    tiny: Tiny, metrics: ReadMetrics, digits: Dataset, tmp_path: Path
) -> None:
    """The power fails when two of three have saved their second validation."""
    configs = seeds_of(tiny())
    whole, pieces = folders_in(tmp_path / "whole"), folders_in(tmp_path / "pieces")
    ensemble.train(configs, digits, whole, CPU)
    saves = 0

    def save_until_the_power_fails(*arguments: object) -> None:
        nonlocal saves
        if saves == 3 * 2 + 2:
            raise PowerCutError
        saves += 1
        save_resume(*arguments)

    save_resume = loop.save_resume
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "save_resume", save_until_the_power_fails)
        with pytest.raises(PowerCutError):
            ensemble.train(configs, digits, pieces, CPU)
    assert [read_progress(folder)["step"] for folder in pieces] == [20, 20, 10]
    reached = ensemble.train(configs, digits, pieces, CPU, resume=True)
    assert [end.step for end in reached if isinstance(end, Progress)] == [STEPS] * 3
    for one, other in zip(whole, pieces, strict=True):
        assert [line["step"] for line in metrics(other)] == [10, 20, 30, STEPS]
        for name, tensor in state(one).items():
            assert distance(state(other)[name], tensor) < 1e-3, name


def diverging(seed: int, call: int) -> Callable[..., dict[str, float]]:
    """Validation, but for the n-th of one seed, which finds no number."""
    original, calls = loop.validate, 0

    def validate(learner: Learner, split: Split, config: RunConfig) -> dict[str, float]:
        nonlocal calls
        means = original(learner, split, config)
        calls += config.seed == seed
        broken = config.seed == seed and calls == call
        return means | {"loss": math.nan} if broken else means

    return validate


def test_a_seed_that_diverges_ends_alone(
    tiny: Tiny, metrics: ReadMetrics, digits: Dataset, tmp_path: Path
) -> None:
    configs = seeds_of(tiny())
    whole, pieces = folders_in(tmp_path / "whole"), folders_in(tmp_path / "pieces")
    ensemble.train(configs, digits, whole, CPU)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "validate", diverging(seed=7, call=2))
        ends = ensemble.train(configs, digits, pieces, CPU)
    assert isinstance(ends[1], DivergedError)
    assert "nan at step 20" in str(ends[1])
    assert [line["step"] for line in metrics(pieces[1])] == [10]
    for place in (0, 2):
        end = ends[place]
        assert not isinstance(end, DivergedError)
        assert end.step == STEPS
        for name, tensor in state(whole[place]).items():
            assert distance(state(pieces[place])[name], tensor) < 1e-3, name


def test_the_command_line_names_the_seeds_that_diverged(
    train_digits: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = train_digits.index("--seed")
    words = [*train_digits[:seed], *train_digits[seed + 2 :], "--out", str(tmp_path / "digits")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "validate", diverging(seed=5, call=1))
        assert main([*words, "--seeds", "5,6"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"error: 1 of 2 runs diverged. {tmp_path / 'digits-s5'}: The validation")
    assert not (tmp_path / "digits-s5" / CARD).exists()
    assert {metric.seed for metric in read_card(tmp_path / "digits-s6").metrics} == {6}


def test_only_seeds_may_differ(tiny: Tiny, digits: Dataset, tmp_path: Path) -> None:
    configs = [tiny(), tiny(**{"objective.beta": 2})]
    with pytest.raises(ValueError, match="differ in their seeds alone"):
        ensemble.train(configs, digits, [tmp_path, tmp_path], CPU)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("changes", CHANGES, ids=words)
def test_a_captured_step_is_the_step(
    changes: dict[str, str], tiny: Tiny, digits: Dataset, tmp_path: Path
) -> None:
    """The same seeds on the same device, captured and not."""
    cuda = torch.device("cuda")
    configs = seeds_of(tiny(**changes))
    captured, plain = folders_in(tmp_path / "captured"), folders_in(tmp_path / "plain")
    graphs = []

    class Watched(ensemble._Captured):
        def __init__(self, function: Callable[[], torch.Tensor]) -> None:
            super().__init__(function)
            graphs.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "_Captured", Watched)
        ensemble.train(configs, digits, captured, cuda)
    assert all(watched.graph is not None for watched in graphs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "UNCAPTURED", STEPS)
        ensemble.train(configs, digits, plain, cuda)
    for one, other in zip(plain, captured, strict=True):
        for name, tensor in state(one).items():
            assert distance(state(other)[name], tensor) < 1e-3, name


def test_the_command_line_trains_seeds_into_folders_of_their_own(
    train_digits: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = train_digits.index("--seed")
    words = [*train_digits[:seed], *train_digits[seed + 2 :], "--out", str(tmp_path / "digits")]
    assert main([*words, "--seeds", "5,6"]) == 0
    folders = [tmp_path / "digits-s5", tmp_path / "digits-s6"]
    assert sorted(tmp_path.iterdir()) == folders
    cards = [read_card(folder) for folder in folders]
    for seed, card in zip((5, 6), cards, strict=True):
        assert configuration(card, "x").seed == seed
        assert f"--seed {seed}" in card.training.command
        assert "--seeds" not in card.training.command
        assert {metric.seed for metric in card.metrics} == {seed}

    capsys.readouterr()
    assert main([*words, "--seeds", "6,7"]) == 2
    assert "digits-s6 holds a finished checkpoint" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == folders
    assert main([*words, "--seeds", "6,7", "--resume"]) == 0
    assert sorted(tmp_path.iterdir()) == [*folders, tmp_path / "digits-s7"]
    assert read_card(folders[1]) == cards[1]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--seeds", "1,two"], "--seeds got '1,two'; it takes whole numbers with commas."),
        (["--seeds", "1", "--seed", "2"], "Give --seed for one run or --seeds for several"),
        (["--seeds", "-1"], "seed is -1; expected a whole number from 0"),
        (["--seeds", "1", "--out", "."], "--out . does not end in a name"),
        (["--seeds", "1", "--out", ".."], "--out .. does not end in a name"),
    ],
)
def test_seeds_that_cannot_be_are_refused(
    more: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "digits", "--out", str(tmp_path / "run"), *more]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
