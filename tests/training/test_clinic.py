"""The collapse clinic: each bug does what it is known for, and the ward is of these scripts."""

import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from training.clinic import patients, script
from training.clinic.patients import PATIENTS, floor
from training.clinic.run import measure, train
from training.clinic.script import Best, Network, Script, line_of
from training.contract.clinic import read_ward
from training.contract.worker import Order
from training.datasets import Dataset, Split
from training.workers.live import Worker

TINY = {"images": 60, "batch": 20, "epochs": 2, "latents": 3}


@pytest.fixture(scope="module")
def blots() -> Dataset:
    """Sixty images whose left half or right half is white."""
    images = torch.zeros(60, 1, 28, 28, dtype=torch.uint8)
    images[::2, ..., :14], images[1::2, ..., 14:] = 255, 255
    split = Split(images, torch.arange(60, dtype=torch.int32) % 2, lambda x: x.float() / 255)
    splits = dict.fromkeys(("train", "validation", "test"), split)
    return Dataset("digits", "blots", "none", (1, 28, 28), splits)


def terms(change: dict[str, object]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Network]:
    torch.manual_seed(0)
    model = Network(3)
    x = (torch.rand(20, 784) < 0.2).float()
    found = replace(Script(latents=3), **change).terms(model, x, torch.randn(20, 3))  # type: ignore[arg-type]
    return *found, model


def test_with_a_second_sigmoid_a_perfect_reconstruction_still_costs_a_third_of_a_nat_a_pixel() -> (
    None
):
    x = (torch.rand(50, 784, generator=torch.Generator().manual_seed(0)) < 0.13).float()
    perfect = (2 * x - 1) * 1e4  # the surest logits that there are
    logits = script.sigmoid_before_logits(perfect)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    white = x.sum(1).mean().item()
    by_hand = white * math.log(1 + 1 / math.e) + (784 - white) * math.log(2)
    assert loss.sum(1).mean().item() == pytest.approx(by_hand, rel=1e-5)
    assert floor(x) == pytest.approx(by_hand, rel=1e-9)


def test_the_mean_over_pixels_is_the_sum_divided_by_784() -> None:
    _, summed, _, _ = terms({})
    _, averaged, _, _ = terms({"reduce": script.averaged_over_pixels})
    assert summed.item() / averaged.item() == pytest.approx(784, rel=1e-5)


@pytest.mark.parametrize(
    ("combine", "sign"), [("kl_added", 1), ("kl_subtracted", -1), ("kl_left_out", 0)]
)
def test_the_kl_comes_into_the_loss_with_its_sign(combine: str, sign: int) -> None:
    loss, reconstruction, kl, _ = terms({"loss": getattr(script, combine), "beta": 2.0})
    assert kl.item() > 0
    assert (loss - reconstruction).item() == pytest.approx(2 * sign * kl.item(), abs=1e-4)


def test_no_gradient_of_the_reconstruction_reaches_the_encoder_through_a_draw_that_is_cut() -> None:
    def gradient(draw: object) -> float:
        _, reconstruction, _, model = terms({"draw": draw})
        reconstruction.backward()
        (first,) = (
            weight.grad for name, weight in model.encoder.named_parameters() if name == "0.weight"
        )
        return 0.0 if first is None else first.norm().item()

    assert gradient(script.cut_from_the_graph) == 0
    assert gradient(script.reparameterised) > 0


def test_a_draw_without_sigma_is_the_mean_whatever_the_noise() -> None:
    mean, log_variance = torch.randn(4, 3), torch.randn(4, 3)
    assert torch.equal(script.mean_alone(mean, log_variance, torch.randn(4, 3)), mean)
    right = script.reparameterised(mean, log_variance, torch.ones(4, 3))
    assert torch.allclose(right, mean + log_variance.exp().sqrt())


def test_an_alias_has_the_last_weights_and_a_copy_those_of_the_best_epoch() -> None:
    losses = [(3.0, 5.0), (2.0, 4.0), (1.0, 6.0)]  # training falls on, held-out turns
    kept = {}
    for keep in (script.alias_by_training, script.copied_by_validation, script.copied_by_training):
        model = Network(1)
        best = Best(math.inf, model)
        for epoch, (training, validation) in enumerate(losses):
            torch.nn.init.constant_(model.decoder[0].bias, epoch)  # type: ignore[arg-type]
            best = keep(best, training, validation, model)
        torch.nn.init.constant_(model.decoder[0].bias, 9)  # type: ignore[arg-type]
        kept[keep] = best.model.decoder[0].bias[0].item()  # type: ignore[index, union-attr]
    assert list(kept.values()) == [9, 1, 2]


def test_the_measured_elbo_of_a_model_without_a_code_is_the_entropy_that_its_logits_say() -> None:
    model = Network(2)
    for weight in model.parameters():
        torch.nn.init.zeros_(weight)  # q is the prior, and every pixel is white half the time
    found = measure(model, torch.zeros(10, 784))
    assert found == {
        "neg_elbo": pytest.approx(784 * math.log(2)),
        "reconstruction": pytest.approx(784 * math.log(2)),
        "kl": 0,
        "active": 0,
    }


def test_a_run_is_the_same_again_and_is_seen_at_every_point(blots: Dataset) -> None:
    seen: list[int] = []
    tiny = Script(**TINY)  # type: ignore[arg-type]
    runs = [
        train(tiny, blots, lambda record, step, _: bool(seen.append(step)), points=3) for _ in "12"
    ]
    assert runs[0] == runs[1]
    assert seen == [2, 4, 6] * 2
    assert runs[0] is not None
    assert runs[0].honest[-1] < runs[0].honest[0]
    assert train(tiny, blots, lambda *_: True) is None


def test_the_worker_trains_a_patient_with_the_cure_that_was_chosen(
    blots: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = PATIENTS[3]
    small = replace(one, script=replace(one.script, **TINY))  # type: ignore[arg-type]
    monkeypatch.setattr("training.clinic.treatment.PATIENTS", (small,))
    monkeypatch.setattr("training.build.data", lambda data, folder: blots)
    events = io.StringIO()
    worker = Worker(io.StringIO(), events)
    worker.ended.wait()
    worker.stop.clear()
    folder = tmp_path / "a"
    place = {"folder": str(folder), "data": str(tmp_path)}
    worker._do(Order("treat", job="a", patient=1, cure=small.right, **place))
    said = [json.loads(line) for line in events.getvalue().splitlines()]
    assert [event["what"] for event in said[-2:]] == ["snapshot", "trained"]
    record = json.loads((folder / f"{said[-2]['name']}.json").read_text("utf-8"))
    cured = train(small.treated(small.right), blots, lambda *_: False)
    assert cured is not None
    assert record["test"]["neg_elbo"] == pytest.approx(cured.test["neg_elbo"], rel=1e-4)


# What was measured, of today's scripts.


def test_the_shipped_ward_has_the_words_and_lines_of_the_patients() -> None:
    ward = read_ward()
    assert len(ward.patients) == len(PATIENTS) == 7
    for shipped, ours in zip(ward.patients, PATIENTS, strict=True):
        assert [cure.label for cure in shipped.cures] == [cure.label for cure in ours.cures]
        assert (shipped.found, shipped.others, shipped.right) == (
            ours.found,
            ours.others,
            ours.right,
        )
        assert (shipped.wrong, shipped.correct) == (line_of(ours.wrong), line_of(ours.correct))
        scripts = [ours.script, *(ours.treated(at) for at in range(3))]
        for record, one in zip(
            [shipped.record, *(cure.record for cure in shipped.cures)], scripts, strict=True
        ):
            rounds = -(-one.images // one.batch)
            assert ward.records[record].steps[-1] == one.epochs * rounds
    assert ward.diagnoses == patients.DIAGNOSES


def test_in_the_shipped_ward_each_patient_is_ill_and_only_the_right_cure_cures_it() -> None:
    ward = read_ward()

    def loss(record: int) -> float:
        test = ward.records[record].test
        assert test is not None
        return math.inf if test.neg_elbo is None else test.neg_elbo

    for patient in ward.patients:
        best = loss(patient.cures[patient.right].record)
        ill = [
            patient.record,
            *(one.record for at, one in enumerate(patient.cures) if at != patient.right),
        ]
        assert all(loss(record) > 1.04 * best for record in ill), patient.complaint
    # A perfect reconstruction under a second sigmoid, on binary test images of MNIST.
    assert 500 < ward.floor < 508
    sigmoid, averaged, left_out = (ward.records[one.record].test for one in ward.patients[:3])
    assert sigmoid is not None
    assert averaged is not None
    assert left_out is not None
    assert sigmoid.active == averaged.active == 0
    assert 200 < (averaged.neg_elbo or 0) < 215
    assert (left_out.kl or 0) > 300
    sign = ward.records[ward.patients[3].record].reported[-1]
    assert sign is None or sign < 0
