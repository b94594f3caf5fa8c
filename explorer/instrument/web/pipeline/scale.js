import { clamp } from "../clamp.js";

/** Ends of a scale, in tenths of a power of ten. */
const ENDS = [10, 15, 20, 30, 40, 50, 75, 100];

/** @param {number} value at least 0 @returns {number} a round number that is not smaller */
function roundUp(value) {
  if (value <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return ENDS.map((end) => (end / 10) * power).find((end) => end >= value * (1 - 1e-9)) ?? 10 * power;
}

/**
 * @typedef {{low: number, high: number}} Scale from which value to which bars are drawn; 0 lies on it
 *
 * @param {number[]} values
 * @returns {Scale} round ends that hold them all; below 0 only where a value is, as a density's logarithm may be
 */
export function scaleFor(values) {
  const high = roundUp(Math.max(0, ...values));
  const low = roundUp(Math.max(0, ...values.map((value) => -value)));
  return { low: low ? -low : 0, high: high || (low ? 0 : 1) };
}

/** @param {Scale} scale @param {number} value @returns {number} where it lies on the scale, from 0 to 1 */
export const shareOf = ({ low, high }, value) => clamp((value - low) / (high - low), 0, 1);
