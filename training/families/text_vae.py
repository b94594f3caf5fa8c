"""A VAE of words (Bowman et al. 2016)."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import TrainConfig
from training.contract.card import ENCODER, STEP, Graph, Metric, Port, Sizes
from training.contract.outputs import Characters, Output
from training.contract.spaces import Continuous, Space, Tokens
from training.decoding import greedy
from training.errors import ConfigError
from training.export import EXAMPLES, Traced
from training.families import Measured
from training.metrics.active_units import VARIANCE, active_units
from training.models.text_vae import END, State, TextVAE, log_probability
from training.objectives.annealed_elbo import AnnealedELBO
from training.optimizers import begun, descend, rate_factor
from training.processes import Processes

PLAIN = AnnealedELBO(word_dropout=0, annealing=0)


class Writer:
    """A text VAE under the annealed ELBO; validated under the plain one."""

    reports = ("loss_nats", "reconstruction_nats", "kl_nats")

    def __init__(self, model: TextVAE, objective: AnnealedELBO, plan: TrainConfig) -> None:
        self.model, self.objective, self.plan = model, objective, plan
        self.modules: dict[str, nn.Module] = {"model": model}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "optimizer": begun(
                torch.optim.AdamW(model.parameters(), weight_decay=plan.weight_decay)
            )
        }

    def step(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """One step on words (B, L); the parts of the loss, nats."""
        loss, parts = self.objective(self.model, batch.x, step, generator)
        rate = self.plan.learning_rate * rate_factor(self.plan, step)
        descend(self.optimizers["optimizer"], loss, rate)
        return torch.stack([parts[name].detach() for name in self.reports])

    @torch.no_grad()
    def validate(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        """The parts of the plain ELBO, with every letter seen."""
        return PLAIN(self.model, batch.x, 0, generator)[1]

    def comparable(self, means: Mapping[str, float]) -> float:
        """−ELBO."""
        return means["reconstruction_nats"] + means["kl_nats"]

    def join(self, processes: Processes) -> None:
        """Refuse.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("A VAE of words is trained in one process; start it without torchrun.")


@dataclass(frozen=True, kw_only=True)
class TextVAEConfig:
    """The networks, and the two helps against collapse; 0 and 0 are neither."""

    latents: int = 16
    embedding: int = 64
    read_units: int = 128
    write_units: int = 192
    word_dropout: float = 0.4
    annealing: int = 1400


def learner(config: TextVAEConfig, plan: TrainConfig, symbols: int, longest: int) -> Writer:
    """An untrained text VAE for words of at most `longest` symbols, and what trains it."""
    sizes = (config.embedding, config.read_units, config.write_units)
    model = TextVAE(config.latents, symbols, longest, *sizes)
    return Writer(model, AnnealedELBO(config.word_dropout, config.annealing), plan)


def controls(config: TextVAEConfig, alphabet: tuple[str, ...], longest: int) -> tuple[Space, ...]:
    """z ~ N(0, I), and the word that it is read from."""
    z = Continuous("z", config.latents, "standard_normal")
    return (z, Tokens("word", alphabet, longest))


def output(alphabet: tuple[str, ...], longest: int) -> Output:
    """Words."""
    return Characters(alphabet, longest)


class _Encoder(nn.Module):
    def __init__(self, model: TextVAE) -> None:
        super().__init__()
        self.model = model

    def forward(self, word: Tensor) -> tuple[Tensor, Tensor]:
        posterior = self.model.encode(word)
        return posterior.mean, posterior.log_variance


class _Step(nn.Module):
    def __init__(self, model: TextVAE) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, token: Tensor, z: Tensor, hidden: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        logits, state = self.model.step(token, State(hidden, cell), z)
        return logits, state.hidden, state.cell


def graphs(model: TextVAE) -> tuple[Traced, ...]:
    """A word to its posterior, and the writer a letter at a time, its state at first all zeros."""
    word = Port("word", "int64", ("batch", model.longest), "value", "word")
    token = Port("token", "int64", ("batch",), "token", "word")
    codes: Sizes = ("batch", model.latents)
    z = Port("z", "float32", codes, "value", "z")
    mean = Port("mean", "float32", codes, "mean", "z")
    log_variance = Port("log_variance", "float32", codes, "log_variance", "z")
    logits = Port("logits", "float32", ("batch", model.symbols + 1), "logits", "word")
    states = [
        Port(name, "float32", ("batch", model.write_units), "state")
        for name in ("hidden", "cell", "next_hidden", "next_cell")
    ]
    words = torch.randint(model.symbols + 1, (EXAMPLES, model.longest))
    state = torch.randn(2, EXAMPLES, model.write_units)
    return (
        Traced(Graph(ENCODER, (word,), (mean, log_variance)), _Encoder(model), (words,)),
        Traced(
            Graph(STEP, (token, z, *states[:2]), (logits, *states[2:])),
            _Step(model),
            (words[:, 0], torch.randn(EXAMPLES, model.latents), *state),
        ),
    )


@torch.no_grad()
def measure(model: TextVAE, data: Measured) -> tuple[Metric, ...]:
    """The ELBO and its parts, and how much of a word z holds."""
    generator = torch.Generator().manual_seed(data.seed)
    reconstruction, kl, means, read_back = [], [], [], 0
    for batch in data.batches:
        posterior = model.encode(batch.x)
        logits = model.decode(posterior.sample(generator), batch.x)
        reconstruction.append(-log_probability(logits, batch.x).double().sum(1))  # (B,)
        kl.append(posterior.kl_to_prior().double().sum(1))  # (B,)
        means.append(posterior.mean)
        read_back += sum(
            written(model, z) == tuple(token for token in word if token != END)
            for z, word in zip(posterior.mean, batch.x.tolist(), strict=True)
        )
    reconstruction_nats = torch.cat(reconstruction).mean().item()
    kl_nats = torch.cat(kl).mean().item()
    units = active_units(torch.cat(means).numpy())
    sampled = "one sample of q(z|word) per word, every letter seen by the writer, mean over words"
    return (
        data.metric(
            *("neg_elbo", "−ELBO", reconstruction_nats + kl_nats, "nats"),
            f"Reconstruction plus KL, without an objective's weights: {sampled}",
        ),
        data.metric(
            *("reconstruction", "Reconstruction", reconstruction_nats, "nats"),
            f"−ln p(word|z), summed over letters and the end: {sampled}",
        ),
        data.metric(
            *("kl", "KL", kl_nats, "nats"),
            "Sum over latents of the closed form KL(q(z|word) ‖ N(0, I)), mean over words",
        ),
        data.metric(
            *("active_units", "Active units", float(units.value), "latents"),
            f"Latents whose posterior mean has a variance above {VARIANCE} over words (Burda et "
            "al. 2016)",
        ),
        data.metric(
            *("read_back", "Words written back", 100 * read_back / len(data), "%"),
            "Words that come back letter by letter: encoded to the posterior mean, written "
            "greedily",
        ),
    )


def written(model: TextVAE, z: Tensor) -> tuple[int, ...]:
    """The word that is written greedily at z, (D,): its letters' places in the alphabet, from 1."""
    alone = z[None]
    return greedy(
        lambda token, state: model.step(token, state, alone), model.begin(1), model.longest, END
    ).tokens
