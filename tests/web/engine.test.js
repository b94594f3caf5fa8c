import assert from "node:assert/strict";
import { test } from "node:test";
import { openDecoder } from "../../explorer/instrument/web/engine/decoder.js";
import { bell, cutWidth, klByLatent } from "../../explorer/instrument/web/engine/gaussian.js";
import { reconstructionNats } from "../../explorer/instrument/web/engine/likelihood.js";
import { newestWins } from "../../explorer/instrument/web/engine/scheduler.js";
import { cardOf } from "../../explorer/instrument/web/ladder/models.js";
import { median, spellPace } from "../../explorer/instrument/web/panels/pace.js";
import { nearestOf } from "../../explorer/instrument/web/panels/preview.js";
import answers from "./answers.js";
import { assertNear } from "./near.js";

test("the newest value wins", async () => {
  const seen = [];
  const errors = [];
  const queue = newestWins(
    async (value) => {
      await null;
      seen.push(value);
      if (value === 1) throw new Error("kept going");
    },
    (error) => errors.push(error.message),
  );
  for (const value of [1, 2, 3, 4]) queue.request(value);
  await queue.settled();
  queue.request(5);
  await queue.settled();
  assert.deepEqual(seen, [1, 4, 5]);
  assert.deepEqual(errors, ["kept going"]);
});

test("long work hears of a newer value", async () => {
  const seen = [];
  const queue = newestWins(async (value, overtaken) => {
    seen.push([value, overtaken()]);
    await null;
    seen.push([value, overtaken()]);
  });
  queue.request(1);
  queue.request(2);
  await queue.settled();
  assert.deepEqual(seen, [
    [1, false],
    [1, true],
    [2, false],
    [2, false],
  ]);
});

for (const [name, input, images] of [
  ["names", "x", [0, 0, 0, 0]],
  ["size", "z", [0, 0]],
  ["no numbers", "z", [0, 0, 0, NaN]],
  ["cannot run", "z", null],
]) {
  test(`a refused decoder is let go: ${name}`, async () => {
    let released = 0;
    const session = {
      inputNames: [input],
      outputNames: ["mean"],
      async run() {
        if (!images) throw new Error("out of memory");
        const data = Float32Array.from(images);
        return { mean: { type: "float32", dims: [data.length / 2, 1, 1, 2], data } };
      },
      release: async () => void released++,
    };
    const ort = { InferenceSession: { create: async () => session }, Tensor: class {} };
    const { decode: graph } = cardOf({ latents: [{}, {}] }, { output: { shape: [1, 1, 2] } }).graphs;
    const start = { z: { type: "float32", data: new Float32Array(2), dims: [1, 2] } };
    const expected = { name: "blots", graph, start, gives: [1, 1, 2] };
    await assert.rejects(openDecoder(ort, new Uint8Array(), expected), { name: "InstrumentError" });
    assert.equal(released, 1);
  });
}

test("KL has its closed form", () => {
  // KL(N(1, 1) ‖ N(0, 1)) is 1/2, and KL(N(0, e²) ‖ N(0, 1)) is (e² − 3) / 2.
  assertNear(klByLatent([1, 0], [0, 2]), [0.5, (Math.exp(2) - 3) / 2], { absolute: 1e-6 });
});

/** Peak of an outline, above its ground. */
const peakOf = (path) => 1 - Math.min(...[...path.matchAll(/ (-?[\d.]+)/g)].map(([, y]) => Number(y)));

test("densities of one scale have heights that compare, up to where they are cut off", () => {
  assertNear(peakOf(bell(0, 1, -3, 3, 0.2)), 0.2, { absolute: 1e-3 });
  assertNear(peakOf(bell(1, 0.25, -3, 3, 0.2)), 0.8, { absolute: 1e-3 });
  assert.equal(peakOf(bell(1, 0.05, -3, 3, 0.2)), 1);
  assert.equal(cutWidth(0.25, 0.2), 0);
  // There the density is as high as the top: (0.2 / σ) exp(−w² / 2σ²) = 1.
  const width = cutWidth(0.05, 0.2);
  assertNear((0.2 / 0.05) * Math.exp(-0.5 * (width / 0.05) ** 2), 1, { absolute: 1e-9 });
});

const nats = (image, mean, x) => reconstructionNats(image, Float32Array.from(mean), Float32Array.from(x));

for (const { name, mean, x, expected } of answers.likelihoods) {
  test(`the likelihood is that of training: ${name}`, () => {
    const found = nats({ likelihood: name, sigma: answers.sigma }, mean, x);
    assert.equal(found.atLeast, false);
    assertNear(found.nats, expected, { relative: 1e-3 });
  });
}

for (const { eta, mean, greys } of answers.continuousBernoulli) {
  test(`a continuous Bernoulli of any mean: η = ${eta}`, () => {
    for (const [x, expected] of greys) {
      const found = nats({ likelihood: "continuous_bernoulli" }, [mean], [x]);
      assertNear(found.nats, expected, { relative: 3e-3, absolute: 1e-5 });
    }
  });
}

for (const { name, output, mean, surprising, exact } of answers.bounds) {
  test(`what a rounded mean cannot say is called a bound: ${name} of ${output}`, () => {
    const image = { likelihood: name, sigma: answers.sigma };
    const found = nats(image, [mean], [surprising]);
    assert.equal(found.atLeast, true);
    assert.ok(found.nats <= exact);
    assert.equal(nats(image, [mean], [mean]).atLeast, false);
  });
}

for (const image of [{ likelihood: "gaussian" }, { likelihood: "poisson" }]) {
  test(`no number without what it needs: ${image.likelihood}`, () => {
    assert.equal(nats(image, [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]), null);
  });
}

test("how long an image takes is said where it is more than a frame, and a decode that is late by chance is not", () => {
  assert.equal(median([1, 900, 2, 1, 3]), 2);
  assert.equal(median([340, 20, 330, 350, 360]), 340);
  assert.equal(spellPace(340.2), "340 ms an image");
  assert.equal(spellPace(12_340), "12.3 s an image");
});

test("what is shown while a slow model waits is the nearest image of a strip that leads through the place", () => {
  const rows = new Map([
    [0, { canvas: "first", z: [0, 1] }],
    [1, { canvas: "second", z: [0.4, 0] }],
  ]);
  const steps = () => [-3, 0, 3];
  assert.deepEqual(nearestOf(rows, [2, 1], steps), { canvas: "first", column: 2 });
  assert.deepEqual(nearestOf(rows, [0.4, 1], steps), { canvas: "first", column: 1 });
  assert.deepEqual(nearestOf(rows, [0.4, -2], steps), { canvas: "second", column: 0 });
  assert.equal(nearestOf(rows, [2, 2], steps), null);
});
