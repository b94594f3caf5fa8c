import { Unreadable } from "./unreadable.js";

/** @typedef {import("../checkpoint/contract.js").Categorical} Control */

/** So many labels are named where one is refused, and no more. */
const NAMED = 12;
/** Of what was typed, in characters: enough to know it again. */
const LONGEST_ECHO = 40;

/**
 * One of several labels: the value is its place among them, from 0.
 *
 * @type {import("./index.js").Space<number, Control>}
 */
export const space = {
  kind: "categorical",

  start: () => 0,

  same: (a, b) => a === b,

  /** By its name, so that a link can be read and typed. */
  write: (value, control) => control.labels[value],

  read(text, { name, labels }) {
    const value = labels.indexOf(text);
    if (value < 0) {
      const known = labels.slice(0, NAMED).join(", ") + (labels.length > NAMED ? ", …" : "");
      throw new Unreadable(`its ${name} “${text.slice(0, LONGEST_ECHO)}” is not one of ${known}`);
    }
    return value;
  },

  /** There is nothing between two labels: half-way, one gives way to the other. */
  between: (a, b, t) => (t < 0.5 ? a : b),

  tensor: (values) => ({
    type: "int64",
    data: BigInt64Array.from(values, BigInt),
    dims: [values.length],
  }),

  fromTensor: (data) => Number(data[0]),
};
