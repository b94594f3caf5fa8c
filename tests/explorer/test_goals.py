"""The goal of every lesson that has one: not reached where its card begins, and within reach.

What the page measures is measured here in Python, at the start and at places to which the hands
that the card asks for lead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from explorer.lessons import LESSONS, command
from explorer.lessons.bench import MODELS, Bench, shipped
from explorer.lessons.check import read_all
from explorer.lessons.image_probes import Gap, VarianceRatio
from explorer.lessons.lesson import Goal, Lesson
from explorer.lessons.noise_probes import Psnr
from explorer.lessons.opened import Floats
from explorer.lessons.small_probes import HumpsKl, SoftmaxShare
from training.checkpoints import checkpoint
from training.contract.spaces import Categorical
from training.datasets.names import tokens, word
from training.models.text_vae import written
from training.models.transformer import code_nats, drawn

ANY = (-1e9, 1e9)
IMAGES = range(300)
HUMPS = ((-2.0, 0.4, 0.6), (2.0, 0.4, 0.4))
# The value at the start, and values that one reaches.
Reached = tuple[float | None, Iterable[float]]


@pytest.fixture(scope="module")
def bench() -> Bench:
    return shipped()


LESSON_WITH_GOAL = {
    lesson.front.id: lesson
    for lesson in read_all(LESSONS, command.model_names(shipped()))
    if lesson.front.goal is not None
}


def test_every_lesson_has_a_goal() -> None:
    assert set(LESSONS) == set(LESSON_WITH_GOAL)


@pytest.mark.parametrize("id", LESSONS)
def test_a_goal_is_within_reach_and_not_reached_at_the_start(id: str, bench: Bench) -> None:
    lesson = LESSON_WITH_GOAL[id]
    goal = lesson.front.goal
    assert goal is not None
    start, found = WAYS[goal.moving or "figure"](lesson, goal, bench)
    assert start is None or not _is_reached(goal, start)
    assert any(_is_reached(goal, value) for value in found)


def _is_reached(goal: Goal, value: float) -> bool:
    return value < goal.below if goal.below is not None else value > (goal.above or 0)


def _model(lesson: Lesson, goal: Goal) -> str:
    return goal.model or lesson.front.setup.model or ""


def _gap(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    """By a narrow q where the true posterior is highest, to which a hand drags it."""
    probe = lesson.front.figures[goal.figure or ""]
    assert isinstance(probe, Gap)
    posterior = bench.posterior(probe.model, probe.example)
    mean, std = posterior.z[posterior.log_joint.argmax()], np.full(2, 0.05)
    kl = float((0.5 * (mean**2 + std**2 - 1) - np.log(std)).sum())
    elbo = bench.expected(probe.model, probe.example, mean, std) - kl
    return probe.measure(bench), [posterior.log_evidence - elbo]


def _reconstruction(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    """By draws of the prior, where the card opens at a place; by labels; or by other images."""
    model = bench.model(_model(lesson, goal))
    at = lesson.front.setup.example or 0
    codes, own = model.codes["mean"], lesson.front.cards.get("do")

    def nats(images: Floats, decoded: Floats) -> Floats:
        found: Floats = -model.log_likelihood(np.broadcast_to(images, decoded.shape), decoded)
        return found

    start = nats(model.images([at]), model.reconstruct([at]))[0]
    if own and own.z:
        place = np.array([own.z.split(",")], np.float32)
        draws = np.random.default_rng(0).standard_normal((200, codes.shape[1])).astype(np.float32)
        found = nats(model.images([at]), model.decode(draws))
        share = np.mean([_is_reached(goal, value) for value in found])
        assert 0.02 < share < 0.3  # some presses, not hundreds
        return nats(model.images([at]), model.decode(place))[0], found
    labels = [control for control in model.card.controls if isinstance(control, Categorical)]
    if labels:
        every = np.arange(len(labels[0].labels))
        decoded = model.decode(np.repeat(codes[[at]], len(every), 0), **{labels[0].name: every})
        return start, nats(model.images([at]), decoded)
    return start, nats(model.images(IMAGES), model.reconstruct(IMAGES))


def _kl(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    model = _model(lesson, goal)
    values = [float(bench.kl(model, at).sum()) for at in IMAGES]
    return values[lesson.front.setup.example or 0], values


def _squared_error(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    model = bench.model(_model(lesson, goal))
    errors = ((model.images(IMAGES) - model.reconstruct(IMAGES)) ** 2).sum(1)
    return float(errors[lesson.front.setup.example or 0]), errors


def _nearest(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    """By points of the region that the codes span, which the map shows."""
    model = bench.model(_model(lesson, goal))
    codes, found = model.codes["mean"], model.card.map
    assert found is not None
    low, high = codes.min(0), codes.max(0)
    places = low + (high - low) * np.random.default_rng(0).random((500, codes.shape[1]))
    tree = cKDTree(codes)
    at = lesson.front.setup.example or 0
    return float(tree.query(codes[at])[0]), tree.query(places)[0] / found.nearest.p99


def _by_each_slider(lesson: Lesson, goal: Goal, bench: Bench) -> Floats:
    """Images (1 + 2 D, H, W): of the example's code, and with each latent at either end."""
    model, at = bench.model(_model(lesson, goal)), lesson.front.setup.example or 0
    z = model.codes["mean"][at]
    places = np.repeat(z[None], 1 + 2 * len(z), axis=0)
    for latent in range(len(z)):
        places[1 + 2 * latent : 3 + 2 * latent, latent] = (-2.5, 2.5)
    others = {
        control.name: np.full(len(places), model.codes[control.name][at], np.int64)
        for control in model.card.controls
        if isinstance(control, Categorical)
    }
    return model.decode(places, **others).reshape(len(places), *model.shape).sum(1)


def _centre(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    images = _by_each_slider(lesson, goal, bench)
    columns = (np.arange(images.shape[2]) + 0.5) / images.shape[2]
    centres = 100 * (images.sum(1) @ columns) / images.sum((1, 2))
    return float(centres[0]), centres[1:]


def _lean(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    """By the line through an image that its light is least far from, measured along rows."""
    leans = []
    for image in _by_each_slider(lesson, goal, bench):
        rows, columns = np.indices(image.shape)
        slope = np.polyfit(rows.ravel(), columns.ravel(), 1, w=np.sqrt(image).ravel())[0]
        leans.append(-np.degrees(np.arctan(slope)))
    return leans[0], leans[1:]


def _length(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    """By eight sliders at an end."""
    z = bench.model(_model(lesson, goal)).codes["mean"][lesson.front.setup.example or 0]
    return float(np.linalg.norm(z)), [float(np.linalg.norm(np.full(8, 2.5)))]


def _code_nats(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    """By draws, as the page draws them; nothing costs anything before."""
    model, _ = checkpoint.load(MODELS / _model(lesson, goal))
    with torch.no_grad():
        codes = drawn(model.prior, 100, torch.Generator().manual_seed(0))
        found = code_nats(model.prior, codes).tolist()
    share = np.mean([_is_reached(goal, value) for value in found])
    assert 0.1 < share < 0.5  # some presses, not hundreds
    return None, found


def _letters_back(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    model, _ = checkpoint.load(MODELS / _model(lesson, goal))

    def share(name: str) -> float:
        read = torch.tensor([tokens(name)])
        with torch.no_grad():
            back = word(written(model, model.encode(read).mean[0]))
        same = sum(a == b for a, b in zip(name, back, strict=False))
        return 100 * same / max(len(name), len(back))

    return share("maria"), [share("david")]


def _psnr(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    def at(level: float) -> float:
        return Psnr(model=_model(lesson, goal), level=level, band=ANY).measure(bench)

    opens = lesson.front.cards["do"].noise or ""
    assert opens == "gaussian,0"  # its text drags the level from zero
    return at(0), [at(0.5)]


def _gradient(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    """Nothing is measured before it is asked for."""
    probe = VarianceRatio(model=_model(lesson, goal), example=0, band=ANY)
    return None, [probe.measure(bench)]


def _star(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    def share(star: float) -> float:
        return SoftmaxShare(logits=(1, 0, star, 0.5), of=2, band=ANY).measure(bench)

    return share(-1), [share(2)]


def _reverse(lesson: Lesson, goal: Goal, bench: Bench) -> Reached:
    """From where q begins the nearer hump is the smaller one; from the left it is the larger."""

    def rest(mean: float) -> float:
        probe = HumpsKl(
            humps=HUMPS, start=(mean, 0.6), descends="reverse", reads="reverse", band=ANY
        )
        return probe.measure(bench)

    return rest(0.6), [rest(-0.6)]


WAYS: dict[str, Callable[[Lesson, Goal, Bench], Reached]] = {
    "figure": _gap,
    "reconstruction": _reconstruction,
    "kl": _kl,
    "squared_error": _squared_error,
    "nearest_code": _nearest,
    "z_length": _length,
    "centre_x": _centre,
    "lean": _lean,
    "code_nats": _code_nats,
    "letters_back": _letters_back,
    "psnr": _psnr,
    "gradient_ratio": _gradient,
    "star_share": _star,
    "reverse_kl": _reverse,
}


def test_what_a_goal_is_about_stands_on_its_card() -> None:
    panels = {
        "reconstruction": "elbo",
        "kl": "elbo",
        "squared_error": "elbo",
        "nearest_code": "whereabouts",
        "z_length": "whereabouts",
        "centre_x": "output",
        "lean": "output",
        "code_nats": "samples",
        "letters_back": "writing",
        "psnr": "denoised",
        "gradient_ratio": "numbers",
        "star_share": "categorical",
        "reverse_kl": "humps",
    }
    for lesson in LESSON_WITH_GOAL.values():
        goal, own = lesson.front.goal, lesson.front.cards.get("do")
        if goal is not None and goal.moving is not None:
            shown = own.show if own and own.show else lesson.front.setup.show
            assert panels[goal.moving] in shown, lesson.front.id
