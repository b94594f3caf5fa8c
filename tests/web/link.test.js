import assert from "node:assert/strict";
import { test } from "node:test";
import { LONGEST_QUERY } from "../../explorer/instrument/web/limits.js";
import { linkedModel, readLink, writeLink } from "../../explorer/instrument/web/link.js";
import { space } from "../../explorer/instrument/web/spaces/continuous.js";
import { Unreadable } from "../../explorer/instrument/web/spaces/unreadable.js";
import { startOf } from "../../explorer/instrument/web/store.js";

/** @param {number} size */
const numbers = (size) => [{ kind: "continuous", name: "z", size, prior: "standard_normal", space }];
const CONTROLS = numbers(2);
const LIMITS = { controls: CONTROLS, examples: 12, title: "Blots", factors: ["shape"] };
const START = startOf(/** @type {any} */ ({ card: { latents: [] }, start: { z: [0, 0] } }), {});

const direction = { name: "a: b; 7 → 1, ✓", vector: [0.6, -0.8] };
for (const [name, change] of Object.entries({
  start: {},
  z: { codes: { z: [-1.234, 4.999] } },
  everything: { example: 11, locked: [1, 0], temperature: 0.7, unfolded: true },
  drawn: { writing: "sampled", seed: 17 },
  map: { axes: "pca", colour: "factor:shape", slerp: true },
  umap: { axes: "umap" },
  noise: { noise: { kind: "salt_and_pepper", level: 0.25, seed: 3 } },
  pins: { axes: "z1,z0", colour: "z1", pins: { a: [0.5, -1], b: null, c: [4.125, 0] } },
  directions: { directions: [direction, direction] },
})) {
  test(`a link reads back what it was written from: ${name}`, () => {
    const state = { ...START, ...change };
    const read = readLink(writeLink({ ...state, model: "blots" }, CONTROLS), LIMITS);
    assert.equal(read.problem, null);
    assert.deepEqual({ ...START, ...read.state }, state);
  });
}

for (const [query, reason] of [
  ["z=1", "it has 1 value of z where Blots has 2 latents"],
  ["z=1,2,3", "it has 3 values of z where Blots has 2 latents"],
  ["z=NaN,0", "z has a value that is not a number"],
  ["z=Infinity,0", "z has a value that is not a number"],
  ["z=1e3,0", "z has a value that is not a number"],
  ["z=,", "z has a value that is not a number"],
  ["z=9,0", "z has a value beyond ±5"],
  ["z=0,0&example=12", "its test image does not exist here"],
  ["z=0,0&example=-1", "its test image does not exist here"],
  ["locked=0,7", "one of its locked latents does not exist here"],
  ["temperature=hot", "its temperature is not a number"],
  ["temperature=99", "its temperature is off the scale"],
  ["noise=fog,0.1", "its kind of noise is not known here"],
  ["noise=masking", "the level of its noise is not a number"],
  ["noise=masking,1.5", "the level of its noise is off the scale"],
  ["noise=masking,0.5,-1", "the seed of its noise does not exist here"],
  ["writing=backwards", "its way of choosing letters is not known here"],
  ["writing=sampled&seed=1e9", "its seed does not exist here"],
  ["path=straight", "its way from pin to pin is not known here"],
  ["inactive=yes", "what it says of latents that are not used is not known here"],
  ["axes=z0", "its map does not have two axes"],
  ["axes=z0,z2", "one of its map's axes does not exist here"],
  ["axes=tsne", "one of its map's axes is not known here"],
  ["colour=factor:hue", "the colour of its map is not known here"],
  ["a=1", "it has 1 value of pin A where Blots has 2 latents"],
  ["a=1,x", "pin A has a value that is not a number"],
  ["directions=up:1,x", "a direction has a value that is not a number"],
  ["directions=%E2%80%8B%20%E3%85%A4:1,0", "one of its directions has no name"],
  ["directions=up:3,4", "one of its directions is not of length 1"],
  ["directions=:1,0", "one of its directions has no name"],
  ["directions=%25E0%25A4%25A:1,0", "one of its directions has no name"],
  ["z=%00%ff<script>", "z has a value that is not a number"],
  [`z=${"1,".repeat(20_000)}`, "too long"],
]) {
  test(`a wrong link gives one sentence: ${query.slice(0, 40)}`, () => {
    const { problem } = readLink(query, LIMITS);
    assert.ok(problem.includes(reason), problem);
    assert.ok(!problem.includes(". "), problem);
  });
}

for (const { name, latents, kept, pins } of [
  { name: "all", latents: 10, kept: 12, pins: "abc" },
  { name: "some directions", latents: 300, kept: 6, pins: "abc" },
  { name: "a pin", latents: 1024, kept: 0, pins: "a" },
]) {
  test(`a link leaves out what it has no room for: ${name}`, () => {
    // A value of a code takes seven characters with its comma, one of a direction six.
    const code = new Array(latents).fill(-1.234);
    const vector = [-0.577, -0.577, -0.577, ...new Array(latents - 3).fill(0.001)];
    const directions = Array.from({ length: 12 }, (_, at) => ({ name: `direction ${at}`, vector }));
    const state = { ...START, codes: { z: code }, pins: { a: code, b: code, c: code }, directions };
    const query = `?${writeLink({ ...state, model: "blots" }, numbers(latents))}`;
    const read = readLink(query, { ...LIMITS, controls: numbers(latents) });

    assert.ok(query.length - 1 <= LONGEST_QUERY);
    assert.deepEqual([linkedModel(query), read.problem], ["blots", null]);
    assert.deepEqual(read.state.codes.z, code);
    assert.equal((read.state.directions ?? []).length, kept);
    assert.equal(["a", "b", "c"].filter((pin) => read.state.pins[pin]).join(""), pins);
  });
}

test("an old link opens: its z is that of the control z", () => {
  const { state, problem } = readLink("?model=blots&z=0.5,-1&locked=1&a=1,2&axes=z1,z0", LIMITS);
  assert.equal(problem, null);
  assert.deepEqual(state, {
    codes: { z: [0.5, -1] },
    locked: [1],
    pins: { a: [1, 2], b: null, c: null },
    axes: "z1,z0",
  });
});

/** A space of one letter, to see that the link asks the space of each control. */
const letters = {
  write: (/** @type {string} */ value) => value,
  read(/** @type {string} */ text, /** @type {{name: string}} */ { name }) {
    if (!/^[a-c]$/.test(text)) throw new Unreadable(`its ${name} is not one of a, b, c`);
    return text;
  },
};

test("every control is in the link under its name, apart from what else the link says", () => {
  const controls = [
    ...CONTROLS,
    { kind: "letter", name: "shape", space: letters },
    { kind: "letter", name: "a", space: letters },
  ];
  const state = {
    ...START,
    codes: { z: [1, 2], shape: "b", a: "c" },
    pins: { a: [3, 4], b: null, c: null },
    model: "blots",
  };
  const query = writeLink(state, controls);
  assert.equal(query, "model=blots&z=1,2&shape=b&control.a=c&a=3,4");
  const { state: read, problem } = readLink(query, { ...LIMITS, controls });
  assert.deepEqual([read.codes, read.pins.a, problem], [state.codes, [3, 4], null]);
  const refused = readLink("shape=d&z=1,2", { ...LIMITS, controls });
  assert.ok(refused.problem.includes("its shape is not one of a, b, c"), refused.problem);
  assert.deepEqual(refused.state.codes, { z: [1, 2] });
});

test("a model without latents has no use for what is about them", () => {
  const { state, problem } = readLink("a=1,2&locked=0&axes=z0,z1", { ...LIMITS, controls: [] });
  assert.deepEqual(state, {});
  assert.ok(problem.includes("Blots has no latents"), problem);
});
