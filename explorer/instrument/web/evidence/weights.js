import { standardNormal } from "../engine/gaussian.js";
import { seeded } from "../engine/seeded.js";

/** As many draws of q; the same noise each time, so that a bound moves only where q does. */
export const DRAWS = 512;

/** @param {number} draws @param {number} latents @param {number} seed @returns {Float64Array} of N(0, 1) */
export function noise(draws, latents, seed) {
  const random = seeded(seed);
  return Float64Array.from({ length: draws * latents }, () => standardNormal(random));
}

/**
 * ln p(x, z) − ln q(z) of draws of q: the logarithms of the importance weights.
 *
 * @param {import("./quadrature.js").Joint} joint
 * @param {import("./quadrature.js").Q} q
 * @returns {Promise<Float64Array>}
 */
export async function logWeights(joint, { mean, std }) {
  const epsilon = noise(DRAWS, 2, 1);
  const values = await joint(epsilon.map((value, at) => mean[at % 2] + std[at % 2] * value));
  const top = -Math.log(2 * Math.PI) - Math.log(std[0]) - Math.log(std[1]);
  return values.map((value, at) => value - top + 0.5 * (epsilon[2 * at] ** 2 + epsilon[2 * at + 1] ** 2));
}

/**
 * IWAE's bound, E[ln (1/K) Σ wₖ] (Burda and others 2016, eq. 8): the mean over as many groups of K as the draws make.
 *
 * @param {Float64Array} logs
 * @param {number} k
 * @returns {number}
 */
export function bound(logs, k) {
  const groups = Math.floor(logs.length / k);
  let sum = 0;
  for (let group = 0; group < groups; group++) sum += logMean(logs.subarray(group * k, (group + 1) * k));
  return sum / groups;
}

/** @param {Float64Array} logs @returns {number} ln of the mean of exp(logs) */
function logMean(logs) {
  const most = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  return most + Math.log(logs.reduce((sum, value) => sum + Math.exp(value - most), 0) / logs.length);
}

/**
 * The weights of the first K draws as shares of their sum, the largest first, and of how many equal ones they are worth
 * (Kish's effective sample size).
 *
 * @param {Float64Array} logs
 * @param {number} k
 * @returns {{shares: number[], worth: number}}
 */
export function sharesOf(logs, k) {
  const some = logs.slice(0, k);
  const total = logMean(some) + Math.log(k);
  const shares = Array.from(some, (value) => Math.exp(value - total)).sort((a, b) => b - a);
  return { shares, worth: 1 / shares.reduce((sum, share) => sum + share ** 2, 0) };
}
