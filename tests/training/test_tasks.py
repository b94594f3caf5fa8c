"""Tasks: what they do on models whose answers are known, and what ships."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor

from training import tasks
from training.__main__ import main
from training.clinic import script
from training.clinic.script import Best, Network
from training.contract.files import read_card
from training.contract.task import (
    Condition,
    Measure,
    Outcome,
    Task,
    Way,
    markdown,
    over_seeds,
    read_task,
    write_task,
)
from training.datasets import Split
from training.distributions import Bernoulli, DiagonalGaussian
from training.errors import CheckpointError
from training.models.semi_supervised import M2
from training.tasks import (
    anomaly,
    augmentation,
    bench,
    classifier,
    few_labels,
    imputation,
    textbook,
)

RESULTS = Path(__file__).resolve().parents[2] / "assets" / "results"
PLANNED = Task(
    name="toy",
    title="A toy",
    question="Which is larger?",
    command="python -m training reproduce toy",
    measures=(Measure("right", "Right", "%", "Counted."),),
    ways=(Way("one", "One", "The first."), Way("two", "Two", "The second.", True)),
    conditions=(Condition("few", "few labels"),),
    seeds="nothing",
    split="test",
    samples=10,
)


def outcomes(way: str, *values: float) -> tuple[Outcome, ...]:
    return tuple(Outcome(way, "few", "right", seed, value) for seed, value in enumerate(values))


def test_a_task_is_read_as_it_was_written(tmp_path: Path) -> None:
    task = replace(PLANNED, outcomes=outcomes("one", 1, 3, 2))
    write_task(tmp_path / "toy", task)
    assert read_task(tmp_path / "toy") == task
    assert over_seeds(task, *(getattr(task, k)[0] for k in ("ways", "conditions", "measures"))) == (
        "2.0 (1.0–3.0)"
    )
    assert "| One | 2.0 (1.0–3.0) |" in markdown(task)
    assert "| Two |" not in markdown(task), "which was not measured"


def test_an_outcome_of_no_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    write_task(tmp_path / "toy", replace(PLANNED, outcomes=outcomes("one", 1)))
    file = tmp_path / "toy" / "task.json"
    file.write_text(file.read_text().replace('"way": "one"', '"way": "three"'))
    with pytest.raises(CheckpointError, match="'three', which is not one of its ways"):
        read_task(tmp_path / "toy")


def test_what_was_measured_otherwise_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_task(tmp_path / "toy", replace(PLANNED, outcomes=outcomes("one", 1)))
    monkeypatch.setattr(tasks, "plan", lambda name: PLANNED)
    assert tasks.current("toy", tmp_path).outcomes == outcomes("one", 1)
    other = replace(PLANNED, ways=PLANNED.ways[:1])
    monkeypatch.setattr(tasks, "plan", lambda name: other)
    assert tasks.current("toy", tmp_path) == other


def test_a_task_is_done_as_a_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "features", "--collect"]) == 2
    assert "leave out --only, --collect and --again" in capsys.readouterr().err


class Plane:
    """Projects images of four pixels onto a plane through 0, as PCA of centred images would."""

    basis = torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0]]) / 2

    def encode(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.basis.T

    def decode(self, z: Tensor) -> Tensor:
        return (z @ self.basis).view(-1, 1, 2, 2)


def test_rounds_of_a_plane_find_the_hidden_pixels_of_an_image_that_lies_in_it() -> None:
    x = Plane().decode(torch.tensor([[0.7, 0.2], [0.4, -0.6]]))
    mask = torch.tensor([[[[False, False], [True, True]]]]).expand(2, -1, -1, -1)
    chain = imputation.complete(Plane(), x, mask, torch.zeros(1, 1, 2, 2))
    first = next(chain)
    for _ in range(60):
        last = next(chain)
    assert torch.equal(first[~mask], x[~mask]), "what is visible stays"
    # Each round halves the error: two of four pixels are known.
    assert torch.allclose(first - x, (x * -0.5).where(mask, torch.tensor(0.0)), atol=1e-6)
    assert torch.allclose(last, x, atol=1e-6)


def test_the_nearest_image_is_sought_among_visible_pixels() -> None:
    seen = torch.tensor([[0.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    x = torch.tensor([[0.9, 0.8, 1.0], [0.9, 0.8, 1.0]])
    visible = torch.tensor([[True, True, False], [False, False, True]])
    assert imputation.nearest(seen, x, visible).tolist() == [1, 0]


@pytest.mark.parametrize(("condition", "share"), [("lower", 0.5), ("left", 0.5), ("most", 0.9)])
def test_so_much_is_hidden(condition: str, share: float) -> None:
    mask = imputation.hidden(condition, 500, 0)
    assert mask.shape == (500, 1, 28, 28)
    assert mask.float().mean().item() == pytest.approx(share, abs=0.005)


class Images:
    """A bench of a split whose images are their own index, as grey level."""

    def split(self, name: str, split: str) -> Split:
        stored = (torch.arange(2000) % 256).byte().view(-1, 1, 1, 1).expand(-1, 1, 28, 28)
        noise = torch.randint(0, 50, stored.shape, generator=torch.Generator().manual_seed(1))
        stored = (stored // 2 + noise).byte()
        return Split(stored, torch.arange(2000).int() % 10, lambda some: some.float() / 255)


def test_swapped_tiles_are_the_same_pixels_elsewhere() -> None:
    source: Any = Images()
    image = anomaly.strange(source, "foreign_digits", 0)
    swapped = anomaly.strange(source, "shuffled", 0)
    assert not torch.equal(image, swapped)
    assert torch.equal(image.flatten(1).sort(1).values, swapped.flatten(1).sort(1).values)
    tiles = swapped[0, 0].unfold(0, 7, 7).unfold(1, 7, 7).reshape(16, -1)
    before = image[0, 0].unfold(0, 7, 7).unfold(1, 7, 7).reshape(16, -1)
    assert {tuple(tile.tolist()) for tile in tiles} == {tuple(tile.tolist()) for tile in before}
    assert torch.equal(anomaly.strange(source, "inverted", 0), 1 - image)


def test_labelled_images_are_as_many_of_each_label() -> None:
    _, labels = bench.labelled(Images().split("digits", "train"), 100, 3)
    assert labels.bincount().tolist() == [10] * 10


class Coins:
    """A conditional VAE without a latent worth the name: label y makes pixel y white."""

    latents = 2

    def encode(self, x: Tensor, labels: Tensor) -> DiagonalGaussian:
        return DiagonalGaussian(torch.zeros(len(x), 2), torch.zeros(len(x), 2))

    def decode(self, z: Tensor, labels: Tensor) -> Bernoulli:
        logits = torch.full((len(z), 1, 2, 5), -3.0)
        logits.view(len(z), -1)[torch.arange(len(z)), labels] = 3.0
        return Bernoulli(logits)


def test_bayes_rule_finds_the_label_under_which_the_image_is_likeliest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classifier, "conditional_vae", lambda *_: Coins())
    x = torch.eye(10).view(10, 1, 2, 5)
    classify = classifier.bayes(Any, x, torch.arange(10), 0)  # type: ignore[arg-type]
    assert classify(x[[3, 9, 0]]).tolist() == [3, 9, 0]


def test_shifted_copies_are_their_originals_elsewhere_with_their_labels() -> None:
    x = torch.zeros(10, 1, 28, 28)
    x[torch.arange(10), 0, 14, 5 + torch.arange(10)] = 1  # label y: one pixel, at (14, 5 + y)
    copies, labels = augmentation.added("shifted", Coins(), x, torch.arange(10), 0)  # type: ignore[arg-type]
    down, right = copies.flatten(1).argmax(1) // 28, copies.flatten(1).argmax(1) % 28
    assert (copies.flatten(1).sum(1) == 1).all()
    offsets = torch.stack([down - 14, right - 5 - labels])
    assert (offsets.amin(1).tolist(), offsets.amax(1).tolist()) == ([-2, -2], [2, 2])
    assert labels.unique().tolist() == list(range(10))


@pytest.mark.parametrize("way", ["samples", "varied"])
def test_images_are_made_under_the_labels_they_are_given(way: str) -> None:
    x = torch.eye(10).view(10, 1, 2, 5)
    made, labels = augmentation.added(way, Coins(), x, torch.arange(10), 0)  # type: ignore[arg-type]
    assert len(made) == augmentation.MADE
    assert torch.equal(made.flatten(1).argmax(1), labels)
    assert labels.unique().tolist() == list(range(10))


def test_m2_gives_far_apart_codes_the_labels_of_their_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth = torch.arange(400) % 2
    spread = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    f = DiagonalGaussian((truth * 6 - 3)[:, None] + spread / 3, torch.full((400, 2), -6.0))
    source = SimpleNamespace(
        model=lambda _: SimpleNamespace(m2=M2(2, 1, 2, 16)),
        config=lambda _: SimpleNamespace(model=SimpleNamespace(alpha=1.0)),
    )
    monkeypatch.setattr(few_labels, "codes", lambda *_: f)
    monkeypatch.setattr(few_labels, "STEPS", 200)
    torch.manual_seed(0)
    known = DiagonalGaussian(f.mean[:4], f.log_variance[:4])
    m2 = few_labels.train_m2(source, known, truth[:4], 0)  # type: ignore[arg-type]
    alone = few_labels.train_alone(few_labels.new_m2(source).classifier, known.mean, truth[:4])  # type: ignore[arg-type]
    assert m2.classify(f.mean).argmax(1).tolist() == truth.tolist()
    assert alone(f.mean).argmax(1).tolist() == truth.tolist()


def kept_by(
    keep: Callable[[Best, float, float, Network], Best],
    network: Callable[[int], Network] = Network,
    optimizers: Callable[[Network], list[torch.optim.Optimizer]] = textbook.one_optimizer,
) -> Network:
    """What is kept of ten epochs on two images."""
    images = (torch.arange(2 * 784).view(2, 784) % 7 < 3).float()
    return textbook.train(network, optimizers, {"it": keep}, images, images, 10, 0)["it"]


def weights(model: Network) -> Tensor:
    return torch.nn.utils.parameters_to_vector(model.parameters())


def test_a_second_name_keeps_the_last_weights() -> None:
    last = weights(kept_by(script.last_weights))
    assert torch.equal(weights(kept_by(script.alias_by_validation)), last)
    first = kept_by(lambda best, _, __, model: script.copied_by_training(best, 0, 0, model))
    assert not torch.equal(weights(first), last)


def test_one_optimizer_of_two_networks_takes_the_steps_of_two() -> None:
    one = kept_by(script.last_weights)
    two = kept_by(script.last_weights, optimizers=textbook.two_optimizers)
    assert torch.equal(weights(one), weights(two))


def test_a_tied_decoder_is_the_encoder_transposed() -> None:
    model = kept_by(script.last_weights, textbook.tied)
    first, last = model.encoder[0].weight, model.encoder[2].weight
    assert len(weights(model)) == len(weights(Network(32))) - 784 * 256 - 256 * 32
    for bias in model.decoder.biases:
        torch.nn.init.zeros_(bias)
    z = torch.rand(3, 32)
    expected = (z @ last[:32]).relu() @ first
    assert torch.allclose(model.decoder(z), expected, atol=1e-5)


@pytest.mark.parametrize("name", tasks.TASKS)
def test_what_ships_was_measured_on_the_models_that_ship(name: str) -> None:
    task = read_task(RESULTS / name)
    assert tasks.current(name, RESULTS).outcomes, "as it is planned now"
    for model, sha256 in task.checkpoints.items():
        card = read_card(RESULTS.parent / "models" / model)
        assert card.files["model.safetensors"].sha256 == sha256, f"measure {name} again"
    for measure in task.measures:
        for way in task.ways:
            for one in task.conditions:
                found = task.values(way.name, one.name, measure.name)
                assert len(found) == len(tasks.seeds(name)), (way.name, one.name)
