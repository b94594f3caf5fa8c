"""The ladder's modules that need no screen, called inside the browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from .test_modules import call


def stage(
    shares: list[list[float]], kl: list[float], *, active: list[bool] | None = None, step: int = 10
) -> dict[str, Any]:
    """A stage whose factors all have an entropy of 2 nats."""
    alive = active or [True] * len(kl)
    return {
        "step": step,
        "images": 64 * step,
        "metrics": [],
        "latents": [{"kl_nats": nats, "active": on} for nats, on in zip(kl, alive, strict=True)],
        "information": {
            "nats": [[2 * share for share in row] for row in shares],
            "entropies_nats": [2] * len(shares[0]),
        },
    }


def run(recipe: str, seed: int, steps: list[int]) -> dict[str, Any]:
    stages = [stage([[0.5], [0.1]], [1, 2], step=step) for step in steps]
    return {"recipe": recipe, "seed": seed, "stages": stages}


def row(recipe: str, beta: float | None, seeds: list[int]) -> dict[str, Any]:
    return {"recipe": recipe, "title": recipe, "beta": beta, "seeds": seeds}


TABLE: dict[str, Any] = {
    "version": 1,
    "command": "make it",
    "metrics": [],
    "rows": [
        row("four", 4, [0, 1, 2]),
        row("half", 0.5, [0]),
        row("one", 1, [0, 1]),
        row("β-TCVAE, short", None, [0]),
        row("Capacity", None, [0]),
    ],
    "runs": [
        run("four", 2, [10]),
        run("four", 0, [0, 5, 10]),
        run("one", 1, [0, 5, 12]),
        run("β-TCVAE, short", 0, [10]),
    ],
}
START = {"recipe": "four", "seed": 0, "step": 10, "image": 0, "keep": False, "z": [1, 2]}


@pytest.mark.parametrize(
    ("here", "start", "to", "at"),
    [
        ("101", 0, 2, 2),
        ("101", 0, 1, 2),
        ("101", 2, 1, 0),
        ("110", 1, 2, 1),
        ("11010", 0, 4, 3),
        ("0100", 1, 3, 1),
        ("0100", 1, 0, 1),
        ("1100", -1, 0, 0),
        ("1100", -1, 3, 1),
        ("0000", -1, 2, -1),
    ],
)
def test_a_pull_passes_over_what_cannot_be_chosen(
    module: Page, here: str, start: int, to: int, at: int
) -> None:
    given = [[stop == "1" for stop in here], start, to]
    assert call(module, "ladder/stops.js", "return it.landing(...given)", given) == at


@pytest.mark.parametrize(
    ("facts", "order"),
    [
        (stage([[0.1, 0.9], [0.8, 0.0], [0.1, 0.1]], [1, 1, 1]), [1, 0, 2]),
        # Best for both, it takes what it tells more about; the next best takes the other.
        (stage([[0.7, 0.9], [0.2, 0.1], [0.3, 0.0]], [1, 1, 1]), [2, 0, 1]),
        # What is left comes by KL.
        (stage([[0.1], [0.2], [0.9], [0.3]], [1, 3, 0.5, 2]), [2, 1, 3, 0]),
        # An inactive latent takes no factor's row, whatever it tells, but fills a free one.
        (stage([[0.9, 0.9], [0.2, 0.1]], [0, 1], active=[False, True]), [1, 0]),
        (stage([[0.9, 0.8], [0.1, 0.2]], [0, 1], active=[False, True]), [0, 1]),
        ({**stage([[1.0], [1.0]], [1, 2]), "information": None}, [1, 0]),
    ],
    ids=["each its own", "one for both", "by KL", "inactive", "free row", "not measured"],
)
def test_rows_are_aligned_by_factor(module: Page, facts: dict[str, Any], order: list[int]) -> None:
    assert call(module, "ladder/align.js", "return it.align(given)", facts) == order


@pytest.mark.parametrize(
    ("shares", "on", "name", "also"),
    [
        ([0.62, 0.1], True, "shape 62 %", ""),
        ([0.3, 0.62], True, "x 62 %", ""),
        ([0.32, 0.62], True, "x 62 %", "and shape 32 %"),
        ([0.04, 0.01], True, "no factor ", ""),
        ([0.9, 0.1], False, "inactive ", ""),
    ],
)
def test_a_latent_is_named_by_what_it_tells_most_about(
    module: Page, shares: list[float], on: bool, name: str, also: str
) -> None:
    facts = stage([shares], [1], active=[on])
    body = "return it.carried(given, 0, ['shape', 'x'])"
    found = call(module, "ladder/align.js", body, facts)
    assert (f"{found['name']} {found['percent']}", found["also"]) == (name, also)


@pytest.mark.parametrize(
    ("change", "then"),
    [
        ({"recipe": "one"}, {"recipe": "one", "seed": 1, "step": 12, "z": None}),
        ({"recipe": "half"}, START),
        ({"seed": 2}, {"seed": 2, "z": None}),
        ({"step": 5}, {"step": 5, "z": None}),
        ({"image": 3}, {"image": 3, "z": None}),
        ({"keep": True}, {"keep": True, "z": [1, 2]}),
        ({"z": [3, 4]}, {"z": [3, 4]}),
    ],
    ids=["row", "row without a run", "seed", "moment", "image", "keep", "z"],
)
def test_a_change_leads_to_what_was_trained(
    module: Page, change: dict[str, Any], then: dict[str, Any]
) -> None:
    found = call(module, "ladder/state.js", "return it.go(...given)", [TABLE, START, change])
    assert found == {**START, **then}


@pytest.mark.parametrize(
    ("start", "change", "then"),
    [
        ({"keep": True}, {"recipe": "one"}, {"recipe": "one", "seed": 1, "step": 12}),
        ({"keep": True}, {"image": 1}, {"image": 1, "z": None}),
        ({"keep": True}, {"keep": False}, {"keep": False, "z": None}),
        ({"keep": True, "z": [1]}, {"seed": 2}, {"seed": 2, "z": None}),
        ({"step": 5}, {"recipe": "one"}, {"recipe": "one", "seed": 1, "step": 5, "z": None}),
        ({"step": 5}, {"seed": 2}, {"seed": 2, "step": 10, "z": None}),
    ],
    ids=["kept", "another image", "no longer", "another size", "same moment", "no such moment"],
)
def test_a_kept_z_and_a_moment_of_training_stay_where_they_can(
    module: Page, start: dict[str, Any], change: dict[str, Any], then: dict[str, Any]
) -> None:
    given = [TABLE, {**START, **start}, change]
    found = call(module, "ladder/state.js", "return it.go(...given)", given)
    assert found == {**START, **start, **then}


def test_it_begins_in_the_middle_of_what_was_trained(module: Page) -> None:
    body = "return given.map((table) => it.begin(table))"
    others = {**TABLE, "runs": TABLE["runs"][3:]}
    found = call(module, "ladder/state.js", body, [TABLE, others, {**TABLE, "runs": []}])
    assert found[0] == {**START, "seed": 2, "z": None}, "the first run of β = 4 as listed"
    assert found[1]["recipe"] == "β-TCVAE, short"
    assert found[2] is None


def test_words_for_what_is_missing(module: Page) -> None:
    words = call(module, "ladder/words.js", "return it.missingWords(given)", TABLE)
    assert words == (
        "Not trained here yet: β = ½; Capacity; 2 seeds of the rest. To train them: `make it`"
    )
    whole = {**TABLE, "rows": [row("one", 1, [1])]}
    assert call(module, "ladder/words.js", "return it.missingWords(given)", whole) is None


@pytest.mark.parametrize(
    ("body", "spelled"),
    [
        ("it.spellCount(0)", "0"),
        ("it.spellCount(488)", "488"),
        ("it.spellCount(31232)", "31.2 k"),
        ("it.spellCount(2000000)", "2 M"),
        ("it.spellCount(737280)", "737 k"),
        ("it.spellBeta(0.5)", "½"),
        ("it.spellBeta(16)", "16"),
        ("it.abbreviated({ title: 'β-TCVAE, short', beta: null })", "TC s"),
        ("it.abbreviated({ title: 'FactorVAE', beta: null })", "Fac"),
        ("it.abbreviated({ title: 'β = 4', beta: 4 })", "4"),
    ],
)
def test_short_words(module: Page, body: str, spelled: str) -> None:
    assert call(module, "ladder/words.js", f"return {body}") == spelled


def test_medians_ticks_and_places(module: Page) -> None:
    body = """
      return [it.median([5, 1, 3]), it.median([4, 1, 3, 2]), it.ticks(0.3, 9.8, 5),
        it.ticks(80, 140, 4), it.placesOf(given).map(({ row, place }) => [row.recipe, place])];
    """
    assert call(module, "ladder/points.js", body, TABLE) == [
        3,
        2.5,
        [2, 4, 6, 8],
        [80, 100, 120, 140],
        [["half", 0], ["one", 1], ["four", 2], ["β-TCVAE, short", 3.6]],
    ]


def test_the_cache_opens_once_and_lets_the_oldest_go(module: Page) -> None:
    body = """
      const opened = [], released = [];
      const cache = it.createCache(async ({ key }) => {
        opened.push(key);
        if (key === "bad" && opened.length < 3) throw new Error("once");
        return { key, release: () => released.push(key) };
      }, 2);
      const get = (key) => cache.get({ key });
      const first = await Promise.all([get("a"), get("a")]);
      const failed = await get("bad").catch((error) => error.message);
      const again = (await get("bad")).key;
      await get("a");
      await get("c");
      const held = ["a", "bad", "c"].map((key) => cache.peek(key) !== null);
      const then = [...released];
      cache.destroy();
      await null; await null;
      return [first[0] === first[1], failed, again, opened, held, then, released.sort()];
    """
    assert call(module, "ladder/models.js", body) == [
        True,
        "once",
        "bad",
        ["a", "bad", "bad", "c"],
        [True, False, True],
        ["bad"],
        ["a", "bad", "c"],
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "has version 2, and this explorer reads version 1"),
        ({"rows": None}, "lacks rows, runs or metrics: run `make it` again."),
        ({"rows": TABLE["rows"][1:]}, "has no row for the run of four with seed 2"),
        ({"runs": [run("one", 0, [])]}, "does not describe every latent of the run of one"),
        (
            {"runs": [{**run("one", 0, [1]), "stages": [stage([[0.1]], [1, 2])]}]},
            "does not describe every latent of the run of one with seed 0",
        ),
    ],
)
def test_a_wrong_table_gives_one_sentence(
    module: Page, change: dict[str, Any], reason: str
) -> None:
    body = "try { it.readTable(given, 'made'); } catch (error) { return error.message; }"
    message = call(module, "ladder/table.js", body, json.dumps({**TABLE, **change}))
    assert message.startswith("made/table.json ")
    assert reason in message


@pytest.mark.parametrize(
    "change",
    [{}, {"recipe": "one", "seed": 1, "step": 5, "image": 7}, {"keep": True, "z": [0.5, -1.25]}],
    ids=["start", "everything", "kept"],
)
def test_a_link_reads_back_what_it_was_written_from(module: Page, change: dict[str, Any]) -> None:
    state = {**START, **change}
    body = """
      const [state, table] = given;
      const query = it.writeLink(state, table, "made");
      return [it.linkedTable(query), it.readLink(query, table, 12)];
    """
    name, read = call(module, "ladder/link.js", body, [state, TABLE])
    assert (name, read["problem"]) == ("made", None)
    if not state["keep"]:
        state["z"] = START["z"]
    assert {**START, "step": state["step"], **read["state"]} == state


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("recipe=none", "it names no row of this table"),
        ("recipe=half", "its row was not trained here"),
        ("recipe=four&seed=1", "its seed was not trained here"),
        ("recipe=four&seed=0&step=6", "its moment of training was not kept"),
        ("image=12", "its image does not exist here"),
        ("z=1,x", "its z has a value that is no number within ±5"),
        ("z=1,6", "its z has a value that is no number within ±5"),
    ],
)
def test_a_wrong_link_gives_one_sentence(module: Page, query: str, reason: str) -> None:
    read = call(module, "ladder/link.js", "return it.readLink(...given)", [query, TABLE, 12])
    assert reason in read["problem"]
    assert read["problem"].count(". ") == 0


def test_names_of_points_never_cover_each_other(module: Page) -> None:
    points = [{"x": 100 + 3 * at, "y": 60 + at, "text": "16"} for at in range(5)]
    body = "return it.besides(given.points, given.dots)"
    labels = call(module, "ladder/labels.js", body, {"points": points, "dots": points})
    boxes = [
        (x := label["x"] - (16 if label["anchor"] == "end" else 0), x + 16, label["y"])
        for label in labels
        if label is not None
    ]
    assert len(boxes) >= 3
    assert labels[0] is not None
    for at, (left, right, base) in enumerate(boxes):
        for other_left, other_right, other in boxes[:at]:
            assert right <= other_left or other_right <= left or abs(base - other) >= 11


def test_a_name_keeps_off_other_points_where_it_can(module: Page) -> None:
    given = {"points": [{"x": 50, "y": 50, "text": "4"}], "dots": [{"x": 50, "y": 50}]}
    body = "return it.besides(given.points, given.dots)"
    assert call(module, "ladder/labels.js", body, given) == [{"x": 58, "y": 43, "anchor": "start"}]
    given["dots"].append({"x": 62, "y": 38, "text": ""})
    assert call(module, "ladder/labels.js", body, given) == [{"x": 42, "y": 66, "anchor": "end"}]
