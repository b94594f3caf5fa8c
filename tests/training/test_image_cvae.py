"""Completing an image: the loss of what is hidden alone, and what may be seen."""

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from training.batch import Batch
from training.families.family import Form
from training.families.image_cvae import ImageCVAE
from training.models import image_cvae, seen_parts
from training.objectives.beta_vae import BetaVAE
from training.objectives.conditional import Conditional

SHAPE = (1, 8, 8)


def model() -> image_cvae.ImageCVAE:
    torch.manual_seed(0)
    family = ImageCVAE(3, channels=(4, 4), hidden=(10,), features=5)
    made = family.network(Form(SHAPE))
    assert isinstance(made, image_cvae.ImageCVAE)
    return made


def seen() -> Tensor:
    return seen_parts.draw(6, (8, 8), torch.Generator().manual_seed(1))


def test_the_loss_is_that_of_torch_over_the_hidden_pixels() -> None:
    network, x, mask = model(), torch.rand(6, *SHAPE).round(), seen()
    noise = torch.randn(6, 3)
    loss, parts = Conditional(BetaVAE(1))(network, Batch(x, mask), 0, noise)  # type: ignore[arg-type]
    condition = torch.cat([x * mask, mask], 1)
    mean, log_variance = network.encoder(torch.cat([x, condition], 1)).chunk(2, 1)
    posterior = Normal(mean, (0.5 * log_variance).exp())
    z = mean + noise * posterior.stddev
    logits = network.decoder(torch.cat([z, network.condition(condition)], 1))
    hidden = Bernoulli(logits=logits).log_prob(x)[mask == 0].sum() / 6
    kl = kl_divergence(posterior, Normal(0.0, 1.0)).sum() / 6
    torch.testing.assert_close(parts["reconstruction_nats"], -hidden)
    torch.testing.assert_close(loss, kl - hidden)


def test_what_is_seen_stays_and_what_is_hidden_is_not_known() -> None:
    network, x, mask = model(), torch.rand(6, *SHAPE), seen()
    z = torch.randn(6, 3)
    other = torch.where(mask == 1, x, torch.rand(6, *SHAPE))
    image = network.decode(z, image_cvae.shown(x, mask)).mean
    assert torch.equal(image[mask == 1], x[mask == 1])
    assert torch.equal(image, network.decode(z, image_cvae.shown(other, mask)).mean)


def test_an_image_that_is_all_seen_costs_nothing_but_its_code() -> None:
    network, x = model(), torch.rand(6, *SHAPE)
    _, parts = Conditional(BetaVAE(1))(
        network,  # type: ignore[arg-type]
        Batch(x, torch.ones(6, 1, 8, 8)),
        0,
        torch.randn(6, 3),
    )
    assert parts["reconstruction_nats"] == 0


def test_several_samples_of_an_image_have_its_condition() -> None:
    network, x, mask = model(), torch.rand(2, *SHAPE), seen()[:2]
    given = network.given(mask)
    given.encode(x)
    z = torch.randn(4, 3)
    twice = image_cvae.shown(x, mask).repeat(2, 1, 1, 1)
    assert torch.equal(given.decode(z).mean, network.decode(z, twice).mean)


@pytest.mark.parametrize(
    ("name", "where"),
    [("left", (0, 1)), ("right", (0, 6)), ("top", (1, 0)), ("bottom", (6, 0))],
)
def test_a_half_is_a_half(name: seen_parts.Half, where: tuple[int, int]) -> None:
    part = seen_parts.half(name, (8, 8))
    assert part.mean() == 0.5
    assert part[0][where] == 1


def test_training_draws_halves_patches_pixels_and_nothing() -> None:
    drawn = seen_parts.draw(2_000, (28, 28), torch.Generator().manual_seed(0))
    halves = torch.stack([seen_parts.half(name, (28, 28)) for name in seen_parts.HALVES])
    shares = [(drawn == half).flatten(1).all(1).float().mean().item() for half in halves]
    assert shares == pytest.approx([0.125] * 4, abs=0.03)
    nothing = (drawn == 0).flatten(1).all(1).float().mean().item()
    assert nothing == pytest.approx(1 - sum(seen_parts.SHARES), abs=0.03)
    assert set(drawn.unique().tolist()) == {0, 1}
