"""M1 and M2: bounds that are exact where q is, few labels, and what is looked at."""

import math

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor, nn
from torch.distributions import Normal

from training.config import DataConfig, RunConfig, TrainConfig
from training.distributions import DiagonalGaussian
from training.errors import ConfigError
from training.families.family import Form
from training.families.semi_supervised import SemiSupervised
from training.learners.m1_then_m2 import Known, bound
from training.models.semi_supervised import M2
from training.objectives.semi_supervised import FewLabels

FEATURES, LATENTS, LABELS = 4, 2, 3
FORM = Form((1, 8, 8), tuple("abc"))


class OfLabel(nn.Module):
    """A network that reads the label alone, the last of its inputs."""

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.rows = rows  # (Y, O)

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs[:, -len(self.rows) :] @ self.rows


class Bayes(nn.Module):
    """ln p(f|y) of Gaussians: with equally likely labels, the logits of p(y|f)."""

    def __init__(self, means: Tensor) -> None:
        super().__init__()
        self.means = means  # (Y, F)

    def forward(self, f: Tensor) -> Tensor:
        return Normal(self.means, 1.0).log_prob(f[:, None]).sum(2)


def exact() -> tuple[M2, Tensor]:
    """An M2 that has no use for z and whose q(y|f) is p(y|f), and the means of f, (Y, F)."""
    torch.manual_seed(0)
    model, means = M2(FEATURES, LATENTS, LABELS, 5), torch.randn(LABELS, FEATURES)
    model.decoder = OfLabel(torch.cat([means, torch.zeros(LABELS, FEATURES)], 1))
    model.encoder = OfLabel(torch.zeros(LABELS, 2 * LATENTS))
    model.classifier = Bayes(means)
    return model, means


def test_the_bound_is_the_evidence_where_q_is_the_posterior() -> None:
    model, means = exact()
    f, noise = torch.randn(6, FEATURES), torch.randn(6, LATENTS)
    given = Normal(means, 1.0).log_prob(f[:, None]).sum(2)  # (B, Y)
    evidence = given.logsumexp(1) - math.log(LABELS)
    torch.testing.assert_close(model.unlabelled_nats(f, noise), -evidence)
    y = torch.eye(LABELS)[[0, 1, 2, 0, 1, 2]]
    joint = given[range(6), [0, 1, 2, 0, 1, 2]] - math.log(LABELS)
    torch.testing.assert_close(model.labelled_nats(f, y, noise), -joint)


def test_another_q_costs_its_distance_from_the_posterior() -> None:
    model, _ = exact()
    f, noise = torch.randn(6, FEATURES), torch.randn(6, LATENTS)
    least = model.unlabelled_nats(f, noise)
    posterior = model.classify(f)
    model.classifier = OfLabel(torch.zeros(FEATURES, LABELS))
    # KL(uniform ‖ p(y|f))
    apart = -math.log(LABELS) - posterior.mean(1)
    torch.testing.assert_close(model.unlabelled_nats(f, noise) - least, apart)


def test_the_loss_weighs_images_labels_and_guesses() -> None:
    model, _ = exact()
    sure = torch.full((2, FEATURES), -60.0)
    codes = DiagonalGaussian(torch.randn(2, FEATURES), sure)
    known, labels = DiagonalGaussian(torch.randn(2, FEATURES), sure), torch.tensor([2, 0])
    loss = FewLabels(0.3, 0.01)(model, codes, known, labels, torch.Generator())
    noise, y = torch.zeros(2, LATENTS), torch.eye(LABELS)[labels]
    wrong = -model.classify(known.mean)[[0, 1], labels].mean()
    expected = (
        model.unlabelled_nats(codes.mean, noise).mean()
        + 0.01 * model.labelled_nats(known.mean, y, noise).mean()
        + 0.3 * wrong
    )
    torch.testing.assert_close(loss, expected)


def test_the_bound_of_images_is_that_of_m1_where_m2_says_n01() -> None:
    torch.manual_seed(0)
    family = SemiSupervised(2, 3, 3, channels=(4,), hidden=(6,), units=5)
    model = family.network(FORM)
    m2 = model.m2
    m2.decoder, m2.encoder = OfLabel(torch.zeros(3, 6)), OfLabel(torch.zeros(3, 4))
    m2.classifier = Bayes(torch.zeros(3, 3))
    x = torch.rand(4, 1, 8, 8).round()
    reconstruction, code = bound(model, x, torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    posterior = model.m1.encode(x)  # type: ignore[operator]
    f = posterior.sample(torch.Generator().manual_seed(0))
    ratio = (posterior.log_prob(f) - Normal(0.0, 1.0).log_prob(f)).sum(1)
    torch.testing.assert_close(code, ratio)
    torch.testing.assert_close(
        reconstruction,
        -model.m1.decode(f).log_prob(x).flatten(1).sum(1),  # type: ignore[operator]
    )


def test_only_the_first_of_each_label_are_looked_at() -> None:
    known = Known(6, 3, (1, 2, 2))
    x = torch.arange(12.0)[:, None, None, None].expand(-1, 1, 2, 2)
    known.look(x[:5], torch.tensor([0, 0, 0, 1, 2]))
    assert not known.full
    known.look(x[5:], torch.tensor([2, 2, 1, 1, 0, 1, 2]))
    assert known.full
    assert known.images[:, :, 0, 0, 0].tolist() == [[0, 1], [3, 7], [4, 5]]
    before = known.images.clone()
    known.look(x + 50, torch.zeros(12, dtype=torch.int64))
    assert torch.equal(known.images, before)
    images, labels = known.draw(40, torch.Generator().manual_seed(0))
    pairs = zip(images[:, 0, 0, 0].tolist(), labels.tolist(), strict=True)
    assert set(pairs) == {(0, 0), (1, 0), (3, 1), (7, 1), (4, 2), (5, 2)}


def test_labels_that_cannot_be_shared_out_are_refused() -> None:
    with pytest.raises(ConfigError, match="a multiple of the 3 labels"):
        SemiSupervised(labelled=100).network(FORM)


def test_more_labels_than_there_are_images_are_refused_before_anything_is_learned() -> None:
    family = SemiSupervised(2, 3, labelled=60, channels=(2,), hidden=(4,), units=4)
    train = TrainConfig(9, precision="float32")
    config = RunConfig(DataConfig("digits"), replace(family, labelled=60, m2_from=4), None, train)
    with pytest.raises(ConfigError, match="labelled is 60, but there are 50 images to train on"):
        family.learner(family.network(FORM), config, FORM, 50, torch.float32, torch.device("cpu"))
