"""`reproduce` makes what a table lacks and nothing else, and every run is in the table at once."""

import contextlib
import dataclasses
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import safetensors.torch
import torch
from filelock import FileLock
from msgspec import structs

from training import tasks
from training.__main__ import main, parser
from training.checkpoints import checkpoint, locking
from training.checkpoints.checkpoint import Progress
from training.checkpoints.export import Traced, export_graphs
from training.checkpoints.locking import LOCK
from training.commands.report import INTERRUPTED
from training.commands.train import configure
from training.config import RunConfig, settings
from training.contract.absence import RESUME
from training.contract.card import CODES, DECODER, ENCODER, MODEL
from training.contract.files import PART, describe_files, read_card, write_card
from training.contract.table import Row, Table, read_table
from training.datasets import Dataset
from training.errors import CheckpointError
from training.evaluation.evaluate import measure
from training.recipes import RECIPES, Recipe
from training.results import measuring, reproduce, tables
from training.results.tables import Plan
from training.trainer import ensemble, loop

Tiny = Callable[..., RunConfig]
CPU = torch.device("cpu")
STEPS = 37  # of `tiny`


@pytest.fixture
def plan(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Two recipes of a second each; the first ships with seed 0 and is replayed with seed 1."""
    rows = []
    for name, beta in (("tiny-beta1", 1), ("tiny-beta4", 4)):
        recipe = Recipe(name, name, "To be tested.", "1 s", tiny(**{"objective.beta": beta}))
        monkeypatch.setitem(RECIPES, name, recipe)
        rows.append(Row(name, f"β = {beta}", "To be tested.", (0, 1), beta=beta))
    table = Table(
        version=1,
        name="tiny",
        title="Two rows",
        intent="To be tested.",
        command="python -m training reproduce tiny",
        metrics=("neg_elbo", "mig"),
        rows=tuple(rows),
    )
    plan = Plan(table, ships=(("tiny-beta1", 0),), keeps_models=True, replays=(("tiny-beta1", 1),))
    monkeypatch.setattr(tables, "PLANS", {"tiny": plan})
    finish = measuring.finish
    # Maps and ONNX files take longer than all the rest.
    monkeypatch.setattr(measuring, "finish", lambda *given: finish(*given, with_map=False))
    monkeypatch.setattr(measuring, "export_graphs", write_weights)
    return plan


def write_weights(graphs: list[Traced], folder: Path) -> None:
    """In the place of the ONNX files: something that depends on the weights alone."""
    for traced in graphs:
        weights = traced.module.parameters()
        content = b"".join(weight.numpy(force=True).tobytes() for weight in weights)
        (folder / traced.graph.file).write_bytes(traced.graph.file.encode() + content)


@pytest.fixture
def call(plan: Plan, data: Path, tmp_path: Path) -> Callable[..., int]:
    """Runs `reproduce tiny` with every place in the test's own folder."""

    def run(*options: str) -> int:
        places = {"--data": data, "--runs": tmp_path / "runs", "--out": tmp_path / "results"}
        words = [str(word) for place in places.items() for word in place]
        return main(["reproduce", "tiny", *words, "--device", "cpu", *options])

    return run


Call = Callable[..., int]


def made(folder: Path) -> list[tuple[str, int]]:
    """Recipe and seed of every run in the table."""
    return [(run.recipe, run.seed) for run in read_table(folder / "results" / "tiny").runs]


def test_everything_that_is_planned_is_made_once(
    call: Call, plan: Plan, tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tables.PLANS, "tiny", dataclasses.replace(plan, ships=(), replays=()))
    assert call() == 0
    table = read_table(tmp_path / "results" / "tiny")
    assert table.missing() == ()
    assert structs.replace(table, runs=()) == plan.table
    for run in table.runs:
        folder = tmp_path / "runs" / "tiny" / f"{run.recipe}-s{run.seed}"
        config = tables.config_of(run.recipe, run.seed)
        assert run.config == settings(config)
        assert run.images == STEPS * 16
        assert run.seconds > 0
        model = checkpoint.new_model(config, digits.form, folder)
        checkpoint.load_weights(model.eval(), folder / MODEL)
        metrics, latents, provenance = measure(model, digits, config, run.seed)
        assert (run.final.metrics, run.final.latents) == (metrics, latents)
        assert run.latents_provenance == provenance

    monkeypatch.setattr(ensemble, "train_each", None)
    monkeypatch.setattr(measuring, "measure", None)
    before = (tmp_path / "results" / "tiny" / "table.json").read_bytes()
    assert call() == 0
    assert (tmp_path / "results" / "tiny" / "table.json").read_bytes() == before


def test_the_command_of_a_run_is_that_training(call: Call, tmp_path: Path) -> None:
    call("--only", "tiny-beta4")
    for run in read_table(tmp_path / "results" / "tiny").runs:
        *python, command = run.command.split()[:4]
        assert (python, command) == (["python", "-m", "training"], "train")
        options, overrides = parser().parse_known_args(run.command.split()[3:])
        assert settings(configure(options, overrides)[1]) == run.config


def test_another_seed_ships_under_a_name_and_a_title_of_its_own(
    call: Call, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ships = (("tiny-beta1", 1),)
    monkeypatch.setitem(tables.PLANS, "tiny", dataclasses.replace(plan, ships=ships, replays=()))
    call("--only", "tiny-beta1", "--seeds", "1")
    (run,) = read_table(tmp_path / "results" / "tiny").runs
    assert run.checkpoint == "tiny-beta1-seed1"
    card = read_card(tmp_path / "models" / "tiny-beta1-seed1")
    assert card.title.endswith(", seed 1")
    assert card.intent == "The recipe tiny-beta1 with seed = 1."


def test_seed_0_ships_as_a_whole_checkpoint_and_others_as_decoder_and_codes(
    call: Call, plan: Plan, tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = structs.replace(plan.table, images=30)
    monkeypatch.setitem(tables.PLANS, "tiny", dataclasses.replace(plan, table=few, replays=()))
    monkeypatch.setattr(measuring, "export_graphs", export_graphs)
    old = tmp_path / "models" / "tiny-beta1"
    old.mkdir(parents=True)
    (old / "old.txt").write_text("to be replaced")
    call("--only", "tiny-beta1")
    shipped, other = read_table(tmp_path / "results" / "tiny").runs
    assert (shipped.checkpoint, other.checkpoint) == ("tiny-beta1", None)
    card = read_card(old)
    assert not (old / "old.txt").exists()
    assert shipped.final.metrics == card.metrics
    assert shipped.final.folder == "../../models/tiny-beta1"
    assert card.training.command == shipped.command
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["tiny-beta1"]
    table = tmp_path / "results" / "tiny"
    assert shipped.final.rounding == card.rounding
    for run, names in ((shipped, (DECODER, ENCODER)), (other, (DECODER, CODES))):
        folder = run.final.folder
        assert folder is not None
        assert run.final.files == describe_files(table / folder, names)
    assert other.final.folder == "tiny-beta1-s1"
    kept = table / "tiny-beta1-s1"
    assert sorted(path.name for path in kept.iterdir()) == [CODES, DECODER]

    weights = tmp_path / "runs" / "tiny" / "tiny-beta1-s1" / MODEL
    with torch.no_grad():
        posterior = measuring.load(tables.config_of("tiny-beta1", 1), digits, weights).encode(
            digits.splits["test"].images(torch.arange(30))
        )
    codes = safetensors.torch.load_file(kept / CODES)
    assert codes.keys() == {"mean", "log_variance"}
    torch.testing.assert_close(codes["mean"], posterior.mean)
    torch.testing.assert_close(codes["log_variance"], posterior.log_variance)


@pytest.mark.parametrize("place", ["tiny-beta1", f".tiny-beta1.old{PART}"])
def test_a_shipped_checkpoint_stays_until_another_is_whole(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Also one that a killed process had put aside already."""
    old = tmp_path / "models" / "tiny-beta1"
    aside = old.with_name(place)
    aside.mkdir(parents=True)
    (aside / "card.json").write_text("old")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "finish", stop)
    assert call("--only", "tiny-beta1", "--seeds", "0") == INTERRUPTED
    assert [path.name for path in old.parent.iterdir()] == ["tiny-beta1"]
    assert (old / "card.json").read_text() == "old"


def test_a_replayed_run_has_a_stage_for_every_snapshot_before_its_best_step(
    call: Call, tmp_path: Path, digits: Dataset
) -> None:
    call("--only", "tiny-beta1", "--seeds", "1")
    (run,) = read_table(tmp_path / "results" / "tiny").runs
    steps = [stage.step for stage in run.stages]
    snapshots = [0, 1, 2, 4, 9, 18, 37]
    assert steps == [step for step in snapshots if step < run.final.step] + [run.final.step]
    assert [stage.images for stage in run.stages] == [step * 16 for step in steps]
    snapshot = tmp_path / "runs" / "tiny" / "tiny-beta1-s1" / "snapshots" / "0000009.safetensors"
    model = measuring.load(tables.config_of(run.recipe, run.seed), digits, snapshot)
    assert run.stages[4].metrics == measure(model, digits, tables.config_of(run.recipe, 1), 1)[0]
    folders = [stage.folder for stage in run.stages]
    assert folders[1] == "tiny-beta1-s1-0000001"
    assert len(set(folders)) == len(folders)


def test_collecting_measures_what_is_trained_and_trains_nothing(
    call: Call, plan: Plan, tmp_path: Path, digits: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    def train(recipe: str, seed: int, config: RunConfig) -> None:
        folder = tmp_path / "runs" / "tiny" / f"{recipe}-s{seed}"
        folder.mkdir(parents=True)
        loop.train(config, digits, folder, CPU)

    config = tables.config_of("tiny-beta4", 1)
    train("tiny-beta4", 1, config)
    halfway = tmp_path / "runs" / "tiny" / "tiny-beta1-s1"
    train("tiny-beta1", 1, tables.config_of("tiny-beta1", 1))
    progress, _ = checkpoint.read_resume(halfway, tables.config_of("tiny-beta1", 1))
    text = (halfway / RESUME).read_bytes()
    (halfway / RESUME).write_bytes(text.replace(rb"\"step\": 37", rb"\"step\": 17"))
    assert checkpoint.read_resume(halfway, tables.config_of("tiny-beta1", 1))[0].step == 17
    weights = (halfway / MODEL).read_bytes()

    assert call("--collect") == 0
    assert made(tmp_path) == [("tiny-beta4", 1)]
    assert (halfway / MODEL).read_bytes() == weights
    assert "tiny-beta1           0 of 2 seeds, missing 0, 1" in capsys.readouterr().out
    assert progress.step == STEPS


def test_an_interrupted_table_keeps_what_was_made_and_goes_on(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = measuring.measure
    calls = 0

    def stop_at_second(*given: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return measured(*given)

    monkeypatch.setattr(measuring, "measure", stop_at_second)
    assert call("--only", "tiny-beta4") == INTERRUPTED
    assert made(tmp_path) == [("tiny-beta4", 0)]
    assert "continues from here" in capsys.readouterr().err
    trained = tmp_path / "runs" / "tiny" / "tiny-beta4-s1"
    assert not (trained / LOCK).exists()
    monkeypatch.setattr(ensemble, "train_each", None)
    assert call("--only", "tiny-beta4") == 0
    assert made(tmp_path) == [("tiny-beta4", 0), ("tiny-beta4", 1)]


def test_a_run_of_a_recipe_that_changed_is_made_again_elsewhere(
    call: Call,
    tiny: Tiny,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call("--only", "tiny-beta4", "--seeds", "0")
    changed = dataclasses.replace(RECIPES["tiny-beta4"], run=tiny(**{"objective.beta": 5}))
    monkeypatch.setitem(RECIPES, "tiny-beta4", changed)
    assert call("--only", "tiny-beta4", "--seeds", "0") == 2
    assert "was begun with objective.beta" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "runs")
    assert call("--only", "tiny-beta4", "--seeds", "0") == 0
    (run,) = read_table(tmp_path / "results" / "tiny").runs
    assert run.config == settings(structs.replace(changed.run, seed=run.seed))


def test_a_table_takes_the_words_of_its_plan(
    call: Call, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("--only", "tiny-beta4", "--seeds", "0")
    before = read_table(tmp_path / "results" / "tiny")
    monkeypatch.setitem(
        tables.PLANS, "tiny", Plan(structs.replace(plan.table, title="Other words"))
    )
    assert call("--collect") == 0
    after = read_table(tmp_path / "results" / "tiny")
    assert after == structs.replace(before, title="Other words")


def test_two_processes_that_make_one_table_lose_nothing(
    call: Call, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has read the table before another writes it, unless it waits for its turn."""
    call("--only", "tiny-beta4", "--seeds", "0,1")
    folder = tmp_path / "results"
    runs = read_table(folder / "tiny").runs
    (folder / "tiny" / "table.json").unlink()
    both, read = threading.Barrier(2), tables.current

    def read_and_meet(plan: Plan, tables: Path) -> Table:
        table = read(plan, tables)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=0.5)
        return table

    monkeypatch.setattr(tables, "current", read_and_meet)
    with ThreadPoolExecutor(2) as processes:
        for done in [processes.submit(tables.put, plan, run, folder) for run in runs]:
            done.result()
    assert read_table(folder / "tiny").runs == runs
    assert not (folder / "tiny" / LOCK).exists()


def test_a_lock_taken_at_its_release_stays_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Followed(FileLock):
        """A lock that another process has been waiting for."""

        def release(self, force: bool = False) -> None:
            super().release(force)
            waiting.acquire(timeout=0)

    waiting = FileLock(tmp_path / LOCK)
    with monkeypatch.context() as patch:
        patch.setattr(locking, "FileLock", Followed)
        with locking.writing_to(tmp_path, "wait for it"):
            pass
    with (
        pytest.raises(CheckpointError, match="Another process is writing"),
        locking.writing_to(tmp_path, "wait for it"),
    ):
        pass
    waiting.release()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["nope"], "There is no table 'nope'; choose one of tiny."),
        (["tiny", "--only", "digits"], "The table tiny has no recipe 'digits'"),
        (["tiny", "--seeds", "0,7"], "The table tiny has no seed 7; choose one of 0, 1."),
        (["--only", "tiny-beta4", "tiny"], "--only, --seeds, --collect and --again say what"),
        (["tiny", "--markdown", "--collect"], "--only, --seeds, --collect and --again say what"),
        (["tiny", "--markdown", "--again"], "--only, --seeds, --collect and --again say what"),
    ],
)
def test_what_is_not_planned_is_refused_in_one_sentence(
    plan: Plan,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    sentence: str,
) -> None:
    assert main(["reproduce", *options, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {sentence}")


def test_where_no_table_can_be_nothing_is_trained(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert call("--out", str(tmp_path / "file" / "results")) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'file'}")
    assert not (tmp_path / "runs").exists()


def test_without_a_name_every_table_says_what_it_lacks_and_what_that_costs(
    call: Call,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "TASKS", ("foreign",))
    call("--only", "tiny-beta4")
    capsys.readouterr()
    assert main(["reproduce", "--out", str(tmp_path / "results")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "tiny: Two rows",
        "  tiny-beta1           0 of 2 seeds, missing 0, 1 · 1 s each on two cores",
        "  tiny-beta4           2 of 2 seeds",
        "  `python -m training reproduce tiny` makes what is missing.",
        "foreign: Seen, unseen and foreign images",
        "  `python -m training reproduce foreign` measures it.",
    ]


def test_on_a_gpu_the_seeds_of_a_recipe_are_trained_at_once() -> None:
    wanted = [("a", 0), ("a", 2), ("b", 1)]
    assert [*reproduce.groups(wanted, CPU)] == [("a", (0,)), ("a", (2,)), ("b", (1,))]
    assert [*reproduce.groups(wanted, torch.device("cuda"))] == [("a", (0, 2)), ("b", (1,))]


@pytest.mark.parametrize("seeds", [(0, 1), (1,)])
def test_on_a_gpu_one_seed_takes_the_captured_step_as_several_do(
    seeds: tuple[int, ...], plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def train(configs: list[RunConfig], *_: object) -> list[Progress]:
        given.extend(configs)
        return [Progress() for _ in configs]

    monkeypatch.setattr(ensemble, "train", train)
    runs = {tmp_path / str(seed): tables.config_of("tiny-beta4", seed) for seed in seeds}
    reproduce.train(runs, None, torch.device("cuda"), replayed=False)  # type: ignore[arg-type]
    assert given == list(runs.values())


def test_several_seeds_are_each_trained_to_the_end(
    plan: Plan, tmp_path: Path, digits: Dataset
) -> None:
    runs = {tmp_path / f"s{seed}": tables.config_of("tiny-beta4", seed) for seed in (0, 1)}
    for folder in runs:
        folder.mkdir()
    reproduce.train(runs, digits, CPU, replayed=True)
    for folder, config in runs.items():
        assert reproduce.is_trained(folder, config)
        assert len([*(folder / "snapshots").iterdir()]) == 7
    reproduce.train(runs, None, CPU, replayed=True)  # type: ignore[arg-type]


def test_a_table_of_likelihoods_has_the_bound_and_keeps_no_model(
    call: Call, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    likelihoods = Plan(plan.table, likelihood_samples=20)
    monkeypatch.setitem(tables.PLANS, "tiny", likelihoods)
    call("--only", "tiny-beta4", "--seeds", "0")
    (run,) = read_table(tmp_path / "results" / "tiny").runs
    bound, elbo = run.final.metric("neg_log_likelihood"), run.final.metric("neg_elbo")
    assert bound is not None
    assert elbo is not None
    assert bound.value < elbo.value
    assert "20 samples" in bound.how
    assert (run.final.folder, run.final.files, run.checkpoint) == (None, None, None)
    assert [path.name for path in (tmp_path / "results" / "tiny").iterdir()] == ["table.json"]


def test_a_table_that_keeps_weights_can_be_measured_again_without_the_run(
    call: Call,
    plan: Plan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    likelihoods = Plan(plan.table, keeps_weights=True, likelihood_samples=20)
    monkeypatch.setitem(tables.PLANS, "tiny", likelihoods)
    call("--only", "tiny-beta4", "--seeds", "0,1")
    table = tmp_path / "results" / "tiny"
    first, second = read_table(table).runs
    assert first.final.folder == "tiny-beta4-s0"
    assert first.final.files == describe_files(table / first.final.folder, (MODEL,))

    shutil.rmtree(tmp_path / "runs")
    blank = structs.replace(first.final, metrics=first.final.metrics[:1])
    tables.put(likelihoods, structs.replace(first, stages=(blank,)), table.parent)
    monkeypatch.setattr(ensemble, "train_each", None)
    assert call("--again", "--seeds", "0") == 0
    assert read_table(table).runs == (first, second)

    (table / first.final.folder / MODEL).write_bytes(b"other weights")
    capsys.readouterr()
    assert call("--again") == 2
    assert "tiny-beta4-s0/model.safetensors is not the file that" in capsys.readouterr().err
    assert read_table(table).runs == (first, second)


def test_what_ships_is_measured_again_in_its_card_and_in_the_table(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call("--only", "tiny-beta1", "--seeds", "0")
    table, shipped = tmp_path / "results" / "tiny", tmp_path / "models" / "tiny-beta1"
    before, card = read_table(table), read_card(shipped)
    blank = structs.replace(card, metrics=card.metrics[:1], information=None)
    write_card(shipped, blank)
    (run,) = before.runs
    fewer = structs.replace(run.final, metrics=run.final.metrics[:1])
    tables.put(tables.plan("tiny"), structs.replace(run, stages=(fewer,)), table.parent)

    shutil.rmtree(tmp_path / "runs")
    monkeypatch.setattr(ensemble, "train_each", None)
    assert call("--again") == 0
    assert {m.name: m for m in read_card(shipped).metrics} == {m.name: m for m in card.metrics}
    assert structs.replace(read_card(shipped), metrics=card.metrics) == card
    (again,) = read_table(table).runs
    assert again.final.metrics == read_card(shipped).metrics
    assert structs.replace(again, stages=run.stages) == run

    (shipped / ENCODER).write_bytes(b"another network")
    capsys.readouterr()
    assert call("--again") == 2
    assert "tiny-beta1/encoder.onnx is not the file that" in capsys.readouterr().err
