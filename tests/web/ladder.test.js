import assert from "node:assert/strict";
import { test } from "node:test";
import { align, carried, tellers } from "../../explorer/instrument/web/ladder/align.js";
import { besides } from "../../explorer/instrument/web/ladder/labels.js";
import { linkedTable, readLink, writeLink } from "../../explorer/instrument/web/ladder/link.js";
import { median, placesOf, ticks } from "../../explorer/instrument/web/ladder/points.js";
import { begin, go } from "../../explorer/instrument/web/ladder/state.js";
import { endsOf, methodsOf, readTable, rungsOf } from "../../explorer/instrument/web/ladder/table.js";
import { abbreviated, spellBeta, spellCount } from "../../explorer/instrument/web/ladder/words.js";

/** A stage whose factors all have an entropy of 2 nats. */
function stage(shares, kl, { active = kl.map(() => true), step = 10 } = {}) {
  return {
    step,
    images: 64 * step,
    metrics: [],
    latents: kl.map((kl_nats, latent) => ({ kl_nats, active: active[latent] })),
    information: {
      nats: shares.map((row) => row.map((share) => 2 * share)),
      entropies_nats: shares[0].map(() => 2),
    },
  };
}

const run = (recipe, seed, steps) => ({
  recipe,
  seed,
  stages: steps.map((step) => stage([[0.5], [0.1]], [1, 2], { step })),
});

const row = (recipe, beta, seeds) => ({ recipe, title: recipe, beta, seeds });

const TABLE = {
  version: 1,
  command: "make it",
  metrics: [],
  rows: [
    row("four", 4, [0, 1, 2]),
    row("half", 0.5, [0]),
    row("one", 1, [0, 1]),
    row("β-TCVAE, short", null, [0]),
    row("Capacity", null, [0]),
  ],
  runs: [run("four", 2, [10]), run("four", 0, [0, 5, 10]), run("one", 1, [0, 5, 12]), run("β-TCVAE, short", 0, [10])],
};
const START = { recipe: "four", seed: 0, step: 10, image: 0, keep: false, z: [1, 2] };

for (const [name, facts, order] of [
  [
    "each its own",
    stage(
      [
        [0.1, 0.9],
        [0.8, 0],
        [0.1, 0.1],
      ],
      [1, 1, 1],
    ),
    [1, 0, 2],
  ],
  // Best for both, it takes what it tells more about; the next best takes the other.
  [
    "one for both",
    stage(
      [
        [0.7, 0.9],
        [0.2, 0.1],
        [0.3, 0],
      ],
      [1, 1, 1],
    ),
    [2, 0, 1],
  ],
  // What is left comes by KL.
  ["by KL", stage([[0.1], [0.2], [0.9], [0.3]], [1, 3, 0.5, 2]), [2, 1, 3, 0]],
  // An inactive latent takes no factor's row, whatever it tells, but fills a free one.
  [
    "inactive",
    stage(
      [
        [0.9, 0.9],
        [0.2, 0.1],
      ],
      [0, 1],
      { active: [false, true] },
    ),
    [1, 0],
  ],
  [
    "free row",
    stage(
      [
        [0.9, 0.8],
        [0.1, 0.2],
      ],
      [0, 1],
      { active: [false, true] },
    ),
    [0, 1],
  ],
  ["not measured", { ...stage([[1], [1]], [1, 2]), information: null }, [1, 0]],
]) {
  test(`rows are aligned by factor: ${name}`, () => assert.deepEqual(align(facts), order));
}

for (const [shares, on, name, also] of [
  [[0.62, 0.1], true, "shape 62 %", ""],
  [[0.3, 0.62], true, "x 62 %", ""],
  [[0.32, 0.62], true, "x 62 %", "and shape 32 %"],
  [[0.04, 0.01], true, "no factor ", ""],
  [[0.9, 0.1], false, "inactive ", ""],
]) {
  test(`a latent is named by what it tells most about: ${shares}`, () => {
    const found = carried(stage([shares], [1], { active: [on] }), 0, ["shape", "x"]);
    assert.deepEqual([`${found.name} ${found.percent}`, found.also], [name, also]);
  });
}

for (const [name, change, then] of [
  ["row", { recipe: "one" }, { recipe: "one", seed: 1, step: 12, z: null }],
  ["row without a run", { recipe: "half" }, START],
  ["seed", { seed: 2 }, { seed: 2, z: null }],
  ["moment", { step: 5 }, { step: 5, z: null }],
  ["image", { image: 3 }, { image: 3, z: null }],
  ["keep", { keep: true }, { keep: true, z: [1, 2] }],
  ["z", { z: [3, 4] }, { z: [3, 4] }],
]) {
  test(`a change leads to what was trained: ${name}`, () => {
    assert.deepEqual(go(TABLE, START, change), { ...START, ...then });
  });
}

for (const [name, start, change, then] of [
  ["kept", { keep: true }, { recipe: "one" }, { recipe: "one", seed: 1, step: 12 }],
  ["another image", { keep: true }, { image: 1 }, { image: 1, z: null }],
  ["no longer", { keep: true }, { keep: false }, { keep: false, z: null }],
  ["another size", { keep: true, z: [1] }, { seed: 2 }, { seed: 2, z: null }],
  ["same moment", { step: 5 }, { recipe: "one" }, { recipe: "one", seed: 1, step: 5, z: null }],
  ["no such moment", { step: 5 }, { seed: 2 }, { seed: 2, step: 10, z: null }],
]) {
  test(`a kept z and a moment of training stay where they can: ${name}`, () => {
    assert.deepEqual(go(TABLE, { ...START, ...start }, change), { ...START, ...start, ...then });
  });
}

test("it begins in the middle of what was trained", () => {
  assert.deepEqual(begin(TABLE), { ...START, seed: 2, z: null }, "the first run of β = 4 as listed");
  assert.equal(begin({ ...TABLE, runs: TABLE.runs.slice(3) }).recipe, "β-TCVAE, short");
  assert.equal(begin({ ...TABLE, runs: [] }), null);
});

test("rows that were not trained are not offered", () => {
  const names = (rows) => rows.map(({ recipe }) => recipe);
  assert.deepEqual(names(rungsOf(TABLE)), ["one", "four"]);
  assert.deepEqual(names(methodsOf(TABLE)), ["β-TCVAE, short"]);
});

for (const [name, betas, ends] of [
  ["β = 1 is the plain VAE", [0.5, 1, 4], [1, 4]],
  ["without β = 1", [0.5, 4], [0.5, 4]],
  ["one β", [4], []],
  ["none", [], []],
]) {
  test(`the ends of a ladder: ${name}`, () => {
    const rows = betas.map((beta) => row(`at ${beta}`, beta, [0]));
    const runs = betas.map((beta) => run(`at ${beta}`, 0, [10]));
    const found = endsOf({ ...TABLE, rows, runs });
    assert.deepEqual(
      found.map(({ recipe }) => recipe),
      ends.map((beta) => `at ${beta}`),
    );
  });
}

for (const [name, facts, latents] of [
  [
    "each its own",
    stage(
      [
        [0.1, 0.9],
        [0.8, 0],
      ],
      [1, 1],
    ),
    [1, 0],
  ],
  [
    "one for both",
    stage(
      [
        [0.7, 0.9],
        [0.2, 0.1],
      ],
      [1, 1],
    ),
    [0, 0],
  ],
  [
    "an inactive one",
    stage(
      [
        [0.9, 0.9],
        [0.2, 0.1],
      ],
      [0, 1],
      { active: [false, true] },
    ),
    [1, 1],
  ],
  ["not measured", { ...stage([[1], [1]], [1, 2]), information: null }, []],
]) {
  test(`the latent that tells most about each factor: ${name}`, () => assert.deepEqual(tellers(facts), latents));
}

test("short words", () => {
  assert.deepEqual([0, 488, 31232, 2000000, 737280].map(spellCount), ["0", "488", "31.2 k", "2 M", "737 k"]);
  assert.deepEqual([0.5, 16].map(spellBeta), ["½", "16"]);
  assert.equal(abbreviated({ title: "β-TCVAE, short", beta: null }), "TC s");
  assert.equal(abbreviated({ title: "FactorVAE", beta: null }), "Fac");
  assert.equal(abbreviated({ title: "β = 4", beta: 4 }), "4");
});

test("medians, ticks and places", () => {
  assert.deepEqual([median([5, 1, 3]), median([4, 1, 3, 2])], [3, 2.5]);
  assert.deepEqual(ticks(0.3, 9.8, 5), [2, 4, 6, 8]);
  assert.deepEqual(ticks(80, 140, 4), [80, 100, 120, 140]);
  assert.deepEqual(
    placesOf(TABLE).map(({ row, place }) => [row.recipe, place]),
    [
      ["one", 0],
      ["four", 1],
      ["β-TCVAE, short", 2.6],
    ],
  );
});

for (const [change, reason] of [
  [{ version: 2 }, "has version 2, and this explorer reads version 1"],
  [{ runs: [{ ...run("one", 0, [1]), stages: [stage([[0.1]], [null])] }] }, "has a model without a KL"],
]) {
  test(`a wrong table gives one sentence: ${reason}`, () => {
    assert.throws(
      () => readTable(JSON.stringify({ ...TABLE, ...change }), "made"),
      ({ message }) => message.startsWith("made/table.json ") && message.includes(reason),
    );
  });
}

for (const [name, change] of Object.entries({
  start: {},
  everything: { recipe: "one", seed: 1, step: 5, image: 7 },
  kept: { keep: true, z: [0.5, -1.25] },
})) {
  test(`a link reads back what it was written from: ${name}`, () => {
    const state = { ...START, ...change };
    const query = writeLink(state, TABLE, "made");
    const read = readLink(query, TABLE, 12);
    assert.deepEqual([linkedTable(query), read.problem], ["made", null]);
    if (!state.keep) state.z = START.z;
    assert.deepEqual({ ...START, step: state.step, ...read.state }, state);
  });
}

for (const [query, reason] of [
  ["recipe=none", "it names no row of this table"],
  ["recipe=half", "its row has no trained model"],
  ["recipe=four&seed=1", "its seed has no trained model"],
  ["recipe=four&seed=0&step=6", "its moment of training was not kept"],
  ["image=12", "its image does not exist here"],
  ["z=1,x", "its z has a value that is not a number"],
  ["z=1,6", "its z has a value beyond ±5"],
]) {
  test(`a wrong link gives one sentence: ${query}`, () => {
    const { problem } = readLink(query, TABLE, 12);
    assert.ok(problem.includes(reason), problem);
    assert.ok(!problem.includes(". "), problem);
  });
}

test("a link to a row that another has replaced opens that one, where it was trained", () => {
  const rows = TABLE.rows.map((row) => ({ ...row, formerly: row.recipe === "one" ? ["gone"] : [] }));
  const { state, problem } = readLink("recipe=gone&seed=2&step=5&z=1,2", { ...TABLE, rows }, 12);
  assert.deepEqual(state, { recipe: "one" });
  assert.match(problem, /the row gone, which one has replaced, so that was opened instead/);
  const untrained = rows.map((row) => ({ ...row, formerly: row.recipe === "half" ? ["gone"] : [] }));
  assert.match(readLink("recipe=gone", { ...TABLE, rows: untrained }, 12).problem, /it names no row of this table/);
});

test("names of points never cover each other", () => {
  const points = Array.from({ length: 5 }, (_, at) => ({ x: 100 + 3 * at, y: 60 + at, text: "16" }));
  const labels = besides(points, points);
  assert.notEqual(labels[0], null);
  const boxes = labels
    .filter((label) => label !== null)
    .map(({ x, y, anchor }) => ({ left: anchor === "end" ? x - 16 : x, base: y }));
  assert.ok(boxes.length >= 3);
  boxes.forEach(({ left, base }, at) => {
    for (const other of boxes.slice(0, at)) {
      assert.ok(Math.abs(left - other.left) >= 16 || Math.abs(base - other.base) >= 11);
    }
  });
});

test("a name keeps off other points where it can", () => {
  const points = [{ x: 50, y: 50, text: "4" }];
  assert.deepEqual(besides(points, points), [{ x: 58, y: 43, anchor: "start" }]);
  const beside = { x: 62, y: 38, text: "" };
  assert.deepEqual(besides(points, [...points, beside]), [{ x: 42, y: 66, anchor: "end" }]);
});
