import assert from "node:assert/strict";
import { test } from "node:test";
import { shareBelow, unlikeness } from "../../explorer/instrument/web/image/likeness.js";
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

test("an image is unlike the examples beyond what 99 in 100 of them cost", () => {
  const costs = Float32Array.from({ length: 1000 }, (_, at) => at);
  assert.equal(shareBelow(costs, 250), 0.25);
  const pixels = Float32Array.of(0, 1);
  const judge = (nats, isExample = false) => unlikeness({ pixels, nats, isExample }, costs, "test");
  assert.equal(judge(500), null);
  assert.equal(judge(990), null);
  assert.match(
    judge(995),
    /^Not like the images this model was made for: .* 995 nats, more than that of 99\.5\s% of the 1,000 test/,
  );
  assert.match(judge(4000), /4,000 nats, more than that of any of the 1,000 test images\.$/);
  assert.match(judge(4000, true), /^An unusual test image/);
  assert.equal(unlikeness({ pixels, nats: 4000, isExample: false }, null, "test"), null);
  const blank = new Float32Array(4);
  assert.match(unlikeness({ pixels: blank, nats: 1, isExample: false }, costs, "test"), /blank/);
});
