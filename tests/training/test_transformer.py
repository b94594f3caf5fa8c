"""The transformer: no look at what comes later, and a step at a time gives the same."""

import itertools

import pytest
import torch

from training.models.transformer import Transformer, word_nats

TOKENS, LENGTH = 5, 6


@pytest.fixture
def model() -> Transformer:
    torch.manual_seed(0)
    made = Transformer(TOKENS, LENGTH, width=16, layers=2, heads=4)
    for parameter in made.parameters():  # biases begin at zero, where mistakes would not show
        torch.nn.init.normal_(parameter, std=0.5)
    return made.eval()


@pytest.mark.parametrize("changed", range(LENGTH))
def test_a_token_moves_only_what_comes_after_it(model: Transformer, changed: int) -> None:
    tokens = torch.randint(TOKENS, (3, LENGTH))
    other = tokens.clone()
    other[:, changed] = (other[:, changed] + 1) % TOKENS
    before, after = model(tokens), model(other)
    torch.testing.assert_close(before[:, : changed + 1], after[:, : changed + 1], rtol=0, atol=0)
    moved = (before - after).abs().amax((0, 2)) > 1e-4
    assert moved.tolist() == [place > changed for place in range(LENGTH)]


def test_step_by_step_gives_the_logits_of_the_whole(model: Transformer) -> None:
    tokens = torch.randint(TOKENS, (3, LENGTH))
    whole, cache = model(tokens), model.begin(3)
    token = torch.tensor([4, 0, 2])  # of no account before the first
    for place in range(LENGTH):
        logits, cache = model.step(token, cache)
        torch.testing.assert_close(logits, whole[:, place], rtol=1e-5, atol=1e-5)
        token = tokens[:, place]
    assert cache.position.tolist() == [LENGTH] * 3


def test_steps_of_a_batch_may_stand_at_different_places(model: Transformer) -> None:
    tokens = torch.randint(TOKENS, (1, LENGTH))
    ahead = model.begin(1)
    for place in range(3):
        _, ahead = model.step(tokens[:, max(place - 1, 0)], ahead)
    both = type(ahead)(*(torch.cat(parts) for parts in zip(ahead, model.begin(1), strict=True)))
    logits, _ = model.step(torch.stack([tokens[0, 2], tokens[0, 2]]), both)
    whole = model(tokens)
    torch.testing.assert_close(logits[0], whole[0, 3], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(logits[1], whole[0, 0], rtol=1e-5, atol=1e-5)


def test_the_probabilities_of_all_sequences_sum_to_one() -> None:
    torch.manual_seed(1)
    model = Transformer(3, 4, width=8, layers=1, heads=2).eval()
    every = torch.tensor(list(itertools.product(range(3), repeat=4)))
    log_p = model(every).log_softmax(2).gather(2, every[:, :, None]).sum((1, 2))
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_the_size_by_hand() -> None:
    """64 codes on a 7×7 grid, two layers of 128: about 0.4 million weights."""
    model = Transformer(64, 49, width=128, layers=2, heads=4)
    block = 2 * (2 * 128) + 128 * 384 + 384 + 128 * 128 + 128 + 2 * 128 * 512 + 512 + 128
    ends = 64 * 128 + 128 + 49 * 128 + 2 * 128 + 128 * 64 + 64
    assert sum(parameter.numel() for parameter in model.parameters()) == 2 * block + ends


def test_the_probabilities_of_all_words_sum_to_one() -> None:
    """But for those that are longer: with a letter more they would not have ended."""
    torch.manual_seed(2)
    model = Transformer(3, 4, width=8, layers=1, heads=2).eval()  # two letters, words of up to 3
    every = [
        (*word, *[0] * (3 - length))
        for length in range(4)
        for word in itertools.product((1, 2), repeat=length)
    ]
    words = torch.tensor(every)
    p = word_nats(model, words).neg().exp()
    end = model(torch.nn.functional.pad(words, (0, 1)))[:, 3].softmax(1)[:, 0]
    longest = words[:, 2] != 0
    unfinished = (p / end * (1 - end))[longest].sum().item()
    assert p.sum().item() + unfinished == pytest.approx(1, abs=1e-5)
