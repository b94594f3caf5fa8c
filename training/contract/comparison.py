"""A table of results as it is shown: a row a recipe, over its seeds, beside what papers print.

Nothing here needs torch.
"""

import re
import statistics
from collections.abc import Sequence

from msgspec.structs import replace

from training.contract.measurements import Metric
from training.contract.table import Published, Row, Run, Table

MINUS = "\N{MINUS SIGN}"


def measured(table: Table, name: str) -> Metric | None:
    """A metric as one of the runs has it: its label, its unit, and how it is measured."""
    found = [metric for run in table.runs if (metric := run.final.metric(name)) is not None]
    if len({metric.perfect for metric in found}) > 1:  # of other data a perfect model gets another
        return replace(found[0], perfect=None)
    return found[0] if found else None


def protocols(table: Table, name: str) -> list[tuple[Metric, list[str]]]:
    """Each way a metric was measured: its first record, and the titles of its rows.

    Protocols that differ in numbers alone are one: seeds and counts do.
    """
    found: dict[tuple[str, str], tuple[Metric, list[str]]] = {}
    for row in table.rows:
        for run in table.of(row.recipe):
            if metric := run.final.metric(name):
                way = metric.split, without_numbers(metric.how)
                _, titles = found.setdefault(way, (metric, []))
                if row.title not in titles:
                    titles.append(row.title)
    return list(found.values())


def without_numbers(how: str) -> str:
    """A protocol with a `#` for each number."""
    return re.sub(r"[\d.,]*\d", "#", how)


def heading(metric: Metric) -> str:
    """What stands above the metric's values: `−ELBO, nats`; a score of at most 1 has no unit."""
    return metric.label if metric.unit == "of 1" else f"{metric.label}, {metric.unit}"


def values(runs: Sequence[Run], name: str) -> list[tuple[int, float]]:
    """The seed of every run that was measured so, and what it gave."""
    found = ((run.seed, run.final.metric(name)) for run in runs)
    return [(seed, metric.value) for seed, metric in found if metric is not None]


def written(value: float, unit: str) -> str:
    """A value with two digits, a count of latents with none."""
    digits = 0 if unit == "latents" and float(value).is_integer() else 2
    return f"{value:,.{digits}f}".replace("-", MINUS)


def over_seeds(runs: Sequence[Run], metric: Metric) -> str:
    """The median over the seeds, and the least and the greatest: `0.31 (0.25–0.40)`."""
    numbers = [value for _, value in values(runs, metric.name)]
    if not numbers:
        return ""
    of = (statistics.median(numbers), min(numbers), max(numbers))
    median, least, greatest = (written(value, metric.unit) for value in of)
    return median if len(numbers) == 1 else f"{median} ({least}–{greatest})"


def published(table: Table, row: Row) -> str:
    """What papers print for a row, each with its metric: `MIG 0.50`."""
    return ", ".join(_printed(measured(table, one.metric), one) for one in row.published)


def sources(table: Table) -> str:
    """Where the published figures are printed: `for β = 4 and FactorVAE by Kim & Mnih 2018`."""
    rows: dict[str, list[str]] = {}
    for row in table.rows:
        for one in row.published:
            rows.setdefault(one.source, []).append(row.title)
    return "; ".join(f"for {' and '.join(titles)} by {source}" for source, titles in rows.items())


def lacking(table: Table) -> str:
    """The runs that are planned and were not made: `β = 2 (seeds 3–4)`."""
    seeds: dict[str, list[int]] = {}
    for recipe, seed in table.missing():
        seeds.setdefault(recipe, []).append(seed)
    titles = {row.recipe: row.title for row in table.rows}
    return ", ".join(f"{titles[recipe]} ({_seeds(of)})" for recipe, of in seeds.items())


def effort(table: Table) -> str:
    """On what and in which precision the runs were made, and how many minutes each took."""
    lines = []
    for machine, precision in dict.fromkeys((run.hardware, run.precision) for run in table.runs):
        like = (run for run in table.runs if (run.hardware, run.precision) == (machine, precision))
        minutes = [run.seconds / 60 for run in like]
        least, most = f"{min(minutes):.0f}", f"{max(minutes):.0f}"
        took = least if least == most else f"{least}–{most}"
        runs, each = ("1 run", "") if len(minutes) == 1 else (f"{len(minutes)} runs", " each")
        lines.append(f"{runs} on {machine}, in {precision}, {took} min{each}")
    return "; ".join(lines)


def perfect(shown: Sequence[Metric]) -> str:
    """What a perfect model gets where that is less than the unit's best: `… 0.90 in MIG.`"""
    known = [(written(m.perfect, m.unit), m) for m in shown if m.perfect is not None]
    listed = ", ".join(f"{value} in {m.label}" for value, m in known if value != written(1, m.unit))
    return f"A perfect model would get {listed}." if listed else ""


def shown_rows(table: Table) -> list[Row]:
    """The rows that have a run, or a published figure to be compared with."""
    return [row for row in table.rows if row.published or table.of(row.recipe)]


def markdown(table: Table) -> str:
    """The table for `docs/results.md`: its rows, then what is missing and how to make it."""
    paragraphs = [f"### {table.title}", table.intent]
    shown = [metric for name in table.metrics if (metric := measured(table, name))]
    if shown:
        prints = any(row.published for row in table.rows)
        head = ["", "seeds", *map(heading, shown), *(["published"] if prints else [])]
        lines = [_line(head), _line([":--", *["--:"] * (len(head) - 1)])]
        for row in shown_rows(table):
            runs = table.of(row.recipe)
            cells = [over_seeds(runs, metric) for metric in shown]
            ends = [published(table, row)] if prints else []
            lines.append(_line([row.title, str(len(runs)), *cells, *ends]))
        paragraphs.append("\n".join(lines))
        spread = "The median over seeds, in brackets the least and the greatest"
        places = f"Published {sources(table)}." if prints else ""
        sentences = (f"{spread}; {effort(table)}.", perfect(shown), places)
        paragraphs.append(" ".join(filter(None, sentences)))
    if missing := lacking(table):
        paragraphs.append(f"Not made yet: {missing}. `{table.command}` makes them.")
    return "\n\n".join(paragraphs)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    if list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]}–{seeds[-1]}"
    return f"seeds {', '.join(map(str, seeds))}"


def _printed(ours: Metric | None, one: Published) -> str:
    label, unit = (ours.label, ours.unit) if ours else (one.metric.replace("_", " "), "")
    return f"{label} {written(one.value, unit)}"
