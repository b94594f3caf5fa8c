"""The VAE of words: its likelihood, what the writer sees, and step by step against the whole."""

import itertools

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, Normal, kl_divergence

from training.models.text_vae import TextVAE, log_probability
from training.objectives.annealed_elbo import AnnealedELBO

SYMBOLS, LONGEST, LATENTS = 3, 4, 2
WORDS = torch.tensor([[1, 2, 0, 0], [3, 3, 1, 2], [2, 0, 0, 0]])


@pytest.fixture
def model() -> TextVAE:
    torch.manual_seed(0)
    return TextVAE(LATENTS, SYMBOLS, LONGEST, embedding=6, read_units=5, write_units=8)


def test_the_probabilities_of_all_words_sum_to_one(model: TextVAE) -> None:
    """But for those that are longer: with a letter more they would not have ended."""
    every = [
        (*word, *[0] * (LONGEST - length))
        for length in range(LONGEST + 1)
        for word in itertools.product(range(1, SYMBOLS + 1), repeat=length)
    ]
    words = torch.tensor(every)
    logits = model.decode(torch.zeros(len(words), LATENTS), words)
    total = log_probability(logits, words).sum(1).exp().sum().item()
    unfinished = sum(
        log_probability(logits, words)[row, :LONGEST].sum().exp().item()
        * (1 - logits[row, LONGEST].softmax(0)[0].item())
        for row, word in enumerate(every)
        if word[-1]
    )
    assert total + unfinished == pytest.approx(1, abs=1e-5)


def test_log_probability_is_that_of_torch(model: TextVAE) -> None:
    logits = model.decode(torch.randn(3, LATENTS), WORDS)
    found = log_probability(logits, WORDS)
    for row, length in enumerate([2, 4, 1]):
        tokens = torch.cat([WORDS[row, :length], torch.zeros(1, dtype=torch.int64)])
        expected = Categorical(logits=logits[row, : length + 1]).log_prob(tokens)
        torch.testing.assert_close(found[row, : length + 1], expected)
        assert (found[row, length + 1 :] == 0).all()


@pytest.mark.parametrize("changed", range(LONGEST))
def test_a_letter_moves_only_what_comes_after_it(model: TextVAE, changed: int) -> None:
    words = torch.tensor([[1, 2, 3, 1]])
    other = words.clone()
    other[0, changed] = words[0, changed] % SYMBOLS + 1
    z = torch.randn(1, LATENTS)
    moved = (model.decode(z, words) - model.decode(z, other)).abs().amax((0, 2)) > 1e-6
    assert moved.tolist() == [place > changed for place in range(LONGEST + 1)]


def test_step_by_step_gives_the_logits_of_the_whole(model: TextVAE) -> None:
    z, state, token = torch.randn(3, LATENTS), model.begin(3), torch.zeros(3, dtype=torch.int64)
    whole = model.decode(z, WORDS)
    for place in range(LONGEST + 1):
        logits, state = model.step(token, state, z)
        torch.testing.assert_close(logits, whole[:, place])
        token = WORDS[:, min(place, LONGEST - 1)]


def test_the_posterior_reads_the_word_from_both_ends(model: TextVAE) -> None:
    for place in range(LONGEST):
        other = WORDS.clone()
        other[:, place] = (other[:, place] + 1) % (SYMBOLS + 1)
        assert ((model.encode(WORDS).mean - model.encode(other).mean).abs() > 1e-6).any(1).all()


def test_the_plain_elbo(model: TextVAE) -> None:
    loss, parts = AnnealedELBO(word_dropout=0, annealing=0)(
        model, WORDS, 0, torch.Generator().manual_seed(1)
    )
    posterior = model.encode(WORDS)
    q = Normal(posterior.mean, (0.5 * posterior.log_variance).exp())
    kl = kl_divergence(q, Normal(0, 1)).sum(1).mean()
    z = posterior.sample(torch.Generator().manual_seed(1))
    reconstruction = -log_probability(model.decode(z, WORDS), WORDS).sum(1).mean()
    torch.testing.assert_close(parts["kl_nats"], kl)
    torch.testing.assert_close(parts["reconstruction_nats"], reconstruction)
    torch.testing.assert_close(loss, reconstruction + kl)


@pytest.mark.parametrize(("step", "weight"), [(0, 0), (25, 0.25), (100, 1), (1000, 1)])
def test_annealing(model: TextVAE, step: int, weight: float) -> None:
    objective = AnnealedELBO(word_dropout=0, annealing=100)
    loss, parts = objective(model, WORDS, step, torch.Generator().manual_seed(1))
    torch.testing.assert_close(loss, parts["reconstruction_nats"] + weight * parts["kl_nats"])


def test_word_dropout_hides_letters_from_the_writer_alone(model: TextVAE) -> None:
    """With every letter withheld, what is written depends on z and the place alone."""
    z = torch.randn(1, LATENTS).expand(3, -1)
    hidden = torch.ones(3, LONGEST, dtype=torch.bool)
    logits = model.decode(z, WORDS, hidden)
    torch.testing.assert_close(logits[0], logits[1])
    assert not torch.allclose(*model.decode(z, WORDS)[:2])

    read: list[Tensor] = []
    model.writer.register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))
    many = torch.randint(1, SYMBOLS + 1, (500, LONGEST))
    AnnealedELBO(word_dropout=0.4, annealing=0)(model, many, 0, torch.Generator().manual_seed(2))
    unknown = (read[0][:, 1:, :6] == model.embedding.weight[model.unknown]).all(2)
    assert unknown.float().mean().item() == pytest.approx(0.4, abs=0.04)
