"""Findings: which side leads, and by how much, follows from the outcomes."""

import statistics

from msgspec.structs import replace

from training.contract import comparison
from training.contract.findings import findings, of_table, of_task
from training.contract.table import SHIPPED
from training.contract.task import Condition, Measure, Outcome, Task, Way
from training.results import tables

TASK = Task(
    name="toy",
    title="A toy",
    question="Which is larger?",
    command="python -m training reproduce toy",
    measures=(Measure("right", "Right", "%", "Counted."),),
    ways=(Way("vae", "VAE", "."), Way("ae", "AE", "."), Way("svm", "SVM", ".", True)),
    conditions=(Condition("few", "few labels"), Condition("all", "all labels")),
    seeds="nothing",
    split="test",
    samples=10,
    outcomes=tuple(
        Outcome(way, condition, "right", seed, value)
        for way, condition, values in (
            ("vae", "few", (1, 30, 20)),
            ("ae", "few", (5, 5, 5)),
            ("svm", "few", (10, 10, 10)),
            ("vae", "all", (60, 60, 60)),
            ("svm", "all", (90, 90, 90)),
        )
        for seed, value in enumerate(values)
    ),
)


def test_each_side_is_told_where_it_leads_furthest() -> None:
    assert of_task(TASK) == (
        "Latents help in 1 of 2 cases, with “few labels”: “VAE” gets 20.0, “SVM” 10.0. In the "
        "other case, a method without latents does better, with “all labels”: “SVM” gets 90.0, "
        "“VAE” 60.0. (Right, %; higher is better.)"
    )


def test_where_less_is_better_the_least_leads() -> None:
    errors = replace(TASK, measures=(replace(TASK.measures[0], more_is_better=False),))
    assert of_task(errors) == (
        "Latents help in both cases, most with “few labels”: “AE” gets 5.0, “SVM” 10.0. "
        "(Right, %; lower is better.)"
    )


def test_where_latents_never_help_the_other_methods_are_named() -> None:
    few = replace(TASK, outcomes=tuple(one for one in TASK.outcomes if one.condition == "all"))
    assert of_task(few) == (
        "Here a method without latents does better, with “all labels”: “SVM” gets 90.0, "
        "“VAE” 60.0. (Right, %; higher is better.)"
    )


def test_nothing_is_said_where_nothing_can_be_best() -> None:
    only_compared = replace(TASK, measures=(replace(TASK.measures[0], more_is_better=None),))
    assert of_task(only_compared) == ""
    assert of_task(replace(TASK, outcomes=())) == ""
    assert findings((), (only_compared,)) == []


def test_a_table_says_its_best_row_and_its_worst() -> None:
    table = tables.current(tables.plan("sprites"), SHIPPED)
    bounds = {}
    for row in table.rows:
        if found := comparison.values(table.of(row.recipe), "neg_elbo"):
            bounds[row.title] = statistics.median(value for _, value in found)
    best, worst = min(bounds, key=bounds.__getitem__), max(bounds, key=bounds.__getitem__)
    assert of_table(table).startswith(
        f"{best} has the best ELBO: an image costs {bounds[best]:.2f} nats "
        f"({worst}: {bounds[worst]:.2f})."
    )
    assert of_table(replace(table, runs=())) == ""


def test_ways_of_one_family_are_ranked_among_themselves() -> None:
    task = Task(
        name="priors",
        title="Priors",
        question="Which?",
        command="python -m training reproduce priors",
        measures=(Measure("bound", "−ELBO", "nats", "Measured.", more_is_better=False),),
        ways=(Way("normal", "N(0, I)", "Given."), Way("flow", "A flow", "Learned.")),
        conditions=(Condition("digits", "digits"),),
        seeds="pixels",
        split="test",
        samples=10,
        outcomes=(
            Outcome("normal", "digits", "bound", 0, 91.0),
            Outcome("flow", "digits", "bound", 0, 90.0),
        ),
    )
    assert of_task(task) == (
        "With “digits”, “A flow” does best (90.0), and “N(0, I)” worst (91.0). "
        "(−ELBO, nats; lower is better.)"
    )
    alike = replace(
        task,
        ways=(*task.ways, Way("twin", "Its twin", "The same to the decimals that are shown.")),
        outcomes=(*task.outcomes, Outcome("twin", "digits", "bound", 0, 89.99)),
    )
    assert "“A flow” does best, level with one other (90.0)," in of_task(alike)


def test_rows_of_different_data_are_not_compared() -> None:
    sprites = tables.current(tables.plan("sprites"), SHIPPED)
    first, *rest = sprites.runs
    elsewhere = replace(first, config=first.config | {"data": {"name": "scenes"}})
    assert of_table(sprites)
    assert of_table(replace(sprites, runs=(elsewhere, *rest))) == ""
