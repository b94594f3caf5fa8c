import assert from "node:assert/strict";
import { test } from "node:test";
import { sharpened } from "../../explorer/instrument/web/evidence/exact.js";
import { fit } from "../../explorer/instrument/web/evidence/fit.js";
import { estimates, gradients, momentsOf } from "../../explorer/instrument/web/evidence/gradients.js";
import { elboOf } from "../../explorer/instrument/web/evidence/quadrature.js";
import { bound, logWeights, sharesOf } from "../../explorer/instrument/web/evidence/weights.js";
import { assertNear } from "./near.js";

/** @param {number} found @param {number} expected @param {number} absolute */
const near = (found, expected, absolute) => assertNear(found, expected, { absolute });

// ln p(x, z) = ln p(x) + ln N(z; m, Σ), with Σ of correlation 0.6: all that is asked has a closed form.
const [EVIDENCE, MEAN, STD, RHO] = [-120, [1.2, -0.7], [0.05, 0.2], 0.6];
const PRECISION = STD.map((std) => 1 / (std ** 2 * (1 - RHO ** 2)));

/** @param {Float64Array} z */
const joint = async (z) =>
  Float64Array.from({ length: z.length / 2 }, (_, at) => {
    const [a, b] = [0, 1].map((axis) => (z[2 * at + axis] - MEAN[axis]) / STD[axis]);
    const square = (a * a - 2 * RHO * a * b + b * b) / (1 - RHO ** 2);
    return EVIDENCE - 0.5 * square - Math.log(2 * Math.PI * STD[0] * STD[1] * Math.sqrt(1 - RHO ** 2));
  });

test("the best Gaussian with independent latents keeps the mean and the diagonal of the precision", async () => {
  const { mean, std, elbo } = await fit(joint, { mean: [0.9, 0.4], std: [0.1, 0.1] });
  for (const axis of [0, 1]) {
    near(mean[axis], MEAN[axis], 1e-3);
    near(std[axis], 1 / Math.sqrt(PRECISION[axis]), 1e-3);
  }
  // Its KL to the posterior is −½ ln(1 − ρ²).
  near(EVIDENCE - elbo, -0.5 * Math.log(1 - RHO ** 2), 1e-3);
});

test("the ELBO's slopes and curvatures are those of ln p(x, z)", async () => {
  const { slope, curvature } = await elboOf(joint, { mean: [1.25, -0.7], std: [0.02, 0.1] });
  near(slope[0], -0.05 * PRECISION[0], 1e-6);
  near(curvature[0], -PRECISION[0], 1e-6 * PRECISION[0]);
  near(curvature[2], -PRECISION[1], 1e-6 * PRECISION[1]);
});

test("a posterior is cut until there is enough of it to draw, and one of NaN is left", async () => {
  const side = new Float64Array(15 * 60).fill(0.04);
  const z = Float64Array.from({ length: 2 * side.length }, (_, at) =>
    at % 2 ? MEAN[1] + 0.04 * (((at >> 1) % 60) - 29.5) : MEAN[0] + 0.04 * (Math.floor(at / 120) - 7),
  );
  const cells = { z, side, logJoint: await joint(z), logEvidence: EVIDENCE };
  /** @param {import("../../explorer/instrument/web/evidence/exact.js").Posterior} posterior */
  const inSight = ({ logJoint }) => logJoint.filter((nats) => nats > Math.max(...logJoint) - 7).length;
  assert.ok(inSight(cells) < 400);
  const sharp = await sharpened(joint, cells);
  near(sharp.logEvidence, EVIDENCE, 1e-3);
  assert.ok(inSight(sharp) >= 400);
  const broken = { ...cells, logJoint: cells.logJoint.map(() => NaN), logEvidence: NaN };
  assert.equal(await sharpened(joint, broken), broken);
});

test("IWAE's bound is the ELBO at K = 1 and rises to ln p(x)", async () => {
  const q = { mean: MEAN, std: STD };
  const logs = await logWeights(joint, q);
  const { elbo } = await elboOf(joint, q);
  near(bound(logs, 1), elbo, 0.15);
  near(bound(logs, 512), EVIDENCE, 0.1);
  assert.ok(bound(logs, 1) < bound(logs, 8) && bound(logs, 8) < bound(logs, 512));
});

test("equal weights are worth as many draws as there are", () => {
  const { shares, worth } = sharesOf(new Float64Array(16), 16);
  near(shares[0], 1 / 16, 1e-12);
  near(worth, 16, 1e-9);
  near(sharesOf(Float64Array.from([0, -50, -50]), 3).worth, 1, 1e-9);
});

test("both gradients have the mean, and the variances, that a linear decoder gives", async () => {
  // One pixel, its mean z₀; Gaussian with σ = 1: ln p(x|z) = −(x − z)²/2, its slope x − z.
  const decode = async (/** @type {Float32Array} */ z) => z;
  const [x, mu, std] = [0.9, 0.4, 0.3];
  const output = { likelihood: "gaussian", sigma: 1 };
  const found = await gradients(decode, output, Float32Array.of(x), { mean: [mu], std: [std] }, 4000, 3);
  const plain = estimates(found, 0, 1, false);
  const { mean, variance } = momentsOf(plain.outside);
  near(mean, x - mu, 0.02);
  near(variance, std ** 2, 0.01);
  const inside = momentsOf(plain.inside);
  near(inside.mean, x - mu, 4 * Math.sqrt(inside.variance / 4000));
  const based = momentsOf(estimates(found, 0, 1, true).inside);
  near(based.mean, x - mu, 4 * Math.sqrt(based.variance / 4000));
  assert.ok(based.variance < inside.variance / 3);
  // The mean of four draws has a quarter of the variance.
  near(momentsOf(estimates(found, 0, 4, true).inside).variance / based.variance, 0.25, 0.06);
});
