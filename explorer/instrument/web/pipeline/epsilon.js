/**
 * How z is made of a posterior: z = μ + s·σ·ε for each latent (Kingma & Welling 2014, section 2.4, with σ scaled by s).
 *
 * @typedef {{epsilon: number[], scale: number}} Noise `scale` is s
 */

/** z is kept to three decimals, so that a mean on screen is so close to the mean itself. */
const ROUNDING = 0.0005 + 1e-6;

/**
 * @param {ArrayLike<number>} mean
 * @param {ArrayLike<number>} std
 * @param {Noise} noise
 * @returns {number[]} z
 */
export const zOf = (mean, std, { epsilon, scale }) => epsilon.map((value, at) => mean[at] + scale * std[at] * value);

/**
 * What noise explains a z that was reached in another way, such as a slider.
 *
 * @param {ArrayLike<number>} z
 * @param {ArrayLike<number>} mean
 * @param {ArrayLike<number>} std
 * @param {number[]} rolled the ε of the last roll
 * @returns {Noise} at the mean the last roll, scaled to nothing; elsewhere ε = (z − μ) / σ
 */
export function noiseAt(z, mean, std, rolled) {
  const isMean = rolled.every((_, at) => Math.abs(z[at] - mean[at]) <= ROUNDING);
  if (isMean) return { epsilon: rolled, scale: 0 };
  return { epsilon: rolled.map((_, at) => (z[at] - mean[at]) / std[at]), scale: 1 };
}
