"""What was found, in a sentence or two for each task and table: Results opens with it.

The sentences are made of the outcomes, whichever way these point. Nothing here needs torch.
"""

import statistics
from collections.abc import Iterable
from typing import NamedTuple

from training.contract import comparison
from training.contract.table import Table
from training.contract.task import Measure, Task


def findings(tables: Iterable[Table], tasks: Iterable[Task]) -> list[tuple[str, str]]:
    """The title of each table and task that was measured, and what it says."""
    found = [(table.title, of_table(table)) for table in tables]
    found += [(task.title, of_task(task)) for task in tasks]
    return [(title, sentence) for title, sentence in found if sentence]


def markdown(found: Iterable[tuple[str, str]]) -> str:
    """The findings as a list for `docs/results.md`."""
    return "\n".join(f"- **{title}.** {sentence}" for title, sentence in found)


def of_task(task: Task) -> str:
    """In how many columns a VAE or its kin leads, and in how many another method.

    Where no other method takes part, which is best and which is last. Judged by the medians of the
    first measure, and "" where that is none to be best at.
    """
    measure = task.measures[0]
    if measure.more_is_better is None:
        return ""
    if not any(way.is_peer for way in task.ways):
        return _ranked(task, measure)
    duels = [duel for one in task.conditions if (duel := _duel(task, one.name, measure))]
    parts = []
    for who, ours in (("Models with latents lead", True), ("Other methods lead", False)):
        won = [duel for duel in duels if duel.generative_leads == ours]
        if not won:
            continue
        furthest = max(won, key=lambda duel: duel.lead)
        title = {one.name: one.title for one in task.conditions}[furthest.condition]
        many = f"{len(won)} of {len(duels)} columns, furthest" if len(duels) > 1 else "the column"
        parts.append(
            f"{who} in {many} under “{title}”: {furthest.first} against {furthest.second}."
        )
    return " ".join([*parts, f"({measure.label}, {measure.unit}.)"]) if parts else ""


def _ranked(task: Task, measure: Measure) -> str:
    """Which way is best and which is last, where all are models of one family."""
    sign = -1 if measure.more_is_better else 1
    said = []
    for one in task.conditions:
        medians = {
            way.title: round(statistics.median(found), measure.decimals)
            for way in task.ways
            if (found := task.values(way.name, one.name, measure.name))
        }
        if len(medians) > 1:
            best, *_, last = sorted(medians, key=lambda title: sign * medians[title])
            alike = sum(value == medians[best] for value in medians.values()) - 1
            said.append(
                f"With {one.title}: “{best}” is best"
                + (f", with {alike} others" if alike > 1 else ", with one other" if alike else "")
                + f" ({medians[best]:,.{measure.decimals}f}), “{last}” last "
                f"({medians[last]:,.{measure.decimals}f})."
            )
    return " ".join([*said, f"({measure.label}, {measure.unit}.)"]) if said else ""


class _Duel(NamedTuple):
    """The best way with a generative model and the best without, under one condition.

    Fields:
        lead: of the better one, their difference over their sum.
        first: title and median of the better one.
    """

    condition: str
    generative_leads: bool
    lead: float
    first: str
    second: str


def _duel(task: Task, condition: str, measure: Measure) -> _Duel | None:
    sign = 1 if measure.more_is_better else -1
    best: dict[bool, tuple[float, str]] = {}
    for way in task.ways:
        if found := task.values(way.name, condition, measure.name):
            median = statistics.median(found)
            if way.is_peer not in best or sign * (median - best[way.is_peer][0]) > 0:
                best[way.is_peer] = median, f"{way.title} {median:,.{measure.decimals}f}"
    if len(best) < 2:
        return None
    (ours, our_way), (theirs, their_way) = best[False], best[True]
    lead = abs(ours - theirs) / (abs(ours) + abs(theirs) or 1)
    if sign * (ours - theirs) > 0:
        return _Duel(condition, True, lead, our_way, their_way)
    return _Duel(condition, False, lead, their_way, our_way)


# What a table's rows are best at: of which metric, and whether more of it is better.
CLAIMS = (
    ("neg_log_likelihood", False, "{} bounds ln p(x) best, at {} nats an image ({}: {})."),
    ("neg_elbo", False, "{} has the best ELBO, {} nats an image ({}: {})."),
    ("iou_heart", True, "{} decodes the best hearts: they overlap theirs by {} of 1 ({}: {})."),
    ("mig", True, "{} keeps the factors of the images apart best, by a MIG of {} ({}: {})."),
)


def of_table(table: Table) -> str:
    """The best row and the worst, by the medians of each of its metrics that has a claim."""
    said = []
    for name, more_is_better, sentence in CLAIMS:
        metric = comparison.measured(table, name)
        medians = [
            (statistics.median(value for _, value in found), row.title)
            for row in table.rows
            if (found := comparison.values(table.of(row.recipe), name))
        ]
        if metric is not None and len(medians) > 1:
            least, most = min(medians), max(medians)
            ends = (most, least) if more_is_better else (least, most)
            told = [(title, comparison.written(value, metric.unit)) for value, title in ends]
            said.append(sentence.format(*told[0], *told[1]))
    return " ".join(said)
