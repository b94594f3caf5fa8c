"""PSNR by hand, and noise as training lays it."""

import numpy as np
import pytest
import torch

from explorer.lessons.noise_probes import decibels, noisy
from training.objectives.corruption import NOISES, Noise, corrupted


def test_psnr_by_hand() -> None:
    x = np.full((3, 4), 0.5, np.float32)
    assert decibels(x + np.float32(0.1), x) == pytest.approx(20, abs=1e-4)


@pytest.mark.parametrize("noise", NOISES)
def test_noise_is_that_of_training(noise: Noise) -> None:
    """As far from the image, and as often black and white."""
    x = np.full((200, 500), 0.4, np.float32)
    ours = noisy(x, noise, 0.3)
    theirs = corrupted(torch.from_numpy(x), noise, 0.3, torch.Generator().manual_seed(0)).numpy()
    assert decibels(ours, x) == pytest.approx(decibels(theirs, x), abs=0.05)
    for end in (0, 1):
        assert (ours == end).mean() == pytest.approx((theirs == end).mean(), abs=0.005)
    assert np.array_equal(noisy(x, noise, 0), x)
