"""VQ-VAE: the nearest code, moving averages, and the gradient that goes straight through."""

import pytest
import torch
from torch import Tensor, nn

from training.errors import ConfigError
from training.metrics.codebook_usage import usage
from training.models.likelihoods import BernoulliLikelihood
from training.models.vqvae import VQVAE, Codebook, as_rows, grid_networks
from training.objectives.vector_quantised import VectorQuantised

CODES, DIMENSIONS = 7, 3


def small_model() -> VQVAE:
    torch.manual_seed(0)
    encoder, decoder = grid_networks((1, 8, 12), DIMENSIONS, (4, 6), "silu")
    codebook = Codebook(CODES, DIMENSIONS, decay=0.99)
    return VQVAE(encoder, codebook, decoder, BernoulliLikelihood())


def test_the_nearest_code_is_that_of_a_search() -> None:
    torch.manual_seed(1)
    codebook, points = Codebook(CODES, DIMENSIONS, decay=0.99), torch.randn(50, DIMENSIONS)
    searched = [
        min(range(CODES), key=lambda i: float((point - codebook.vectors[i]).norm()))
        for point in points
    ]
    assert codebook.nearest(points).tolist() == searched


def test_codes_are_the_cells_of_the_image_in_their_places() -> None:
    model, x = small_model(), torch.rand(2, 1, 8, 12)
    z, codes, vectors = model.quantise(x)
    assert z.shape == (2, DIMENSIONS, 2, 3)
    assert codes.shape == (2, 2, 3)
    for image, row, column in [(0, 0, 0), (1, 1, 2), (0, 1, 0)]:
        nearest = (model.codebook.vectors - z[image, :, row, column]).norm(dim=1).argmin()
        assert codes[image, row, column] == nearest
        torch.testing.assert_close(vectors[image, :, row, column], model.codebook.vectors[nearest])
    assert model.encode(x).equal(codes)
    torch.testing.assert_close(model.decode(codes).mean, model.decode_vectors(vectors).mean)


def test_the_gradient_goes_straight_through() -> None:
    """What the decoder sends to the codes' vectors arrives at the encoder's outputs, unchanged."""
    model, x = small_model(), torch.rand(2, 1, 8, 12)
    z, _, vectors = model.quantise(x)
    sent = torch.randn(vectors.shape)
    (arrived,) = torch.autograd.grad(vectors, z, sent)
    torch.testing.assert_close(arrived, sent)


def test_moving_averages_come_to_the_means_of_the_clusters() -> None:
    centres = torch.tensor([[-4.0, 0.0, 0.0], [3.0, 1.0, 0.0], [0.0, 5.0, 2.0]])
    generator = torch.Generator().manual_seed(2)
    points = centres.repeat_interleave(40, 0)
    points = points + 0.3 * torch.randn(points.shape, generator=generator)
    codebook = Codebook(3, DIMENSIONS, decay=0.9)
    codebook.vectors.copy_(centres + 0.5)
    codebook.sums.copy_(codebook.vectors)
    for _ in range(200):
        codebook.learn(points, codebook.nearest(points), generator)
    torch.testing.assert_close(codebook.vectors, points.view(3, 40, 3).mean(1))
    torch.testing.assert_close(codebook.counts, torch.full((3,), 40.0))


def test_one_step_of_the_moving_average_by_hand() -> None:
    """Appendix A.1, with γ = 0.75: N = 0.75·4 + 0.25·2, m = 0.75·4·1 + 0.25·(3 + 5)."""
    codebook = Codebook(1, 1, decay=0.75)
    codebook.counts.fill_(4)
    codebook.sums.fill_(4)
    codebook.learn(torch.tensor([[3.0], [5.0]]), torch.tensor([0, 0]), torch.Generator())
    assert codebook.counts.item() == pytest.approx(3.5)
    assert codebook.vectors.item() == pytest.approx(5 / 3.5)


def test_a_dead_code_begins_again_where_data_are() -> None:
    codebook = Codebook(2, 1, decay=0.5)
    codebook.vectors.copy_(torch.tensor([[0.0], [100.0]]))
    codebook.sums.copy_(codebook.vectors)
    points = torch.linspace(-1, 1, 20)[:, None]
    assert codebook.nearest(points).unique().tolist() == [0]
    codebook.learn(points, codebook.nearest(points), torch.Generator().manual_seed(3))
    assert codebook.vectors[1] in points
    assert codebook.counts[1] == 1
    for _ in range(30):
        codebook.learn(points, codebook.nearest(points), torch.Generator())
    assert codebook.nearest(points).unique().tolist() == [0, 1]


def test_the_loss_is_reconstruction_and_commitment() -> None:
    model, x = small_model(), torch.rand(2, 1, 8, 12)
    loss, parts, quantised = VectorQuantised(beta=0.25)(model, x)
    vectors = model.codebook.vectors[quantised.codes]  # (B, h, w, d)
    expected = nn.functional.binary_cross_entropy(
        model.decode(quantised.codes).mean, x, reduction="sum"
    )
    torch.testing.assert_close(parts["reconstruction_nats"], expected / 2)
    away = (as_rows(quantised.z) - vectors.flatten(0, 2)).square().sum()
    torch.testing.assert_close(parts["commitment"], away / 2)
    torch.testing.assert_close(loss, (expected + 0.25 * away) / 2)


def test_commitment_moves_the_encoder_to_the_code() -> None:
    model, x = small_model(), torch.rand(2, 1, 8, 12)
    _, parts, quantised = VectorQuantised(beta=1)(model, x)
    (gradient,) = torch.autograd.grad(parts["commitment"], quantised.z)
    vectors = model.codebook.vectors[quantised.codes].permute(0, 3, 1, 2)
    torch.testing.assert_close(gradient, 2 * (quantised.z - vectors) / 2)  # a mean over 2 images


@pytest.mark.parametrize(
    ("codes", "perplexity", "dead"),
    [
        (torch.arange(8).repeat(5), 8, 0),
        (torch.zeros(4, 7, 7, dtype=torch.int64), 1, 7),
        (torch.tensor([[1, 1], [6, 6]]), 2, 6),
        (torch.tensor([0, 0, 0, 1]), 4 / 3**0.75, 6),
    ],
)
def test_perplexity(codes: Tensor, perplexity: float, dead: int) -> None:
    measured = usage(codes, 8)
    assert measured.perplexity == pytest.approx(perplexity)
    assert measured.dead == dead
    assert measured.shares.sum() == pytest.approx(1)


def test_an_image_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be halved 3 times"):
        grid_networks((1, 28, 28), 16, (4, 4, 4), "relu")
