"""What was found, in a sentence or two for each task and table: Results opens with it.

The sentences are made of the outcomes, whichever way these point. Nothing here needs torch.
"""

import statistics
from collections.abc import Iterable
from typing import NamedTuple

from training.contract import comparison
from training.contract.table import Run, Table
from training.contract.task import Condition, Measure, Task


def findings(tables: Iterable[Table], tasks: Iterable[Task]) -> list[tuple[str, str]]:
    """The title of each table and task that was measured, and what it says."""
    found = [(table.title, of_table(table)) for table in tables]
    found += [(task.title, of_task(task)) for task in tasks]
    return [(title, sentence) for title, sentence in found if sentence]


def markdown(found: Iterable[tuple[str, str]]) -> str:
    """The findings as a list for `docs/results.md`."""
    return "\n".join(f"- **{title}.** {sentence}" for title, sentence in found)


def of_task(task: Task) -> str:
    """In which cases latents help, and in which another method does better.

    Where no other method takes part, which way does best and which worst. Judged by the medians of
    the first measure, and "" where nothing is best at that.
    """
    measure = task.measures[0]
    if measure.more_is_better is None:
        return ""
    has_peers = any(way.is_peer for way in task.ways)
    said = _judged(task, measure) if has_peers else _ranked(task, measure)
    better = "higher" if measure.more_is_better else "lower"
    return " ".join(
        [*said, f"({measure.label}, {measure.unit}; {better} is better.)"] if said else ()
    )


def _judged(task: Task, measure: Measure) -> list[str]:
    """Where a model with latents is ahead of all other methods, and where it is not."""
    duels = [duel for one in task.conditions if (duel := _duel(task, one, measure))]
    won = [duel for duel in duels if duel.generative_leads]
    lost = [duel for duel in duels if not duel.generative_leads]
    said = []
    if won:
        said.append(f"Latents help{_in(len(won), len(duels))}{_clearest(won)}")
    if lost:
        rest = f"In the other {len(lost)}," if len(lost) > 1 else "In the other case,"
        where = rest if won else "Here"
        said.append(f"{where} a method without latents does better{_clearest(lost)}")
    return said


def _in(won: int, of: int) -> str:
    if of == 1:
        return ""
    if won < of:
        return f" in {won} of {of} cases"
    return " in both cases" if of == 2 else f" in all {of} cases"


def _clearest(duels: "list[_Duel]") -> str:
    """The case in which the lead is largest."""
    one = max(duels, key=lambda duel: duel.lead)
    most = "most with" if len(duels) > 1 else "with"
    (first, more), (second, less) = one.first, one.second
    return f", {most} “{one.condition}”: {first} gets {more}, {second} {less}."


def _ranked(task: Task, measure: Measure) -> list[str]:
    """Which way does best and which worst, where all are models of one family."""
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
                f"With “{one.title}”, “{best}” does best"
                + (f", level with {alike} others" if alike > 1 else "")
                + (", level with one other" if alike == 1 else "")
                + f" ({medians[best]:,.{measure.decimals}f}), and “{last}” worst "
                f"({medians[last]:,.{measure.decimals}f})."
            )
    return said


class _Duel(NamedTuple):
    """The best way with a generative model and the best without, under one condition.

    Fields:
        condition: its title.
        lead: of the better one, their difference over their sum.
        first, second: title and median, the better one first.
    """

    condition: str
    generative_leads: bool
    lead: float
    first: tuple[str, str]
    second: tuple[str, str]


def _duel(task: Task, condition: Condition, measure: Measure) -> _Duel | None:
    sign = 1 if measure.more_is_better else -1
    best: dict[bool, tuple[float, tuple[str, str]]] = {}
    for way in task.ways:
        if found := task.values(way.name, condition.name, measure.name):
            median = statistics.median(found)
            if way.is_peer not in best or sign * (median - best[way.is_peer][0]) > 0:
                best[way.is_peer] = median, (f"“{way.title}”", f"{median:,.{measure.decimals}f}")
    if len(best) < 2:
        return None
    (ours, our_way), (theirs, their_way) = best[False], best[True]
    lead = abs(ours - theirs) / (abs(ours) + abs(theirs) or 1)
    if sign * (ours - theirs) > 0:
        return _Duel(condition.title, True, lead, our_way, their_way)
    return _Duel(condition.title, False, lead, their_way, our_way)


# What a table's rows are best at: of which metric, and whether more of it is better.
CLAIMS = (
    (
        "neg_log_likelihood",
        False,
        "{} finds the images most probable: −ln p(x) is at most {} nats an image ({}: {}).",
    ),
    ("neg_elbo", False, "{} has the best ELBO: an image costs {} nats ({}: {})."),
    (
        "iou_heart",
        True,
        "{} draws the best hearts: they overlap the true ones by {} of 1 ({}: {}).",
    ),
    ("mig", True, "{} keeps the factors of the images best apart, with a MIG of {} ({}: {})."),
)


def of_table(table: Table) -> str:
    """The best row and the worst, by the medians of each of its metrics that has a claim.

    "" where rows learned from different data, whose figures do not compare.
    """
    if len({_data(run) for run in table.runs}) > 1:
        return ""
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
            figures = [(title, comparison.written(value, metric.unit)) for value, title in ends]
            said.append(sentence.format(*figures[0], *figures[1]))
    return " ".join(said)


def _data(run: Run) -> object:
    """The name of the data that a run learned from, where its configuration has one."""
    data = run.config.get("data")
    return data.get("name") if isinstance(data, dict) else None
