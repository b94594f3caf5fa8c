import { klByLatent, standardNormal } from "../engine/gaussian.js";
import { adam, createNetwork, weights } from "./network.js";

export const LATENTS = 2;
// Batches of 128 learn a little less from as many points: of two moons, −ELBO is 2.48 nats after 128,000 and 2.18 after
// 256,000, with 64 it is 2.41 and 2.16 (five seeds).
const [HIDDEN, BATCH, RATE] = [40, 64, 4e-3];
/** Narrower noise than this would make single points of a density infinite. */
const LEAST_LOG_SIGMA = -3;

/**
 * A VAE of points in the plane (Kingma & Welling 2014): two latents, one hidden layer each way, p(x|z) a Gaussian whose σ is
 * learned. It is small enough to be trained while one looks.
 *
 * @param {() => number} random uniform in [0, 1)
 */
export function createVae(random) {
  const encoder = createNetwork(2, HIDDEN, 2 * LATENTS, random);
  const decoder = createNetwork(LATENTS, HIDDEN, 2, random);
  const logSigma = weights(1, () => 0);
  const learned = [...encoder.learned, ...decoder.learned, logSigma];
  let steps = 0;

  /**
   * The loss of points (N, 2), reconstruction + β KL in nats a point, with the slopes of what is learned.
   *
   * @param {Float64Array} x @param {Float64Array} noise ε (N, 2) @param {number} beta
   */
  function measure(x, noise, beta) {
    const count = x.length / 2;
    const encoded = encoder.forward(x);
    const z = new Float64Array(count * LATENTS);
    let kl = 0;
    for (let n = 0; n < count; n++) {
      const { mean, logVariance } = posterior(encoded.out, n);
      kl += klByLatent(mean, logVariance).reduce((sum, nats) => sum + nats, 0) / count;
      for (let d = 0; d < LATENTS; d++)
        z[n * LATENTS + d] = mean[d] + Math.exp(logVariance[d] / 2) * noise[n * LATENTS + d];
    }
    const decoded = decoder.forward(z);
    const variance = Math.exp(2 * logSigma.value[0]);
    const slope = new Float64Array(x.length);
    let reconstruction = 2 * logSigma.value[0] + Math.log(2 * Math.PI);
    logSigma.slope[0] += 2;
    for (let i = 0; i < x.length; i++) {
      const away = decoded.out[i] - x[i];
      reconstruction += away ** 2 / (2 * variance * count);
      logSigma.slope[0] -= away ** 2 / (variance * count);
      slope[i] = away / (variance * count);
    }
    const back = decoder.backward(decoded, slope);
    const encoderSlope = new Float64Array(encoded.out.length);
    for (let n = 0; n < count; n++) {
      const { mean, logVariance } = posterior(encoded.out, n);
      for (let d = 0; d < LATENTS; d++) {
        const sigma = Math.exp(logVariance[d] / 2);
        const through = back[n * LATENTS + d];
        encoderSlope[2 * n * LATENTS + d] = through + (beta * mean[d]) / count;
        encoderSlope[(2 * n + 1) * LATENTS + d] =
          through * noise[n * LATENTS + d] * sigma * 0.5 + (beta * 0.5 * (sigma ** 2 - 1)) / count;
      }
    }
    encoder.backward(encoded, encoderSlope);
    return { reconstruction, kl, loss: reconstruction + beta * kl };
  }

  return {
    learned,
    measure,
    steps: () => steps,
    sigma: () => Math.exp(logSigma.value[0]),

    /** One step of Adam on points drawn with replacement. @param {Float64Array} points (N, 2) @param {number} beta */
    train(points, beta) {
      const x = new Float64Array(2 * BATCH);
      const noise = new Float64Array(LATENTS * BATCH);
      for (let n = 0; n < BATCH; n++) {
        const at = Math.floor((random() * points.length) / 2);
        x.set(points.subarray(2 * at, 2 * at + 2), 2 * n);
      }
      for (let i = 0; i < noise.length; i++) noise[i] = standardNormal(random);
      const measured = measure(x, noise, beta);
      adam(learned, ++steps, RATE);
      logSigma.value[0] = Math.max(LEAST_LOG_SIGMA, logSigma.value[0]);
      return measured;
    },

    /** @param {Float64Array} x (N, 2) @returns {{mean: number[], logVariance: number[]}[]} q(z|x) of each */
    encode(x) {
      const { out } = encoder.forward(x);
      return Array.from({ length: x.length / 2 }, (_, n) => posterior(out, n));
    },

    /** @param {Float64Array} z (N, 2) @returns {Float64Array} the means of p(x|z) (N, 2) */
    decode: (z) => decoder.forward(z).out,
  };
}

/** Its two latents are written out: views, of every point at every step, would be garbage to collect. @param {Float64Array} out of the encoder @param {number} n */
function posterior(out, n) {
  const at = 2 * n * LATENTS;
  return {
    mean: [out[at], out[at + 1]],
    logVariance: [out[at + 2], out[at + 3]],
  };
}
