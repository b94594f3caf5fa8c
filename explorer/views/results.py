"""Results: what models are good for, task by task, and tables of training runs beside papers'."""

from __future__ import annotations

import streamlit as st

from explorer import choosing, measured, state
from explorer.loading import Entry
from explorer.wording import duration, measured_on, number, plain
from training.contract import comparison
from training.contract.findings import findings
from training.contract.measurements import Metric
from training.contract.table import Run, Table
from training.contract.task import Task, over_seeds, provenance

Shown = list[Metric]
READ_WIDE = 880  # pixels, as on the model card
FIRST = 6  # of a card's metrics: −ELBO is the first, of sprites MIG the sixth


def show() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Results", layout="wide")
    _head()
    entries, tasks = measured.tables(), measured.tasks()
    _findings([one.table for one in entries if one.table], [one.task for one in tasks if one.task])
    for found in tasks:
        if found.task is None:
            st.header(plain(found.name))
            st.markdown(plain(found.error))
        else:
            _task(found.task)
    if not entries:
        st.markdown(
            "There is no table of results yet: run `python -m training reproduce sprites` and "
            "reload this page."
        )
    for entry in entries:
        if entry.table is None:
            st.header(plain(entry.name))
            st.markdown(plain(entry.error))
        else:
            _draw(entry.name, entry.table)


def _head() -> None:
    """The title, the picker, and what the chosen model scores."""
    if not state.entries():
        st.title("Results")
        return
    chosen = choosing.model("results", "Results")
    if chosen is None:
        return
    state.choose(chosen.id)
    _scores(chosen)


def _scores(entry: Entry) -> None:
    if entry.card is None:
        st.markdown(plain(entry.error))
        return
    metrics = entry.card.metrics
    scores = (
        f"{plain(metric.label)} {number(metric.value, metric.unit)}" for metric in metrics[:FIRST]
    )
    more = f"{len(metrics) - FIRST} more numbers, and how" if len(metrics) > FIRST else "How"
    with st.container(width=READ_WIDE):
        st.markdown(f"**{plain(entry.card.title)}**: {' · '.join(scores)}")
        st.page_link(
            "views/card.py", label=f"{more} each was measured", icon=":material/arrow_forward:"
        )


def _findings(tables: list[Table], tasks: list[Task]) -> None:
    found = findings(tables, tasks)
    if found:
        st.header("Key findings", anchor=False)
        with st.container(width=READ_WIDE):
            st.markdown("\n".join(f"- **{plain(title)}.** {plain(text)}" for title, text in found))
        st.caption("Medians over the seeds of the tables below, which say how each was measured.")


def _draw(name: str, table: Table) -> None:
    st.header(plain(table.title), anchor=False)
    st.markdown(plain(table.intent))
    found = (comparison.measured(table, metric) for metric in table.metrics)
    shown = [metric for metric in found if metric is not None]
    if shown:
        _points(name, table, shown)
        _medians(name, table, shown)
        if any(row.beta is not None for row in table.rows):
            st.page_link("views/beta.py", label="Compare these models", icon=":material/tune:")
        _protocol(table, shown)
        _runs(name, table, shown)
    if missing := comparison.lacking(table):
        st.markdown(f"Not made yet: {plain(missing)}. To make them:")
        st.code(table.command, language="bash", wrap_lines=True)


def _task(task: Task) -> None:
    st.header(plain(task.title), anchor=f"task-{task.name}")
    st.markdown(plain(task.question))
    for measure in task.measures:
        lines = []
        for way in task.ways:
            line = {"Method": way.title + (" (no generative model)" if way.is_peer else "")}
            for one in task.conditions:
                line[one.title] = over_seeds(task, way, one, measure)
            lines.append(line)
        st.markdown(f"**{plain(measure.label)}**, {plain(measure.unit)}")
        _grid(lines, f"results.{task.name}.{measure.name}")
        st.caption(plain(measure.how))
    with st.expander("How each method works, and what was measured"):
        for way in task.ways:
            st.markdown(f"**{plain(way.title)}.** {plain(way.how)}")
        st.caption(plain(provenance(task)))
        st.code(task.command, language="bash", wrap_lines=True)


def _points(name: str, table: Table, shown: Shown) -> None:
    # Plotly takes longer to import than the other pages take to draw.
    from explorer import figures

    labels = {metric.name: metric.label for metric in shown}
    chosen = st.selectbox(
        "Metric", list(labels), format_func=labels.__getitem__, key=f"results.{name}.metric"
    )
    metric = next(metric for metric in shown if metric.name == chosen)
    rows = []
    for row in table.rows:
        printed = [one.value for one in row.published if one.metric == chosen]
        if (seeds := comparison.values(table.of(row.recipe), chosen)) or printed:
            rows.append((plain_text(row.title), seeds, printed))
    figure = figures.seed_points(
        rows, plain_text(comparison.heading(metric)), figures.palette(st.context.theme.type)
    )
    config = {"displayModeBar": False}
    st.plotly_chart(figure, key=f"results.{name}.points", theme=None, config=config)


def _medians(name: str, table: Table, shown: Shown) -> None:
    prints = any(row.published for row in table.rows)
    lines = []
    for row in comparison.shown_rows(table):
        runs = table.of(row.recipe)
        line = {"Model": row.title, "Seeds": f"{len(runs)} of {len(row.seeds)}"}
        for metric in shown:
            line[comparison.heading(metric)] = comparison.over_seeds(runs, metric)
            # Beside the decisive metric: far to the right one would have to scroll to it.
            if prints:
                line.setdefault("Published", comparison.published(table, row))
        lines.append(line)
    _grid(lines, f"results.{name}.medians")
    sentences = (
        "The median over seeds; the smallest and the largest are in brackets.",
        f"{comparison.effort(table)}.",
        comparison.perfect(shown),
        f"Published {comparison.sources(table)}." if prints else "",
    )
    st.caption(" ".join(map(plain, filter(None, sentences))))


def _protocol(table: Table, shown: Shown) -> None:
    with st.expander("How each number is measured"):
        st.caption("As its first run recorded it; the others differ in seed and in counts.")
        for metric in shown:
            ways = comparison.protocols(table, metric.name)
            for way, titles in ways:
                of = f" ({'; '.join(titles)})" if len(ways) > 1 else ""
                st.markdown(f"**{plain(comparison.heading(metric) + of)}.** {plain(way.how)}")
                st.caption(measured_on(way))


def _runs(name: str, table: Table, shown: Shown) -> None:
    with st.expander("Every run"):
        lines = []
        for row in table.rows:
            for run in table.of(row.recipe):
                line = {"Model": row.title, "Seed": str(run.seed)}
                for metric in shown:
                    measured = run.final.metric(metric.name)
                    value = comparison.written(measured.value, measured.unit) if measured else ""
                    line[comparison.heading(metric)] = value
                lines.append(line | _effort(run))
        _grid(lines, f"results.{name}.runs")


def _effort(run: Run) -> dict[str, str]:
    return {
        "Images": f"{run.images:,}",
        "Time": duration(run.seconds),
        "On": f"{run.hardware}, {run.precision}",
        "Command": run.command,
    }


def _grid(lines: list[dict[str, str]], key: str) -> None:
    """A table that scrolls sideways, within itself, where it is wider than the screen."""
    # Left to itself, a column may be narrower than what stands in it.
    longest = {name: max(len(line[name]) for line in [{name: name}, *lines]) for name in lines[0]}
    columns = {
        name: st.column_config.Column(width=24 + 7 * count) for name, count in longest.items()
    }
    first = next(iter(longest))
    columns[first] = st.column_config.Column(pinned=True, width=min(24 + 7 * longest[first], 260))
    st.dataframe(lines, hide_index=True, height="content", column_config=columns, key=key)


def plain_text(text: str) -> str:
    """Text for Plotly, which reads a little HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


# Streamlit runs the page's file as a script.
if __name__ == "__main__":
    show()
