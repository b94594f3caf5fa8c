// Links as somebody careless or hostile leaves them: each opens what it can, or says in one sentence what it cannot.
//
//     FUZZ=100 node --test tests/web/links.test.js          a hundred times as many, of that day

import assert from "node:assert/strict";
import { test } from "node:test";
import { linkedComparison, readCompared, writeComparison } from "../../explorer/instrument/web/compare/link.js";
import { readLink as readLadder, writeLink as writeLadder } from "../../explorer/instrument/web/ladder/link.js";
import { begin, go } from "../../explorer/instrument/web/ladder/state.js";
import { readLink, writeLink } from "../../explorer/instrument/web/link.js";
import { space as categorical } from "../../explorer/instrument/web/spaces/categorical.js";
import { space as codeGrid } from "../../explorer/instrument/web/spaces/code-grid.js";
import { space as continuous } from "../../explorer/instrument/web/spaces/continuous.js";
import { space as tokens } from "../../explorer/instrument/web/spaces/tokens.js";
import { startOf } from "../../explorer/instrument/web/store.js";
import { seeded } from "./seeded.js";

const TIMES = Number(process.env.FUZZ ?? 1);
const FIRST = TIMES === 1 ? 1 : Date.now() % 2 ** 31;

const z = { kind: "continuous", name: "z", size: 3, prior: "standard_normal", space: continuous };
const point = { kind: "continuous", name: "constructor", size: 2, prior: null, space: continuous };
const label = { kind: "categorical", name: "label", labels: ["none", "a,b", "7", "%"], space: categorical };
const grid = { kind: "code_grid", name: "codes", height: 2, width: 2, codes: 5, space: codeGrid };
const word = { kind: "tokens", name: "word", alphabet: ["a", "b", "é"], longest: 4, space: tokens };
const KINDS = [[z], [z, label], [z, word], [grid], [point], [label], []];

const LINKS = [
  "model=digits&z=0.1,-2,3&example=7&locked=0,2&temperature=0.7&inactive=shown&axes=z1,z0&colour=factor:shape&a=1,2,3",
  "model=m&z=0,0,0&directions=up:0.6,0.8,0;b%253A:1,0,0&b=1,2,3&c=4,4,4&path=spherical&axes=umap&colour=error",
  "model=names&word=aébb&z=1,1,1&view=gradients&lesson=noise&step=3",
  "model=vq&codes=0,1,2,3&colour=z0&noise=masking,0.5,3&constructor=5,5",
  "model=a&compare=a,b,c%252Cd,e,f&apart=yes&2.z=1,2,3&2.label=7&3.codes=0,0,0,0&2.inactive=shown&label=a,b",
  "table=sprites&recipe=four&seed=0&step=5&image=3&z=1,-1",
];
const KEYS = [
  ...new Set(LINKS.flatMap((link) => [...new URLSearchParams(link).keys()])),
  "__proto__",
  "2.__proto__",
  "",
  "z0",
];
const VALUES = [
  "",
  ",",
  "-",
  "1e9",
  "-0",
  "9".repeat(400),
  "NaN",
  "0x1",
  "%",
  "%E0",
  "\u0000",
  "\u202e",
  "\ud800",
  "a\nb",
  "z",
  "z99",
  "١",
  "+",
  "1,2,3",
  ";:;",
];

/** @param {ReturnType<typeof seeded>} chance */
function mutated({ uniform }) {
  const pick = (/** @type {any} */ list) => list[Math.floor(uniform(0, list.length))];
  const parts = pick(LINKS).split("&");
  for (let left = 1 + Math.floor(uniform(0, 4)); left > 0; left--) {
    const at = Math.floor(uniform(0, parts.length));
    const [key, value = ""] = (parts[at] ?? "").split("=");
    const where = Math.floor(uniform(0, value.length));
    parts[at] = pick([
      () => `${pick(KEYS)}=${value}`,
      () => `${key}=${pick(VALUES)}`,
      () => `${key}=${value.slice(0, where)}${pick(VALUES)}${value.slice(where)}`,
      () => `${key}=${value.slice(where)}`,
      () => `${key}=${value},${value}`,
      () => `${parts[at]}&${pick(KEYS)}=${pick(VALUES)}`,
    ])();
  }
  return `${pick(["", "?", "??", "&"])}${parts.join("&")}`;
}

/** @param {string | null} problem */
function isSentence(problem) {
  if (problem === null) return;
  assert.ok(problem.endsWith("."), problem);
  assert.ok(problem.length < 2_000, problem);
}

const limitsOf = (/** @type {any} */ controls) => ({ controls, examples: 12, title: "Blots", factors: ["shape"] });
const START = startOf(/** @type {any} */ ({ card: { latents: [] }, start: {} }), {});

/** @param {any} controls @param {any} state */
function stateOf(controls, state) {
  const codes = Object.fromEntries(controls.map((/** @type {any} */ one) => [one.name, one.space.start(one)]));
  return { ...START, ...state, codes: { ...codes, ...state.codes } };
}

test("what is read of a damaged link can be written, and reads the same again", () => {
  for (let seed = FIRST; seed < FIRST + 1_500 * TIMES; seed++) {
    const chance = seeded(seed);
    const query = mutated(chance);
    const controls = /** @type {any} */ (KINDS[seed % KINDS.length]);
    const { state, problem } = readLink(query, limitsOf(controls));
    isSentence(problem);
    const again = readLink(writeLink({ ...stateOf(controls, state), model: "m" }, controls), limitsOf(controls));
    assert.equal(again.problem, null, `seed ${seed}: ${query}`);
    assert.deepEqual(stateOf(controls, again.state), stateOf(controls, state), `seed ${seed}: ${query}`);
    assert.equal(Object.getPrototypeOf(state), Object.prototype);
  }
});

test("a damaged link of a comparison opens at most four models, each where it can be", () => {
  for (let seed = FIRST; seed < FIRST + 1_000 * TIMES; seed++) {
    const query = mutated(seeded(seed));
    const { ids, problem } = linkedComparison(query);
    isSentence(problem);
    assert.ok(ids.length <= 4 && ids.length !== 1, `seed ${seed}: ${query}`);
    const models = /** @type {any} */ (
      ids.map((id, at) => ({ entry: { id }, controls: KINDS[(seed + at) % KINDS.length], card: { title: id } }))
    );
    const read = models.map((/** @type {any} */ one, /** @type {number} */ at) =>
      readCompared(query, models, at, limitsOf(one.controls)),
    );
    for (const { problem } of read) isSentence(problem);
    if (!models.length) continue;
    const states = read.map((/** @type {any} */ { state }, /** @type {number} */ at) =>
      stateOf(models[at].controls, state),
    );
    assert.deepEqual(linkedComparison(writeComparison(models, states, true)).ids, ids, `seed ${seed}: ${query}`);
  }
});

const stage = (/** @type {number} */ step) => ({ step, latents: [{}, {}], metrics: [] });
const TABLE = /** @type {any} */ ({
  rows: ["four", "one"].map((recipe, at) => ({ recipe, title: recipe, beta: 4 - at, seeds: [0], formerly: ["old"] })),
  runs: ["four", "one"].map((recipe) => ({ recipe, seed: 0, stages: [stage(0), stage(5), stage(9)] })),
});

test("a damaged link of the page of β leads to a model of its table", () => {
  for (let seed = FIRST; seed < FIRST + 1_000 * TIMES; seed++) {
    const query = mutated(seeded(seed));
    const { state, problem } = readLadder(query, TABLE, 12);
    isSentence(problem);
    const found = go(TABLE, /** @type {any} */ (begin(TABLE)), state);
    const again = readLadder(writeLadder(found, TABLE, "t"), TABLE, 12);
    assert.equal(again.problem, null, `seed ${seed}: ${query}`);
  }
});
