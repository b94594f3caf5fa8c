import { Unreadable } from "./unreadable.js";

/** @param {string} text @param {string} what @returns {number} which is finite, without an exponent */
export function readNumber(text, what) {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw new Unreadable(`${what} is not a number`);
  return value;
}

/** @param {string} text @param {number} count @param {string} what @returns {number} one of 0 … count − 1 */
export function readIndex(text, count, what) {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (!(value < count)) throw new Unreadable(`${what} does not exist here`);
  return value;
}
