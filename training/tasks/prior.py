"""The prior of a VAE: N(0, I), a flow that learned its codes, and a second stochastic layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from training.contract.task import Condition, Measure, Outcome, Task, Way

if TYPE_CHECKING:
    from torch import Tensor

    from training.distributions import DiagonalGaussian
    from training.models.coupling_flow import CouplingFlow
    from training.tasks.bench import Bench

PLAIN, LAYERS = "digits", "digits-two-layers"
STEPS, BATCH, RATE = 2_000, 500, 2e-3  # of the flow
DRAWS = 50_000  # of each prior

PLAN = Task(
    name="prior",
    title="A prior that fits",
    question="A VAE's codes are not spread like draws from N(0, I). Does it help to learn the "
    "prior, or to add a second layer?",
    command="python -m training reproduce prior",
    measures=(
        Measure(
            "bound",
            "−ELBO",
            "nats",
            "The bound on test digits, pixels drawn from their grey levels, one sample of each "
            "code. The VAE is one network with two priors: after training, the flow takes the "
            "place of N(0, I). The two layers are another network, smaller and trained for less "
            "time.",
            more_is_better=False,
        ),
        Measure(
            "holes",
            "Holes",
            "% of the prior's draws",
            "The share of draws from the prior that fall where codes are at least ten times rarer "
            "than such draws, as judged by a network that learned to tell codes of training digits "
            "from draws.",
            more_is_better=False,
        ),
    ),
    ways=(
        Way("flow", "VAE, a flow as prior", "Six coupling layers, fitted to the codes."),
        Way("layers", "Two layers", "z1 is drawn given z2; the codes are those of z1."),
        Way("normal", "VAE, N(0, I)", "The prior it was trained with."),
    ),
    conditions=(Condition("digits", "digits"),),
    seeds="pixels, samples, and the first weights of the flow and of the judge",
    split="test",
    samples=10_000,
    checkpoints=dict.fromkeys((PLAIN, LAYERS), "0" * 64),
)


@cache
def codes(bench: Bench, name: str, split: str, seed: int) -> tuple[DiagonalGaussian, Tensor]:
    """q(z|x) of the digits of a split, of two layers q(z1|x); and the digits, drawn in black."""
    import torch

    from training.distributions import DiagonalGaussian
    from training.tasks.bench import every

    model: Any = bench.model(name)
    generator = torch.Generator().manual_seed(seed)
    x = torch.bernoulli(every(bench.split("digits", split))[0], generator=generator)
    read = model.read if name == LAYERS else model.encode
    with torch.no_grad():
        found = [read(some) for some in x.split(500)]
    mean = torch.cat([one.mean for one in found])
    return DiagonalGaussian(mean, torch.cat([one.log_variance for one in found])), x


def measure(bench: Bench, seed: int) -> Iterator[Outcome]:
    """With the pixels and samples that this seed draws."""
    import torch

    from training.metrics.holes import holes
    from training.models.hierarchical import bound

    generator = torch.Generator().manual_seed(seed)

    def outcome(way: str, name: str, value: float) -> Outcome:
        return Outcome(way, "digits", name, seed, value)

    plain, two = bench.model(PLAIN), bench.model(LAYERS)
    learned, _ = codes(bench, PLAIN, "train", seed)
    flow = fit(learned, seed)
    with torch.no_grad():
        posterior, x = codes(bench, PLAIN, "test", seed)
        z = posterior.sample(generator)
        misfits = [
            -plain.decode(some).log_prob(images).flatten(1).sum(1)
            for some, images in zip(z.split(500), x.split(500), strict=True)
        ]
        spent = torch.cat(misfits) + posterior.log_prob(z).sum(1)
        normal = -0.5 * (z.square() + torch.log(torch.tensor(2 * torch.pi))).sum(1)
        _, y = codes(bench, LAYERS, "test", seed)
        found = [
            bound(two, some, torch.randn(len(some), two.latents, generator=generator))
            for some in y.split(500)
        ]
        of_layers = torch.cat(
            [
                one.reconstruction_nats + one.upper_nats.sum(1) + one.lower_nats.sum(1)
                for one in found
            ]
        )
        noise = torch.randn(DRAWS, plain.latents, generator=generator)
        above = torch.randn(DRAWS, two.upper, generator=generator)
        below = torch.randn(DRAWS, two.lower, generator=generator)
        draws = {
            "normal": noise,
            "flow": flow.inverse(noise),
            "layers": two.down(above).sample(below),
        }
        of_data = {
            "normal": learned.sample(generator),
            "layers": codes(bench, LAYERS, "train", seed)[0].sample(generator),
        }
        of_data["flow"] = of_data["normal"]
        bounds = {
            "normal": spent - normal,
            "flow": spent - flow.log_prob(z),
            "layers": of_layers,
        }
    for way in ("flow", "layers", "normal"):
        yield outcome(way, "bound", bounds[way].double().mean().item())
        yield outcome(way, "holes", holes(of_data[way], draws[way], seed).percent)


def fit(posterior: DiagonalGaussian, seed: int) -> CouplingFlow:
    """A flow that makes samples of posteriors, (N, D), as likely as it can."""
    import torch

    from training.distributions import DiagonalGaussian
    from training.models.coupling_flow import CouplingFlow

    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        flow = CouplingFlow(posterior.mean.shape[1])
    optimizer = torch.optim.AdamW(flow.parameters(), RATE, weight_decay=0.01)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        some = torch.randint(len(posterior.mean), (BATCH,), generator=generator)
        drawn = DiagonalGaussian(posterior.mean[some], posterior.log_variance[some])
        loss = -flow.log_prob(drawn.sample(generator)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
    return flow
