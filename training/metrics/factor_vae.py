"""The FactorVAE score: Kim & Mnih 2018, Section 4, a majority vote on the least moved latent."""

from dataclasses import dataclass

import numpy as np

from training.datasets import Dataset
from training.metrics import Floats, Integers
from training.metrics.active_units import active_units
from training.metrics.encode import Encoder, checked_counts, encode_factors, sizes


@dataclass(frozen=True, eq=False)
class FactorVAEScore:
    """The accuracy of the vote, in [0, 1], and the votes.

    Fields:
        votes: how often fixing each factor moved each latent least, on training, (D, F).
        active: which latents took part, (D,).
        samples: images that the scored votes were made of.
    """

    value: float
    votes: Integers
    active: np.ndarray
    samples: int
    seed: int
    protocol: str


def factor_vae_score(
    encoder: Encoder,
    dataset: Dataset,
    seed: int = 0,
    train_votes: int = 800,
    test_votes: int = 800,
    batch: int = 64,
    deviations: int = 5000,
) -> FactorVAEScore:
    """Fix one factor, vary the others: which latent varies least tells which factor was fixed?

    For each vote a factor and its value are drawn, and `batch` images that share it. Variances of
    their posterior means are divided by those over the whole data set; the latent of the smallest
    ratio votes for the factor. A majority of the training votes names the factor of each latent;
    the score is the accuracy of these names on the test votes. Chance is 1 / F.

    Collapsed latents take no part (here: those that are not active in the sense of Burda et al.),
    since the ratio of two almost-zeros is noise; where all are collapsed the score is 0. Locatello
    et al. 2019 take 10,000 and 5,000 votes; fewer give the same score with a larger error, at 800
    test votes at most √(¼ / 800) = 0.018.

    Args:
        encoder: images (B, C, H, W) -> posterior means (B, D).
        dataset: with `factors` and `at_factors`; factors of one value are never fixed.
        seed: of every draw.
        deviations: images for the variances over the whole data set.

    Raises:
        MetricError: if the data set knows no factors, a count is too small, or codes are not
            finite.
    """
    checked_counts(train_votes=train_votes, test_votes=test_votes)
    checked_counts(fewest=2, batch=batch, deviations=deviations)  # a variance needs two
    numbers, several = sizes(dataset)
    random = np.random.default_rng(seed)
    everywhere = random.integers(0, numbers, (deviations, len(numbers)))
    overall = active_units(encode_factors(encoder, dataset, everywhere))
    latents = np.flatnonzero(overall.active)

    def votes(count: int) -> tuple[Integers, Integers]:
        """The factor fixed and the latent that varied least, each (count,)."""
        fixed = random.choice(several, count)
        factors = random.integers(0, numbers, (count, batch, len(numbers)))
        rows = np.arange(count)
        factors[rows, :, fixed] = factors[rows, :1, fixed]
        codes: Floats = encode_factors(encoder, dataset, factors)[..., latents]
        ratios = codes.var(axis=1, ddof=1) / overall.variances[latents]  # (count, active)
        return fixed, latents[ratios.argmin(axis=1)]

    table = np.zeros((len(overall.active), len(numbers)), dtype=np.int64)
    value = 0.0
    if latents.size:
        fixed, least = votes(train_votes)
        np.add.at(table, (least, fixed), 1)
        fixed, least = votes(test_votes)
        # A latent that never had a vote in training says nothing, and is wrong.
        right = (table.argmax(axis=1)[least] == fixed) & (table[least].sum(axis=1) > 0)
        value = float(right.mean())
    protocol = (
        f"Accuracy of a majority vote (Kim & Mnih 2018): {train_votes:,} votes to learn, "
        f"{test_votes:,} to score, each of {batch} images with one of {len(several)} factors "
        f"fixed; {latents.size} active latents of {len(overall.active)}, seed {seed}."
    )
    return FactorVAEScore(value, table, overall.active, test_votes * batch, seed, protocol)
