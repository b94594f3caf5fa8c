"""Groups and pairs of codes whose images share the value of a factor, drawn from one sample.

Scores that fix a factor ask for hundreds of thousands of images. Drawn from a sample that was
encoded once, with replacement, they cost as many encodings as the sample has images.
"""

from dataclasses import dataclass

import numpy as np

from training.metrics import Floats, Integers


@dataclass(frozen=True, eq=False)
class Sharing:
    """Codes (N, D) and factors (N, F), and for each factor the rows in the order of its values.

    Fields:
        order: (F, N), rows sorted by each factor.
        first, count: (F, N), where in `order` the rows begin that share row n's value of factor k,
            and how many they are.
    """

    codes: Floats
    order: Integers
    first: Integers
    count: Integers

    @staticmethod
    def of(codes: Floats, factors: Integers) -> "Sharing":
        """Sort the rows by every factor."""
        order, first, count = [], [], []
        for column in factors.T:
            _, begins, counts = np.unique(column, return_inverse=True, return_counts=True)
            order.append(np.argsort(column, kind="stable"))
            first.append((counts.cumsum() - counts)[begins])
            count.append(counts[begins])
        return Sharing(codes, *(np.stack(rows) for rows in (order, first, count)))

    def rows(self, shape: tuple[int, ...], random: np.random.Generator) -> Integers:
        """Any rows."""
        return random.integers(0, len(self.codes), shape)

    def partners(self, rows: Integers, factor: Integers, random: np.random.Generator) -> Integers:
        """For each of `rows`, a row that has its value of the factor; `factor` broadcasts."""
        first, count = self.first[factor, rows], self.count[factor, rows]
        partners: Integers = self.order[factor, first + random.integers(0, count)]
        return partners
