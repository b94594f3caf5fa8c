"""The FactorVAE score: Kim & Mnih 2018, Section 4, a majority vote on the least moved latent."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.metrics import Integers, checked, varying
from training.metrics.encode import checked_counts
from training.metrics.sharing import Sharing

DEVIATION = 0.05
AT_ONCE = 500  # votes whose codes lie in memory together


@dataclass(frozen=True, eq=False)
class FactorVAEScore:
    """The accuracy of the vote, in [0, 1], and the votes.

    Fields:
        votes: how often fixing each factor moved each latent least, on training, (D, F).
        taking_part: which latents have not collapsed, (D,).
        samples: images from which all votes were drawn.
    """

    value: float
    votes: Integers
    taking_part: NDArray[np.bool_]
    samples: int
    seed: int
    protocol: str


def factor_vae_score(
    codes: Any,
    factors: Any,
    seed: int = 0,
    train_votes: int = 10_000,
    test_votes: int = 5_000,
    batch: int = 64,
) -> FactorVAEScore:
    """Fix one factor, vary the others: which latent varies least tells which factor was fixed?

    For each vote a factor and its value are drawn, and `batch` codes whose images share it.
    Variances of these codes are divided by those of all codes; the latent of the smallest ratio
    votes for the factor. A majority of the training votes names the factor of each latent; the
    score is the accuracy of these names on the test votes. Chance is 1 / F.

    Counts, and what takes part, are those of Locatello et al. 2019: a latent whose code has a
    standard deviation of 0.05 at least, since the ratio of two almost-zeros is noise; where all
    are collapsed the score is 0. They encode new images for every vote; here a vote draws from
    `codes`, with replacement.

    Args:
        codes: posterior means, float (N, D), of images whose factors were drawn independently.
        factors: integer (N, F); factors of one value are never fixed.
        seed: of every draw.

    Raises:
        MetricError: if shapes or numbers are not these, no factor varies, or a count is too small.
    """
    checked_counts(train_votes=train_votes, test_votes=test_votes)
    checked_counts(fewest=2, batch=batch)  # a variance needs two
    codes, factors = checked(codes, factors)
    several = np.array(varying(factors))
    random = np.random.default_rng(seed)
    overall = codes.var(axis=0, ddof=1)
    taking_part = np.sqrt(overall) >= DEVIATION
    latents = np.flatnonzero(taking_part)
    sharing = Sharing.of(codes[:, latents], factors)

    def votes(count: int) -> tuple[Integers, Integers]:
        """The factor fixed and the latent that varied least, each (count,)."""
        fixed = random.choice(several, count)
        least = []
        for some in np.split(fixed, range(AT_ONCE, count, AT_ONCE)):
            first = sharing.rows((len(some), 1), random)
            rows = sharing.partners(np.repeat(first, batch, axis=1), some[:, None], random)
            ratios = sharing.codes[rows].var(axis=1, ddof=1) / overall[latents]
            least.append(latents[ratios.argmin(axis=1)])
        return fixed, np.concatenate(least)

    table = np.zeros((codes.shape[1], factors.shape[1]), dtype=np.int64)
    value = 0.0
    if latents.size:
        fixed, least = votes(train_votes)
        np.add.at(table, (least, fixed), 1)
        fixed, least = votes(test_votes)
        # A latent that never had a vote in training says nothing, and is wrong.
        right = (table.argmax(axis=1)[least] == fixed) & (table[least].sum(axis=1) > 0)
        value = float(right.mean())
    protocol = (
        f"FactorVAE score (Kim & Mnih 2018) as in Locatello et al. 2019: accuracy of a majority "
        f"vote, {train_votes:,} votes to learn, {test_votes:,} to score, each of {batch} posterior "
        f"means with one of {len(several)} factors fixed, drawn from {len(codes):,}; "
        f"{latents.size} of {codes.shape[1]} latents, those with σ ≥ {DEVIATION}, seed {seed}."
    )
    return FactorVAEScore(value, table, taking_part, len(codes), seed, protocol)
