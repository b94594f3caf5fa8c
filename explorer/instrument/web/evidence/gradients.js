import { reconstructionNats } from "../engine/likelihood.js";
import { noise } from "./weights.js";

/**
 * What S draws of q give for D latents: `slopes` and `scores` have S·D numbers, `rewards` S.
 *
 * @typedef {{slopes: Float64Array, scores: Float64Array, rewards: Float64Array}} Estimates
 */

/** Of a σ: how far a slope's two ends are apart from its middle. */
const MOVE = 1e-2;
const BATCH = 64;

/**
 * Single-draw estimates of the gradient of E_q[ln p(x|z)] with respect to the mean of q, one number a draw and latent:
 * `slopes`, reparameterised, are ∂ ln p(x|z)/∂z at z = μ + σε, by central differences through the decoder, for its graph
 * has no backward pass; `scores` with `rewards` make the score function's, ln p(x|z) · (z − μ)/σ².
 *
 * @param {import("./exact.js").Decode} decode D numbers a point, P values an image
 * @param {{likelihood: string | null, sigma?: number | null}} output
 * @param {Float32Array} x an image
 * @param {{mean: number[], std: number[]}} q
 * @param {number} draws
 * @param {number} seed
 * @returns {Promise<Estimates>}
 */
export async function gradients(decode, output, x, { mean, std }, draws, seed) {
  const latents = mean.length;
  const epsilon = noise(draws, latents, seed);
  const ends = 1 + 2 * latents;
  const points = new Float32Array(draws * ends * latents);
  for (let draw = 0; draw < draws; draw++)
    for (let end = 0; end < ends; end++)
      for (let latent = 0; latent < latents; latent++) {
        const sign = end === 2 * latent + 1 ? 1 : end === 2 * latent + 2 ? -1 : 0;
        points[(draw * ends + end) * latents + latent] =
          mean[latent] + std[latent] * (epsilon[draw * latents + latent] + sign * MOVE);
      }
  const values = new Float64Array(draws * ends);
  for (let from = 0; from < values.length; from += BATCH) {
    const some = Math.min(BATCH, values.length - from);
    const images = await decode(points.slice(from * latents, (from + some) * latents), some);
    for (let at = 0; at < some; at++) {
      const image = images.subarray(at * x.length, (at + 1) * x.length);
      values[from + at] = -(reconstructionNats(output, image, x)?.nats ?? Number.NaN);
    }
  }
  const rewards = Float64Array.from({ length: draws }, (_, draw) => values[draw * ends]);
  const at = (/** @type {number} */ index) => [Math.floor(index / latents), index % latents];
  const slopes = Float64Array.from(epsilon, (_, index) => {
    const [draw, latent] = at(index);
    // Over the distance as it was rounded, not as it was meant.
    const up = (draw * ends + 2 * latent + 1) * latents + latent;
    const distance = points[up] - points[up + latents];
    return (values[draw * ends + 2 * latent + 1] - values[draw * ends + 2 * latent + 2]) / distance;
  });
  return { slopes, scores: epsilon.map((value, index) => value / std[index % latents]), rewards };
}

/**
 * Estimates of one latent's gradient, each the mean over `each` draws.
 *
 * @param {Estimates} found
 * @param {number} latent
 * @param {number} each
 * @param {boolean} baseline whether from a draw's ln p(x|z) the mean of the others' is taken away, which leaves the
 *   gradient's average as it is
 * @returns {{inside: number[], outside: number[]}} score function and reparameterised
 */
export function estimates({ slopes, scores, rewards }, latent, each, baseline) {
  const draws = rewards.length;
  const latents = slopes.length / draws;
  const sum = rewards.reduce((total, value) => total + value, 0);
  const [inside, outside] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (let from = 0; from + each <= draws; from += each) {
    let [score, slope] = [0, 0];
    for (let draw = from; draw < from + each; draw++) {
      const reward = baseline ? rewards[draw] - (sum - rewards[draw]) / (draws - 1) : rewards[draw];
      score += reward * scores[draw * latents + latent];
      slope += slopes[draw * latents + latent];
    }
    inside.push(score / each);
    outside.push(slope / each);
  }
  return { inside, outside };
}

/** @param {number[]} values @returns {{mean: number, variance: number}} */
export function momentsOf(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance };
}
