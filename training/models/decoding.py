"""Three ways to write a sequence with a model that gives one token at a time.

The reference for what the explorer does in the browser.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

AnyState = TypeVar("AnyState", bound=tuple[Tensor, ...])  # each (B, ...), as NamedTuples are

# Tokens (B,) and a state -> logits (B, V) of the next tokens, and the state after them.
Step = Callable[[Tensor, AnyState], tuple[Tensor, AnyState]]
FIRST = 0  # what the first step reads


class Sequence(NamedTuple):
    """Tokens without the one that ends them, and ln p of all including that one, in nats."""

    tokens: tuple[int, ...]
    log_probability: float


@torch.no_grad()
def greedy(step: Step[AnyState], state: AnyState, longest: int, end: int | None) -> Sequence:
    """The likeliest token, again and again; not the likeliest sequence.

    Args:
        state: before the first token, of a batch of one.
        longest: tokens at most; after these the sequence is ended.
        end: the token that ends the sequence; None where all have `longest` tokens.
    """
    return _follow(step, state, longest, end, lambda log_p: int(log_p.argmax()))


@torch.no_grad()
def sampled(
    step: Step[AnyState],
    state: AnyState,
    longest: int,
    end: int | None,
    generator: torch.Generator,
    temperature: float = 1.0,
) -> Sequence:
    """Each token drawn from p(token)^(1 / temperature), normalised; at 1 it is the model's own."""

    def draw(log_p: Tensor) -> int:
        return int(torch.multinomial((log_p / temperature).softmax(0), 1, generator=generator))

    return _follow(step, state, longest, end, draw)


def _follow(
    step: Step[AnyState],
    state: AnyState,
    longest: int,
    end: int | None,
    choose: Callable[[Tensor], int],
) -> Sequence:
    tokens: list[int] = []
    token, total = FIRST, 0.0
    while len(tokens) < longest + (end is not None):
        logits, state = step(torch.tensor([token]), state)
        log_p = logits[0].double().log_softmax(0)
        token = choose(log_p) if len(tokens) < longest or end is None else end
        total += log_p[token].item()
        if token == end:
            break
        tokens.append(token)
    return Sequence(tuple(tokens), total)


@torch.no_grad()
def beam(
    step: Step[AnyState], state: AnyState, longest: int, end: int | None, width: int
) -> list[Sequence]:
    """The likeliest sequences found by keeping only `width` beginnings at a time, likeliest first.

    Args:
        state: before the first token, of a batch of one.
        longest, end: as in `greedy`.
    """
    finished: list[Sequence] = []
    beginnings: list[tuple[int, ...]] = [()]
    totals = torch.zeros(1, dtype=torch.float64)
    for place in range(longest + (end is not None)):
        last = torch.tensor([tokens[-1] if tokens else FIRST for tokens in beginnings])
        logits, state = step(last, state)
        joint = totals[:, None] + logits.double().log_softmax(1)  # (beginnings, V)
        if end is not None:
            finished += [
                Sequence(tokens, total)
                for tokens, total in zip(beginnings, joint[:, end].tolist(), strict=True)
            ]
            joint[:, end] = -torch.inf
        if place == longest:
            break
        best = joint.flatten().topk(min(width, joint.numel() - len(beginnings) * (end is not None)))
        rows, tokens = best.indices // joint.shape[1], best.indices % joint.shape[1]
        pairs = zip(rows.tolist(), tokens.tolist(), strict=True)
        beginnings = [(*beginnings[row], token) for row, token in pairs]
        totals = best.values
        state = _rows(state, rows)
    if end is None:
        finished = [
            Sequence(tokens, total)
            for tokens, total in zip(beginnings, totals.tolist(), strict=True)
        ]
    return sorted(finished, key=lambda one: -one.log_probability)[:width]


def _rows(state: AnyState, rows: Tensor) -> AnyState:
    kind = type(state)
    parts = [part[rows] for part in state]
    return kind(*parts) if hasattr(state, "_fields") else kind(parts)  # a NamedTuple takes fields
