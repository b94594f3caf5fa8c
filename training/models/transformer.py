"""A decoder-only transformer over sequences of one length: Π_t p(token_t | those before).

Vaswani et al. 2017 without the encoder, normalised before each block as in GPT-2 (Radford et al.
2019). It is trained on whole sequences and sampled a token at a time.
"""

from collections.abc import Iterable
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.models.text_vae import END, log_probability


class Cache(NamedTuple):
    """What a step leaves to the next one; all zeros before the first.

    Fields:
        position: (B,), int64, how many tokens have been read.
        keys_values: keys and values of each layer, (B, 2 layers, length, width).
    """

    position: Tensor
    keys_values: Tensor


class Block(nn.Module):
    """Self-attention and two dense layers, each added to what comes in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.dense = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Linear(4 * width, width),
        )

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of `x`, (..., width): three of that shape."""
        queries, keys, values = self.queries_keys_values(self.before_attention(x)).chunk(3, dim=-1)
        return queries, keys, values

    def attend(
        self, x: Tensor, queries: Tensor, keys: Tensor, values: Tensor, seen: Tensor
    ) -> Tensor:
        """What leaves the block for `x`, (B, T, width).

        Args:
            queries: (B, T, width).
            keys: (B, S, width), as are the `values`.
            seen: which of the S each of the T may look at, broadcastable to (B, heads, T, S).
        """
        q, k, v = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in (queries, keys, values)
        )  # (B, heads, T or S, width / heads)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        x = x + self.attended(mixed.transpose(1, 2).flatten(2))
        y: Tensor = x + self.dense(x)
        return y


class Transformer(nn.Module):
    """Logits of each token, given those before it.

    Args:
        tokens: K, how many different tokens there are.
        length: T, of every sequence.
        width: of the vector that stands for a token.
        layers: number of blocks.
        heads: of attention, each over width / heads dimensions.
    """

    def __init__(self, tokens: int, length: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.tokens, self.length, self.width = tokens, length, width
        self.embedding = nn.Embedding(tokens, width)
        self.start = nn.Parameter(torch.empty(width))  # stands before the first token
        self.places = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.logits = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, tokens))
        for weights in (self.embedding.weight, self.start, self.places):
            nn.init.normal_(weights, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (B, T, K) of sequences (B, T): those of token t know only tokens 0 … t − 1."""
        start = self.start.expand(len(tokens), 1, -1)
        x = torch.cat([start, self.embedding(tokens[:, :-1])], dim=1) + self.places
        seen = torch.ones(self.length, self.length, dtype=torch.bool, device=x.device).tril()
        for block in self._blocks:
            x = block.attend(x, *block.project(x), seen)
        logits: Tensor = self.logits(x)
        return logits.float()

    def step(self, token: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        """Logits (B, K) of the next token, after reading one more.

        Args:
            token: (B,), the one before; of no account at the first step.
            cache: what the step before returned; at first, `begin`.
        """
        position, keys_values = cache
        places = torch.arange(self.length, device=token.device)
        here = places == position[:, None]  # (B, T)
        seen = (places <= position[:, None])[:, None, None, :]
        first = (position == 0)[:, None]
        x = torch.where(first, self.start, self.embedding(token)) + self.places[position]
        x = x[:, None]  # (B, 1, width)
        kept: list[Tensor] = []
        for block in self._blocks:
            queries, key, value = block.project(x)
            keys = torch.where(here[:, :, None], key, keys_values[:, len(kept)])
            values = torch.where(here[:, :, None], value, keys_values[:, len(kept) + 1])
            x = block.attend(x, queries, keys, values, seen)
            kept += [keys, values]
        logits: Tensor = self.logits(x[:, 0])
        return logits.float(), Cache(position + 1, torch.stack(kept, dim=1))

    @property
    def _blocks(self) -> Iterable[Block]:
        return cast(Iterable[Block], self.blocks)

    def begin(self, batch: int) -> Cache:
        """The cache before the first token of each sequence."""
        device = self.start.device
        return Cache(
            torch.zeros(batch, dtype=torch.int64, device=device),
            torch.zeros(batch, 2 * len(self.blocks), self.length, self.width, device=device),
        )


def code_nats(model: Transformer, codes: Tensor) -> Tensor:
    """−ln p(codes) of grids (B, h, w), read row by row, in nats: (B,)."""
    tokens = codes.flatten(1)
    logits = model(tokens)  # (B, T, K)
    return F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none").sum(1)


def word_nats(model: Transformer, words: Tensor) -> Tensor:
    """−ln p(word) of words (B, L), filled up with the token that ends them, in nats: (B,)."""
    return -log_probability(model(F.pad(words, (0, 1), value=END)), words).sum(1)


def drawn(model: Transformer, count: int, generator: torch.Generator) -> Tensor:
    """So many sequences (count, T) from the model's own distribution, int64."""
    cache, token = model.begin(count), torch.zeros(count, dtype=torch.int64)
    tokens = []
    for _ in range(model.length):
        logits, cache = model.step(token, cache)
        token = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
        tokens.append(token)
    return torch.stack(tokens, dim=1)
