import { clamp } from "../clamp.js";
import { standardNormal } from "../engine/gaussian.js";
import { seeded } from "../engine/seeded.js";

/**
 * Codes of N images for D latents: `mean` and `logVariance` have N·D numbers.
 *
 * @typedef {{mean: Float32Array, logVariance: Float32Array, latents: number}} Codes
 *
 * In nats: the mean over draws and its standard error. `thin`: of the draws of the prior, those where q(z) < p(z)/10.
 * `curves`: of each latent, the density of q(z_d) at the places of `GRID`.
 *
 * @typedef {{value: number, error: number}} Estimate
 * @typedef {{kl: Estimate, information: Estimate, correlation: Estimate, single: Estimate, draws: number, thin: number,
 *   priorDraws: number, curves: Float64Array[]}} Split
 */

const LOG_2PI = Math.log(2 * Math.PI);
const [PRIOR_DRAWS, MOST_DRAWS, LEAST_DRAWS] = [1000, 1000, 100];
/** So many densities are computed in a few seconds. */
const WORK = 4e7;
export const GRID = Array.from({ length: 81 }, (_, at) => -4 + at / 10);

/**
 * How the KL of a VAE splits, with q(z) the mean of the posteriors of all N images (Chen et al. 2018, Eq. 2):
 * E[KL(q(z|x) ‖ p)] = I(z; n) + KL(q(z) ‖ Π q(z_d)) + Σ KL(q(z_d) ‖ p(z_d)).
 *
 * @param {Codes} codes
 * @param {number} [seed]
 * @returns {Split}
 */
export function split({ mean, logVariance, latents }, seed = 0) {
  const count = mean.length / latents;
  const random = seeded(seed);
  const normal = () => standardNormal(random);
  const precision = Float64Array.from(logVariance, (value) => Math.exp(-value));
  const height = Float64Array.from(logVariance, (value) => Math.exp(-0.5 * (value + LOG_2PI)));
  const peak = Float64Array.from({ length: count }, (_, image) =>
    height.subarray(image * latents, (image + 1) * latents).reduce((product, value) => product * value, 1),
  );
  const draws = clamp(Math.floor(WORK / (count * latents)), LEAST_DRAWS, MOST_DRAWS);
  const z = new Float64Array(latents);

  /** ln q(z), and Σ ln q(z_d). @returns {[number, number]} */
  function densities() {
    const each = new Float64Array(latents);
    let joint = 0;
    for (let image = 0, at = 0; image < count; image++) {
      let product = 1;
      for (let latent = 0; latent < latents; latent++, at++) {
        const off = z[latent] - mean[at];
        const density = height[at] * Math.exp(-0.5 * off * off * precision[at]);
        each[latent] += density;
        product *= density;
      }
      joint += product;
    }
    return [Math.log(joint / count), each.reduce((sum, density) => sum + Math.log(density / count), 0)];
  }

  /** ln q(z) alone, for which one exponential an image is enough. */
  function joint() {
    let sum = 0;
    for (let image = 0, at = 0; image < count; image++) {
      let square = 0;
      for (let latent = 0; latent < latents; latent++, at++) square += (z[latent] - mean[at]) ** 2 * precision[at];
      sum += peak[image] * Math.exp(-0.5 * square);
    }
    return Math.log(sum / count);
  }

  const prior = () => z.reduce((sum, value) => sum - 0.5 * (value * value + LOG_2PI), 0);

  const rows = Array.from({ length: draws }, () => {
    const from = Math.floor(random() * count) * latents;
    let own = 0;
    for (let latent = 0; latent < latents; latent++) {
      const noise = normal();
      z[latent] = mean[from + latent] + Math.exp(logVariance[from + latent] / 2) * noise;
      own -= 0.5 * (noise * noise + logVariance[from + latent] + LOG_2PI);
    }
    const [together, each] = densities();
    const of = prior();
    return [own - of, own - together, together - each, each - of];
  });

  let thin = 0;
  for (let draw = 0; draw < PRIOR_DRAWS; draw++) {
    for (let latent = 0; latent < latents; latent++) z[latent] = normal();
    if (joint() < prior() - Math.log(10)) thin++;
  }
  const [kl, information, correlation, single] = [0, 1, 2, 3].map((at) => estimate(rows.map((row) => row[at])));
  const curves = Array.from({ length: latents }, (_, latent) =>
    Float64Array.from(GRID, (place) => {
      let sum = 0;
      for (let at = latent; at < mean.length; at += latents)
        sum += height[at] * Math.exp(-0.5 * (place - mean[at]) ** 2 * precision[at]);
      return sum / count;
    }),
  );
  return { kl, information, correlation, single, draws, thin, priorDraws: PRIOR_DRAWS, curves };
}

/** @param {number[]} values @returns {Estimate} */
function estimate(values) {
  const value = values.reduce((sum, one) => sum + one, 0) / values.length;
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (values.length - 1);
  return { value, error: Math.sqrt(variance / values.length) };
}
