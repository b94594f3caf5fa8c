import { clamp } from "../clamp.js";

/**
 * The true posterior of a VAE of two latents with a Bernoulli likelihood, and ln p(x) with it, on a grid of the plane that
 * is refined: p(x) = ∫ p(x|z) p(z) dz is a sum over cells. The images of the coarse cells are decoded once a model, for they
 * do not depend on the image; then every cell that holds a share of the sum is cut into nine until the sum stays the same.
 * As in Python (`explorer/lessons/posterior.py`).
 *
 * @typedef {{z: Float64Array, logJoint: Float64Array, side: Float64Array, logEvidence: number}} Posterior cells of the plane:
 *   two numbers a centre, ln p(x, z) there, and the side of each
 * @typedef {(z: Float32Array, count: number) => Promise<Float32Array>} Decode two numbers a point, P values an image
 */

/** Codes of digits reach 6.4, where the prior has next to nothing. */
const [REACH, CELLS] = [6.6, 110];
/** A cell that holds less than e⁻⁹ of the sum is left as it is. */
const KEPT_NATS = 9;
const [CLOSE_NATS, MOST_LEVELS] = [1e-3, 4];
const BATCH = 256;

/** The engine's sigmoid stays within ±18: beyond this a mean says no more about its logit. */
const EDGE = 2 ** -24;
const LN_2PI = Math.log(2 * Math.PI);

/** @param {Float64Array} z @param {number} at @returns {number} ln N(z; 0, I) of a point */
const logPrior = (z, at) => -0.5 * (z[2 * at] ** 2 + z[2 * at + 1] ** 2) - LN_2PI;

/**
 * @param {Decode} decode
 * @param {number} pixels values of an image
 */
export function createExact(decode, pixels) {
  /** @type {Promise<{z: Float64Array, side: Float64Array, logits: Float32Array, rest: Float64Array}> | null} */
  let plane = null;

  /** @param {Float64Array} z points @param {(at: number, means: Float32Array) => void} take the pixels of each, within the edges */
  async function decoded(z, take) {
    const count = z.length / 2;
    for (let from = 0; from < count; from += BATCH) {
      const some = Math.min(BATCH, count - from);
      const means = await decode(Float32Array.from(z.subarray(2 * from, 2 * (from + some))), some);
      for (let at = 0; at < means.length; at++) means[at] = clamp(means[at], EDGE, 1 - EDGE);
      for (let at = 0; at < some; at++) take(from + at, means.subarray(at * pixels, (at + 1) * pixels));
    }
  }

  async function makePlane() {
    const width = (2 * REACH) / CELLS;
    const count = CELLS * CELLS;
    const z = new Float64Array(2 * count);
    for (let at = 0; at < count; at++) {
      z[2 * at] = -REACH + width * (Math.floor(at / CELLS) + 0.5);
      z[2 * at + 1] = -REACH + width * ((at % CELLS) + 0.5);
    }
    const logits = new Float32Array(count * pixels);
    const rest = new Float64Array(count);
    // ln p(x|z) = x · logits + Σ ln(1 − mean), for any x.
    await decoded(z, (at, means) => {
      for (let pixel = 0; pixel < pixels; pixel++) {
        const black = Math.log1p(-means[pixel]);
        logits[at * pixels + pixel] = Math.log(means[pixel]) - black;
        rest[at] += black;
      }
    });
    return { z, side: new Float64Array(count).fill(width), logits, rest };
  }

  /** @param {Float64Array} z @param {Float32Array} x @returns {Promise<Float64Array>} ln p(x, z) at points */
  async function joint(z, x) {
    const found = new Float64Array(z.length / 2);
    await decoded(z, (at, means) => {
      let sum = logPrior(z, at);
      for (let pixel = 0; pixel < pixels; pixel++) {
        // Most pixels are black for certain: one logarithm is enough for them.
        if (x[pixel] < 1) sum += (1 - x[pixel]) * Math.log1p(-means[pixel]);
        if (x[pixel] > 0) sum += x[pixel] * Math.log(means[pixel]);
      }
      found[at] = sum;
    });
    return found;
  }

  return {
    /** @param {Float32Array} x an image @returns {Promise<Posterior>} */
    async posterior(x) {
      plane ??= makePlane();
      const coarse = await plane;
      let { z, side } = coarse;
      let logJoint = Float64Array.from(
        side,
        (_, at) => dot(coarse.logits, at * pixels, x) + coarse.rest[at] + logPrior(z, at),
      );
      let total = logSum(logJoint, side);
      for (let level = 0; level < MOST_LEVELS; level++) {
        const split = Uint8Array.from(side, (width, at) =>
          logJoint[at] + 2 * Math.log(width) > total - KEPT_NATS ? 1 : 0,
        );
        // A mode may lie between two centres of the coarse grid.
        const chosen = level === 0 ? widened(split) : split;
        const finer = cut(z, side, chosen);
        const found = await joint(finer.z, x);
        z = joined(kept(z, 2, chosen), finer.z);
        side = joined(kept(side, 1, chosen), finer.side);
        logJoint = joined(kept(logJoint, 1, chosen), found);
        const before = total;
        total = logSum(logJoint, side);
        if (Math.abs(total - before) < CLOSE_NATS) break;
      }
      return { z, logJoint, side, logEvidence: total };
    },
    /** @param {Float32Array} x @returns {import("./quadrature.js").Joint} */
    jointOf: (x) => (z) => joint(z, x),
  };
}

/** @param {Float32Array} logits @param {number} from @param {Float32Array} x */
function dot(logits, from, x) {
  let sum = 0;
  for (let pixel = 0; pixel < x.length; pixel++) sum += logits[from + pixel] * x[pixel];
  return sum;
}

/** @param {Float64Array} logs @param {Float64Array} side @returns {number} ln Σ exp(log) side² */
function logSum(logs, side) {
  let most = -Infinity;
  for (let at = 0; at < logs.length; at++) most = Math.max(most, logs[at]);
  let sum = 0;
  for (let at = 0; at < logs.length; at++) sum += Math.exp(logs[at] - most) * side[at] ** 2;
  return most + Math.log(sum);
}

/**
 * Where the fit of a Gaussian begins: at the highest cell and at the mean, as wide as the posterior is there.
 *
 * @param {Posterior} posterior
 * @returns {import("./quadrature.js").Q[]}
 */
export function startsOf({ z, logJoint, side, logEvidence }) {
  let top = 0;
  const mean = [0, 0];
  const square = [0, 0];
  for (let at = 0; at < side.length; at++) {
    if (logJoint[at] > logJoint[top]) top = at;
    const mass = Math.exp(logJoint[at] - logEvidence) * side[at] ** 2;
    for (const axis of [0, 1]) {
      mean[axis] += mass * z[2 * at + axis];
      square[axis] += mass * z[2 * at + axis] ** 2;
    }
  }
  const spread = square.map((value, axis) => clamp(Math.sqrt(Math.max(0, value - mean[axis] ** 2)), 0.02, 0.3));
  return [
    { mean: [z[2 * top], z[2 * top + 1]], std: spread.map((value) => Math.min(value, 0.08)) },
    { mean, std: spread },
  ];
}

/** @param {Float64Array} z @param {Float64Array} side @param {Uint8Array} chosen @returns {{z: Float64Array, side: Float64Array}} */
function cut(z, side, chosen) {
  const centres = [];
  const sides = [];
  for (let at = 0; at < side.length; at++) {
    if (!chosen[at]) continue;
    const third = side[at] / 3;
    for (const down of [-1, 0, 1])
      for (const along of [-1, 0, 1]) {
        centres.push(z[2 * at] + down * third, z[2 * at + 1] + along * third);
        sides.push(third);
      }
  }
  return { z: Float64Array.from(centres), side: Float64Array.from(sides) };
}

/** @param {Float64Array} values @param {number} each numbers a cell @param {Uint8Array} chosen @returns {Float64Array} of the others */
const kept = (values, each, chosen) => values.filter((_, at) => !chosen[Math.floor(at / each)]);

/** @param {Float64Array} first @param {Float64Array} second */
function joined(first, second) {
  const all = new Float64Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** @param {Uint8Array} chosen of the coarse grid @returns {Uint8Array} with those around them */
function widened(chosen) {
  const wide = new Uint8Array(chosen.length);
  for (let at = 0; at < chosen.length; at++) {
    if (!chosen[at]) continue;
    const [row, column] = [Math.floor(at / CELLS), at % CELLS];
    for (let r = Math.max(0, row - 1); r <= Math.min(CELLS - 1, row + 1); r++)
      for (let c = Math.max(0, column - 1); c <= Math.min(CELLS - 1, column + 1); c++) wide[r * CELLS + c] = 1;
  }
  return wide;
}
