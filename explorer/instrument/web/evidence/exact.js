import { clamp } from "../clamp.js";

/**
 * The true posterior of a VAE of two latents with a Bernoulli likelihood, and ln p(x) with it, on a grid of the plane that
 * is refined: p(x) = ∫ p(x|z) p(z) dz is a sum over cells. The images of the coarse cells are decoded once a model, for they
 * do not depend on the image; then every cell that holds a share of the sum is cut into four until the sum stays the same.
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
/**
 * A sum over cells of a bell curve is nearly exact once they are about as wide as its σ, when none holds more than a fifth, and
 * each cut more than squares its error. So a sum that has hardly moved, and leans on no single cell, is good enough.
 */
const [CLOSE_NATS, MOST_SHARE, MOST_LEVELS] = [0.02, 0.2, 7];
/** A picture of the posterior has at least this many cells that hold e⁻⁷ of the highest density or more. */
const [IN_SIGHT_NATS, IN_SIGHT] = [7, 400];
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
      const { z, side, logits, rest } = await plane;
      // Most of an image is black, and adds nothing.
      const lit = Uint32Array.from(x.keys()).filter((pixel) => x[pixel] > 0);
      const logJoint = Float64Array.from(
        side,
        (_, at) => dot(logits, at * pixels, x, lit) + rest[at] + logPrior(z, at),
      );
      /** @type {Posterior} */
      let cells = { z, side, logJoint, logEvidence: logSum(logJoint, side) };
      for (let level = 0; level < MOST_LEVELS; level++) {
        const before = cells.logEvidence;
        const split = Uint8Array.from(logShares(cells), (nats) => (nats > -KEPT_NATS ? 1 : 0));
        // A mode may lie between two centres of the coarse grid.
        cells = await refined(cells, level === 0 ? widened(split) : split, (finer) => joint(finer, x));
        const isClose = Math.abs(cells.logEvidence - before) < CLOSE_NATS;
        if (isClose && logShares(cells).every((nats) => nats < Math.log(MOST_SHARE))) break;
      }
      return cells;
    },
    /** @param {Float32Array} x @returns {import("./quadrature.js").Joint} */
    jointOf: (x) => (z) => joint(z, x),
  };
}

/** @param {Posterior} cells @returns {Float64Array} ln of each cell's share of the sum */
const logShares = ({ logJoint, side, logEvidence }) =>
  logJoint.map((nats, at) => nats + 2 * Math.log(side[at]) - logEvidence);

/**
 * As many more cells as a picture of it needs: its sum needs fewer.
 *
 * @param {import("./quadrature.js").Joint} joint
 * @param {Posterior} posterior
 * @returns {Promise<Posterior>}
 */
export async function sharpened(joint, posterior) {
  const most = posterior.logJoint.reduce((a, b) => Math.max(a, b), -Infinity);
  for (let cells = posterior; ; ) {
    const inSight = Uint8Array.from(cells.logJoint, (nats) => (nats > most - IN_SIGHT_NATS ? 1 : 0));
    const count = inSight.reduce((sum, one) => sum + one, 0);
    // None is in sight where the decoder gives NaN.
    if (count === 0 || count >= IN_SIGHT) return cells;
    cells = await refined(cells, inSight, joint);
  }
}

/**
 * @param {Posterior} cells
 * @param {Uint8Array} chosen those to be cut into four
 * @param {import("./quadrature.js").Joint} joint
 * @returns {Promise<Posterior>}
 */
async function refined(cells, chosen, joint) {
  const finer = cut(cells.z, cells.side, chosen);
  const logJoint = joined(kept(cells.logJoint, 1, chosen), await joint(finer.z));
  const side = joined(kept(cells.side, 1, chosen), finer.side);
  return { z: joined(kept(cells.z, 2, chosen), finer.z), side, logJoint, logEvidence: logSum(logJoint, side) };
}

/** @param {Float32Array} logits @param {number} from @param {Float32Array} x @param {Uint32Array} lit its pixels that count */
function dot(logits, from, x, lit) {
  let sum = 0;
  for (const pixel of lit) sum += logits[from + pixel] * x[pixel];
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
    const quarter = side[at] / 4;
    for (const down of [-1, 1])
      for (const along of [-1, 1]) {
        centres.push(z[2 * at] + down * quarter, z[2 * at + 1] + along * quarter);
        sides.push(2 * quarter);
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
