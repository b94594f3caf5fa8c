import assert from "node:assert/strict";
import { test } from "node:test";
import { coherence, DRAWS, directionFrom } from "../../explorer/instrument/web/directions/coherence.js";
import { factOf, remember } from "../../explorer/instrument/web/directions/facts.js";
import { classOf, described, nameOf, namingsOf } from "../../explorer/instrument/web/directions/groups.js";
import { within } from "../../explorer/instrument/web/directions/lasso.js";
import { assertNear } from "./near.js";
import { seeded } from "./seeded.js";

const range = (/** @type {number} */ from, /** @type {number} */ to) =>
  Int32Array.from({ length: to - from }, (_, at) => from + at);
const [A, B] = [range(0, 200), range(200, 400)];

/** @param {number[][]} rows */
const codesOf = (rows) => ({
  mean: Float32Array.from(rows.flat()),
  count: rows.length,
  latents: rows[0].length,
});

/** 2000 codes: A at +distance/2 along a diagonal, B at −distance/2, the rest around 0. */
function clouds(distance, spread = 1, latents = 6) {
  const { normal } = seeded(0);
  return codesOf(
    Array.from({ length: 2000 }, (_, at) => {
      const side = at < 200 ? 1 : at < 400 ? -1 : 0;
      const along = (side * distance) / 2 / Math.sqrt(latents);
      return Array.from({ length: latents }, () => (side ? spread : 1) * normal() + along);
    }),
  );
}

const score = (codes, a = A, b = B) => coherence(codes, a, b, async () => true);

test("a direction is the difference of the means, at length 1", () => {
  const codes = codesOf([
    [0, 0],
    [2, 0],
    [1, 3],
    [1, 5],
  ]);
  const { vector, length } = directionFrom(codes, range(2, 4), range(0, 2));
  assertNear(vector, [0, 1], { absolute: 1e-6 });
  assert.equal(length, 4);
});

for (const [a, b, reason] of [
  [[], [2, 3], "Group A has no images"],
  [[0, 1], [2], "Group B has one image"],
  [[0, 1], [0, 1], "same mean code"],
  [[0, 1], [2, 3], "same mean code"],
]) {
  test(`groups without a direction get a sentence: ${a} and ${b}`, () => {
    const codes = codesOf([
      [0, 0],
      [2, 0],
      [1, 1],
      [1, -1],
    ]);
    assert.throws(() => directionFrom(codes, Int32Array.from(a), Int32Array.from(b)), { message: RegExp(reason) });
  });
}

test("tight groups that are far apart are coherent", async () => {
  const { value, below, low, high } = await score(clouds(20, 0.01));
  assert.ok(value > 0.999);
  assert.equal(below, DRAWS);
  assert.ok(low < 0.03 && high < 0.5);
});

test("coherence has its closed form on the line", async () => {
  // In one dimension a cosine is a product of signs, and 150 of 200 signs are positive.
  const line = codesOf(Array.from({ length: 400 }, (_, at) => [at < 150 ? 1 : at < 200 ? -1 : 0]));
  const { value } = await score(line);
  // Over all pairs of different members: ((150 − 50)² − 200) / (200 · 199). Of 2,000 pairs the deviation is 0.022.
  assertNear(value, 9800 / 39_800, { absolute: 0.08 });
});

test("coherence of two normal clouds is that of a sampled integral", async () => {
  const { normal } = seeded(5);
  const step = 3 / Math.sqrt(6);
  let sum = 0;
  const count = 100_000;
  for (let at = 0; at < count; at++) {
    const [one, other] = [0, 1].map(() => Array.from({ length: 6 }, () => step + Math.SQRT2 * normal()));
    const dot = one.reduce((total, value, axis) => total + value * other[axis], 0);
    sum += dot / Math.hypot(...one) / Math.hypot(...other);
  }
  const { value } = await score(clouds(3));
  assertNear(value, sum / count, { absolute: 0.06 });
});

test("groups that are the same are not coherent", async () => {
  assertNear((await score(clouds(0), A, A)).value, 0, { absolute: 0.06 });
});

test("random groups are about 0, also where they are small", async () => {
  // Where pairs share an image, as in a plain mean over all pairs, two codes each give 0.25.
  assertNear((await score(clouds(0), range(0, 2), range(200, 202))).mean, 0, { absolute: 0.1 });
  const { low, mean, high } = await score(clouds(0));
  assertNear(mean, 0, { absolute: 0.02 });
  assert.ok(-0.08 < low && low < 0 && 0 < high && high < 0.08);
});

test("the same groups give the same numbers", async () => {
  assert.deepEqual(await score(clouds(1)), await score(clouds(1)));
});

test("groups may overlap and may be everything", async () => {
  const { value, random } = await score(clouds(4), range(0, 1500), range(500, 2000));
  assert.ok([value, ...random].every(Number.isFinite));
});

test("codes that are all the same lead nowhere", async () => {
  await assert.rejects(score(codesOf(Array.from({ length: 400 }, () => [1, 1, 1]))), /are the same/);
});

test("a score that nobody waits for any more is not measured to its end", async () => {
  let asked = 0;
  assert.equal(await coherence(clouds(1), A, B, async () => ++asked < 3), null);
  assert.equal(asked, 3);
});

test("a line takes what lies within it", () => {
  // A U: its middle is outside.
  const line = /** @type {[number, number][]} */ ([
    [0, 0],
    [3, 0],
    [3, 3],
    [2, 3],
    [2, 1],
    [1, 1],
    [1, 3],
    [0, 3],
  ]);
  const points = Float32Array.from([0.5, 2, 1.5, 2, 2.5, 2, 1.5, 0.5, 4, 2, 1.5, 0.6]);
  assert.deepEqual([...within(points, line, () => true)], [0, 2, 3, 5]);
  assert.deepEqual([...within(points, line, (at) => at !== 2)], [0, 3, 5], "what is hidden is not taken");
  assert.deepEqual([...within(points, [], () => true)], []);
  assert.deepEqual([...within(points, [[0, 0]], () => true)], []);
});

const CARD = /** @type {any} */ ({
  data: {
    labels: ["zero", "one"],
    factors: [
      { name: "shape", size: 2, values: ["square", "heart"] },
      { name: "turn", size: 100_000, values: null },
      { name: "size", size: 3, values: null },
    ],
  },
});
const EMBEDDING = /** @type {any} */ ({
  count: 4,
  label: Int32Array.from([0, 1, 1, 1]),
  factors: Int32Array.from([0, 9, 2, 1, 8, 1, 1, 7, 0, 0, 6, 2]),
});

test("images are named by label and by factors that a list can hold", () => {
  const namings = namingsOf(CARD, EMBEDDING);
  assert.deepEqual(
    namings.map(({ title, names }) => [title, names]),
    [
      ["label", ["zero", "one"]],
      ["shape", ["shape square", "shape heart"]],
      ["size", ["size 0", "size 1", "size 2"]],
    ],
  );
  assert.deepEqual(
    { ...classOf(namings[1], 1, 4), members: [...classOf(namings[1], 1, 4).members] },
    {
      members: [1, 2],
      picked: "shape heart",
    },
  );
  assert.deepEqual([...classOf(namings[2], 2, 4).members], [0, 3]);
  assert.deepEqual(namingsOf(CARD, { ...EMBEDDING, label: null, factors: null }), []);
});

test("what a group is adds up", () => {
  const letters = { title: "label", names: [..."abcdef"], of: (/** @type {number} */ at) => at % 6 };
  const drawn = (/** @type {number[]} */ members) => ({ members: Int32Array.from(members), picked: "" });
  const all = [...range(0, 20)];
  assert.equal(described(drawn(all.filter((at) => at % 6 < 4)), [letters]), "14 images: a (4), b (4), c (3), d (3)");
  assert.equal(described(drawn(all), [letters]), "20 images: a (4), b (4), c (3), others (9)");
  assert.equal(described({ ...drawn([1]), picked: "b" }, [letters]), "1 image: all of class b");
  assert.equal(nameOf(drawn([0, 6, 12, 1, 7]), [letters]), "a", "three of five");
  assert.equal(nameOf(drawn([0, 6, 1, 7]), [letters]), null, "half is not most");
});

test("what was measured is known of that direction of that model alone", () => {
  const fact = { model: "one", name: "up", vector: [0.6, 0.8], coherence: 1, low: 0, high: 0, groups: "", how: "" };
  remember(fact);
  assert.equal(factOf("one", { name: "up", vector: [0.6, 0.8] }), fact);
  assert.equal(factOf("one", { name: "up", vector: [0.8, 0.6] }), undefined);
  assert.equal(factOf("two", { name: "up", vector: [0.6, 0.8] }), undefined);
});
