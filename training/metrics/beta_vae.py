"""The β-VAE score: Higgins et al. 2017, Section 3, a linear classifier of the factor shared."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.datasets import Dataset
from training.metrics import Floats, Integers
from training.metrics.encode import Encoder, checked_counts, encode_factors, sizes


@dataclass(frozen=True, eq=False)
class BetaVAEScore:
    """The accuracy of the classifier, in [0, 1]; `samples` counts the images it was scored on."""

    value: float
    samples: int
    seed: int
    protocol: str


def beta_vae_score(
    encoder: Encoder,
    dataset: Dataset,
    seed: int = 0,
    train_points: int = 500,
    test_points: int = 500,
    batch: int = 64,
) -> BetaVAEScore:
    """Pairs of images share one factor: does the mean |z₁ − z₂| of each latent tell which?

    For each point a factor is drawn, and `batch` pairs of images; the images of a pair share the
    factor's value, another one for each pair. A logistic regression learns the factor from the mean
    absolute difference (D,) of their posterior means, scaled to unit variance so that the unit of
    a latent does not matter. Chance is 1 / F, which is also what constant codes get. The score
    saturates early: it looks for linear separation, not for one latent a factor (Kim & Mnih 2018,
    Section 4, on F − 1 latents being enough for 1). With a single factor the score is 1.

    Args:
        encoder: images (B, C, H, W) -> posterior means (B, D).
        dataset: with `factors` and `at_factors`; factors of one value are never shared.
        seed: of every draw.

    Raises:
        MetricError: if the data set knows no factors, a count is too small, or codes are not
            finite.
    """
    numbers, several = sizes(dataset)
    checked_counts(train_points=train_points, test_points=test_points, batch=batch)
    random = np.random.default_rng(seed)

    def points(count: int) -> tuple[Floats, Integers]:
        """Mean absolute differences (count, D) and the factor that the pairs share (count,)."""
        shared = random.choice(several, count)
        pairs = random.integers(0, numbers, (count, batch, 2, len(numbers)))
        rows = np.arange(count)
        pairs[rows, :, 1, shared] = pairs[rows, :, 0, shared]
        codes = encode_factors(encoder, dataset, pairs)
        return np.abs(codes[:, :, 0] - codes[:, :, 1]).mean(axis=1), shared

    differences, shared = points(train_points)
    test_differences, test_shared = points(test_points)
    if len(np.unique(shared)) == 1:
        value = float((test_shared == shared[0]).mean())
    else:
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        classifier.fit(differences, shared)
        value = float(classifier.score(test_differences, test_shared))
    protocol = (
        f"Accuracy of a linear classifier (Higgins et al. 2017) of which of {len(several)} factors "
        f"{batch} pairs of images share: {train_points:,} points to learn, {test_points:,} to "
        f"score, seed {seed}."
    )
    return BetaVAEScore(value, 2 * batch * test_points, seed, protocol)
