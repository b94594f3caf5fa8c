"""`embed`: what it writes, what it refuses, and that an interruption leaves a checkpoint whole."""

import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import sklearn.manifold
import torch
from filelock import FileLock
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import Tensor

import training
from training.__main__ import main
from training.checkpoints import checkpoint, embed, finish, maps, staging
from training.checkpoints.checkpoint import Progress
from training.checkpoints.embed import Plan
from training.checkpoints.locking import LOCK
from training.commands.report import INTERRUPTED
from training.config import configuration
from training.contract.absence import READY
from training.contract.card import CARD, CODES, MODEL, THUMBNAILS, Card
from training.contract.files import read_card, write_card
from training.contract.maps import Umap
from training.contract.measurements import Latent
from training.datasets import Dataset
from training.distributions import (
    Bernoulli,
    ContinuousBernoulli,
    DiagonalGaussian,
    Gaussian,
    ImageDistribution,
)
from training.errors import CheckpointError
from training.families.vae import VAE
from training.models import likelihoods
from training.recipes import RECIPES

Thumbnails = Callable[[Path, Card], NDArray[np.uint8]]
Run = Callable[..., int]


@pytest.fixture
def run(folder: Path, data: Path) -> Run:
    """Embeds in the copied checkpoint, without a map unless `no_map` is empty."""

    def run(*words: str, no_map: tuple[str, ...] = ("--no-map",)) -> int:
        return main(["embed", str(folder), "--data", str(data), *no_map, *words])

    return run


@pytest.fixture
def _small_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed, "LARGEST_SHEET", 28 * 5 + 27)  # five a side


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_codes_are_those_of_the_split(
    folder: Path, run: Run, digits: Dataset, thumbnails: Thumbnails
) -> None:
    before = read_card(folder)
    assert run("--split", "validation", "--count", "37") == 0
    model, card = checkpoint.load(folder)
    assert replace(card, examples=None, files={}) == replace(before, examples=None, files={})
    assert (card.examples.count, card.examples.split) == (37, "validation")
    assert card.map is None

    split = digits.splits["validation"]
    x = split.images(torch.arange(37))
    codes = safetensors.numpy.load_file(folder / CODES)
    with torch.no_grad():
        posterior = model.encode(x)
        log_prob = model.decode(posterior.mean).log_prob(x)
    assert codes.keys() == {"mean", "log_variance", "label", "reconstruction"}
    assert codes["mean"] == pytest.approx(posterior.mean.numpy(), abs=1e-5)
    assert codes["log_variance"] == pytest.approx(posterior.log_variance.numpy(), abs=1e-5)
    assert codes["reconstruction"] == pytest.approx(-log_prob.sum((1, 2, 3)).numpy(), rel=1e-5)
    assert np.array_equal(codes["label"], split.targets[:37])
    assert {tensor.dtype.name for tensor in codes.values()} == {"float32", "int32"}
    assert np.array_equal(thumbnails(folder, card), split.stored[:37])


@pytest.mark.usefixtures("_small_sheets")
def test_images_go_round_over_several_sheets(
    folder: Path, run: Run, digits: Dataset, thumbnails: Thumbnails
) -> None:
    before = contents(folder)
    assert run() == 0
    card = read_card(folder)
    assert (card.examples.columns, card.examples.per_sheet) == (5, 25)
    assert card.examples.sheets == (THUMBNAILS, *(f"thumbnails-{n}.webp" for n in range(1, 8)))
    assert {path.name for path in folder.iterdir()} == before.keys() | set(card.examples.sheets)
    assert np.array_equal(thumbnails(folder, card), digits.splits["test"].stored)
    codes = safetensors.numpy.load_file(folder / CODES)
    once = safetensors.numpy.load(before[CODES])
    for name in ("mean", "reconstruction"):
        assert codes[name] == pytest.approx(once[name], rel=1e-5, abs=1e-5)

    # Fewer images need fewer sheets, and the others are gone; export and evaluate know the rest.
    assert run("--count", "51") == 0
    assert {path.name for path in folder.glob("thumb*")} == {
        *(THUMBNAILS, "thumbnails-1.webp", "thumbnails-2.webp")
    }
    card = read_card(folder)
    assert np.array_equal(thumbnails(folder, card), digits.splits["test"].stored[:51])
    assert main(["export", str(folder)]) == 0
    (folder / "thumbnails-2.webp").write_bytes(b"")
    assert main(["export", str(folder)]) == 2
    with pytest.raises(CheckpointError, match=r"thumbnails-2\.webp has 0 bytes"):
        read_card(folder)

    # What was damaged of its own files, `embed` makes anew.
    (folder / CODES).unlink()
    assert run("--count", "51") == 0
    assert read_card(folder) == card


def test_the_same_again_gives_the_same_bytes(folder: Path, run: Run) -> None:
    before = contents(folder)
    assert run() == 0
    assert contents(folder) == before


def pixels(likelihood: ImageDistribution) -> object:
    class Model:
        latents = 2

        def encode(self, x: Tensor) -> DiagonalGaussian:
            return DiagonalGaussian(torch.zeros(len(x), 2), torch.zeros(len(x), 2))

        def decode(self, z: Tensor) -> ImageDistribution:
            return likelihood

    return Model()


NOUGHT = torch.zeros(20, 1, 28, 28)
HALF = torch.full_like(NOUGHT, 0.5)


@pytest.mark.parametrize(
    ("likelihood", "nats", "sigma"),
    [
        (Bernoulli(NOUGHT), lambda x: 784 * math.log(2), None),
        (ContinuousBernoulli(NOUGHT), lambda x: 0 * x.sum(), None),
        (
            Gaussian(HALF, torch.tensor(0.01).log()),
            lambda x: (0.5 * math.log(2 * math.pi * 0.01) + 50 * (x - 0.5) ** 2).sum(),
            0.1,
        ),
        (
            Gaussian(NOUGHT, torch.tensor(4.0).log()),
            lambda x: (0.5 * math.log(8 * math.pi) + x**2 / 8).sum(),
            2,
        ),
    ],
    ids=["bernoulli", "continuous_bernoulli", "gaussian", "gaussian_learned"],
)
def test_what_a_reconstruction_costs(
    likelihood: ImageDistribution,
    nats: Callable[[Tensor], float],
    sigma: float | None,
    digits: Dataset,
    tmp_path: Path,
) -> None:
    """Every code gives the same image, whose cost has a closed form."""
    latents = (Latent(0, 0, 0, 1, False),) * 2
    model = pixels(likelihood)
    plan = Plan(count=20, with_map=False)
    embed.embed(VAE(2, "bernoulli"), model, digits, latents, plan, tmp_path)
    costs = safetensors.numpy.load_file(tmp_path / CODES)["reconstruction"]
    x = digits.splits["test"].images(torch.arange(20)).double()
    assert costs == pytest.approx([float(nats(image)) for image in x], abs=1e-3)
    assert likelihoods.sigma(model) == (None if sigma is None else pytest.approx(sigma))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--count", "0"], "--count is 0; the test split has 200 images"),
        (["--count", "-3"], "--count is -3"),
        (["--count", "201"], "--count is 201; the test split has 200 images"),
        (["--count", "1000001"], "--count is 1,000,001"),
        (["--split", "tset"], "no split 'tset'; choose one of train, validation, test"),
        (["--seed", "-1"], "seed is -1"),
        (["--cout", "1"], "--cout is not an option of `embed`"),
    ],
)
def test_refused(
    words: list[str], message: str, folder: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(folder)
    capsys.readouterr()
    assert run(*words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert contents(folder) == before


def test_more_codes_than_a_file_holds_are_refused(
    folder: Path, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed, "LARGEST_FILE", 5000)
    assert run() == 2
    assert "--count is 200; codes.safetensors holds the codes of" in capsys.readouterr().err


def test_other_images_are_refused(
    folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(folder)
    shutil.copytree(data / "FashionMNIST", tmp_path / "other" / "MNIST")
    assert main(["embed", str(folder), "--data", str(tmp_path / "other")]) == 2
    assert "SHA-256 differs" in capsys.readouterr().err
    assert contents(folder) == before


def test_a_folder_whose_hashes_fit_is_checked_against_the_data_and_by_its_codes(
    folder: Path,
    data: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever writes a card can write its hashes too: what they cannot know is asked for."""
    card = read_card(folder)
    write_card(folder, replace(card, data=replace(card.data, labels=("nought", "one"))))
    assert run() == 2
    assert (
        "card.json says labels ('nought', 'one'); the digits data have" in capsys.readouterr().err
    )

    with monkeypatch.context() as patch:
        patch.setattr(maps, "umap", raising(ValueError("zero-size array to\nreduction")))
        write_card(folder, card)
        assert run(no_map=()) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert "could not be fitted (zero-size array to reduction); leave it out with" in said

    weights = safetensors.numpy.load_file(folder / MODEL)
    far = {name: (tensor.astype(np.float32) * 1e30) for name, tensor in weights.items()}
    safetensors.numpy.save_file(far, folder / MODEL)
    write_card(folder, card)
    assert run("--count", "60", no_map=()) == 2
    assert "of some examples is NaN or infinity" in capsys.readouterr().err.splitlines()[-1]
    for times, sentence in ((1e30, "NaN or infinite; measure another"), (1e10, "train it again.")):
        far = {name: (tensor.astype(np.float32) * times) for name, tensor in weights.items()}
        safetensors.numpy.save_file(far, folder / MODEL)
        write_card(folder, card)
        assert main(["evaluate", str(folder), "--data", str(data)]) == 2
        assert sentence in capsys.readouterr().err.splitlines()[-1]


def test_no_checkpoint(
    folder: Path, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (folder / CARD).unlink()
    for path, message in (
        (tmp_path / "nowhere", "is not a folder"),
        (empty, "has no card.json"),
        (folder, "has no card.json"),
    ):
        assert main(["embed", str(path), "--data", str(data)]) == 2
        assert message in capsys.readouterr().err
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize("command", ["embed", "evaluate", "export"])
def test_one_writer_a_folder(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FileLock(folder / LOCK):
        before = contents(folder)
        assert main([command, str(folder)]) == 2
        assert contents(folder) == before
    assert "is writing to" in capsys.readouterr().err


@pytest.mark.parametrize("stopped", [KeyboardInterrupt, OSError(28, "No space left on device")])
@pytest.mark.parametrize("function", ["_encode", "webp", "_means", "write_bytes"])
def test_stopped_before_the_end_the_old_files_stay(
    function: str,
    stopped: BaseException,
    folder: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop(*_: object) -> None:
        raise stopped

    before = contents(folder)
    monkeypatch.setattr(embed, function, stop)
    status = run("--count", "100", no_map=())
    assert status == (2 if isinstance(stopped, OSError) else INTERRUPTED)
    said = capsys.readouterr().err.splitlines()[-1]
    full = "No space left on device; free some space, then run this again."
    assert (full if isinstance(stopped, OSError) else "is as it was") in said
    assert contents(folder) == before


class PowerCutError(BaseException):
    """Ends the command on the spot, like kill -9."""


@pytest.mark.usefixtures("_small_sheets")
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_cut_off_anywhere_no_card_belies_its_files(
    late: bool, folder: Path, data: Path, tmp_path: Path
) -> None:
    """Power goes at each of the moves in turn; the folder is whole then, or says what to do."""

    def run(folder: Path, *words: str) -> int:
        return main(["embed", str(folder), "--data", str(data), "--no-map", *words])

    assert run(folder) == 0
    new = tmp_path / "new" / "digits"
    shutil.copytree(folder, new)
    assert run(new, "--count", "60") == 0
    seen = set()
    for last in range(1, 100):
        copy = tmp_path / str(last) / "digits"
        shutil.copytree(folder, copy)
        try:
            with cut_at(last, late):
                assert run(copy, "--count", "60") == 0
            break
        except PowerCutError:
            pass
        try:
            seen.add(read_card(copy).examples.count)
        except CheckpointError as error:
            assert "replacing its files was cut off; run `python -m training embed" in str(error)  # noqa: PT017
            assert not (copy / CARD).exists()
            assert main(["evaluate", str(copy), "--data", str(data)]) == 2
            seen.add(0)
        assert run(copy, "--count", "60") == 0
        assert contents(copy) == contents(new)
    assert seen == {0, 60, 200}


@contextmanager
def cut_at(last: int, late: bool) -> Iterator[None]:
    """Cut the power before, or just after, a file or a folder is moved for the `last` time."""
    calls = 0

    def wrap(original: Callable[..., object]) -> Callable[..., object]:
        def cut(*arguments: object, **options: object) -> object:
            nonlocal calls
            calls += 1
            if calls == last and not late:
                raise PowerCutError
            result = original(*arguments, **options)
            if calls == last and late:
                raise PowerCutError
            return result

        return cut

    with pytest.MonkeyPatch.context() as patch:
        for name in ("rename", "replace", "unlink", "rmdir"):
            patch.setattr(Path, name, wrap(getattr(Path, name)))
        yield


def test_what_a_killed_process_left_is_cleared_away(folder: Path, run: Run) -> None:
    before = contents(folder)
    (folder / staging.STAGING).mkdir()
    (folder / staging.STAGING / CODES).write_bytes(b"half")
    assert run() == 0
    assert contents(folder) == before


def _folder_at(name: str) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name / "mine").mkdir(parents=True)

    return make


def _link_at(name: str) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder.parent / "victim").write_text("mine")
        (folder / name).symlink_to(folder.parent / "victim")

    return make


def _ready(*names: str) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        (folder / READY).mkdir()
        for name in names:
            (folder / READY / name).write_text("mine")

    return make


def _tree(folder: Path) -> dict[str, bytes | None]:
    """All below the folder's parent."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in folder.parent.rglob("*")
    }


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (_folder_at(CODES), CODES),
        (_folder_at(THUMBNAILS), THUMBNAILS),
        (_folder_at("thumbnails-3.webp"), "thumbnails-3.webp"),
        (_folder_at("thumbnails-99.webp"), "thumbnails-99.webp"),
        (_link_at(CODES), CODES),
        (_link_at("thumbnails-1.webp"), "thumbnails-1.webp"),
        (_link_at(READY), READY),
        (_link_at(staging.STAGING), staging.STAGING),
        (lambda folder: (folder / READY).touch(), READY),
        (lambda folder: (folder / staging.STAGING).touch(), staging.STAGING),
        (_ready("notes.txt"), READY),
        (_ready(CARD, "notes.txt"), READY),
        (_ready(CARD, "model.safetensors"), READY),
        (_ready(CARD), READY),
        (_folder_at(f"{READY}/{CODES}"), READY),
    ],
)
@pytest.mark.usefixtures("_small_sheets")
def test_what_is_in_the_way_is_refused_before_anything_moves(
    make: Callable[[Path], object],
    name: str,
    folder: Path,
    run: Run,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make(folder)
    before = _tree(folder)
    capsys.readouterr()
    assert run() == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {folder.name}/{name} ")
    assert said.endswith(": remove it, then embed again.\n")
    assert said.count("\n") == 1
    assert _tree(folder) == before


def test_what_comes_into_the_way_meanwhile_leaves_the_checkpoint_whole(
    folder: Path,
) -> None:
    before = read_card(folder)

    def write(into: Path) -> Card:
        (into / CODES).write_bytes(b"new")
        _folder_at("thumbnails-1.webp")(folder)
        return before

    with pytest.raises(CheckpointError, match=r"thumbnails-1\.webp is a folder or a link"):
        staging.replace_files(folder, write)
    assert read_card(folder) == before
    assert not (folder / staging.STAGING).exists()


def test_pictures_of_a_persons_own_are_left_alone(folder: Path, run: Run) -> None:
    (folder / "thumbnails-of-mine.webp").write_text("mine")
    (folder / "thumbnails-of-mine-2.webp").mkdir()
    assert run() == 0
    assert (folder / "thumbnails-of-mine.webp").read_text() == "mine"
    assert (folder / "thumbnails-of-mine-2.webp").is_dir()


def test_a_link_to_another_folder_does_not_empty_it(folder: Path, run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    before = contents(other)
    (folder / READY).symlink_to(other)
    (folder / staging.STAGING).symlink_to(other)
    run()
    assert contents(other) == before


@pytest.fixture(scope="module")
def mapped(
    finished: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Two checkpoints with a map: UMAP itself, of the 200 test images; not to be written to."""
    folders = (
        tmp_path_factory.mktemp("first") / "digits",
        tmp_path_factory.mktemp("second") / "digits",
    )
    for folder in folders:
        shutil.copytree(finished, folder)
        assert main(["embed", str(folder), "--data", str(data), "--seed", "3"]) == 0
    return folders


def test_the_same_seed_draws_the_same_map(mapped: tuple[Path, Path]) -> None:
    first, second = map(contents, mapped)
    assert first == second


def test_a_map_of_umap_and_pca(mapped: tuple[Path, Path], finished: Path) -> None:
    _, card = checkpoint.load(mapped[0])
    assert card.map is not None
    assert card.versions == read_card(finished).versions | {"umap-learn": version("umap-learn")}
    assert card.map.umap == Umap(15, 0.1, 3)
    assert card.map.latents == (0, 1, 2)  # after 60 steps none is active
    codes = safetensors.numpy.load_file(mapped[0] / CODES)
    mean, near = codes["mean"], codes["mean"][:, list(card.map.latents)]
    layout = (mean - card.map.pca.mean) @ np.array(card.map.pca.axes).T
    assert codes["pca"] == pytest.approx(layout, abs=1e-5)

    measured = {metric.name: metric for metric in card.map.metrics}
    for name in ("umap", "pca"):
        assert codes[name].dtype == np.float32
        assert codes[name].shape == (200, 2)
        for measure, pair in {
            "trustworthiness": (near, codes[name]),
            "continuity": (codes[name], near),
        }.items():
            metric = measured[f"{name}_{measure}"]
            expected = sklearn.manifold.trustworthiness(*pair, n_neighbors=15)
            assert metric.value == pytest.approx(expected)
            assert (metric.split, metric.samples, metric.seed) == ("test", 200, 3)
    assert measured["umap_trustworthiness"].value > 0.8  # by chance it would be about 0.5
    assert 0 < measured["placement_error"].value < measured["placement_error_p95"].value < 50
    assert (card.map.nearest.split, card.map.nearest.samples) == ("validation", 50)


@pytest.mark.usefixtures("mapped")  # by then umap is compiled
def test_clusters_far_apart_stay_apart() -> None:
    """40 clusters of 20 codes, in a graph that does not hang together: no warning, no mixture."""
    random = np.random.default_rng(0)
    codes = 100 * random.normal(size=(40, 1, 3)) + 0.01 * random.normal(size=(40, 20, 3))
    layout, transformed = maps.umap(codes.reshape(-1, 3), codes[:, 0] + 1e-3, seed=0)
    places = maps.nearest(layout, layout, 16)[1]
    assert np.array_equal(places // 20, np.repeat(np.arange(800)[:, None] // 20, 16, 1))
    assert np.array_equal(maps.nearest(transformed, layout, 1)[1][:, 0] // 20, np.arange(40))


def test_a_map_outlives_evaluation_and_export(
    mapped: tuple[Path, Path], data: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(mapped[0], tmp_path / "digits"))
    before = contents(folder)
    assert main(["evaluate", str(folder), "--data", str(data)]) == 0
    assert contents(folder) == before
    assert main(["export", str(folder)]) == 0
    assert read_card(folder).map == read_card(mapped[0]).map
    assert main(["embed", str(folder), "--data", str(data), "--no-map"]) == 0
    card = read_card(folder)
    assert card.map is None
    assert "umap-learn" not in card.versions
    assert "umap" not in safetensors.numpy.load_file(folder / CODES)


def test_few_images_have_no_map(folder: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--count", "39", no_map=()) == 0
    assert "No map: 39 examples are too few" in capsys.readouterr().err
    assert read_card(folder).map is None


def test_training_ends_with_a_map(
    train_digits: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without UMAP's own half minute: the codes' first two latents stand for its layout."""
    monkeypatch.setattr(maps, "umap", lambda codes, held_out, seed: (codes[:, :2], held_out[:, :2]))
    words = [word for word in train_digits if word != "--no-map"]
    assert main([*words, "--out", str(tmp_path / "digits")]) == 0
    card = read_card(tmp_path / "digits")
    assert card.map is not None
    assert card.map.umap.seed == configuration(card, "x").seed == 5
    assert "--no-map" not in card.training.command
    assert card.examples.count == 200
    assert "umap-learn" in card.versions


def test_a_map_that_fails_leaves_the_checkpoint(
    folder: Path,
    digits: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, card = checkpoint.load(folder)
    before = contents(folder)
    troubles: list[tuple[Exception | None, str]] = [
        (RuntimeError("cannot cache function 'rdist':\nno locator available"), "no locator"),
        (OSError(28, "No space left on device"), "No space left"),
        (MemoryError(), "MemoryError"),
        (None, "install it with `python -m pip install umap-learn`"),
    ]
    for trouble, reason in troubles:
        with monkeypatch.context() as patch:
            if trouble is None:
                patch.setitem(sys.modules, "umap", None)
            else:
                patch.setattr(maps, "umap", raising(trouble))
            given = (card, model, configuration(card, "x"), digits, folder)
            assert finish.mapped(*given) == card
        said = capsys.readouterr().err
        assert reason in said
        assert f"`python -m training embed {folder}` tries again." in said
        assert contents(folder) == before


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_a_map_that_is_killed_leaves_a_whole_checkpoint(
    folder: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights, graphs and card come first: whatever ends the map, they are whole."""
    config = configuration(read_card(folder), "x")
    (folder / CARD).unlink()
    monkeypatch.setattr(finish, "mapped", raising(SystemExit("killed")))
    with pytest.raises(SystemExit):
        finish.finish(RECIPES["digits"], config, "none", digits, folder, Progress(60, 60))
    assert read_card(folder).examples.count == 200


def test_load_is_all_that_another_program_needs(finished: Path) -> None:
    model, card = training.load(finished)
    image = model.decode(torch.zeros(2, card.size)).mean
    assert image.numpy().shape == (2, *card.shape)
    z = torch.zeros(1, card.size, requires_grad=True)
    model.decode(z).mean.sum().backward()
    assert z.grad is not None
    script = """
import sys, training
assert "torch" not in sys.modules
model, card = training.load(sys.argv[1])
assert "umap" not in sys.modules
"""
    subprocess.run(
        [sys.executable, "-c", script, str(finished)],
        cwd=Path(__file__).parents[2],
        check=True,
    )
