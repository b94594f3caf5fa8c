import { standardNormal } from "../engine/gaussian.js";
import { readNumber } from "./digits.js";
import { Unreadable } from "./unreadable.js";

/** The largest |z| that can be typed or linked: the prior lands beyond it once in 1.7 million draws of a latent. */
const FARTHEST_OF_PRIOR = 5;

/** The same without a prior, where nothing says how far the codes of a model go. */
const FARTHEST = 1_000_000;

const DECIMALS = 1000;

/** @param {number} value @returns {number} as a link spells it: with three decimals */
export const rounded = (value) => Math.round(value * DECIMALS) / DECIMALS + 0;

/** @param {{prior: string | null}} control @returns {number} the largest absolute value of one of its numbers */
export const farthest = ({ prior }) => (prior === null ? FARTHEST : FARTHEST_OF_PRIOR);

/** @param {number[]} levels that rise @param {number} value @returns {number} the nearest of them */
export function nearestLevel(levels, value) {
  return levels.reduce((best, level) => (Math.abs(level - value) < Math.abs(best - value) ? level : best));
}

/**
 * `size` numbers. Where each takes but few values, those nearest to them are what a graph is given.
 *
 * @type {import("./index.js").Space<number[], import("../checkpoint/contract.js").Continuous>}
 */
export const space = {
  kind: "continuous",
  start: ({ size }) => new Array(size).fill(0),
  same: (a, b) => a === b || (a.length === b.length && a.every((value, at) => value === b[at])),
  kept: (z) => z.map(rounded),
  write: (z) => z.map(rounded).join(","),
  read(text, control, { what = control.name, title = "this model" } = {}) {
    const z = text.split(",").map((part) => readNumber(part, `${what} has a value that`));
    if (z.length !== control.size)
      throw new Unreadable(
        `it has ${z.length} value${z.length === 1 ? "" : "s"} of ${what} where ${title} has ${control.size} latents`,
      );
    const most = farthest(control);
    if (z.some((value) => Math.abs(value) > most)) throw new Unreadable(`${what} has a value beyond ±${most}`);
    return z.map(rounded);
  },
  sample: ({ size, prior }, random, temperature) =>
    prior === null ? null : Array.from({ length: size }, () => temperature * standardNormal(random)),
  between: (a, b, t) => a.map((value, at) => (1 - t) * value + t * b[at]),
  tensor(values, { size, levels }) {
    const data = new Float32Array(values.length * size);
    for (const [at, value] of values.entries())
      data.set(levels ? value.map((number, index) => nearestLevel(levels[index], number)) : value, at * size);
    return { type: "float32", data, dims: [values.length, size] };
  },
  fromTensor: (data) => Array.from(data),
};
