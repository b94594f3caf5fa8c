import assert from "node:assert/strict";
import { test } from "node:test";
import { shareBelow, unlikeness } from "../../explorer/instrument/web/image/likeness.js";
import { createErrorsOfExamples, relativeError } from "../../explorer/instrument/web/image/relative-error.js";
import { noiseAt, zOf } from "../../explorer/instrument/web/pipeline/epsilon.js";
import { scaleFor, shareOf } from "../../explorer/instrument/web/pipeline/scale.js";
import { assertNear } from "./near.js";

const MEAN = [1, -2, 0];
const STD = [0.5, 0.1, 1];

test("z is μ + s σ ε, and at s = 0 the mean", () => {
  const epsilon = [2, -1, 0.5];
  assertNear(zOf(MEAN, STD, { epsilon, scale: 1 }), [2, -2.1, 0.5], { absolute: 1e-12 });
  assertNear(zOf(MEAN, STD, { epsilon, scale: 2 }), [3, -2.2, 1], { absolute: 1e-12 });
  assert.deepEqual(zOf(MEAN, STD, { epsilon, scale: 0 }), MEAN);
});

test("a z that was reached by hand is explained by its own ε, and the mean by the last roll", () => {
  const rolled = [0.3, 0.2, 0.1];
  const z = [1.5, -2, -1];
  const noise = noiseAt(z, MEAN, STD, rolled);
  assert.equal(noise.scale, 1);
  assertNear(noise.epsilon, [1, 0, -1], { absolute: 1e-12 });
  assertNear(zOf(MEAN, STD, noise), z, { absolute: 1e-12 });
  // Kept to three decimals, as a link holds it.
  assert.deepEqual(noiseAt([1.0004, -2, 0], MEAN, STD, rolled), { epsilon: rolled, scale: 0 });
});

test("a scale has round ends, holds all its values and goes below 0 only for a density", () => {
  assert.deepEqual(scaleFor([95.4, 20]), { low: 0, high: 100 });
  assert.deepEqual(scaleFor([141, 38]), { low: 0, high: 150 });
  assert.deepEqual(scaleFor([-820, 12]), { low: -1000, high: 15 });
  assert.deepEqual(scaleFor([0]), { low: 0, high: 1 });
  const scale = scaleFor([-100, 100]);
  assert.deepEqual(
    [-100, 0, 50, 900].map((value) => shareOf(scale, value)),
    [0, 0.5, 0.75, 1],
  );
});

test("an image is unlike the examples beyond what 199 in 200 of them cost, or are off by", () => {
  const costs = Float32Array.from({ length: 1000 }, (_, at) => at);
  assert.equal(shareBelow(costs, 250), 0.25);
  const pixels = Float32Array.of(0, 1);
  const known = { nats: costs, errors: costs.map((cost) => cost / 1000) };
  const judge = (nats, { error = 0, isExample = false } = {}) =>
    unlikeness({ pixels, nats, error, isExample }, known, "test");
  assert.equal(judge(500), null);
  assert.equal(judge(995), null);
  assert.match(
    judge(997),
    /^Not like the images this model was made for: .* 997 nats, more than that of 99\.7\s% of 1,000 test/,
  );
  assert.match(judge(4000), /4,000 nats, more than that of any of 1,000 test images\.$/);
  assert.match(judge(4000, { isExample: true }), /^An unusual test image/);
  assert.equal(judge(500, { error: 0.995 }), null);
  assert.match(
    judge(500, { error: 0.9965 }),
    /off by 100\s% of its brightness, more than that of 99\.7\s% of 1,000 test/,
  );
  const unknown = { nats: null, errors: null };
  assert.equal(unlikeness({ pixels, nats: 4000, error: 9, isExample: false }, unknown, "test"), null);
  const few = { nats: costs.slice(0, 199), errors: costs.slice(0, 199) };
  assert.equal(unlikeness({ pixels, nats: 4000, error: 9, isExample: false }, few, "test"), null);
  const blank = new Float32Array(4);
  assert.match(unlikeness({ pixels: blank, nats: 1, error: 1, isExample: false }, known, "test"), /blank/);
});

test("a relative error is the share of the image's own brightness that its reconstruction is off by", () => {
  const shown = Uint8ClampedArray.of(9, 9, 9, 255, 9, 9, 9, 255, 0, 0, 0, 255, 255, 51, 0, 255);
  assertNear([relativeError(Float32Array.of(0.5, 0.5), shown, [1, 1, 2], 1)], [1], { absolute: 1e-6 });
  const coloured = Float32Array.of(0, 1, 0, 0.2, 0.2, 0.2);
  assertNear([relativeError(coloured, shown, [3, 1, 2], 1)], [0.4 / 1.6], { absolute: 1e-6 });
});

/** A model with one latent and one pixel, and 200 examples of half grey. */
const stageWith = (/** @type {object} */ parts) => {
  const count = 200;
  return {
    model: { controls: [{ name: "z" }], continuous: { parts: [{ name: "z", at: 0, size: 1 }] } },
    card: { graphs: { encode: { outputs: [{ control: "z" }] } }, output: { shape: [1, 1, 1] } },
    store: { get: () => ({ codes: {} }) },
    thumbnails: () => ({ pixels: async () => Float32Array.of(0.5) }),
    embedding: () => ({ count, latents: 1, mean: new Float32Array(count), codes: {} }),
    decodeSheet: async (codes) => ({ data: new Uint8ClampedArray(4 * codes.length) }),
    gone: new AbortController().signal,
    ...parts,
  };
};

test("what the examples are off by is measured again where it was not to be had", async () => {
  let sheets = 0;
  const { decodeSheet } = stageWith({});
  const stage = stageWith({ decodeSheet: async (codes) => (sheets++ ? decodeSheet(codes) : null) });
  let errors;
  const measured = new Promise((resolve) => {
    errors = createErrorsOfExamples(stage, resolve);
  });
  assert.equal(errors(), null);
  await new Promise(setImmediate);
  assert.equal(errors(), null);
  await measured;
  assert.deepEqual(errors(), new Float32Array(200).fill(1));
});

test("a picture of examples that cannot be read is asked for once", async () => {
  let asked = 0;
  const pixels = async () => {
    asked++;
    throw new Error("thumbnails.webp is missing");
  };
  const errors = createErrorsOfExamples(stageWith({ thumbnails: () => ({ pixels }) }), () => {});
  errors();
  await new Promise(setImmediate);
  const first = asked;
  assert.ok(first > 0);
  errors();
  await new Promise(setImmediate);
  assert.equal(asked, first);
});
