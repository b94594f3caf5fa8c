import { standardNormal } from "../engine/gaussian.js";

/**
 * @typedef {{value: Float64Array, slope: Float64Array, mean: Float64Array, square: Float64Array}} Weights what is learned, the
 *   loss's slope, and Adam's two moving averages of it
 */

/** @param {number} count @param {() => number} at @returns {Weights} */
export const weights = (count, at) => ({
  value: Float64Array.from({ length: count }, at),
  slope: new Float64Array(count),
  mean: new Float64Array(count),
  square: new Float64Array(count),
});

/**
 * A network with one hidden layer of tanh, and its backward pass.
 *
 * @param {number} inputs @param {number} hidden @param {number} outputs @param {() => number} random
 */
export function createNetwork(inputs, hidden, outputs, random) {
  const normal = (/** @type {number} */ fan) => () => standardNormal(random) / Math.sqrt(fan);
  const first = weights(hidden * inputs, normal(inputs));
  const bias = weights(hidden, () => standardNormal(random));
  const second = weights(outputs * hidden, normal(hidden));
  const offset = weights(outputs, () => 0);

  return {
    learned: [first, bias, second, offset],

    /** @param {Float64Array} x (N, inputs) @returns the hidden layer (N, hidden) and what comes out (N, outputs) */
    forward(x) {
      const count = x.length / inputs;
      const layer = new Float64Array(count * hidden);
      const out = new Float64Array(count * outputs);
      for (let n = 0; n < count; n++) {
        for (let h = 0; h < hidden; h++) {
          let sum = bias.value[h];
          for (let i = 0; i < inputs; i++) sum += first.value[h * inputs + i] * x[n * inputs + i];
          layer[n * hidden + h] = Math.tanh(sum);
        }
        for (let o = 0; o < outputs; o++) {
          let sum = offset.value[o];
          for (let h = 0; h < hidden; h++) sum += second.value[o * hidden + h] * layer[n * hidden + h];
          out[n * outputs + o] = sum;
        }
      }
      return { x, layer, out };
    },

    /**
     * Adds the slopes of what is learned.
     *
     * @param {{x: Float64Array, layer: Float64Array}} passed @param {Float64Array} slope of what came out (N, outputs)
     * @returns {Float64Array} the slope of what went in (N, inputs)
     */
    backward({ x, layer }, slope) {
      const count = x.length / inputs;
      const back = new Float64Array(x.length);
      for (let n = 0; n < count; n++) {
        for (let o = 0; o < outputs; o++) offset.slope[o] += slope[n * outputs + o];
        for (let h = 0; h < hidden; h++) {
          const value = layer[n * hidden + h];
          let sum = 0;
          for (let o = 0; o < outputs; o++) {
            second.slope[o * hidden + h] += slope[n * outputs + o] * value;
            sum += second.value[o * hidden + h] * slope[n * outputs + o];
          }
          sum *= 1 - value * value;
          bias.slope[h] += sum;
          for (let i = 0; i < inputs; i++) {
            first.slope[h * inputs + i] += sum * x[n * inputs + i];
            back[n * inputs + i] += sum * first.value[h * inputs + i];
          }
        }
      }
      return back;
    },
  };
}

const [REMEMBERED, REMEMBERED_SQUARES, LEAST] = [0.9, 0.999, 1e-8];

/**
 * One step of Adam (Kingma & Ba 2015, Algorithm 1); the slopes are zero afterwards.
 *
 * @param {Weights[]} learned @param {number} step from 1 @param {number} rate
 */
export function adam(learned, step, rate) {
  const [of, ofSquares] = [1 - REMEMBERED ** step, 1 - REMEMBERED_SQUARES ** step];
  for (const { value, slope, mean, square } of learned)
    for (let i = 0; i < value.length; i++) {
      mean[i] = REMEMBERED * mean[i] + (1 - REMEMBERED) * slope[i];
      square[i] = REMEMBERED_SQUARES * square[i] + (1 - REMEMBERED_SQUARES) * slope[i] ** 2;
      value[i] -= (rate * (mean[i] / of)) / (Math.sqrt(square[i] / ofSquares) + LEAST);
      slope[i] = 0;
    }
}
