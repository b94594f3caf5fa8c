import { Unreadable } from "./unreadable.js";

/** @typedef {import("../checkpoint/contract.js").Categorical} Control */

/** So many labels are named where one is refused, and no more. */
const NAMED = 12;
/** Of what was typed, in characters: enough to know it again. */
const LONGEST_ECHO = 40;

/** One of several labels: the value is its place among them, from 0. */
export const space = {
  kind: /** @type {const} */ ("categorical"),

  /** @param {Control} _control @returns {number} */
  start: (_control) => 0,

  /** @param {number} a @param {number} b */
  same: (a, b) => a === b,

  /** By its name, so that a link can be read and typed. @param {number} value @param {Control} control */
  write: (value, control) => control.labels[value],

  /** @param {string} text @param {Control} control @returns {number} */
  read(text, { name, labels }) {
    const value = labels.indexOf(text);
    if (value < 0) {
      const known = labels.slice(0, NAMED).join(", ") + (labels.length > NAMED ? ", …" : "");
      throw new Unreadable(`its ${name} “${text.slice(0, LONGEST_ECHO)}” is not one of ${known}`);
    }
    return value;
  },

  /** There is nothing between two labels: half-way, one gives way to the other. @param {number} a @param {number} b @param {number} t */
  between: (a, b, t) => (t < 0.5 ? a : b),

  /** @param {number[]} values @param {Control} _control */
  tensor: (values, _control) => ({
    type: /** @type {const} */ ("int64"),
    data: BigInt64Array.from(values, BigInt),
    dims: [values.length],
  }),

  /** @param {ArrayLike<number | bigint>} data */
  fromTensor: (data) => Number(data[0]),
};
