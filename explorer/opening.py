"""What a model opens on: the test image or the word that says most plainly what the model does.

Chosen by what was measured of the examples that came with the checkpoint, so that every visitor of
a model sees the same one and no list has to be kept. A model without an encoder opens on a draw
from its prior, the same for everyone: its origin may not be an image at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from training.contract.card import CODES, Card
from training.contract.outputs import Pixels
from training.contract.spaces import Categorical, CodeGrid, Continuous, Tokens

# Fewer images say too little about what is usual.
LEAST = 100
# How many are looked at, the most usual first, and how many neighbours of each.
CANDIDATES, NEIGHBOURS = 100, 15
# The largest |z| under a prior that a link may hold, as spaces/continuous.js has it.
FARTHEST = 5
# Of the codes under a prior, the share that lies no farther out than what it opens on.
INNER = 0.75
# Of the draw that a model without an encoder opens on.
SEED = 5
DRAW = "draw"  # says so on the page, and is in no link

Array = NDArray[np.floating]


def choose(folder: Path, card: Card) -> dict[str, str]:
    """The part of a link that leads to the example: `example`, and where it puts the controls.

    Empty where a model has no examples to open on and no prior to draw from. The controls are left
    out where the file does not hold their values; the page then asks the encoder.
    """
    examples = card.examples
    if examples is None and card.graphs.encode is None:
        return drawn(card)
    if examples is None or examples.count < LEAST:
        return {}
    # A card may describe the first of them alone.
    found = safetensors.numpy.load((folder / CODES).read_bytes())
    tensors = {name: values[: examples.count] for name, values in found.items()}
    mean, label = tensors.get("mean"), tensors.get("label")
    kinds = [factor.kind for factor in card.data.factors or ()]
    with_shape = "factors" in tensors and "categorical" in kinds
    shape = tensors["factors"][:, kinds.index("categorical")] if with_shape else None
    reached = np.full(examples.count, True)
    if mean is not None and any(isinstance(c, Continuous) and c.prior for c in card.controls):
        reached = np.abs(mean).max(1) <= FARTHEST
        # The page says of a z far out that it is unusual.
        length = np.linalg.norm(mean, axis=1)
        reached &= length <= np.quantile(length, INNER)
    error = tensors.get("reconstruction")
    if isinstance(card.output, Pixels) or error is None:
        if shape is None or mean is None or "log_variance" not in tensors:
            best = plainest(mean, label, error, examples.count, reached)
        else:
            # Small things are reconstructed as blobs, and the encoder says little of them.
            kl = kl_nats(mean, tensors["log_variance"])
            best = plainest(mean, shape, error, examples.count, reached, kl)
    else:
        # A usual word comes back with other letters: the surest one shows what is meant.
        best = int(np.argmin(np.where(reached, error, np.inf)))
    query = {"example": str(best)}
    if not reached[best]:
        return query
    values, at = {}, 0
    for control in card.controls:
        if isinstance(control, Continuous) and mean is not None:
            values[control.name] = spelled(mean[best, at : at + control.size])
            at += control.size
        elif isinstance(control, Categorical) and label is not None:
            values[control.name] = control.labels[int(label[best])]
        elif isinstance(control, CodeGrid) and control.name in tensors:
            values[control.name] = ",".join(map(str, tensors[control.name][best].ravel()))
        elif isinstance(control, Tokens) and (written := word(control, tensors, best)):
            values[control.name] = written
        else:
            return query
    return query | values


def kl_nats(mean: Array, log_variance: Array) -> Array:
    """KL(q(z|x) ‖ N(0, I)) of each image, (N,), of means and log variances (N, D)."""
    nats: Array = (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(1) / 2
    return nats


def drawn(card: Card) -> dict[str, str]:
    """A draw from the prior N(0, I) for a model that has one and no encoder, and its seed."""
    controls = [control for control in card.controls if isinstance(control, Continuous)]
    if not controls or any(control.prior is None for control in controls):
        return {}
    random = np.random.default_rng(SEED)
    values = {one.name: spelled(random.standard_normal(one.size)) for one in controls}
    return values | {DRAW: str(SEED)}


def spelled(values: Array) -> str:
    """Numbers as a link holds them, with three decimals."""
    return ",".join(f"{round(float(value), 3) + 0:g}" for value in values)


def word(control: Tokens, tensors: dict[str, NDArray[Any]], example: int) -> str:
    """The word of an example, where its symbols are letters that need nothing between them."""
    tokens = tensors.get(control.name)
    if tokens is None or any(len(symbol) > 1 for symbol in control.alphabet):
        return ""
    symbols = [control.alphabet[token - 1] for token in tokens[example] if token > 0]
    return "".join(symbols)


def plainest(
    mean: Array | None,
    label: NDArray[np.integer] | None,
    reconstruction: Array | None,
    count: int,
    reached: NDArray[np.bool_] | None = None,
    kl: Array | None = None,
) -> int:
    """Of the images reconstructed as most are, the one whose neighbours are most of its class.

    Args:
        mean: (N, D), where the images lie.
        label: (N,), their classes.
        reconstruction: (N,), −ln p(x|z) of each at its mean, in nats. Without it, every image
            counts as reconstructed as most are.
        reached: (N,), where a link can lead; of the others one is taken only if there is no other.
        kl: (N,), in nats: where several have as many such neighbours, the largest is taken; without
            it, the one whose error is nearest to the median.
    """
    order = np.arange(count)
    if reconstruction is not None:
        order = np.argsort(np.abs(reconstruction - np.median(reconstruction)), kind="stable")
    if reached is not None and reached.any():
        order = order[reached[order]]
    candidates = order[:CANDIDATES]
    if mean is None or label is None:
        return int(candidates[0])
    squares = np.square(mean).sum(1)
    distances = squares - 2 * mean[candidates] @ mean.T  # (C, N), each line short of a constant
    distances[np.arange(len(candidates)), candidates] = np.inf
    nearest = np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    shares = (label[nearest] == label[candidates, None]).mean(1)
    most = candidates[shares == shares.max()]  # the first is nearest to the median
    return int(most[0] if kl is None else most[np.argmax(kl[most])])
