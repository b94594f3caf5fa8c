import assert from "node:assert/strict";
import { test } from "node:test";
import { hiddenError, rounds } from "../../explorer/instrument/web/image/imputation.js";

/** Projects four pixels onto the plane of (1, 1, 1, 1) and (1, −1, 1, −1). */
const PLANE = {
  card: { output: { kind: "pixels", likelihood: null } },
  encoder: {
    /** @param {Float32Array} x */
    encode: async (x) => {
      const mean = [(x[0] + x[1] + x[2] + x[3]) / 2, (x[0] - x[1] + x[2] - x[3]) / 2];
      return { codes: { z: mean }, mean, logVariance: [-60, -60] };
    },
  },
  /** @param {{z: number[]}[]} codes */
  decode: async ([{ z }]) =>
    Float32Array.of((z[0] + z[1]) / 2, (z[0] - z[1]) / 2, (z[0] + z[1]) / 2, (z[0] - z[1]) / 2),
  withZ: (/** @type {any} */ _, /** @type {number[]} */ z) => ({ codes: { z } }),
  z: (/** @type {any} */ { codes }) => codes.z,
};

for (const draws of [false, true])
  test(`every round halves the error of an image in the plane${draws ? ", drawn from a sure posterior" : ""}`, async () => {
    const pixels = Float32Array.of(0.6, 0.2, 0.6, 0.2);
    const seen = Uint8Array.of(1, 1, 0, 0);
    const image = { pixels, seen, start: new Float32Array(4) };
    let expected = Math.sqrt((0.6 ** 2 + 0.2 ** 2) / 2);
    let count = 0;
    for await (const next of rounds(/** @type {any} */ (PLANE), {}, image, draws)) {
      expected /= 2;
      assert.deepEqual([...next.subarray(0, 2)], [...pixels.subarray(0, 2)], "what is seen stays");
      assert.ok(Math.abs(Math.sqrt(Number(hiddenError(next, pixels, seen))) - expected) < 1e-6);
      if (++count === 6) break;
    }
    assert.equal(hiddenError(pixels, pixels, Uint8Array.of(1, 1, 1, 1)), null);
  });

test("black and white pixels are drawn before they are put back, and their chances shown", async () => {
  const pixels = Float32Array.of(0.3, 0.3, 0.3, 0.3);
  const seen = Uint8Array.of(1, 0, 0, 0);
  /** @type {number[][]} */
  const encoded = [];
  const model = {
    ...PLANE,
    card: { output: { kind: "pixels", likelihood: "bernoulli" } },
    encoder: {
      /** @param {Float32Array} x */
      encode: async (x) => {
        encoded.push([...x]);
        return { codes: { z: [0] }, mean: [0], logVariance: [0] };
      },
    },
    decode: async () => Float32Array.of(0.5, 0.5, 0.5, 0.5),
  };
  let count = 0;
  for await (const shown of rounds(
    /** @type {any} */ (model),
    {},
    { pixels, seen, start: new Float32Array(4) },
    true,
  )) {
    assert.deepEqual([...shown], [pixels[0], 0.5, 0.5, 0.5]);
    if (++count === 30) break;
  }
  const put = encoded.slice(1).flatMap(([first, ...others]) => {
    assert.equal(first, pixels[0], "what is seen stays");
    return others;
  });
  assert.deepEqual([...new Set(put)].sort(), [0, 1]);
});
