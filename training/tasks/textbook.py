"""The textbook's script, word for word: which weights it keeps, and what its one θ may mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from training.clinic.script import Best, Network
    from training.tasks.bench import Bench

    Keep = Callable[[Best, float, float, Network], Best]

EPOCHS = {1_000: 240, 20_000: 12}  # by images: about as many steps
LATENTS, BATCH, RATE = 32, 128, 1e-3

PLAN = Task(
    name="textbook",
    title="The textbook's script",
    question="Many a textbook's script keeps the weights with the best training loss, as “best = "
    "model”, and writes one θ for encoder and decoder. What does each of these cost?",
    command="python -m training reproduce textbook",
    measures=(
        Measure(
            "test",
            "−ELBO of test images",
            "nats",
            "Of the weights that are kept, on all test images with each pixel black or white: one "
            "draw of q(z|x) an image, mean over images.",
            more_is_better=False,
        ),
        Measure(
            "learned",
            "−ELBO of the images it learned from",
            "nats",
            "The same of the images that the script learned from.",
            more_is_better=False,
        ),
    ),
    ways=(
        Way("validation", "Best by validation loss, copied", "1,000 other images choose."),
        Way("training", "Best by training loss, copied", "The mean loss of an epoch chooses."),
        Way(
            "alias",
            "Best by validation loss, “best = model”",
            "A second name of a model that goes on learning: these are the last weights.",
        ),
        Way("last", "Last weights", "Nothing is chosen. One optimizer has both networks."),
        Way(
            "two",
            "Last weights, θ and φ",
            "The decoder's θ and the encoder's φ have an optimizer each: the same steps.",
        ),
        Way(
            "tied",
            "Last weights, one θ",
            "Taken at its word: the decoder uses the encoder's weights, transposed.",
        ),
    ),
    conditions=tuple(
        Condition(str(count), f"{count:,} images, {epochs} times")
        for count, epochs in EPOCHS.items()
    ),
    seeds="the first weights, the order of images, and the noise of q(z|x)",
    split="test",
    samples=10_000,
)


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """Three runs with each number of images, from this seed."""
    from training.clinic import run, script

    digits = bench.dataset("digits")
    test, validation = run.binary(digits, "test"), run.binary(digits, "validation", run.VALIDATION)
    for count, epochs in EPOCHS.items():
        learned = run.binary(digits, "train", count)
        kept: dict[str, Network] = {}
        for network, optimizers, keeps in (
            (
                script.Network,
                one_optimizer,
                {
                    "validation": script.copied_by_validation,
                    "training": script.copied_by_training,
                    "alias": script.alias_by_validation,
                    "last": script.last_weights,
                },
            ),
            (script.Network, two_optimizers, {"two": script.last_weights}),
            (tied, one_optimizer, {"tied": script.last_weights}),
        ):
            kept |= train(network, optimizers, keeps, learned, validation, epochs, seed)
        for way in PLAN.ways:
            for name, images in (("test", test), ("learned", learned)):
                nats = run.measure(kept[way.name], images)["neg_elbo"]
                yield Outcome(way.name, str(count), name, seed, nats)


def one_optimizer(model: Network) -> list[torch.optim.Optimizer]:
    """Adam for both networks."""
    import torch

    return [torch.optim.Adam(model.parameters(), RATE)]


def two_optimizers(model: Network) -> list[torch.optim.Optimizer]:
    """Adam for φ, and Adam for θ."""
    import torch

    return [torch.optim.Adam(part.parameters(), RATE) for part in (model.encoder, model.decoder)]


def tied(latents: int) -> Network:
    """The script's network, whose decoder has no weights of its own but its biases."""
    from torch import nn
    from torch.nn.functional import linear

    from training.clinic.script import Network

    class Transposed(nn.Module):
        """D–256–784 by the weights of an encoder; of its last layer, those that give the mean."""

        def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
            super().__init__()
            self.encoder = encoder
            self.biases = nn.ParameterList([decoder[0].bias, decoder[2].bias])  # type: ignore[index]

        def forward(self, z: Tensor) -> Tensor:
            first, last = self.encoder[0].weight, self.encoder[2].weight  # type: ignore[index]
            hidden = linear(z, last[: z.shape[1]].T, self.biases[0]).relu()
            return linear(hidden, first.T, self.biases[1])

    model = Network(latents)
    model.decoder = Transposed(model.encoder, model.decoder)  # type: ignore[assignment]
    return model


def train(
    network: Callable[[int], Network],
    optimizers: Callable[[Network], list[torch.optim.Optimizer]],
    keeps: Mapping[str, Keep],
    images: Tensor,
    validation: Tensor,
    epochs: int,
    seed: int,
) -> dict[str, Network]:
    """One run of the script on images (N, 784); what each way of keeping weights has at its end."""
    import math

    import torch

    from training.clinic.run import measure as measured
    from training.clinic.script import Best, Script

    lines, generator = Script(latents=LATENTS), torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        model = network(LATENTS)
    best = dict.fromkeys(keeps, Best(math.inf, model))
    stepping = optimizers(model)
    for _ in range(epochs):
        losses = []
        for some in torch.randperm(len(images), generator=generator).split(BATCH):
            noise = torch.randn(len(some), LATENTS, generator=generator)
            loss, _, _ = lines.terms(model, images[some], noise)
            model.zero_grad()
            loss.backward()
            for optimizer in stepping:
                optimizer.step()
            losses.append(loss.item())
        trained, honest = sum(losses) / len(losses), measured(model, validation)["neg_elbo"]
        best = {name: keep(best[name], trained, honest, model) for name, keep in keeps.items()}
    return {name: one.model for name, one in best.items()}
