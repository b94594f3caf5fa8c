import { clamp } from "../clamp.js";

/**
 * −ln p(x|z) in nats from the decoder's mean image, for every likelihood that training knows.
 *
 * The decoder gives means in float32 where training has the parameters themselves. Near 0 and 1 the mean has lost what
 * its parameter was, and a value there can be told only to be at least so improbable: `atLeast` says that this matters.
 *
 * @typedef {{nats: number, atLeast: boolean}} Measured
 */

/** The engine's sigmoid stays within ±18, which float32 rounds like this: beyond, a mean says no more about its logit. */
const EDGE = 2 ** -24;

/** So many nats of doubt are no longer rounding. */
const DOUBT_NATS = 0.05;

const LN_2PI = Math.log(2 * Math.PI);

/**
 * @param {{likelihood: string | null, sigma?: number | null}} image of the card
 * @param {Float32Array} mean what the decoder gave
 * @param {Float32Array} x in [0, 1], of the same size
 * @returns {Measured | null} nothing where the likelihood is not known here, or its σ not given
 */
export function reconstructionNats({ likelihood, sigma }, mean, x) {
  switch (likelihood) {
    case "bernoulli":
      return sum(mean, x, bernoulli);
    case "continuous_bernoulli":
      return sum(mean, x, continuousBernoulli);
    case "gaussian":
    case "gaussian_learned":
      return sigma && sigma > 0 ? gaussian(mean, x, sigma) : null;
    default:
      return null;
  }
}

/** @param {Float32Array} mean @param {Float32Array} x @param {(x: number, mean: number) => number} nats of one value */
function sum(mean, x, nats) {
  let total = 0;
  let doubt = 0;
  for (let at = 0; at < mean.length; at++) {
    const held = clamp(mean[at], EDGE, 1 - EDGE);
    const here = nats(x[at], held);
    total += here;
    if (held !== mean[at]) doubt += Math.abs(x[at] - mean[at]) * -Math.log(EDGE);
  }
  return { nats: total, atLeast: doubt > DOUBT_NATS };
}

/** @param {number} x @param {number} mean */
function bernoulli(x, mean) {
  return -(x * Math.log(mean) + (1 - x) * Math.log1p(-mean));
}

/**
 * Loaiza-Ganem & Cunningham 2019, in the natural parameter η: the density is exp(ηx) η / (e^η − 1).
 *
 * @param {number} x
 * @param {number} mean
 */
function continuousBernoulli(x, mean) {
  const natural = naturalParameter(mean);
  const u = Math.abs(natural) / 2;
  const lnSinhOverU = u < 0.01 ? u ** 2 / 6 : u + Math.log1p(-Math.exp(-2 * u)) - Math.log(2 * u);
  return lnSinhOverU + natural / 2 - natural * x;
}

/**
 * The η of a continuous Bernoulli whose mean, 1/2 + coth(η/2)/2 − 1/η, is given: by Newton's method, which here never
 * leaves the bracket [0, 1/(1 − mean)] for more than a step.
 *
 * @param {number} mean strictly between 0 and 1
 * @returns {number}
 */
function naturalParameter(mean) {
  if (mean < 0.5) return -naturalParameter(1 - mean);
  let low = 0;
  let high = 1 / (1 - mean);
  let natural = mean < 0.9 ? 12 * (mean - 0.5) : high;
  for (let step = 0; step < 60; step++) {
    const error = cbMean(natural) - mean;
    if (error > 0) high = natural;
    else low = natural;
    let next = natural - error / cbVariance(natural);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - natural) <= 1e-9 * (1 + natural)) return next;
    natural = next;
  }
  return natural;
}

/** @param {number} natural at least 0; near 0 by its series */
function cbMean(natural) {
  if (natural < 0.1) return 0.5 + natural / 12 - natural ** 3 / 720;
  return 0.5 + 0.5 / Math.tanh(natural / 2) - 1 / natural;
}

/** @param {number} natural at least 0 */
function cbVariance(natural) {
  if (natural < 0.1) return 1 / 12 - natural ** 2 / 240;
  return 1 / natural ** 2 - 1 / (4 * Math.sinh(Math.min(natural, 700) / 2) ** 2);
}

/** @param {Float32Array} mean @param {Float32Array} x @param {number} sigma */
function gaussian(mean, x, sigma) {
  let squares = 0;
  let doubt = 0;
  for (let at = 0; at < mean.length; at++) {
    const away = (x[at] - mean[at]) ** 2;
    squares += away;
    // The decoder cuts its mean to [0, 1]: where the location lay beyond, x was further from it.
    if (mean[at] <= 0 || mean[at] >= 1) doubt += away;
  }
  const scale = 2 * sigma ** 2;
  return {
    nats: squares / scale + mean.length * (LN_2PI / 2 + Math.log(sigma)),
    atLeast: doubt / scale > DOUBT_NATS,
  };
}

/** @param {Float32Array} a @param {Float32Array} b @returns {number} the sum of the squared differences */
export function squaredError(a, b) {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] - b[at]) ** 2;
  return sum;
}
