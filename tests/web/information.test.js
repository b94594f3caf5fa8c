import assert from "node:assert/strict";
import { test } from "node:test";
import { GRID, split } from "../../explorer/instrument/web/evidence/information.js";
import { assertNear } from "./near.js";

/** @param {number} found @param {number} expected @param {number} absolute */
const near = (found, expected, absolute) => assertNear(found, expected, { absolute });

/** @param {number[][]} mean @param {number} std */
const codes = (mean, std) => ({
  mean: Float32Array.from(mean.flat()),
  logVariance: new Float32Array(mean.flat().length).fill(2 * Math.log(std)),
  latents: mean[0].length,
});

test("codes that are all the prior carry nothing, cost nothing, and leave no hole", () => {
  const { kl, information, correlation, single, thin, curves } = split(
    codes(
      [
        [0, 0],
        [0, 0],
      ],
      1,
    ),
  );
  for (const { value } of [kl, information, correlation, single]) near(value, 0, 1e-9);
  assert.equal(thin, 0);
  near(curves[1][GRID.indexOf(0)], 1 / Math.sqrt(2 * Math.PI), 1e-9);
});

test("two images far apart share ln 2 nats of information; on a diagonal their latents share as much", () => {
  const corners = split(
    codes(
      [
        [-1, -1],
        [1, 1],
      ],
      0.01,
    ),
  );
  near(corners.information.value, Math.log(2), 1e-6);
  near(corners.correlation.value, Math.log(2), 1e-6);
  // Each latent by itself, in closed form: KL(N(±1, 0.01²) ‖ N(0, 1)) − ln 2, twice.
  const each = 0.5 * (1 + 0.01 ** 2 - 1) - Math.log(0.01) - Math.log(2);
  near(corners.single.value, 2 * each, 5 * corners.single.error);
  near(corners.kl.value, corners.information.value + corners.correlation.value + corners.single.value, 1e-9);
  assert.ok(corners.thin > 990);
  const square = split(
    codes(
      [
        [-1, -1],
        [-1, 1],
        [1, -1],
        [1, 1],
      ],
      0.01,
    ),
  );
  near(square.information.value, Math.log(4), 1e-6);
  near(square.correlation.value, 0, 1e-6);
});
