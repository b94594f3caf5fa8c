"""The β-VAE score: Higgins et al. 2017, Section 3, a linear classifier of the factor shared."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from training.metrics import Floats, Integers, checked, varying
from training.metrics.encode import checked_counts
from training.metrics.sharing import Sharing

AT_ONCE = 500  # points whose codes lie in memory together


@dataclass(frozen=True, eq=False)
class BetaVAEScore:
    """The accuracy of the classifier, in [0, 1]; `samples` counts the images drawn from."""

    value: float
    samples: int
    seed: int
    protocol: str


def beta_vae_score(
    codes: Any,
    factors: Any,
    seed: int = 0,
    train_points: int = 10_000,
    test_points: int = 5_000,
    batch: int = 64,
) -> BetaVAEScore:
    """Pairs of images share one factor: does the mean |z₁ − z₂| of each latent tell which?

    For each point a factor is drawn, and `batch` pairs of codes; the images of a pair share the
    factor's value, another one for each pair. A logistic regression learns the factor from the mean
    absolute difference (D,), in the unit of the codes, so that a collapsed latent, whose
    differences are small, hardly counts. Chance is 1 / F, which is also what constant codes get.
    The score saturates early: it looks for linear separation, not for one latent a factor (Kim &
    Mnih 2018, Section 4, on F − 1 latents being enough for 1). With a single factor it is 1.

    Counts and unit are those of Locatello et al. 2019. They encode new images for every point; here
    a point draws from `codes`, with replacement.

    Args:
        codes: posterior means, float (N, D), of images whose factors were drawn independently.
        factors: integer (N, F); factors of one value are never shared.
        seed: of every draw.

    Raises:
        MetricError: if shapes or numbers are not these, no factor varies, or a count is too small.
    """
    checked_counts(train_points=train_points, test_points=test_points, batch=batch)
    codes, factors = checked(codes, factors)
    several = np.array(varying(factors))
    random = np.random.default_rng(seed)
    sharing = Sharing.of(codes, factors)

    def points(count: int) -> tuple[Floats, Integers]:
        """Mean absolute differences (count, D) and the factor that the pairs share (count,)."""
        shared = random.choice(several, count)
        differences = []
        for some in np.split(shared, range(AT_ONCE, count, AT_ONCE)):
            rows = sharing.rows((len(some), batch), random)
            others = sharing.partners(rows, some[:, None], random)
            differences.append(np.abs(codes[rows] - codes[others]).mean(axis=1))
        return np.concatenate(differences), shared

    differences, shared = points(train_points)
    test_differences, test_shared = points(test_points)
    if len(np.unique(shared)) == 1:
        value = float((test_shared == shared[0]).mean())
    else:
        classifier = LogisticRegression(max_iter=1000).fit(differences, shared)
        value = float(classifier.score(test_differences, test_shared))
    protocol = (
        f"β-VAE score (Higgins et al. 2017) as in Locatello et al. 2019: accuracy of a linear "
        f"classifier of which of {len(several)} factors {batch} pairs of images share, "
        f"{train_points:,} points to learn, {test_points:,} to score, drawn from {len(codes):,} "
        f"posterior means, seed {seed}."
    )
    return BetaVAEScore(value, len(codes), seed, protocol)
