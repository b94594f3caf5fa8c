"""Anomaly: images that do not belong, found by reconstruction and by bound, and where both fail.

That a model may find foreign images likelier than its own is Nalisnick et al. 2019.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    from torch import Tensor

    from training.tasks.bench import Array, Bench

IMAGES = 1_000
SAMPLES = 10  # of q(z|x) an image
FITTED = 10_000  # training images that the peers see

PLAN = Task(
    name="anomaly",
    title="Finding what does not belong",
    question="A model of digits is shown garments, noise and broken digits among digits, a model "
    "of garments is shown digits. Whose score tells which is which?",
    command="python -m training reproduce anomaly",
    measures=(
        Measure(
            "auroc",
            "AUROC",
            "of 1",
            "How often an image that does not belong has the higher score than one of the test "
            "split that does: 1 always, ½ as often as a coin, less than ½ when the score says the "
            "opposite. Pixels are as each model was trained on: black and white drawn from grey "
            "levels for digits, grey levels with noise for garments.",
            decimals=2,
        ),
    ),
    ways=(
        Way("bound", "VAE, bound", f"−ln p(x), bounded by {SAMPLES} samples of q(z|x)."),
        Way("reconstruction", "VAE, reconstruction", "−ln p(x|z) at the posterior mean."),
        Way("kl", "VAE, KL", "KL(q(z|x) ‖ N(0, I)) alone."),
        Way("pca", "PCA, squared error", f"Ten components of {FITTED:,} training images.", True),
        Way("nearest", "Nearest training image", f"Squared distance, of {FITTED:,}.", True),
    ),
    conditions=(
        Condition("garments", "digits: garments"),
        Condition("noise", "digits: noise"),
        Condition("shuffled", "digits: tiles swapped"),
        Condition("inverted", "digits: inverted"),
        Condition("blank", "digits: blank"),
        Condition("foreign_digits", "garments: digits"),
        Condition("foreign_blank", "garments: blank"),
    ),
    seeds="1,000 images that belong, 1,000 that do not, their pixels, and z",
    split="test",
    samples=2 * IMAGES,
    checkpoints=dict.fromkeys(("digits", "fashion"), "0" * 64),
)


def strange(bench: Bench, condition: str, seed: int) -> Tensor:
    """Grey images that do not belong: (N, 1, 28, 28)."""
    import torch

    from training.tasks.bench import drawn

    generator = torch.Generator().manual_seed(seed)
    digits = drawn(bench.split("digits", "test"), 2 * IMAGES, seed)[0][IMAGES:]
    match condition:
        case "garments":
            return drawn(bench.split("fashion", "test"), IMAGES, seed)[0]
        case "noise":
            return torch.rand(digits.shape, generator=generator)
        case "shuffled":
            tiles = digits.unfold(2, 7, 7).unfold(3, 7, 7).reshape(len(digits), 16, 7, 7)
            order = torch.rand(len(digits), 16, generator=generator).argsort(1)
            moved = tiles.gather(1, order[:, :, None, None].expand_as(tiles))
            return moved.view(-1, 4, 4, 7, 7).transpose(2, 3).reshape(digits.shape)
        case "inverted":
            return 1 - digits
        case "foreign_digits":
            return digits
        case _:  # "blank", "foreign_blank"
            return torch.zeros_like(digits)


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the images, pixels and codes that this seed draws."""
    import numpy as np
    from sklearn.decomposition import PCA
    from sklearn.metrics import roc_auc_score

    from training.tasks.bench import drawn, flat

    truth = np.repeat([0, 1], IMAGES)
    peers = {}
    for name in ("digits", "fashion"):
        seen = flat(drawn(bench.split(name, "train"), FITTED, seed)[0])
        peers[name] = (PCA(10, random_state=seed).fit(seen), seen)
    for condition in PLAN.conditions:
        name = "fashion" if condition.name.startswith("foreign") else "digits"
        own = drawn(bench.split(name, "test"), IMAGES, seed)[0]
        strangers = strange(bench, condition.name, seed)
        found = scores(bench, name, own, strangers, *peers[name], seed)
        for way, score in found.items():
            value = float(roc_auc_score(truth, score))
            yield Outcome(way, condition.name, "auroc", seed, value)


def scores(
    bench: Bench, name: str, own: Tensor, strangers: Tensor, pca: Any, seen: Array, seed: int
) -> dict[str, Array]:
    """What every way says of own images and strangers, higher for what belongs less: (2 N,)."""
    import torch

    from training.metrics.iwae_bound import per_image
    from training.tasks.bench import flat
    from training.trainer.loop import prepare

    model, config = bench.model(name), bench.config(name)
    generator = torch.Generator().manual_seed(seed)
    grey = torch.cat([own, strangers])
    x = prepare(grey, config, generator)
    with torch.no_grad():
        posterior = [model.encode(some) for some in x.split(500)]
        kl = torch.cat([one.kl_to_prior().sum(1) for one in posterior])
        log_p = [
            model.decode(one.mean).log_prob(some).flatten(1).sum(1)
            for one, some in zip(posterior, x.split(500), strict=True)
        ]
    rows = flat(grey)
    squares = (rows**2).sum(1)[:, None] + (seen**2).sum(1) - 2 * rows @ seen.T
    return {
        "bound": -per_image(model, x, SAMPLES, generator).numpy(),
        "reconstruction": -torch.cat(log_p).numpy(),
        "kl": kl.numpy(),
        "pca": ((rows - pca.inverse_transform(pca.transform(rows))) ** 2).sum(1),
        "nearest": squares.min(1),
    }
