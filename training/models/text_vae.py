"""A VAE of words: a bidirectional GRU reads them, an LSTM writes them (Bowman et al. 2016).

A word is a row of tokens: 0 stands before the first letter and after the last, 1 is the first
letter of the alphabet.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.distributions import DiagonalGaussian
from training.models.decoding import greedy

END = 0


class State(NamedTuple):
    """What the LSTM leaves to the next step: both (B, units), all zeros before the first."""

    hidden: Tensor
    cell: Tensor


class TextVAE(nn.Module):
    """q(z|word) and p(word|z) = Π_t p(token_t | those before, z), with prior N(0, I).

    Args:
        latents: D.
        symbols: V, letters of the alphabet.
        longest: L, letters of the longest word.
        embedding: dimensions of the vector that stands for a token.
        read_units: of the GRU, in each direction.
        write_units: of the LSTM.
    """

    def __init__(
        self,
        latents: int,
        symbols: int,
        longest: int,
        embedding: int,
        read_units: int,
        write_units: int,
    ) -> None:
        super().__init__()
        self.latents, self.symbols, self.longest = latents, symbols, longest
        self.write_units = write_units
        self.unknown = symbols + 1  # what the writer reads in place of a letter that is withheld
        self.embedding = nn.Embedding(symbols + 2, embedding)
        self.reader = nn.GRU(embedding, read_units, batch_first=True, bidirectional=True)
        self.posterior = nn.Linear(2 * read_units, 2 * latents)
        self.writer = nn.LSTM(embedding + latents, write_units, batch_first=True)
        self.logits = nn.Linear(write_units, symbols + 1)

    def encode(self, words: Tensor) -> DiagonalGaussian:
        """q(z|word) of words (B, L), filled up with 0."""
        states, _ = self.reader(self.embedding(words))
        forwards, backwards = states.chunk(2, dim=2)
        ends = torch.cat([forwards[:, -1], backwards[:, 0]], dim=1)
        mean, log_variance = self.posterior(ends).float().chunk(2, dim=1)
        return DiagonalGaussian(mean, log_variance)

    def decode(self, z: Tensor, words: Tensor, withheld: Tensor | None = None) -> Tensor:
        """Logits (B, L + 1, V + 1) of each token of words (B, L), given z and those before.

        Args:
            withheld: letters that the writer reads as unknown, (B, L); it must still write them.
        """
        read = words if withheld is None else words.masked_fill(withheld, self.unknown)
        read = F.pad(read, (1, 0), value=END)
        inputs = torch.cat([self.embedding(read), z[:, None].expand(-1, read.shape[1], -1)], dim=2)
        states, _ = self.writer(inputs)
        logits: Tensor = self.logits(states)
        return logits.float()

    def step(self, token: Tensor, state: State, z: Tensor) -> tuple[Tensor, State]:
        """Logits (B, V + 1) of the next token, after reading one more.

        Args:
            token: (B,), the one before; 0 before the first.
            state: what the step before returned; at first, `begin`.
            z: (B, D).
        """
        inputs = torch.cat([self.embedding(token), z], dim=1)[:, None]
        states, (hidden, cell) = self.writer(inputs, (state.hidden[None], state.cell[None]))
        logits: Tensor = self.logits(states[:, 0])
        return logits.float(), State(hidden[0], cell[0])

    def begin(self, batch: int) -> State:
        """The state before the first token of each word."""
        zeros = torch.zeros(batch, self.write_units, device=self.logits.weight.device)
        return State(zeros, zeros)


def log_probability(logits: Tensor, words: Tensor) -> Tensor:
    """ln p of each token of words (B, L) and of the end, in nats: (B, L + 1), 0 after the end.

    Args:
        logits: as `TextVAE.decode` returns them, (B, L + 1, V + 1).
    """
    tokens = F.pad(words, (0, 1), value=END)
    each = -F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")
    within = F.pad(words != END, (1, 0), value=True)
    return each * within


def written(model: TextVAE, z: Tensor) -> tuple[int, ...]:
    """The word that is written greedily at z, (D,): its letters' places in the alphabet, from 1."""
    alone = z[None]
    return greedy(
        lambda token, state: model.step(token, state, alone), model.begin(1), model.longest, END
    ).tokens
