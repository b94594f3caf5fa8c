"""Training what a script says, and measuring beside it what is really so."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from training.clinic.script import Best, Network, Script, kl_by_latent, reparameterised
from training.datasets import Dataset
from training.metrics.active_units import active_units

POINTS = 40  # of each curve
VALIDATION = 1_000  # images for each point
PICTURED = 8
SEED = 0


@dataclass
class Record:
    """What was seen of a run, each curve a number a point.

    Fields:
        reported, reconstruction, kl: the loss and its parts as the script prints them, the mean
            over the steps since the point before.
        honest: −ELBO in nats an image of held-out images.
        encoder, decoder: length of the gradient of their weights, the mean over the same steps.
        kl_by_latent: nats, mean over held-out images, of the last point.
        reconstructions, samples: pictures (784,) in 0 … 255, as the script shows them.
        test: at the end, of the weights that the script keeps; by the names in `measure`.
    """

    steps: list[int] = field(default_factory=list)
    reported: list[float] = field(default_factory=list)
    reconstruction: list[float] = field(default_factory=list)
    kl: list[float] = field(default_factory=list)
    honest: list[float] = field(default_factory=list)
    encoder: list[float] = field(default_factory=list)
    decoder: list[float] = field(default_factory=list)
    kl_by_latent: list[float] = field(default_factory=list)
    reconstructions: list[list[int]] = field(default_factory=list)
    samples: list[list[int]] = field(default_factory=list)
    test: dict[str, float] = field(default_factory=dict)


def binary(dataset: Dataset, split: str, count: int | None = None) -> Tensor:
    """The first images of a split with each pixel 0 or 1, (N, 784)."""
    images = dataset.splits[split]
    indices = torch.arange(len(images) if count is None else min(count, len(images)))
    return (images.images(indices).flatten(1) > 0.5).float()


def train(
    script: Script, dataset: Dataset, seen: Callable[[Record, int, int], bool], points: int = POINTS
) -> Record | None:
    """Train a script on one thread from seed 0, and measure it.

    Args:
        seen: is shown the record at every point with the step and the number of all; whether to
            stop.

    Returns:
        The record; None where it was stopped.
    """
    generator = torch.Generator().manual_seed(SEED)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(SEED)
        model = Network(script.latents)
    images = binary(dataset, "train", script.images)
    held_out = binary(dataset, "validation", VALIDATION)
    shown = binary(dataset, "test", PICTURED)
    optimizer = torch.optim.Adam(model.parameters(), script.learning_rate)
    rounds = -(-len(images) // script.batch)
    steps = script.epochs * rounds
    marks = {round(steps * (at + 1) / points) for at in range(points)}

    record, best = Record(), Best(math.inf, model)
    running, count, epoch_loss, step = torch.zeros(5), 0, 0.0, 0
    for _ in range(script.epochs):
        order = torch.randperm(len(images), generator=generator)
        for indices in order.split(script.batch):
            x = images[indices]
            noise = torch.randn(len(x), script.latents, generator=generator)
            loss, reconstruction, kl = script.terms(model, x, noise)
            optimizer.zero_grad()
            loss.backward()
            lengths = [_length(part) for part in (model.encoder, model.decoder)]
            if script.clip < math.inf:
                torch.nn.utils.clip_grad_norm_(model.parameters(), script.clip)
            optimizer.step()
            step, count = step + 1, count + 1
            running += torch.stack([loss, reconstruction, kl, *lengths]).detach()
            epoch_loss += loss.item() / rounds
            if step in marks:
                _note(record, step, running / count, model, held_out)
                _picture(record, script, model, shown)
                running, count = torch.zeros(5), 0
                if seen(record, step, steps):
                    return None
        honest = measure(model, held_out)["neg_elbo"]
        best, epoch_loss = script.keep(best, epoch_loss, honest, model), 0.0
    record.test = measure(best.model, binary(dataset, "test"))
    return record


def _length(part: torch.nn.Module) -> Tensor:
    gradients = [weight.grad for weight in part.parameters() if weight.grad is not None]
    return torch.nn.utils.get_total_norm(gradients) if gradients else torch.tensor(0.0)


def _note(record: Record, step: int, means: Tensor, model: Network, held_out: Tensor) -> None:
    record.steps.append(step)
    names = ("reported", "reconstruction", "kl", "encoder", "decoder")
    for name, value in zip(names, means.tolist(), strict=True):
        getattr(record, name).append(value)
    record.honest.append(measure(model, held_out)["neg_elbo"])
    with torch.no_grad():
        record.kl_by_latent = kl_by_latent(*model.encode(held_out)).mean(0).tolist()


@torch.no_grad()
def _picture(record: Record, script: Script, model: Network, shown: Tensor) -> None:
    generator = torch.Generator().manual_seed(SEED)
    noise = torch.randn(PICTURED, script.latents, generator=generator)
    mean, log_variance = model.encode(shown)
    for name, z in (
        ("reconstructions", script.draw(mean, log_variance, noise)),
        ("samples", noise),
    ):
        pixels = torch.sigmoid(model.decoder(z)).nan_to_num(0) * 255
        setattr(record, name, pixels.round().int().tolist())


@torch.no_grad()
def measure(model: Network, images: Tensor) -> dict[str, float]:
    """What is so, whatever the script prints: the ELBO of images (N, 784), in nats an image.

    One draw of q(z|x) an image; the decoder's numbers are logits, as its pictures show them.
    """
    generator = torch.Generator().manual_seed(SEED)
    nll, kls, means = [], [], []
    for x in images.split(1_000):
        mean, log_variance = model.encode(x)
        noise = torch.randn(mean.shape, generator=generator)
        logits = model.decoder(reparameterised(mean, log_variance, noise))
        loss = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
        nll.append(loss.sum(1).double())
        kls.append(kl_by_latent(mean, log_variance).double())
        means.append(mean)
    reconstruction, kl = torch.cat(nll).mean().item(), torch.cat(kls).mean(0).sum().item()
    codes = torch.cat(means)
    active = float(active_units(codes.numpy()).value) if codes.isfinite().all() else math.nan
    return {
        "neg_elbo": reconstruction + kl,
        "reconstruction": reconstruction,
        "kl": kl,
        "active": active,
    }
