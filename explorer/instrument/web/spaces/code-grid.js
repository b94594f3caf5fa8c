import { Unreadable } from "./unreadable.js";

/** @typedef {import("../checkpoint/contract.js").CodeGrid} Control */

/** The golden ratio's fractional part: its multiples fill an interval evenly, however many are taken. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** @param {Control} control */
const cellsOf = ({ height, width }) => height * width;

/**
 * A grid of entries of a codebook: the value is their numbers, row by row, from the top left.
 *
 * @type {import("./index.js").Space<number[], Control>}
 */
export const space = {
  kind: "code_grid",

  start: (control) => new Array(cellsOf(control)).fill(0),

  same: (a, b) => a === b || (a.length === b.length && a.every((code, cell) => code === b[cell])),

  write: (value) => value.join(","),

  read(text, control) {
    const { name, height, width, codes } = control;
    const parts = text.split(",");
    if (parts.length !== cellsOf(control)) {
      const found = parts.length === 1 ? "1 code" : `${parts.length} codes`;
      throw new Unreadable(`${name} has ${found} where the grid has ${height} × ${width} cells`);
    }
    return parts.map((part) => {
      const code = /^\d{1,6}$/.test(part) ? Number(part) : NaN;
      if (!(code < codes)) {
        throw new Unreadable(`${name} has a code “${part.slice(0, 12)}”, and the codebook has 0 to ${codes - 1}`);
      }
      return code;
    });
  },

  /** Codes have no order, so none lies between two others: cell after cell goes over from a's to b's, spread over the grid. */
  between: (a, b, t) => a.map((code, cell) => (((cell + 0.5) * GOLDEN) % 1 < t ? b[cell] : code)),

  tensor(values, control) {
    const { height, width } = control;
    const data = new BigInt64Array(values.length * cellsOf(control));
    let at = 0;
    for (const value of values) for (const code of value) data[at++] = BigInt(code);
    return { type: "int64", data, dims: [values.length, height, width] };
  },

  fromTensor: (data) => Array.from(data, Number),
};

/**
 * @param {number[]} value
 * @param {Iterable<number>} cells
 * @param {number} code
 * @returns {number[]} with that code in those cells; the same one where all of them hold it already
 */
export function painted(value, cells, code) {
  const changed = [...cells].filter((cell) => value[cell] !== code);
  if (!changed.length) return value;
  const next = [...value];
  for (const cell of changed) next[cell] = code;
  return next;
}
