"""Greedy, sampled and beam on a small model whose sequences can all be listed."""

import itertools
import math
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from training.models.decoding import beam, greedy, sampled

SYMBOLS, LONGEST, END = 4, 3, 0


class Last(NamedTuple):
    """The tokens read, as one number each in base SYMBOLS: (B,)."""

    read: Tensor


TABLE = torch.randn(SYMBOLS ** (LONGEST + 2), SYMBOLS, generator=torch.Generator().manual_seed(5))
BEGIN = Last(torch.tensor([1]))


def step(token: Tensor, state: Last) -> tuple[Tensor, Last]:
    """Logits that depend on everything read so far."""
    read = state.read * SYMBOLS + token
    return 2 * TABLE[read % len(TABLE)], Last(read)


def log_probability(tokens: tuple[int, ...], state: Last = BEGIN) -> float:
    total, last = 0.0, 0
    for token in tokens:
        logits, state = step(torch.tensor([last]), state)
        total += logits[0].double().log_softmax(0)[token].item()
        last = token
    return total


def every() -> dict[tuple[int, ...], float]:
    """ln p of all sequences that end after at most LONGEST tokens."""
    lengths = range(LONGEST + 1)
    found = (
        tokens
        for length in lengths
        for tokens in itertools.product(range(1, SYMBOLS), repeat=length)
    )
    return {tokens: log_probability((*tokens, END)) for tokens in found}


def test_a_beam_wide_enough_is_an_exhaustive_search() -> None:
    expected = sorted(every().items(), key=lambda item: -item[1])
    searched = beam(step, BEGIN, LONGEST, END, width=SYMBOLS**LONGEST)
    assert [one.tokens for one in searched] == [tokens for tokens, _ in expected]
    for one, (_, log_p) in zip(searched, expected, strict=True):
        assert one.log_probability == pytest.approx(log_p)


def test_a_wide_beam_without_an_end() -> None:
    grids = {
        tokens: log_probability(tokens) for tokens in itertools.product(range(SYMBOLS), repeat=3)
    }
    (best, *_) = beam(step, BEGIN, 3, None, width=SYMBOLS**3)
    assert best.tokens == max(grids, key=lambda tokens: grids[tokens])
    assert best.log_probability == pytest.approx(max(grids.values()))


def test_greedy_takes_the_likeliest_token_each_time_and_ends_in_time() -> None:
    cut = 0
    for number in range(1, 9):
        state = Last(torch.tensor([number]))
        tokens: list[int] = []
        while len(tokens) < LONGEST and END not in tokens:
            nexts = [log_probability((*tokens, token), state) for token in range(SYMBOLS)]
            tokens.append(max(range(SYMBOLS), key=lambda token: nexts[token]))
        cut += END not in tokens
        found = greedy(step, state, LONGEST, END)
        assert found.tokens == tuple(token for token in tokens if token != END)
        assert found.log_probability == pytest.approx(log_probability((*found.tokens, END), state))
        assert len(greedy(step, state, 3, None).tokens) == 3
    assert 0 < cut < 8


def test_a_wider_beam_finds_no_less_and_more_than_greedy() -> None:
    gains = []
    for number in range(1, 9):
        state = Last(torch.tensor([number]))
        widths = (1, 4, SYMBOLS**LONGEST)
        found = [beam(step, state, LONGEST, END, width)[0].log_probability for width in widths]
        assert found == sorted(found)
        gains.append(found[-1] - greedy(step, state, LONGEST, END).log_probability)
    assert min(gains) >= -1e-9
    assert max(gains) > 0.1


def test_samples_come_as_often_as_they_are_likely() -> None:
    generator = torch.Generator().manual_seed(6)
    draws = 3000
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(draws):
        one = sampled(step, BEGIN, LONGEST, END, generator)
        counts[one.tokens] = counts.get(one.tokens, 0) + 1
    for tokens in every():
        ended = tokens if len(tokens) == LONGEST else (*tokens, END)
        p = math.exp(log_probability(ended))
        assert counts.get(tokens, 0) / draws == pytest.approx(
            p, abs=4 * (p / draws) ** 0.5 + 2 / draws
        )


def test_a_cold_sample_is_the_greedy_one() -> None:
    cold = sampled(step, BEGIN, LONGEST, END, torch.Generator(), temperature=1e-3)
    assert cold == greedy(step, BEGIN, LONGEST, END)
