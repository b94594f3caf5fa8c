import { clamp } from "../clamp.js";
import { spell } from "../dom.js";

/**
 * What `clinic.json` has, as `training/contract/clinic.py` declares it: every patient, and what was measured of it and its
 * cures.
 *
 * @typedef {import("../exchange.js").Measured} Measured
 * @typedef {import("../exchange.js").Seen} Seen
 * @typedef {import("../exchange.js").Patient} Patient
 * @typedef {import("../exchange.js").Clinic} Ward
 */

/** How much above the measured figure of the right cure, of it, a −ELBO may be: other machines add up in another order. */
const ROOM = 0.02;

/** @param {Ward} ward @param {Patient} patient @returns {Measured} of the cure that is one, measured beforehand */
export const aim = ({ records }, { cures, right }) => /** @type {Measured} */ (records[cures[right].record].test);

/** @param {Measured} measured @param {Measured} aimed */
export const isCured = ({ neg_elbo: loss }, { neg_elbo: best }) =>
  loss !== null && best !== null && loss <= (1 + ROOM) * best;

/** @param {string} id @param {string[]} ids @returns {string[]} all of them by the name of what they say: none stands out */
export const among = (id, ids) => [id, ...ids].sort();

/** @param {string} packed @returns {Uint8Array} */
export const unpacked = (packed) => Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));

const SMALL = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {number | null | undefined} value @returns {string} as a plot writes it: about three digits */
export function spellShort(value) {
  if (value === null || value === undefined) return "not a number";
  const size = Math.abs(value);
  if (size >= 1e5) {
    const power = Math.floor(Math.log10(size));
    const raised = String(power).replace(/\d/g, (digit) => SMALL[Number(digit)]);
    return `${value < 0 ? "−" : ""}${spell(size / 10 ** power, 0)}×10${raised}`;
  }
  const decimals = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 0.095 ? 2 : 3;
  if (size > 0 && size < 0.0005) return "under 0.001";
  return spell(value, decimals);
}

/** @param {number} value @returns {string} as it stands beside an axis, where there is little room */
export const spellTick = (value) => spellShort(value).replace(/^under /, "< ");

/**
 * From values to shares of a height: linear, unless they go beyond all measure.
 *
 * @param {number[]} values finite @param {boolean} isLog
 * @returns {{low: number, high: number, toShare(value: number): number}}
 */
export function scaleOf(values, isLog) {
  const sorted = [...values].sort((a, b) => a - b);
  const isWild = Math.max(-sorted[0], sorted.at(-1) ?? 0) > 1e4;
  // The first points are far above all others, and would press those flat.
  const top = isLog || isWild ? sorted.length - 1 : Math.floor(0.96 * (sorted.length - 1));
  const [low, high] = [sorted[0], sorted[top]];
  const bend = (/** @type {number} */ value) =>
    isLog ? Math.log10(Math.max(value, 1e-4)) : isWild ? Math.asinh(value) : value;
  const [from, to] = [bend(low), bend(high)];
  return {
    low,
    high,
    toShare: (value) => clamp((bend(value) - from) / (to - from || 1), -0.04, 1.04),
  };
}
