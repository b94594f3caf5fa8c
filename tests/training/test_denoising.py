"""Denoising autoencoder: what noise does, what copying costs, and what PSNR says of it."""

import math

import pytest
import torch
from torch import Tensor

from training.batch import Batch
from training.evaluation.evaluate import Measured
from training.families.denoising import JUDGED_AT, Denoising, denoised
from training.metrics.psnr import psnr
from training.models.tied import TiedAutoencoder
from training.objectives.corruption import NOISES, Noise, corrupted
from training.objectives.denoised import Denoised
from training.objectives.squared_error import squared_error

SHAPE = (1, 4, 5)
PIXELS = math.prod(SHAPE)


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def copier() -> TiedAutoencoder:
    """Twice as many units as pixels, which hold every pixel and its negative: an exact copy."""
    model = TiedAutoencoder(SHAPE, 2 * PIXELS, "relu")
    eye = torch.eye(PIXELS)
    model.load_state_dict(
        {
            "weight": torch.cat([eye, -eye]),
            "hidden_bias": torch.zeros(2 * PIXELS),
            "visible_bias": torch.zeros(PIXELS),
        }
    )
    return model


def test_noise_does_what_its_name_says() -> None:
    x = torch.full((2000, *SHAPE), 0.4)
    gaussian = corrupted(x, "gaussian", 0.1, drawn())
    assert gaussian.mean().item() == pytest.approx(0.4, abs=0.002)
    assert gaussian.std().item() == pytest.approx(0.1, rel=0.01)
    assert 0 <= corrupted(x, "gaussian", 1.0, drawn()).min() < 0.001
    for noise, values in {"masking": {0.0: 0.3}, "salt_and_pepper": {0.0: 0.15, 1.0: 0.15}}.items():
        noisy = corrupted(x, noise, 0.3, drawn())  # type: ignore[arg-type]
        for value, share in values.items():
            assert (noisy == value).float().mean().item() == pytest.approx(share, abs=0.01)
        assert (noisy == x).float().mean().item() == pytest.approx(0.7, abs=0.01)
    assert all(torch.equal(corrupted(x, noise, 0, drawn()), x) for noise in NOISES)


@pytest.mark.parametrize(
    ("noise", "level", "lost"),
    [
        ("gaussian", 0.05, 0.05**2),  # so far from black and white, nothing is cut off
        ("masking", 0.3, 0.3 * 0.4**2),
        ("salt_and_pepper", 0.3, 0.3 * (0.4**2 + 0.6**2) / 2),
    ],
)
def test_a_wide_layer_can_copy_noise_and_all(noise: Noise, level: float, lost: float) -> None:
    """With more units than pixels nothing is lost of a clean image, and nothing of the noise."""
    model, x = copier(), torch.full((4000, *SHAPE), 0.4)
    torch.testing.assert_close(model.decode(model.encode(x)), x)
    loss = Denoised(noise, level)(model, x, drawn()).mean().item()
    assert loss == pytest.approx(PIXELS * lost, rel=0.01)
    found = {one.name: one.value for one in denoised(model, measured(x))}
    for kind in NOISES:
        assert found[f"denoised_{kind}"] == pytest.approx(found[f"noisy_{kind}"], abs=1e-3)
    assert JUDGED_AT == 0.3
    of_masking = -10 * math.log10(0.3 * 0.4**2)
    assert found["noisy_masking"] == pytest.approx(of_masking, abs=0.05)


def measured(x: Tensor) -> Measured:
    return Measured([Batch(some) for some in x.split(500)], "test", 0, "pixels as they are")


def test_psnr_by_hand() -> None:
    x = torch.rand(3, *SHAPE) / 2
    assert psnr(x, x + 0.1) == pytest.approx(20, abs=1e-3)
    assert psnr(x, x + 0.01) == pytest.approx(40, abs=1e-2)
    assert psnr(x, x) == math.inf


def test_without_noise_it_learns_as_an_autoencoder_does() -> None:
    model, x = TiedAutoencoder(SHAPE, 3, "relu"), torch.rand(7, *SHAPE)
    ours = Denoised("gaussian", 0)(model, x, drawn())
    torch.testing.assert_close(ours, squared_error(x, model.decode(model.encode(x))))


def test_one_matrix_serves_both_ways() -> None:
    model = TiedAutoencoder(SHAPE, 7, "tanh")
    matrix, x = model.weight.detach(), torch.rand(2, *SHAPE)
    hidden = torch.tanh(x.flatten(1) @ matrix.T + model.hidden_bias)
    torch.testing.assert_close(model.encode(x), hidden)
    torch.testing.assert_close(model.decode(hidden).flatten(1), hidden @ matrix)
    assert sum(one.numel() for one in model.parameters()) == 7 * PIXELS + 7 + PIXELS


def test_long_codes_are_kept_of_fewer_examples() -> None:
    assert Denoising(1024).most_examples() * 1024 * 4 < 2 * 2**20
    assert Denoising(1024).most_examples() < Denoising(64).most_examples()
