"""What learns at a step, and what does not."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from training.batch import Batch
from training.config import DataConfig, RunConfig, TrainConfig
from training.errors import ConfigError
from training.families.family import Form
from training.families.transformer import Transformer as Patches
from training.families.vaegan import VAEGAN
from training.families.vqvae import VQVAE as CodesAndPrior
from training.learners import Joining, Learner
from training.learners.adversaries import Adversaries
from training.learners.codes_then_prior import CodesThenPrior
from training.learners.reader import Reader
from training.learners.three_opponents import ThreeOpponents
from training.learners.writer import Writer
from training.models.gan import Discriminator, Generator
from training.models.likelihoods import BernoulliLikelihood
from training.models.text_vae import TextVAE
from training.models.transformer import Transformer, code_nats
from training.models.vqvae import VQVAE, Codebook, grid_networks
from training.objectives.adversarial import discriminator_loss, generator_loss
from training.objectives.annealed_elbo import AnnealedELBO
from training.objectives.vector_quantised import VectorQuantised

SHAPE = (1, 8, 8)


def plan() -> TrainConfig:
    return TrainConfig(80, learning_rate=1e-2, schedule="constant")


def weights(module: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


def moved(before: list[Tensor], module: nn.Module) -> bool:
    return any(not old.equal(new) for old, new in zip(before, module.parameters(), strict=True))


def adversaries() -> Adversaries:
    torch.manual_seed(0)
    networks = Generator(3, SHAPE, (8, 6)), Discriminator(SHAPE, (4, 6))
    return Adversaries(*networks, plan(), r1=0, average=0.9)


def three_opponents() -> ThreeOpponents:
    torch.manual_seed(0)
    family = VAEGAN(3, channels=(4, 6), hidden=(8,), generator=(8, 6))
    model, discriminator = family.network(Form(SHAPE)), Discriminator(SHAPE, (4, 6))
    return ThreeOpponents(model, discriminator, plan(), gamma=0.5, r1=0, average=0.9)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [adversaries, three_opponents])
def test_each_of_the_opponents_moves_itself_alone(
    make: Callable[[], Adversaries | ThreeOpponents], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one optimizer at rest, its network stays as it is, and the others learn."""
    for other in make().optimizers:
        learner = make()
        monkeypatch.setattr(learner.optimizers[other], "step", lambda: None)
        owned = {
            name: nn.ParameterList(optimizer.param_groups[0]["params"])
            for name, optimizer in learner.optimizers.items()
        }
        before = {name: weights(network) for name, network in owned.items()}
        for step in range(3):
            learner.step(Batch(torch.rand(5, *SHAPE)), step, torch.Generator().manual_seed(step))
        for name, network in owned.items():
            assert moved(before[name], network) == (name != other)


def expect_gradients(learned: nn.Module, twin: nn.Module, loss: Tensor) -> None:
    expected = torch.autograd.grad(loss, list(twin.parameters()), retain_graph=True)
    for parameter, gradient in zip(learned.parameters(), expected, strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-6)


def test_the_adversaries_gradients_are_those_of_their_own_losses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner, x = adversaries(), torch.rand(5, *SHAPE)
    for optimizer in learner.optimizers.values():  # so that both losses meet the same weights
        monkeypatch.setattr(optimizer, "step", lambda: None)
    twin = copy.deepcopy(learner.modules)
    learner.step(Batch(x), 0, torch.Generator().manual_seed(1))
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    made = twin["generator"](z)
    judged = discriminator_loss(twin["discriminator"](x), twin["discriminator"](made.detach()))
    fooled = generator_loss(twin["discriminator"](made))
    expect_gradients(learner.modules["discriminator"], twin["discriminator"], judged)
    expect_gradients(learner.modules["generator"], twin["generator"], fooled)


def test_the_three_opponents_gradients_are_those_of_larsen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Larsen et al. 2016, Algorithm 1: no verdict reaches the encoder, no KL the decoder."""
    learner, x = three_opponents(), torch.rand(5, *SHAPE)
    for optimizer in learner.optimizers.values():  # so that all losses meet the same weights
        monkeypatch.setattr(optimizer, "step", lambda: None)
    model, judge = copy.deepcopy(learner.learned), copy.deepcopy(learner.discriminator)
    parts = learner.step(Batch(x), 0, torch.Generator().manual_seed(1))
    noise = torch.Generator().manual_seed(1)
    posterior = model.encode(x)
    z = [posterior.sample(noise), torch.randn(5, 3, generator=noise)]
    rebuilt, drawn = model.decode(torch.cat(z)).chunk(2)
    hidden = [judge.layers[:-1](images) for images in (x, rebuilt)]
    likeness = torch.distributions.Normal(hidden[1], 1).log_prob(hidden[0].detach()).sum(1)
    constant = 0.5 * math.log(2 * math.pi) * hidden[0].shape[1]
    of_features = -likeness.mean() - constant
    kl = torch.distributions.kl_divergence(
        torch.distributions.Normal(posterior.mean, (posterior.log_variance / 2).exp()),
        torch.distributions.Normal(0, 1),
    )
    real, of_rebuilt, of_drawn = (
        torch.sigmoid(judge(images)) for images in (x, rebuilt.detach(), drawn.detach())
    )
    judged = -(real.log() + (1 - of_rebuilt).log() + (1 - of_drawn).log()).mean()
    fooled = -(torch.sigmoid(judge(rebuilt)).log() + torch.sigmoid(judge(drawn)).log()).mean()
    expect_gradients(learner.discriminator, judge, judged)
    expect_gradients(learner.learned.encoder, model.encoder, kl.sum(1).mean() + of_features)
    expect_gradients(learner.learned.decoder, model.decoder, 0.5 * of_features + fooled)
    found = [part.item() for part in (of_features, kl.sum(1).mean(), fooled, judged)]
    assert parts[:4].tolist() == pytest.approx(found, rel=1e-4)


def test_what_is_kept_is_the_average_of_the_generator() -> None:
    learner = adversaries()
    expected = weights(learner.model)
    for step in range(4):
        learner.step(Batch(torch.rand(5, *SHAPE)), step, torch.Generator().manual_seed(step))
        kept = min(0.9, (1 + step) / (10 + step))
        expected = [
            kept * old + (1 - kept) * new
            for old, new in zip(expected, weights(learner.generator), strict=True)
        ]
    for found, average in zip(weights(learner.model), expected, strict=True):
        torch.testing.assert_close(found, average)


def test_the_discriminator_tells_noise_from_an_image_that_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learner, x = adversaries(), torch.rand(1, *SHAPE).expand(16, -1, -1, -1)
    monkeypatch.setattr(learner.optimizers["optimizer"], "step", lambda: None)
    first = learner.step(Batch(x), 0, torch.Generator().manual_seed(0))
    for step in range(1, 40):
        last = learner.step(Batch(x), step, torch.Generator().manual_seed(step))
    assert first[1].item() == pytest.approx(2 * math.log(2), abs=0.1)
    assert last[1] < 0.1


def test_validation_leaves_the_adversaries_as_they_are() -> None:
    """The generator's moving averages, too: it is judged as it is shipped."""
    learner, x = adversaries(), torch.rand(5, *SHAPE)
    before = copy.deepcopy(learner.generator.state_dict())
    first, again = (learner.validate(Batch(x), torch.Generator().manual_seed(0)) for _ in range(2))
    assert first == again
    assert all(before[name].equal(t) for name, t in learner.generator.state_dict().items())
    assert learner.generator.training


def codes_then_prior() -> CodesThenPrior:
    torch.manual_seed(0)
    encoder, decoder = grid_networks(SHAPE, 3, (4, 6), "silu")
    vqvae = VQVAE(encoder, Codebook(5, 3, decay=0.9), decoder, BernoulliLikelihood())
    prior = Transformer(5, 4, width=8, layers=1, heads=2)
    model = nn.ModuleDict({"vqvae": vqvae, "prior": prior})
    return CodesThenPrior(model, VectorQuantised(0.25), prior_from=2, plan=plan())


def test_the_codes_learn_first_and_then_the_prior() -> None:
    learner, x = codes_then_prior(), torch.rand(6, *SHAPE)
    for step in range(4):
        before = {"vqvae": weights(learner.vqvae), "prior": weights(learner.prior)}
        vectors = learner.vqvae.codebook.vectors.clone()
        parts = learner.step(Batch(x), step, torch.Generator().manual_seed(step))
        codes_turn = step < 2
        assert (parts[3].item() == pytest.approx(4 * math.log(5), abs=1e-6)) == codes_turn
        assert moved(before["vqvae"], learner.vqvae) == codes_turn
        assert moved([vectors], nn.ParameterList([learner.vqvae.codebook.vectors])) == codes_turn
        assert moved(before["prior"], learner.prior) != codes_turn


def test_codes_of_which_nothing_is_known_cost_ln_k_each() -> None:
    learner = codes_then_prior()
    nn.init.zeros_(learner.prior.logits[1].weight)
    nn.init.zeros_(learner.prior.logits[1].bias)
    x = torch.rand(6, *SHAPE)
    parts = learner.validate(Batch(x), torch.Generator())
    assert parts["code_nats"].item() == pytest.approx(4 * math.log(5))
    means = {name: part.item() for name, part in parts.items()}
    assert learner.comparable(means) == pytest.approx(
        means["reconstruction_nats"] + 4 * math.log(5)
    )


def test_a_prior_learns_how_often_codes_come() -> None:
    torch.manual_seed(0)
    prior = Transformer(3, 4, width=8, layers=1, heads=2)
    adam = torch.optim.Adam(prior.parameters(), lr=0.02)
    codes = torch.tensor([[[0, 0], [0, 0]], [[1, 2], [1, 2]]])  # two grids, equally often
    for _ in range(150):
        loss = code_nats(prior, codes).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss.item() == pytest.approx(math.log(2), abs=0.05)


def test_the_writer_is_validated_with_all_letters_seen() -> None:
    torch.manual_seed(0)
    model = TextVAE(2, 3, 4, embedding=6, read_units=5, write_units=8)
    learner = Writer(model, AnnealedELBO(word_dropout=1, annealing=10), plan())
    words = torch.tensor([[1, 3, 2, 0]]).repeat(8, 1)
    for step in range(80):
        learner.step(Batch(words), step, torch.Generator().manual_seed(step))
    parts = learner.validate(Batch(words), torch.Generator().manual_seed(0))
    expected = AnnealedELBO(0, 0)(model, words, 0, torch.Generator().manual_seed(0))[1]
    assert {name: part.item() for name, part in parts.items()} == {
        name: pytest.approx(part.item()) for name, part in expected.items()
    }


@pytest.mark.parametrize("prior_from", [80, 81])
def test_both_the_codes_and_their_prior_need_a_turn(prior_from: int) -> None:
    train = TrainConfig(80, precision="float32")
    with pytest.raises(
        ConfigError, match=rf"model\.prior_from is {prior_from}; .* train\.steps, 80"
    ):
        RunConfig(DataConfig("digits"), CodesAndPrior(prior_from=prior_from), None, train)


def test_each_turn_has_the_rates_of_a_run_of_its_own() -> None:
    learner = codes_then_prior()
    falling = TrainConfig(8, learning_rate=0.1)
    learner = CodesThenPrior(
        learner.modules["model"], VectorQuantised(0.25), prior_from=2, plan=falling
    )
    rates: dict[str, list[float]] = {name: [] for name in learner.optimizers}
    for step in range(8):
        learner.step(Batch(torch.rand(6, *SHAPE)), step, torch.Generator().manual_seed(step))
        name = "optimizer" if step < 2 else "prior_optimizer"
        rates[name].append(learner.optimizers[name].param_groups[0]["lr"])
    for found in rates.values():
        steps = len(found)
        assert found == pytest.approx(
            [0.05 * (1 + math.cos(math.pi * step / steps)) for step in range(steps)]
        )


@pytest.mark.parametrize("kind", ["gan", "vaegan", "vqvae", "transformer", "words"])
def test_what_is_reported_is_what_is_validated(kind: str) -> None:
    x = torch.rand(6, *SHAPE)
    learner: Learner
    match kind:
        case "gan":
            learner = adversaries()
        case "vaegan":
            learner = three_opponents()
        case "vqvae":
            learner = codes_then_prior()
        case "transformer":
            family, form = Patches(width=8, layers=1, heads=2), Form(SHAPE)
            patches, network = family.patches(form), family.network(form)
            learner = Reader(network, lambda x: code_nats(network, patches.read(x)), plan())
        case "words":
            x = torch.tensor([[1, 3, 2, 0], [2, 2, 0, 0]])
            model = TextVAE(2, 3, 4, embedding=6, read_units=5, write_units=8)
            learner = Writer(model, AnnealedELBO(word_dropout=0.4, annealing=10), plan())
    parts = learner.step(Batch(x), 0, torch.Generator().manual_seed(0))
    validated = learner.validate(Batch(x), torch.Generator().manual_seed(0))
    assert parts.shape == (len(learner.reports),)
    assert not parts.requires_grad
    assert tuple(validated) == learner.reports
    assert math.isfinite(learner.comparable({name: v.item() for name, v in validated.items()}))
    assert not isinstance(learner, Joining)
