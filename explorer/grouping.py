"""Groups of codes: how they are named, and which codes a selection on a map means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer import latent
from explorer.latent import Codes, Indices
from explorer.state import Group
from explorer.wording import plain
from training.contract.card import Card

# Of a factor with more values than that nobody picks one from a list.
LONGEST_LIST = 1000
# As many as there are colours.
MOST_NAMES = 10
# Of a group's values so many are counted one by one; of more, the commonest and the rest.
MOST_COUNTED = 4


@dataclass(frozen=True, slots=True)
class Naming:
    """One way to name codes: a label, or a factor's value. Value `n` has the name `names[n]`."""

    title: str
    values: Indices  # (N,)
    names: tuple[str, ...]


def namings(card: Card, codes: Codes) -> list[Naming]:
    """Every way in which a checkpoint names its codes."""
    found = []
    if codes.label is not None and card.data.labels is not None:
        found.append(Naming("label", codes.label, card.data.labels))
    if codes.factors is not None and card.data.factors is not None:
        for at, factor in enumerate(card.data.factors):
            if factor.size > LONGEST_LIST:
                continue
            values = factor.values or range(factor.size)
            names = tuple(f"{factor.name} {value}" for value in values)
            found.append(Naming(factor.name, codes.factors[:, at], names))
    return found


def marked(points: Sequence[Mapping[str, Any]], traces: Sequence[Indices]) -> Indices:
    """The codes of a selection, which names points by trace; what rings a group is no code."""
    chosen = {
        int(traces[point["curve_number"]][point["point_index"]])
        for point in points
        if point["curve_number"] < len(traces)
        and point["point_index"] < len(traces[point["curve_number"]])
    }
    return np.array(sorted(chosen), dtype=np.int64)


def described(group: Group, namings: Sequence[Naming]) -> str:
    """How many codes a group has, and which, as Markdown."""
    count = f"**{len(group.members):,}** {'code' if len(group.members) == 1 else 'codes'}"
    if group.picked:
        return f"{count}: all of class {plain(group.picked)}"
    found = []
    # Of a factor with many values no one says much.
    for naming in [naming for naming in namings if len(naming.names) <= MOST_NAMES][:3]:
        common = Counter(naming.values[group.members].tolist()).most_common()
        named = len(common) if len(common) <= MOST_COUNTED else MOST_COUNTED - 1
        counted = [f"{plain(naming.names[at])} ({n:,})" for at, n in common[:named]]
        if others := sum(n for _, n in common[named:]):
            counted.append(f"others ({others:,})")
        found.append(", ".join(counted))
    return f"{count}: {'; '.join(found)}" if found else count


def name_of(group: Group | None, namings: Sequence[Naming]) -> str | None:
    """What most of a group are."""
    if group is None:
        return None
    if group.picked:
        return group.picked
    for naming in namings:
        name = latent.commonest([naming.names[at] for at in naming.values[group.members]])
        if name is not None:
            return name
    return None
