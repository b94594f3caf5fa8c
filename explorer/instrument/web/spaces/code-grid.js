import { Unreadable } from "./unreadable.js";

/** @typedef {import("../checkpoint/contract.js").CodeGrid} Control */

/** The golden ratio's fractional part: its multiples fill an interval evenly, however many are taken. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** @param {Control} control */
const cells = ({ height, width }) => height * width;

/** A grid of entries of a codebook: the value is their numbers, row by row, from the top left. */
export const space = {
  kind: /** @type {const} */ ("code_grid"),

  /** @param {Control} control @returns {number[]} */
  start: (control) => new Array(cells(control)).fill(0),

  /** @param {number[]} a @param {number[]} b */
  same: (a, b) => a === b || (a.length === b.length && a.every((code, cell) => code === b[cell])),

  /** @param {number[]} value @param {Control} _control */
  write: (value, _control) => value.join(","),

  /** @param {string} text @param {Control} control @returns {number[]} */
  read(text, control) {
    const { name, height, width, codes } = control;
    const parts = text.split(",");
    if (parts.length !== cells(control)) {
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

  /**
   * Codes have no order, so none lies between two others: cell after cell goes over from a's to b's, spread over the grid.
   *
   * @param {number[]} a
   * @param {number[]} b
   * @param {number} t 0 at a, 1 at b
   */
  between: (a, b, t) => a.map((code, cell) => (((cell + 0.5) * GOLDEN) % 1 < t ? b[cell] : code)),

  /** @param {number[][]} values @param {Control} control */
  tensor(values, control) {
    const { height, width } = control;
    const data = new BigInt64Array(values.length * cells(control));
    let at = 0;
    for (const value of values) for (const code of value) data[at++] = BigInt(code);
    return { type: /** @type {const} */ ("int64"), data, dims: [values.length, height, width] };
  },

  /** @param {Iterable<number | bigint>} data @returns {number[]} */
  fromTensor: (data) => Array.from(data, Number),

  /**
   * @param {number[]} value
   * @param {Iterable<number>} painted cells
   * @param {number} code
   * @returns {number[]} the same one where all of them hold that code already
   */
  painted(value, painted, code) {
    const changed = [...painted].filter((cell) => value[cell] !== code);
    if (!changed.length) return value;
    const next = [...value];
    for (const cell of changed) next[cell] = code;
    return next;
  },
};
